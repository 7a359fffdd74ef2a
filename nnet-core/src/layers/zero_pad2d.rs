//! Zero padding: y[c][top + r][left + q] = x[c][r][q], and 0 around it.
//!
//! Shape: `[C, H, W]` to `[C, top + H + bottom, left + W + right]`.

use crate::element::Element;
use crate::kernels::{Kernels, Pad};
use crate::tensor::Tensor;

/// A map amid zeros.
#[derive(Clone, Copy, Debug)]
pub struct ZeroPad2d {
    /// Columns at the left and at the right, rows at the top and at the bottom: PyTorch's order.
    pub padding: [usize; 4],
}

impl ZeroPad2d {
    /// x: `[C, H, W]`  →  y: `[C, OH, OW]`
    ///
    /// # Panics
    ///
    /// If `OH` or `OW` is not that of x with its padding.
    #[inline]
    pub fn forward<E: Element, const C: usize, const H: usize, const W: usize, const OH: usize, const OW: usize>(
        self,
        x: &[[[E; W]; H]; C],
        y: &mut [[[E; OW]; OH]; C],
    ) {
        let shape = self.shape(C, [H, W], [OH, OW]);
        E::Scalar::pad(E::LANES, &shape, E::scalars(x.as_flat()), E::scalars_mut(y.as_flat_mut()));
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
        let shape = self.shape(C, [H, W], [OH, OW]);
        E::Scalar::pad_gradient(E::LANES, &shape, E::scalars(dy.as_flat()), E::scalars_mut(dx.as_flat_mut()));
    }

    fn shape(self, channels: usize, x: [usize; 2], y: [usize; 2]) -> Pad {
        let [left, right, top, bottom] = self.padding;
        Pad { channels, before: [top, left], after: [bottom, right], x, y }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::tests::{check_gradients, fill};

    const LAYER: ZeroPad2d = ZeroPad2d { padding: [1, 0, 0, 2] };

    #[test]
    fn values_by_hand() {
        let mut y = [[[f32::NAN; 3]; 3]; 2];
        LAYER.forward(&[[[1.0, 2.0]], [[3.0, 4.0]]], &mut y);
        assert_eq!(y, [[[0.0, 1.0, 2.0], [0.0; 3], [0.0; 3]], [[0.0, 3.0, 4.0], [0.0; 3], [0.0; 3]]]);
        let mut dx = [[[f32::NAN; 2]; 1]; 2];
        LAYER.backward(&[[[5.0, 6.0, 7.0], [8.0; 3], [8.0; 3]], [[9.0, 1.0, 2.0], [8.0; 3], [8.0; 3]]], &mut dx);
        assert_eq!(dx, [[[6.0, 7.0]], [[1.0, 2.0]]]);
    }

    #[test]
    fn gradients_agree_with_central_differences() {
        let mut x = [[[0.0_f64; 3]; 2]; 2];
        fill(x.as_flat_mut(), 8);
        check_gradients::<[f64; 0], _, [[[f64; 4]; 4]; 2]>(
            &mut [],
            &mut x,
            |_, x, y| LAYER.forward(x, y),
            |_, _, dy, _, dx| LAYER.backward(dy, dx),
        );
    }

    #[test]
    #[should_panic(expected = "y is x with its padding")]
    fn another_size_is_refused() {
        LAYER.forward(&[[[0.0_f32; 2]; 2]], &mut [[[0.0; 4]; 4]]);
    }
}
