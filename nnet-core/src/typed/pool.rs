//! Pools whose windows are numbers in their types.

use super::sliding::{row, square};
use super::window::{Pools, Window};
use crate::element::Element;
use crate::layers;

/// The largest entry of each window of `K`×`K`; the stride is that of the window, unless told.
#[derive(Clone, Copy, Debug)]
pub struct MaxPool2d<const K: usize, const STRIDE: usize = K, const PADDING: usize = 0, const DILATION: usize = 1>;

/// The mean of each window of `K`×`K`, zeros of the padding counted; the stride is that of the window, unless told.
#[derive(Clone, Copy, Debug)]
pub struct AvgPool2d<const K: usize, const STRIDE: usize = K, const PADDING: usize = 0>;

/// The largest entry of each window of `K`; the stride is that of the window, unless told.
#[derive(Clone, Copy, Debug)]
pub struct MaxPool1d<const K: usize, const STRIDE: usize = K, const PADDING: usize = 0, const DILATION: usize = 1>;

/// The mean of each window of `K`, zeros of the padding counted; the stride is that of the window, unless told.
#[derive(Clone, Copy, Debug)]
pub struct AvgPool1d<const K: usize, const STRIDE: usize = K, const PADDING: usize = 0>;

impl<const K: usize, const STRIDE: usize, const PADDING: usize, const DILATION: usize>
    MaxPool2d<K, STRIDE, PADDING, DILATION>
{
    const LAYER: layers::MaxPool2d = layers::MaxPool2d::new(square([K; 2], STRIDE, PADDING, DILATION));

    /// x: `[C, H, W]`  →  y: `[C, OH, OW]`
    #[inline]
    pub fn forward<E: Element, const C: usize, const H: usize, const W: usize, const OH: usize, const OW: usize>(
        self,
        x: &[[[E; W]; H]; C],
        y: &mut [[[E; OW]; OH]; C],
    ) where
        Window<K, STRIDE, PADDING, DILATION>: Pools<H, OH> + Pools<W, OW>,
    {
        Self::LAYER.forward(x, y);
    }

    /// x: `[C, H, W]`, dy: `[C, OH, OW]`  →  dx: `[C, H, W]`
    #[inline]
    pub fn backward<E: Element, const C: usize, const H: usize, const W: usize, const OH: usize, const OW: usize>(
        self,
        x: &[[[E; W]; H]; C],
        dy: &[[[E; OW]; OH]; C],
        dx: &mut [[[E; W]; H]; C],
    ) where
        Window<K, STRIDE, PADDING, DILATION>: Pools<H, OH> + Pools<W, OW>,
    {
        Self::LAYER.backward(x, dy, dx);
    }
}

impl<const K: usize, const STRIDE: usize, const PADDING: usize> AvgPool2d<K, STRIDE, PADDING> {
    const LAYER: layers::AvgPool2d = layers::AvgPool2d::new(square([K; 2], STRIDE, PADDING, 1));

    /// x: `[C, H, W]`  →  y: `[C, OH, OW]`
    #[inline]
    pub fn forward<E: Element, const C: usize, const H: usize, const W: usize, const OH: usize, const OW: usize>(
        self,
        x: &[[[E; W]; H]; C],
        y: &mut [[[E; OW]; OH]; C],
    ) where
        Window<K, STRIDE, PADDING>: Pools<H, OH> + Pools<W, OW>,
    {
        Self::LAYER.forward(x, y);
    }

    /// dy: `[C, OH, OW]`  →  dx: `[C, H, W]`
    #[inline]
    pub fn backward<E: Element, const C: usize, const H: usize, const W: usize, const OH: usize, const OW: usize>(
        self,
        dy: &[[[E; OW]; OH]; C],
        dx: &mut [[[E; W]; H]; C],
    ) where
        Window<K, STRIDE, PADDING>: Pools<H, OH> + Pools<W, OW>,
    {
        Self::LAYER.backward(dy, dx);
    }
}

impl<const K: usize, const STRIDE: usize, const PADDING: usize, const DILATION: usize>
    MaxPool1d<K, STRIDE, PADDING, DILATION>
{
    const LAYER: layers::MaxPool1d = layers::MaxPool1d::new(row(K, STRIDE, PADDING, DILATION));

    /// x: `[C, L]`  →  y: `[C, OL]`
    #[inline]
    pub fn forward<E: Element, const C: usize, const L: usize, const OL: usize>(
        self,
        x: &[[E; L]; C],
        y: &mut [[E; OL]; C],
    ) where
        Window<K, STRIDE, PADDING, DILATION>: Pools<L, OL>,
    {
        Self::LAYER.forward(x, y);
    }

    /// x: `[C, L]`, dy: `[C, OL]`  →  dx: `[C, L]`
    #[inline]
    pub fn backward<E: Element, const C: usize, const L: usize, const OL: usize>(
        self,
        x: &[[E; L]; C],
        dy: &[[E; OL]; C],
        dx: &mut [[E; L]; C],
    ) where
        Window<K, STRIDE, PADDING, DILATION>: Pools<L, OL>,
    {
        Self::LAYER.backward(x, dy, dx);
    }
}

impl<const K: usize, const STRIDE: usize, const PADDING: usize> AvgPool1d<K, STRIDE, PADDING> {
    const LAYER: layers::AvgPool1d = layers::AvgPool1d::new(row(K, STRIDE, PADDING, 1));

    /// x: `[C, L]`  →  y: `[C, OL]`
    #[inline]
    pub fn forward<E: Element, const C: usize, const L: usize, const OL: usize>(
        self,
        x: &[[E; L]; C],
        y: &mut [[E; OL]; C],
    ) where
        Window<K, STRIDE, PADDING>: Pools<L, OL>,
    {
        Self::LAYER.forward(x, y);
    }

    /// dy: `[C, OL]`  →  dx: `[C, L]`
    #[inline]
    pub fn backward<E: Element, const C: usize, const L: usize, const OL: usize>(
        self,
        dy: &[[E; OL]; C],
        dx: &mut [[E; L]; C],
    ) where
        Window<K, STRIDE, PADDING>: Pools<L, OL>,
    {
        Self::LAYER.backward(dy, dx);
    }
}
