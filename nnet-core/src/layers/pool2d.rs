//! Pools: y[c][r][q] = the largest or the mean entry of x[c] in the window at (r·S − P, q·S − P).
//!
//! Shape: [`crate::shape::pool2d`], [`crate::shape::global_pool2d`].

use super::pooled::Pointwise;
use crate::element::Element;
use crate::kernels::{Kernels, Pool, Windows};
use crate::shape::Window2d;
use crate::tensor::Tensor;

/// The largest entry of each window; the padding never wins, and −∞ is that of a dilated window which sees nothing else.
///
/// The gradient goes to the first of equal entries, in row order, as in PyTorch.
#[derive(Clone, Copy, Debug)]
pub struct MaxPool2d {
    pub(super) window: Window2d,
}

/// The mean of each window; zeros of the padding count unless [`count_include_pad`](Self::count_include_pad) says no.
#[derive(Clone, Copy, Debug)]
pub struct AvgPool2d {
    pub(super) window: Window2d,
    padding_counts: bool,
}

/// The mean of each channel.
#[derive(Clone, Copy, Debug)]
pub struct GlobalAvgPool2d;

/// y = max x over each window
#[inline]
pub(super) fn max<X: Tensor, Y: Tensor<Element = X::Element>>(shape: &Pool, x: &X, y: &mut Y) {
    let (x, y) = (X::Element::scalars(x.as_flat()), X::Element::scalars_mut(y.as_flat_mut()));
    <X::Element as Element>::Scalar::max_pool(X::Element::LANES, shape, x, y);
}

/// dx = each window's dy at its first largest entry
#[inline]
pub(super) fn max_gradient<X: Tensor, Y: Tensor<Element = X::Element>>(shape: &Pool, x: &X, dy: &Y, dx: &mut X) {
    let (x, dy) = (X::Element::scalars(x.as_flat()), X::Element::scalars(dy.as_flat()));
    let dx = X::Element::scalars_mut(dx.as_flat_mut());
    <X::Element as Element>::Scalar::max_pool_gradient(X::Element::LANES, shape, x, dy, dx);
}

/// x ← each window's dy at its first largest entry, times the slope of the function that gave x
#[inline]
pub(super) fn max_gradient_in_place<X: Tensor, Y: Tensor<Element = X::Element>>(
    shape: &Pool,
    function: impl Pointwise,
    dy: &Y,
    x: &mut X,
) {
    let (dy, x) = (X::Element::scalars(dy.as_flat()), X::Element::scalars_mut(x.as_flat_mut()));
    let function = function.function();
    <X::Element as Element>::Scalar::max_pool_gradient_in_place(X::Element::LANES, shape, function, dy, x);
}

/// y = the mean of each window
#[inline]
pub(super) fn avg<X: Tensor, Y: Tensor<Element = X::Element>>(shape: &Pool, x: &X, y: &mut Y) {
    let (x, y) = (X::Element::scalars(x.as_flat()), X::Element::scalars_mut(y.as_flat_mut()));
    <X::Element as Element>::Scalar::avg_pool(X::Element::LANES, shape, x, y);
}

/// dx = each window's dy spread evenly
#[inline]
pub(super) fn avg_gradient<X: Tensor, Y: Tensor<Element = X::Element>>(shape: &Pool, dy: &Y, dx: &mut X) {
    let (dy, dx) = (X::Element::scalars(dy.as_flat()), X::Element::scalars_mut(dx.as_flat_mut()));
    <X::Element as Element>::Scalar::avg_pool_gradient(X::Element::LANES, shape, dy, dx);
}

impl MaxPool2d {
    /// A pool over `window`, whose padding is at most half of its extent.
    #[must_use]
    pub const fn new(window: Window2d) -> Self {
        Self { window }
    }

    /// x: `[C, H, W]`  →  y: `[C, OH, OW]`
    ///
    /// # Panics
    ///
    /// If the window does not lead from `[H, W]` to `[OH, OW]`, or its padding exceeds half of its extent.
    #[inline]
    pub fn forward<E: Element, const C: usize, const H: usize, const W: usize, const OH: usize, const OW: usize>(
        self,
        x: &[[[E; W]; H]; C],
        y: &mut [[[E; OW]; OH]; C],
    ) {
        max(&self.shape(C, [H, W], [OH, OW]), x, y);
    }

    /// x: `[C, H, W]`, dy: `[C, OH, OW]`  →  dx: `[C, H, W]`
    ///
    /// # Panics
    ///
    /// As [`forward`](Self::forward).
    #[inline]
    pub fn backward<E: Element, const C: usize, const H: usize, const W: usize, const OH: usize, const OW: usize>(
        self,
        x: &[[[E; W]; H]; C],
        dy: &[[[E; OW]; OH]; C],
        dx: &mut [[[E; W]; H]; C],
    ) {
        max_gradient(&self.shape(C, [H, W], [OH, OW]), x, dy, dx);
    }

    /// [`backward`](Self::backward) over the input itself, where nobody needs that any more: dy: `[C, OH, OW]`  →
    /// x: `[C, H, W]` ← the gradient with respect to it or, if it is the output of `function`, to the input of that.
    ///
    /// # Panics
    ///
    /// As [`forward`](Self::forward), or if the windows overlap, are padded or dilated, or the gradient of `function`
    /// needs its input.
    #[inline]
    pub fn backward_in_place<
        E: Element,
        const C: usize,
        const H: usize,
        const W: usize,
        const OH: usize,
        const OW: usize,
    >(
        self,
        function: impl Pointwise,
        dy: &[[[E; OW]; OH]; C],
        x: &mut [[[E; W]; H]; C],
    ) {
        max_gradient_in_place(&self.shape(C, [H, W], [OH, OW]), function, dy, x);
    }

    fn shape(self, channels: usize, x: [usize; 2], y: [usize; 2]) -> Pool {
        Pool { channels, windows: Windows::Sliding(self.window), padding_counts: false, x, y }
    }
}

impl AvgPool2d {
    /// A pool over `window`, whose padding is at most half of its kernel; without dilation.
    #[must_use]
    pub const fn new(window: Window2d) -> Self {
        Self { window, padding_counts: true }
    }

    /// Whether a mean divides by the size of the kernel, or by the entries of x in the window.
    #[must_use]
    pub const fn count_include_pad(self, padding_counts: bool) -> Self {
        Self { padding_counts, ..self }
    }

    /// x: `[C, H, W]`  →  y: `[C, OH, OW]`
    ///
    /// # Panics
    ///
    /// If the window does not lead from `[H, W]` to `[OH, OW]`, its padding exceeds half of its kernel, or it is dilated.
    #[inline]
    pub fn forward<E: Element, const C: usize, const H: usize, const W: usize, const OH: usize, const OW: usize>(
        self,
        x: &[[[E; W]; H]; C],
        y: &mut [[[E; OW]; OH]; C],
    ) {
        avg(&self.shape(C, [H, W], [OH, OW]), x, y);
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
        avg_gradient(&self.shape(C, [H, W], [OH, OW]), dy, dx);
    }

    fn shape(self, channels: usize, x: [usize; 2], y: [usize; 2]) -> Pool {
        Pool { channels, windows: Windows::Sliding(self.window), padding_counts: self.padding_counts, x, y }
    }
}

/// Global pooling is an adaptive pool with one window.
fn whole(channels: usize, x: [usize; 2]) -> Pool {
    Pool { channels, windows: Windows::Adaptive, padding_counts: false, x, y: [1, 1] }
}

impl GlobalAvgPool2d {
    /// x: `[C, H, W]`  →  y: `[C]`
    #[inline]
    pub fn forward<E: Element, const C: usize, const H: usize, const W: usize>(
        self,
        x: &[[[E; W]; H]; C],
        y: &mut [E; C],
    ) {
        avg(&whole(C, [H, W]), x, y);
    }

    /// dy: `[C]`  →  dx: `[C, H, W]`
    #[inline]
    pub fn backward<E: Element, const C: usize, const H: usize, const W: usize>(
        self,
        dy: &[E; C],
        dx: &mut [[[E; W]; H]; C],
    ) {
        avg_gradient(&whole(C, [H, W]), dy, dx);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::tests::{check_gradients, fill};

    const HALVE: Window2d = Window2d::new([2, 2], [2, 2], [0, 0]);

    #[test]
    fn values_by_hand() {
        let x = [[[1.0, 5.0, 2.0], [3.0, 4.0, -1.0], [0.0, 0.0, 9.0]]];
        let mut y = [[[f32::NAN; 1]; 1]];
        MaxPool2d::new(HALVE).forward(&x, &mut y);
        assert_eq!(y, [[[5.0]]]);
        AvgPool2d::new(HALVE).forward(&x, &mut y);
        assert_eq!(y, [[[13.0 / 4.0]]]);
        let mut mean = [f32::NAN];
        GlobalAvgPool2d.forward(&x, &mut mean);
        assert_eq!(mean, [23.0 / 9.0]);
        // padded by one: the corner window sees one entry, and counts four
        let padded = Window2d::new([2, 2], [2, 2], [1, 1]);
        let mut corners = [[[f32::NAN; 2]; 2]];
        AvgPool2d::new(padded).forward(&x, &mut corners);
        assert_eq!(corners, [[[0.25, 7.0 / 4.0], [3.0 / 4.0, 12.0 / 4.0]]]);
        // PyTorch 2.15, count_include_pad=False
        AvgPool2d::new(padded).count_include_pad(false).forward(&x, &mut corners);
        assert_eq!(corners, [[[1.0, 3.5], [1.5, 3.0]]]);
        MaxPool2d::new(padded).forward(&x.map(|c| c.map(|r| r.map(|v| v - 20.0))), &mut corners);
        assert_eq!(corners, [[[-19.0, -15.0], [-17.0, -11.0]]]);
    }

    /// PyTorch 2.15: `max_pool2d(x, 2, stride=1, padding=1, dilation=2)`.
    #[test]
    fn dilated_values_equal_those_of_pytorch() {
        let mut y = [[[f32::NAN; 3]; 2]];
        let window = Window2d::new([2, 2], [1, 1], [1, 1]).with_dilation([2, 2]);
        MaxPool2d::new(window).forward(&[[[3.0, 1.0, 4.0], [1.0, 5.0, 9.0]]], &mut y);
        assert_eq!(y, [[[5.0, 9.0, 5.0], [1.0, 4.0, 1.0]]]);
    }

    #[test]
    fn equal_entries_send_the_gradient_to_the_first() {
        let mut dx = [[[f64::NAN; 2]; 2]];
        MaxPool2d::new(HALVE).backward(&[[[1.0, 3.0], [3.0, 3.0]]], &[[[5.0]]], &mut dx);
        assert_eq!(dx, [[[0.0, 5.0], [0.0, 0.0]]]);
    }

    #[test]
    fn a_nan_is_not_hidden() {
        let mut y = [[[0.0_f32; 1]; 1]];
        MaxPool2d::new(HALVE).forward(&[[[1.0, f32::NAN], [3.0, 2.0]]], &mut y);
        assert!(y[0][0][0].is_nan());
    }

    #[test]
    fn gradients_agree_with_central_differences() {
        let mut x = [[[0.0_f64; 6]; 7]; 2];
        fill(x.as_flat_mut(), 3);
        let overlapping = Window2d::new([3, 2], [2, 1], [1, 1]);
        check_gradients::<[f64; 0], _, [[[f64; 7]; 4]; 2]>(
            &mut [],
            &mut x,
            |_, x, y| MaxPool2d::new(overlapping).forward(x, y),
            |_, x, dy, _, dx| MaxPool2d::new(overlapping).backward(x, dy, dx),
        );
        check_gradients::<[f64; 0], _, [[[f64; 7]; 4]; 2]>(
            &mut [],
            &mut x,
            |_, x, y| AvgPool2d::new(overlapping).forward(x, y),
            |_, _, dy, _, dx| AvgPool2d::new(overlapping).backward(dy, dx),
        );
        let inside = AvgPool2d::new(overlapping.with_padding_end([0, 0])).count_include_pad(false);
        check_gradients::<[f64; 0], _, [[[f64; 6]; 3]; 2]>(
            &mut [],
            &mut x,
            |_, x, y| inside.forward(x, y),
            |_, _, dy, _, dx| inside.backward(dy, dx),
        );
        let dilated = MaxPool2d::new(overlapping.with_dilation([2, 3]));
        check_gradients::<[f64; 0], _, [[[f64; 5]; 3]; 2]>(
            &mut [],
            &mut x,
            |_, x, y| dilated.forward(x, y),
            |_, x, dy, _, dx| dilated.backward(x, dy, dx),
        );
        check_gradients::<[f64; 0], _, [f64; 2]>(
            &mut [],
            &mut x,
            |_, x, y| GlobalAvgPool2d.forward(x, y),
            |_, _, dy, _, dx| GlobalAvgPool2d.backward(dy, dx),
        );
    }

    #[test]
    #[should_panic(expected = "the padding is at most half of the window")]
    fn too_much_padding_is_refused() {
        let window = Window2d::new([2, 2], [2, 2], [2, 2]);
        MaxPool2d::new(window).forward(&[[[0.0_f32; 2]; 2]], &mut [[[0.0; 3]; 3]]);
    }
}
