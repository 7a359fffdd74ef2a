//! Adaptive pools: y[i] = the mean of x[⌊i·n / out⌋ .. ⌈(i + 1)·n / out⌉] along each axis, n entries to `out`.
//!
//! Shape: any size to any size.

use super::pool2d::{avg, avg_gradient};
use crate::element::Element;
use crate::kernels::{Pool, Windows};

/// Means of as many windows as the output has entries, which together cover the map, each about as large as the others.
#[derive(Clone, Copy, Debug)]
pub struct AdaptiveAvgPool2d;

/// Means of as many windows as the output has entries, which together cover the sequence, each about as large as the others.
#[derive(Clone, Copy, Debug)]
pub struct AdaptiveAvgPool1d;

fn pool(channels: usize, x: [usize; 2], y: [usize; 2]) -> Pool {
    Pool { channels, windows: Windows::Adaptive, padding_counts: false, x, y }
}

impl AdaptiveAvgPool2d {
    /// x: `[C, H, W]`  →  y: `[C, OH, OW]`
    #[inline]
    pub fn forward<E: Element, const C: usize, const H: usize, const W: usize, const OH: usize, const OW: usize>(
        self,
        x: &[[[E; W]; H]; C],
        y: &mut [[[E; OW]; OH]; C],
    ) {
        avg(&pool(C, [H, W], [OH, OW]), x, y);
    }

    /// dy: `[C, OH, OW]`  →  dx: `[C, H, W]`
    #[inline]
    pub fn backward<E: Element, const C: usize, const H: usize, const W: usize, const OH: usize, const OW: usize>(
        self,
        dy: &[[[E; OW]; OH]; C],
        dx: &mut [[[E; W]; H]; C],
    ) {
        avg_gradient(&pool(C, [H, W], [OH, OW]), dy, dx);
    }
}

impl AdaptiveAvgPool1d {
    /// x: `[C, L]`  →  y: `[C, OL]`
    #[inline]
    pub fn forward<E: Element, const C: usize, const L: usize, const OL: usize>(
        self,
        x: &[[E; L]; C],
        y: &mut [[E; OL]; C],
    ) {
        avg(&pool(C, [1, L], [1, OL]), x, y);
    }

    /// dy: `[C, OL]`  →  dx: `[C, L]`
    #[inline]
    pub fn backward<E: Element, const C: usize, const L: usize, const OL: usize>(
        self,
        dy: &[[E; OL]; C],
        dx: &mut [[E; L]; C],
    ) {
        avg_gradient(&pool(C, [1, L], [1, OL]), dy, dx);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::tests::{check_gradients, fill};
    use crate::tensor::Tensor;

    fn assert_near(got: &[f64], want: &[f64]) {
        assert_eq!(got.len(), want.len());
        for (got, want) in got.iter().zip(want) {
            // a sum of at most six, times a rounded share
            assert!((got - want).abs() <= 8.0 * f64::EPSILON * want.abs(), "got {got}, want {want}");
        }
    }

    /// Numbers of PyTorch 2.15.
    #[test]
    fn values_by_hand() {
        let x = [[3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0]];
        let mut y = [[f64::NAN; 3]];
        AdaptiveAvgPool1d.forward(&x, &mut y);
        // 7 entries in 3 windows: 0..3, 2..5, 4..7
        assert_near(&y[0], &[8.0 / 3.0, 10.0 / 3.0, 16.0 / 3.0]);
        let mut y = [[f64::NAN; 4]];
        AdaptiveAvgPool1d.forward(&x, &mut y);
        assert_near(&y[0], &[2.0, 2.0, 5.0, 5.5]);
        let mut squares = [[[0.0; 5]; 3]];
        squares.as_flat_mut().iter_mut().zip(0..).for_each(|(x, n)| *x = f64::from(n * n));
        let mut y = [[[f64::NAN; 3]; 2]];
        AdaptiveAvgPool2d.forward(&squares, &mut y);
        assert_near(y.as_flat(), &[15.5, 163.0 / 6.0, 42.5, 70.5, 583.0 / 6.0, 127.5]);
    }

    /// More windows than entries: each entry is seen again.
    #[test]
    fn an_output_larger_than_its_input_repeats() {
        let mut y = [[f64::NAN; 4]];
        AdaptiveAvgPool1d.forward(&[[1.0, 2.0]], &mut y);
        assert_eq!(y, [[1.0, 1.0, 2.0, 2.0]]);
    }

    #[test]
    fn gradients_agree_with_central_differences() {
        let mut x = [[[0.0_f64; 5]; 4]; 2];
        fill(x.as_flat_mut(), 10);
        check_gradients::<[f64; 0], _, [[[f64; 7]; 3]; 2]>(
            &mut [],
            &mut x,
            |_, x, y| AdaptiveAvgPool2d.forward(x, y),
            |_, _, dy, _, dx| AdaptiveAvgPool2d.backward(dy, dx),
        );
        let mut x = [[0.0_f64; 7]; 2];
        fill(x.as_flat_mut(), 11);
        check_gradients::<[f64; 0], _, [[f64; 3]; 2]>(
            &mut [],
            &mut x,
            |_, x, y| AdaptiveAvgPool1d.forward(x, y),
            |_, _, dy, _, dx| AdaptiveAvgPool1d.backward(dy, dx),
        );
    }

    #[test]
    #[should_panic(expected = "no window is empty")]
    fn an_empty_input_is_refused() {
        AdaptiveAvgPool1d.forward(&[[0.0_f32; 0]; 2], &mut [[0.0; 2]; 2]);
    }
}
