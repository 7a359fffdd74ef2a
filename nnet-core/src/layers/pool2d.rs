//! Pools: y[c][r][q] = the largest or the mean entry of x[c] in the window at (r·S − P, q·S − P).
//!
//! Shape: [`crate::shape::pool2d`], [`crate::shape::global_pool2d`].

use crate::element::Element;
use crate::kernels::{Kernels, Pool};
use crate::shape::Window2d;
use crate::tensor::Tensor;

/// The largest entry of each window; the padding never wins.
///
/// The gradient goes to the first of equal entries, in row order, as in PyTorch.
#[derive(Clone, Copy, Debug)]
pub struct MaxPool2d {
    window: Window2d,
}

/// The mean of each window; zeros of the padding count, as with PyTorch's default `count_include_pad`.
#[derive(Clone, Copy, Debug)]
pub struct AvgPool2d {
    window: Window2d,
}

/// The mean of each channel.
#[derive(Clone, Copy, Debug)]
pub struct GlobalAvgPool2d;

fn pool<const C: usize>(window: Window2d, x: [usize; 2], y: [usize; 2]) -> Pool {
    Pool { channels: C, window, x, y }
}

impl MaxPool2d {
    /// A pool over `window`, whose padding is at most half of its kernel.
    #[must_use]
    pub const fn new(window: Window2d) -> Self {
        Self { window }
    }

    /// x: `[C, H, W]`  →  y: `[C, OH, OW]`
    ///
    /// # Panics
    ///
    /// If the window does not lead from `[H, W]` to `[OH, OW]`, or its padding exceeds half of its kernel.
    #[inline]
    pub fn forward<E: Element, const C: usize, const H: usize, const W: usize, const OH: usize, const OW: usize>(
        self,
        x: &[[[E; W]; H]; C],
        y: &mut [[[E; OW]; OH]; C],
    ) {
        let shape = pool::<C>(self.window, [H, W], [OH, OW]);
        E::Scalar::max_pool(E::LANES, &shape, E::scalars(x.as_flat()), E::scalars_mut(y.as_flat_mut()));
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
        let shape = pool::<C>(self.window, [H, W], [OH, OW]);
        let (x, dy, dx) = (E::scalars(x.as_flat()), E::scalars(dy.as_flat()), E::scalars_mut(dx.as_flat_mut()));
        E::Scalar::max_pool_gradient(E::LANES, &shape, x, dy, dx);
    }
}

impl AvgPool2d {
    /// A pool over `window`, whose padding is at most half of its kernel.
    #[must_use]
    pub const fn new(window: Window2d) -> Self {
        Self { window }
    }

    /// x: `[C, H, W]`  →  y: `[C, OH, OW]`
    ///
    /// # Panics
    ///
    /// If the window does not lead from `[H, W]` to `[OH, OW]`, or its padding exceeds half of its kernel.
    #[inline]
    pub fn forward<E: Element, const C: usize, const H: usize, const W: usize, const OH: usize, const OW: usize>(
        self,
        x: &[[[E; W]; H]; C],
        y: &mut [[[E; OW]; OH]; C],
    ) {
        let shape = pool::<C>(self.window, [H, W], [OH, OW]);
        E::Scalar::avg_pool(E::LANES, &shape, E::scalars(x.as_flat()), E::scalars_mut(y.as_flat_mut()));
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
        let shape = pool::<C>(self.window, [H, W], [OH, OW]);
        E::Scalar::avg_pool_gradient(E::LANES, &shape, E::scalars(dy.as_flat()), E::scalars_mut(dx.as_flat_mut()));
    }
}

/// Global pooling is a pool whose window is the whole map.
const fn whole(map: [usize; 2]) -> Window2d {
    Window2d::new(map, [1, 1], [0, 0])
}

impl GlobalAvgPool2d {
    /// x: `[C, H, W]`  →  y: `[C]`
    #[inline]
    pub fn forward<E: Element, const C: usize, const H: usize, const W: usize>(
        self,
        x: &[[[E; W]; H]; C],
        y: &mut [E; C],
    ) {
        let shape = pool::<C>(whole([H, W]), [H, W], [1, 1]);
        E::Scalar::avg_pool(E::LANES, &shape, E::scalars(x.as_flat()), E::scalars_mut(y));
    }

    /// dy: `[C]`  →  dx: `[C, H, W]`
    #[inline]
    pub fn backward<E: Element, const C: usize, const H: usize, const W: usize>(
        self,
        dy: &[E; C],
        dx: &mut [[[E; W]; H]; C],
    ) {
        let shape = pool::<C>(whole([H, W]), [H, W], [1, 1]);
        E::Scalar::avg_pool_gradient(E::LANES, &shape, E::scalars(dy), E::scalars_mut(dx.as_flat_mut()));
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
        MaxPool2d::new(padded).forward(&x.map(|c| c.map(|r| r.map(|v| v - 20.0))), &mut corners);
        assert_eq!(corners, [[[-19.0, -15.0], [-17.0, -11.0]]]);
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
        check_gradients::<[f64; 0], _, [f64; 2]>(
            &mut [],
            &mut x,
            |_, x, y| GlobalAvgPool2d.forward(x, y),
            |_, _, dy, _, dx| GlobalAvgPool2d.backward(dy, dx),
        );
    }

    #[test]
    #[should_panic(expected = "no window lies in the padding alone")]
    fn too_much_padding_is_refused() {
        let window = Window2d::new([2, 2], [2, 2], [2, 2]);
        MaxPool2d::new(window).forward(&[[[0.0_f32; 2]; 2]], &mut [[[0.0; 3]; 3]]);
    }
}
