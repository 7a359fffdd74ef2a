//! Pools over sequences: y[c][q] = the largest or the mean entry of x[c] in the window at q·S − P.
//!
//! A sequence is a map of one row.

use super::pool2d::{avg, avg_gradient, max, max_gradient, max_gradient_in_place};
use super::pooled::Pointwise;
use crate::element::Element;
use crate::kernels::{Pool, Windows};
use crate::shape::Window2d;

/// The largest entry of each window; the padding never wins, and −∞ is that of a dilated window which sees nothing else.
///
/// The gradient goes to the first of equal entries, as in PyTorch.
#[derive(Clone, Copy, Debug)]
pub struct MaxPool1d {
    pub(super) window: Window2d,
}

/// The mean of each window; zeros of the padding count unless [`count_include_pad`](Self::count_include_pad) says no.
#[derive(Clone, Copy, Debug)]
pub struct AvgPool1d {
    pub(super) window: Window2d,
    padding_counts: bool,
}

const fn assert_one_row(window: &Window2d) {
    assert!(window.kernel[0] == 1 && window.padding[0] == 0, "the window of a sequence is one row, not padded");
}

impl MaxPool1d {
    /// A pool over `window`, one row whose padding is at most half of its extent.
    ///
    /// # Panics
    ///
    /// If the window has more rows than one, or pads them.
    #[must_use]
    pub const fn new(window: Window2d) -> Self {
        assert_one_row(&window);
        Self { window }
    }

    /// x: `[C, L]`  →  y: `[C, OL]`
    ///
    /// # Panics
    ///
    /// If the window does not lead from `L` to `OL`, or its padding exceeds half of its extent.
    #[inline]
    pub fn forward<E: Element, const C: usize, const L: usize, const OL: usize>(
        self,
        x: &[[E; L]; C],
        y: &mut [[E; OL]; C],
    ) {
        max(&self.shape(C, L, OL), x, y);
    }

    /// x: `[C, L]`, dy: `[C, OL]`  →  dx: `[C, L]`
    ///
    /// # Panics
    ///
    /// As [`forward`](Self::forward).
    #[inline]
    pub fn backward<E: Element, const C: usize, const L: usize, const OL: usize>(
        self,
        x: &[[E; L]; C],
        dy: &[[E; OL]; C],
        dx: &mut [[E; L]; C],
    ) {
        max_gradient(&self.shape(C, L, OL), x, dy, dx);
    }

    /// [`backward`](Self::backward) over the input itself, where nobody needs that any more: dy: `[C, OL]`  →
    /// x: `[C, L]` ← the gradient with respect to it or, if it is the output of `function`, to the input of that.
    ///
    /// # Panics
    ///
    /// As [`forward`](Self::forward), or if the windows overlap, are padded or dilated, or the gradient of `function`
    /// needs its input.
    #[inline]
    pub fn backward_in_place<E: Element, const C: usize, const L: usize, const OL: usize>(
        self,
        function: impl Pointwise,
        dy: &[[E; OL]; C],
        x: &mut [[E; L]; C],
    ) {
        max_gradient_in_place(&self.shape(C, L, OL), function, dy, x);
    }

    fn shape(self, channels: usize, x: usize, y: usize) -> Pool {
        Pool { channels, windows: Windows::Sliding(self.window), padding_counts: false, x: [1, x], y: [1, y] }
    }
}

impl AvgPool1d {
    /// A pool over `window`, one row whose padding is at most half of its kernel; without dilation.
    ///
    /// # Panics
    ///
    /// If the window has more rows than one, or pads them.
    #[must_use]
    pub const fn new(window: Window2d) -> Self {
        assert_one_row(&window);
        Self { window, padding_counts: true }
    }

    /// Whether a mean divides by the size of the kernel, or by the entries of x in the window.
    #[must_use]
    pub const fn count_include_pad(self, padding_counts: bool) -> Self {
        Self { padding_counts, ..self }
    }

    /// x: `[C, L]`  →  y: `[C, OL]`
    ///
    /// # Panics
    ///
    /// If the window does not lead from `L` to `OL`, its padding exceeds half of its kernel, or it is dilated.
    #[inline]
    pub fn forward<E: Element, const C: usize, const L: usize, const OL: usize>(
        self,
        x: &[[E; L]; C],
        y: &mut [[E; OL]; C],
    ) {
        avg(&self.shape(C, L, OL), x, y);
    }

    /// dy: `[C, OL]`  →  dx: `[C, L]`
    ///
    /// # Panics
    ///
    /// As [`forward`](Self::forward).
    #[inline]
    pub fn backward<E: Element, const C: usize, const L: usize, const OL: usize>(
        self,
        dy: &[[E; OL]; C],
        dx: &mut [[E; L]; C],
    ) {
        avg_gradient(&self.shape(C, L, OL), dy, dx);
    }

    fn shape(self, channels: usize, x: usize, y: usize) -> Pool {
        let Self { window, padding_counts } = self;
        Pool { channels, windows: Windows::Sliding(window), padding_counts, x: [1, x], y: [1, y] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::tests::{check_gradients, fill};
    use crate::tensor::Tensor;

    const WINDOW: Window2d = Window2d::new([1, 3], [1, 2], [0, 1]);
    const X: [[f64; 7]; 1] = [[3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0]];

    /// Numbers of PyTorch 2.15.
    #[test]
    fn values_by_hand() {
        let dilated = MaxPool1d::new(WINDOW.with_dilation([1, 2]));
        let mut y = [[f64::NAN; 3]];
        dilated.forward(&X, &mut y);
        assert_eq!(y, [[1.0, 9.0, 9.0]]);
        let mut dx = [[f64::NAN; 7]];
        dilated.backward(&X, &[[1.0, 2.0, 3.0]], &mut dx);
        assert_eq!(dx, [[0.0, 1.0, 0.0, 0.0, 0.0, 5.0, 0.0]]);
        let mut y = [[f64::NAN; 4]];
        let near = |got: [[f64; 4]; 1], want: [f64; 4]| {
            // a sum of three, times a rounded third
            let error = |k: usize| (got[0][k] - want[k]).abs();
            assert!((0..4).all(|k| error(k) <= 4.0 * f64::EPSILON * want[k]), "got {got:?}, want {want:?}");
        };
        AvgPool1d::new(WINDOW).forward(&X, &mut y);
        near(y, [4.0 / 3.0, 2.0, 5.0, 11.0 / 3.0]);
        AvgPool1d::new(WINDOW).count_include_pad(false).forward(&X, &mut y);
        near(y, [2.0, 2.0, 5.0, 5.5]);
    }

    #[test]
    fn gradients_agree_with_central_differences() {
        let mut x = [[0.0_f64; 7]; 2];
        fill(x.as_flat_mut(), 9);
        let max = MaxPool1d::new(WINDOW.with_dilation([1, 2]));
        check_gradients::<[f64; 0], _, [[f64; 3]; 2]>(
            &mut [],
            &mut x,
            |_, x, y| max.forward(x, y),
            |_, x, dy, _, dx| max.backward(x, dy, dx),
        );
        for avg in [AvgPool1d::new(WINDOW), AvgPool1d::new(WINDOW).count_include_pad(false)] {
            check_gradients::<[f64; 0], _, [[f64; 4]; 2]>(
                &mut [],
                &mut x,
                |_, x, y| avg.forward(x, y),
                |_, _, dy, _, dx| avg.backward(dy, dx),
            );
        }
    }

    #[test]
    #[should_panic(expected = "one row, not padded")]
    fn a_window_of_two_rows_is_refused() {
        let _ = MaxPool1d::new(Window2d::new([2, 2], [2, 2], [0, 0]));
    }

    #[test]
    #[should_panic(expected = "the window leads from x to y")]
    fn a_window_that_does_not_lead_to_y_is_refused() {
        AvgPool1d::new(WINDOW).forward(&X, &mut [[0.0; 3]]);
    }
}
