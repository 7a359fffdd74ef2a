//! Flattening: `[C, H, W]` is `[C·H·W]`, and moves nothing.

use core::ops::Mul;

use typenum::{B1, Eq, IsEqual, Prod};

use super::number::{Known, Number, Size};
use crate::element::Element;
use crate::tensor::Tensor;

/// Any shape to one dimension, the last one fastest: a view, without a copy.
///
/// ```
/// use nnet_core::typed::Flatten;
///
/// let map = [[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]];
/// let flat: &[f64; 8] = Flatten.view(&map);
/// assert_eq!(flat[5], 6.0);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Flatten;

impl Flatten {
    /// x: `[C, H, W]`  →  `[C·H·W]`, or `[C, L]`  →  `[C·L]`
    #[inline]
    #[must_use]
    pub fn view<T: Flattens<N>, const N: usize>(self, x: &T) -> &[T::Element; N] {
        Tensor::view(x.as_flat())
    }

    /// The same view to write: where a layer behind puts the gradient of its input, dx: `[C, H, W]`  →  `[C·H·W]`.
    #[inline]
    #[must_use]
    pub fn view_mut<T: Flattens<N>, const N: usize>(self, dx: &mut T) -> &mut [T::Element; N] {
        Tensor::view_mut(dx.as_flat_mut())
    }
}

/// A tensor of `N` entries in more dimensions than one.
pub trait Flattens<const N: usize>: Tensor {}

/// C·H·W is `N`.
#[diagnostic::on_unimplemented(
    message = "[{C}, {H}, {W}] does not flatten to [{N}]",
    label = "{C} * {H} * {W} is not {N}",
    note = "make the layer behind one of {C} * {H} * {W} inputs"
)]
pub trait IsLength3<const C: usize, const H: usize, const W: usize, const N: usize> {}
impl<const C: usize, const H: usize, const W: usize, const N: usize> IsLength3<C, H, W, N> for B1 {}

/// C·L is `N`.
#[diagnostic::on_unimplemented(
    message = "[{C}, {L}] does not flatten to [{N}]",
    label = "{C} * {L} is not {N}",
    note = "make the layer behind one of {C} * {L} inputs"
)]
pub trait IsLength2<const C: usize, const L: usize, const N: usize> {}
impl<const C: usize, const L: usize, const N: usize> IsLength2<C, L, N> for B1 {}

/// C·L.
type Area<const C: usize, const L: usize> = Prod<Number<C>, Number<L>>;
/// C·H·W.
type Volume<const C: usize, const H: usize, const W: usize> = Prod<Area<C, H>, Number<W>>;

impl<E: Element, const C: usize, const H: usize, const W: usize, const N: usize> Flattens<N> for [[[E; W]; H]; C]
where
    Size<C>: Known<C>,
    Size<H>: Known<H>,
    Size<W>: Known<W>,
    Size<N>: Known<N>,
    Number<C>: Mul<Number<H>>,
    Area<C, H>: Mul<Number<W>>,
    Volume<C, H, W>: IsEqual<Number<N>>,
    Eq<Volume<C, H, W>, Number<N>>: IsLength3<C, H, W, N>,
{
}

impl<E: Element, const C: usize, const L: usize, const N: usize> Flattens<N> for [[E; L]; C]
where
    Size<C>: Known<C>,
    Size<L>: Known<L>,
    Size<N>: Known<N>,
    Number<C>: Mul<Number<L>>,
    Area<C, L>: IsEqual<Number<N>>,
    Eq<Area<C, L>, Number<N>>: IsLength2<C, L, N>,
{
}
