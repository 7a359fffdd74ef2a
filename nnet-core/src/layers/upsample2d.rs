//! Upsampling: y[c][r][q] = the nearest entry of x[c], or a mean of the four around, weighted by their nearness.
//!
//! Shape: height and width times whole numbers.

use crate::element::Element;
pub use crate::kernels::UpsampleMode;
use crate::kernels::{Kernels, Upsample};
use crate::tensor::Tensor;

/// A larger map with values from a smaller one, as PyTorch's `Upsample` with a size that is a multiple.
#[derive(Clone, Copy, Debug)]
pub struct Upsample2d {
    /// Where values come from.
    pub mode: UpsampleMode,
}

impl Upsample2d {
    /// x: `[C, H, W]`  →  y: `[C, OH, OW]`
    ///
    /// # Panics
    ///
    /// If `OH` is not a multiple of `H`, or `OW` of `W`.
    #[inline]
    pub fn forward<E: Element, const C: usize, const H: usize, const W: usize, const OH: usize, const OW: usize>(
        self,
        x: &[[[E; W]; H]; C],
        y: &mut [[[E; OW]; OH]; C],
    ) {
        let shape = Upsample { channels: C, mode: self.mode, x: [H, W], y: [OH, OW] };
        E::Scalar::upsample(E::LANES, &shape, E::scalars(x.as_flat()), E::scalars_mut(y.as_flat_mut()));
    }

    /// dy: `[C, OH, OW]`  →  dx: `[C, H, W]`
    ///
    /// # Panics
    ///
    /// As [`forward`](Self::forward).
    #[inline]
    pub fn backward<E: Element, const C: usize, const H: usize, const W: usize, const OH: usize, const OW: usize>(
        self,
        dy: &[[[E; OW]; OH]; C],
        dx: &mut [[[E; W]; H]; C],
    ) {
        let shape = Upsample { channels: C, mode: self.mode, x: [H, W], y: [OH, OW] };
        E::Scalar::upsample_gradient(E::LANES, &shape, E::scalars(dy.as_flat()), E::scalars_mut(dx.as_flat_mut()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::tests::{check_gradients, fill};

    const NEAREST: Upsample2d = Upsample2d { mode: UpsampleMode::Nearest };
    const BILINEAR: Upsample2d = Upsample2d { mode: UpsampleMode::Bilinear { align_corners: false } };
    const ALIGNED: Upsample2d = Upsample2d { mode: UpsampleMode::Bilinear { align_corners: true } };

    fn assert_near(got: &[f64], want: &[f64]) {
        assert_eq!(got.len(), want.len());
        for (got, want) in got.iter().zip(want) {
            // a sum of 16 products at most, and their weights
            assert!((got - want).abs() <= 20.0 * f64::EPSILON * want.abs(), "got {got}, want {want}");
        }
    }

    /// Values and gradients of PyTorch 2.15 for dy = 1, 2, … 16.
    #[test]
    fn values_by_hand() {
        let x = [[[1.0, 2.0], [3.0, 5.0]]];
        let mut dy = [[[0.0; 4]; 4]];
        dy.as_flat_mut().iter_mut().zip(1..).for_each(|(dy, n)| *dy = f64::from(n));
        let run = |layer: Upsample2d| {
            let (mut y, mut dx) = ([[[f64::NAN; 4]; 4]], [[[f64::NAN; 2]; 2]]);
            layer.forward(&x, &mut y);
            layer.backward(&dy, &mut dx);
            (y, dx)
        };
        let (top, bottom) = ([1.0, 1.0, 2.0, 2.0], [3.0, 3.0, 5.0, 5.0]);
        assert_eq!(run(NEAREST), ([[top, top, bottom, bottom]], [[[14.0, 22.0], [46.0, 54.0]]]));
        let rows =
            [[1.0, 1.25, 1.75, 2.0], [1.5, 1.8125, 2.4375, 2.75], [2.5, 2.9375, 3.8125, 4.25], [3.0, 3.5, 4.5, 5.0]];
        assert_eq!(run(BILINEAR), ([rows], [[[16.5, 23.5], [44.5, 51.5]]]));
        let (y, dx) = run(ALIGNED);
        // thirds of the way in rows and columns: ninths
        let ninths = [9, 12, 15, 18, 15, 19, 23, 27, 21, 26, 31, 36, 27, 33, 39, 45].map(|n| f64::from(n) / 9.0);
        assert_near(y.as_flat(), &ninths);
        assert_near(dx.as_flat(), &[52.0 / 3.0, 24.0, 44.0, 152.0 / 3.0]);
    }

    #[test]
    fn factors_of_one_and_three_equal_those_of_pytorch() {
        let x = [[[1.0, 2.0, 4.0]]];
        let mut y = [[[f64::NAN; 9]; 1]];
        BILINEAR.forward(&x, &mut y);
        assert_near(y.as_flat(), &[1.0, 1.0, 4.0 / 3.0, 5.0 / 3.0, 2.0, 8.0 / 3.0, 10.0 / 3.0, 4.0, 4.0]);
        let mut y = [[[f64::NAN; 6]; 2]];
        ALIGNED.forward(&x, &mut y);
        for row in y[0] {
            assert_near(&row, &[1.0, 1.4, 1.8, 2.4, 3.2, 4.0]);
        }
        for layer in [NEAREST, BILINEAR, ALIGNED] {
            let mut y = [[[f64::NAN; 3]; 1]];
            layer.forward(&x, &mut y);
            assert_eq!(y, x);
        }
    }

    #[test]
    fn gradients_agree_with_central_differences() {
        let mut x = [[[0.0_f64; 3]; 2]; 2];
        fill(x.as_flat_mut(), 7);
        for layer in [NEAREST, BILINEAR, ALIGNED] {
            check_gradients::<[f64; 0], _, [[[f64; 9]; 4]; 2]>(
                &mut [],
                &mut x,
                |_, x, y| layer.forward(x, y),
                |_, _, dy, _, dx| layer.backward(dy, dx),
            );
        }
    }

    #[test]
    #[should_panic(expected = "the size of y is a multiple of that of x")]
    fn a_size_that_is_no_multiple_is_refused() {
        NEAREST.forward(&[[[0.0_f32; 2]; 2]], &mut [[[0.0; 3]; 4]]);
    }
}
