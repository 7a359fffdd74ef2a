//! Convolutions whose stride and padding are numbers in their types.
#![allow(unsafe_code, reason = "one impl of `Flat`")]

use core::ops::{Deref, DerefMut};

use super::channels::{Bias, Biases, Connect, Groups};
use super::window::{Maps, Spreads, Window};
use crate::element::Element;
use crate::flat::Flat;
use crate::layers;
use crate::scalar::Scalar;
use crate::shape::Window2d;

/// A convolution with a window of `K`×`K`, from `IN` channels to `OUT`, in one group. `BIAS` is `OUT`, or 0 for none.
///
/// It is short for a [`Sliding`], which can say more.
pub type Conv2d<
    S,
    const OUT: usize,
    const IN: usize,
    const K: usize,
    const STRIDE: usize = 1,
    const PADDING: usize = 0,
    const BIAS: usize = OUT,
> = Sliding<layers::Conv2d<S, OUT, IN, K, K, BIAS>, STRIDE, PADDING>;

/// A convolution along one axis with a window of `K`, from `IN` channels to `OUT`, in one group. `BIAS` is `OUT`, or 0
/// for none.
///
/// It is short for a [`Sliding`], which can say more.
pub type Conv1d<
    S,
    const OUT: usize,
    const IN: usize,
    const K: usize,
    const STRIDE: usize = 1,
    const PADDING: usize = 0,
    const BIAS: usize = OUT,
> = Sliding<layers::Conv1d<S, OUT, IN, K, BIAS>, STRIDE, PADDING>;

/// A transposed convolution with a window of `K`×`K`, from `IN` channels to `OUT`, in one group. `BIAS` is `OUT`, or 0
/// for none. The output padding follows from the size of the output.
///
/// It is short for a [`Sliding`], which can say more. As in PyTorch's weight, `IN` is the first of the two.
pub type ConvTranspose2d<
    S,
    const IN: usize,
    const OUT: usize,
    const K: usize,
    const STRIDE: usize = 1,
    const PADDING: usize = 0,
    const BIAS: usize = OUT,
> = Sliding<layers::ConvTranspose2d<S, IN, OUT, K, K, BIAS>, STRIDE, PADDING>;

/// The convolution `L` of [`layers`], with stride, padding, dilation and groups in its type.
///
/// `L` holds the weights and says the size of the window and the channels of a group; both axes have the same stride,
/// padding and dilation. [`Conv2d`], [`Conv1d`] and [`ConvTranspose2d`] are short for the usual ones. Weights, biases and
/// `init` are those of `L`, to which it dereferences.
///
/// ```
/// use nnet_core::typed::Sliding;
/// use nnet_core::{Flat, layers};
///
/// // each of 8 channels by itself, a window of 3×5, stride 2, padding 1
/// let depthwise: Sliding<layers::Conv2d<f32, 8, 1, 3, 5>, 2, 1, 1, 8> = Sliding::ZERO;
/// let mut y = [[[f32::NAN; 4]; 5]; 8];
/// depthwise.forward(&[[[1.0; 9]; 9]; 8], &mut y);
/// assert_eq!(y, [[[0.0; 4]; 5]; 8]);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[repr(transparent)]
pub struct Sliding<
    L,
    const STRIDE: usize = 1,
    const PADDING: usize = 0,
    const DILATION: usize = 1,
    const GROUPS: usize = 1,
>(
    /// The layer.
    pub L,
);

// SAFETY: `repr(transparent)` of a row of scalars.
unsafe impl<L: Flat, const STRIDE: usize, const PADDING: usize, const DILATION: usize, const GROUPS: usize> Flat
    for Sliding<L, STRIDE, PADDING, DILATION, GROUPS>
{
    type Scalar = L::Scalar;
    const ZERO: Self = Self(L::ZERO);
}

impl<L, const STRIDE: usize, const PADDING: usize, const DILATION: usize, const GROUPS: usize> Deref
    for Sliding<L, STRIDE, PADDING, DILATION, GROUPS>
{
    type Target = L;

    #[inline]
    fn deref(&self) -> &L {
        &self.0
    }
}

impl<L, const STRIDE: usize, const PADDING: usize, const DILATION: usize, const GROUPS: usize> DerefMut
    for Sliding<L, STRIDE, PADDING, DILATION, GROUPS>
{
    #[inline]
    fn deref_mut(&mut self) -> &mut L {
        &mut self.0
    }
}

/// The same stride, padding and dilation along both axes.
pub(super) const fn square(kernel: [usize; 2], stride: usize, padding: usize, dilation: usize) -> Window2d {
    Window2d::new(kernel, [stride; 2], [padding; 2]).with_dilation([dilation; 2])
}

/// The window of a sequence, which is a map of one row.
pub(super) const fn row(kernel: usize, stride: usize, padding: usize, dilation: usize) -> Window2d {
    Window2d::new([1, kernel], [1, stride], [0, padding]).with_dilation([1, dilation])
}

impl<
    S: Scalar,
    const OUT: usize,
    const IN: usize,
    const KH: usize,
    const KW: usize,
    const BIAS: usize,
    const STRIDE: usize,
    const PADDING: usize,
    const DILATION: usize,
    const GROUPS: usize,
> Sliding<layers::Conv2d<S, OUT, IN, KH, KW, BIAS>, STRIDE, PADDING, DILATION, GROUPS>
{
    const WINDOW: Window2d = square([KH, KW], STRIDE, PADDING, DILATION);

    /// x: `[C, H, W]`  →  y: `[OUT, OH, OW]`
    #[inline]
    pub fn forward<
        E: Element<Scalar = S>,
        const C: usize,
        const H: usize,
        const W: usize,
        const OH: usize,
        const OW: usize,
    >(
        &self,
        x: &[[[E; W]; H]; C],
        y: &mut [[[E; OW]; OH]; OUT],
    ) where
        Groups<GROUPS>: Connect<C, IN, OUT>,
        Biases<BIAS>: Bias<OUT>,
        Window<KH, STRIDE, PADDING, DILATION>: Maps<H, OH>,
        Window<KW, STRIDE, PADDING, DILATION>: Maps<W, OW>,
    {
        self.0.forward(&Self::WINDOW, x, y);
    }

    /// x: `[C, H, W]`, dy: `[OUT, OH, OW]`  →  dw, db += the gradient, lanes summed;  dx: `[C, H, W]`
    #[inline]
    pub fn backward<
        E: Element<Scalar = S>,
        const C: usize,
        const H: usize,
        const W: usize,
        const OH: usize,
        const OW: usize,
    >(
        &self,
        x: &[[[E; W]; H]; C],
        dy: &[[[E; OW]; OH]; OUT],
        gradients: &mut Self,
        dx: Option<&mut [[[E; W]; H]; C]>,
    ) where
        Groups<GROUPS>: Connect<C, IN, OUT>,
        Biases<BIAS>: Bias<OUT>,
        Window<KH, STRIDE, PADDING, DILATION>: Maps<H, OH>,
        Window<KW, STRIDE, PADDING, DILATION>: Maps<W, OW>,
    {
        self.0.backward(&Self::WINDOW, x, dy, &mut gradients.0, dx);
    }

    /// [`backward`](Self::backward) of a layer that does not learn. dy: `[OUT, OH, OW]`  →  dx: `[C, H, W]`
    #[inline]
    pub fn input_gradient<
        E: Element<Scalar = S>,
        const C: usize,
        const H: usize,
        const W: usize,
        const OH: usize,
        const OW: usize,
    >(
        &self,
        dy: &[[[E; OW]; OH]; OUT],
        dx: &mut [[[E; W]; H]; C],
    ) where
        Groups<GROUPS>: Connect<C, IN, OUT>,
        Biases<BIAS>: Bias<OUT>,
        Window<KH, STRIDE, PADDING, DILATION>: Maps<H, OH>,
        Window<KW, STRIDE, PADDING, DILATION>: Maps<W, OW>,
    {
        self.0.input_gradient(&Self::WINDOW, dy, dx);
    }
}

impl<
    S: Scalar,
    const OUT: usize,
    const IN: usize,
    const K: usize,
    const BIAS: usize,
    const STRIDE: usize,
    const PADDING: usize,
    const DILATION: usize,
    const GROUPS: usize,
> Sliding<layers::Conv1d<S, OUT, IN, K, BIAS>, STRIDE, PADDING, DILATION, GROUPS>
{
    const WINDOW: Window2d = row(K, STRIDE, PADDING, DILATION);

    /// x: `[C, L]`  →  y: `[OUT, OL]`
    #[inline]
    pub fn forward<E: Element<Scalar = S>, const C: usize, const L: usize, const OL: usize>(
        &self,
        x: &[[E; L]; C],
        y: &mut [[E; OL]; OUT],
    ) where
        Groups<GROUPS>: Connect<C, IN, OUT>,
        Biases<BIAS>: Bias<OUT>,
        Window<K, STRIDE, PADDING, DILATION>: Maps<L, OL>,
    {
        self.0.forward(&Self::WINDOW, x, y);
    }

    /// x: `[C, L]`, dy: `[OUT, OL]`  →  dw, db += the gradient, lanes summed;  dx: `[C, L]`
    #[inline]
    pub fn backward<E: Element<Scalar = S>, const C: usize, const L: usize, const OL: usize>(
        &self,
        x: &[[E; L]; C],
        dy: &[[E; OL]; OUT],
        gradients: &mut Self,
        dx: Option<&mut [[E; L]; C]>,
    ) where
        Groups<GROUPS>: Connect<C, IN, OUT>,
        Biases<BIAS>: Bias<OUT>,
        Window<K, STRIDE, PADDING, DILATION>: Maps<L, OL>,
    {
        self.0.backward(&Self::WINDOW, x, dy, &mut gradients.0, dx);
    }

    /// [`backward`](Self::backward) of a layer that does not learn. dy: `[OUT, OL]`  →  dx: `[C, L]`
    #[inline]
    pub fn input_gradient<E: Element<Scalar = S>, const C: usize, const L: usize, const OL: usize>(
        &self,
        dy: &[[E; OL]; OUT],
        dx: &mut [[E; L]; C],
    ) where
        Groups<GROUPS>: Connect<C, IN, OUT>,
        Biases<BIAS>: Bias<OUT>,
        Window<K, STRIDE, PADDING, DILATION>: Maps<L, OL>,
    {
        self.0.input_gradient(&Self::WINDOW, dy, dx);
    }
}

impl<
    S: Scalar,
    const IN: usize,
    const OUT: usize,
    const KH: usize,
    const KW: usize,
    const BIAS: usize,
    const STRIDE: usize,
    const PADDING: usize,
    const DILATION: usize,
    const GROUPS: usize,
> Sliding<layers::ConvTranspose2d<S, IN, OUT, KH, KW, BIAS>, STRIDE, PADDING, DILATION, GROUPS>
{
    const WINDOW: Window2d = square([KH, KW], STRIDE, PADDING, DILATION);

    /// x: `[IN, H, W]`  →  y: `[C, OH, OW]`
    #[inline]
    pub fn forward<
        E: Element<Scalar = S>,
        const C: usize,
        const H: usize,
        const W: usize,
        const OH: usize,
        const OW: usize,
    >(
        &self,
        x: &[[[E; W]; H]; IN],
        y: &mut [[[E; OW]; OH]; C],
    ) where
        Groups<GROUPS>: Connect<C, OUT, IN>,
        Biases<BIAS>: Bias<C>,
        Window<KH, STRIDE, PADDING, DILATION>: Spreads<H, OH>,
        Window<KW, STRIDE, PADDING, DILATION>: Spreads<W, OW>,
    {
        self.0.forward(&Self::WINDOW, x, y);
    }

    /// x: `[IN, H, W]`, dy: `[C, OH, OW]`  →  dw, db += the gradient, lanes summed;  dx: `[IN, H, W]`
    #[inline]
    pub fn backward<
        E: Element<Scalar = S>,
        const C: usize,
        const H: usize,
        const W: usize,
        const OH: usize,
        const OW: usize,
    >(
        &self,
        x: &[[[E; W]; H]; IN],
        dy: &[[[E; OW]; OH]; C],
        gradients: &mut Self,
        dx: Option<&mut [[[E; W]; H]; IN]>,
    ) where
        Groups<GROUPS>: Connect<C, OUT, IN>,
        Biases<BIAS>: Bias<C>,
        Window<KH, STRIDE, PADDING, DILATION>: Spreads<H, OH>,
        Window<KW, STRIDE, PADDING, DILATION>: Spreads<W, OW>,
    {
        self.0.backward(&Self::WINDOW, x, dy, &mut gradients.0, dx);
    }

    /// [`backward`](Self::backward) of a layer that does not learn. dy: `[C, OH, OW]`  →  dx: `[IN, H, W]`
    #[inline]
    pub fn input_gradient<
        E: Element<Scalar = S>,
        const C: usize,
        const H: usize,
        const W: usize,
        const OH: usize,
        const OW: usize,
    >(
        &self,
        dy: &[[[E; OW]; OH]; C],
        dx: &mut [[[E; W]; H]; IN],
    ) where
        Groups<GROUPS>: Connect<C, OUT, IN>,
        Biases<BIAS>: Bias<C>,
        Window<KH, STRIDE, PADDING, DILATION>: Spreads<H, OH>,
        Window<KW, STRIDE, PADDING, DILATION>: Spreads<W, OW>,
    {
        self.0.input_gradient(&Self::WINDOW, dy, dx);
    }
}
