//! Windows along an axis: `OUT` = ⌊(`IN` + 2·`PADDING` − `DILATION`·(`K` − 1) − 1) / `STRIDE`⌋ + 1, without a division.
//!
//! With the span K·D, the room IN + 2·P + D and the reach OUT·S + K·D, the window lies inside if span < room, and there
//! are `OUT` places for it if reach < room + S and room ≤ reach. Nothing is subtracted, so nothing can underflow.

use core::ops::{Add, Mul};

use typenum::{Add1, B0, B1, Gr, IsGreater, IsLess, IsLessOrEqual, Le, LeEq, Prod, Sum, U0};

use super::number::{Known, Number, Size};

/// A window of `K` taps that lie `DILATION` apart, moved by `STRIDE` over an axis with `PADDING` on each side.
#[derive(Clone, Copy, Debug)]
pub struct Window<const K: usize, const STRIDE: usize = 1, const PADDING: usize = 0, const DILATION: usize = 1>;

/// A window leads from an axis of `IN` entries to one of `OUT`.
pub trait Maps<const IN: usize, const OUT: usize> {}

/// A window that [`Maps`] `IN` to `OUT`, and whose padding is at most half of what it spans.
pub trait Pools<const IN: usize, const OUT: usize> {}

/// A transposed window leads from `IN` entries to `OUT`: the window itself leads back.
pub trait Spreads<const IN: usize, const OUT: usize> {}

/// A window, of (K, S, P, D, IN, OUT).
pub trait Judged {
    /// [`Right`], [`Wrong`], [`TooLarge`] or [`Zero`].
    type Verdict;
}

/// There are as many places as stated.
pub struct Right;
/// There is another number of places.
pub struct Wrong;
/// There is no place for the window.
pub struct TooLarge;
/// Something other than the padding is 0.
pub struct Zero;

/// Of whether nothing is 0, span < room, reach < room + S, room ≤ reach. All in one type: rustc would take a part of it
/// for granted that it does not know yet.
pub trait Judge<Inside, Enough, All> {
    /// [`Right`], [`Wrong`], [`TooLarge`] or [`Zero`].
    type Verdict;
}

macro_rules! verdicts {
    ($([$($free:ident),*] $positive:ty, $inside:ty, $enough:ty, $all:ty => $verdict:ty;)*) => {$(
        impl<$($free),*> Judge<$inside, $enough, $all> for $positive {
            type Verdict = $verdict;
        }
    )*};
}
verdicts! {
    [A, B, C] B0, A, B, C => Zero;
    [A, B] B1, B0, A, B => TooLarge;
    [A] B1, B1, B0, A => Wrong;
    [] B1, B1, B1, B0 => Wrong;
    [] B1, B1, B1, B1 => Right;
}

/// K·D, the extent of the window and D − 1 more.
type Span<K, D> = Prod<K, D>;
/// IN + 2·P + D.
type Room<I, P, D> = Sum<Sum<Sum<I, P>, P>, D>;
/// OUT·S + K·D.
type Reach<O, S, K, D> = Sum<Prod<O, S>, Span<K, D>>;

/// K·D·S·IN > 0.
type Positive<K, D, S, I> = Gr<Prod<Prod<Span<K, D>, S>, I>, U0>;
/// span < room.
type Inside<K, P, D, I> = Le<Span<K, D>, Room<I, P, D>>;
/// reach < room + S.
type Enough<K, S, P, D, I, O> = Le<Reach<O, S, K, D>, Sum<Room<I, P, D>, S>>;
/// room ≤ reach.
type All<K, S, P, D, I, O> = LeEq<Room<I, P, D>, Reach<O, S, K, D>>;

impl<K, S, P, D, I, O> Judged for (K, S, P, D, I, O)
where
    K: Mul<D>,
    Span<K, D>: Mul<S>,
    Prod<Span<K, D>, S>: Mul<I>,
    Prod<Prod<Span<K, D>, S>, I>: IsGreater<U0>,
    I: Add<P>,
    Sum<I, P>: Add<P>,
    Sum<Sum<I, P>, P>: Add<D>,
    Span<K, D>: IsLess<Room<I, P, D>>,
    O: Mul<S>,
    Prod<O, S>: Add<Span<K, D>>,
    Room<I, P, D>: Add<S> + IsLessOrEqual<Reach<O, S, K, D>>,
    Reach<O, S, K, D>: IsLess<Sum<Room<I, P, D>, S>>,
    Positive<K, D, S, I>: Judge<Inside<K, P, D, I>, Enough<K, S, P, D, I, O>, All<K, S, P, D, I, O>>,
{
    type Verdict =
        <Positive<K, D, S, I> as Judge<Inside<K, P, D, I>, Enough<K, S, P, D, I, O>, All<K, S, P, D, I, O>>>::Verdict;
}

/// Nothing is 0 but the padding.
#[diagnostic::on_unimplemented(
    message = "a window of {K} with stride {S} and dilation {D} cannot move over {IN} entries",
    label = "the kernel {K}, the stride {S}, the dilation {D} or the size {IN} is 0",
    note = "make each of them at least 1; only the padding may be 0"
)]
pub trait NoneIsZero<const K: usize, const S: usize, const D: usize, const IN: usize> {}
impl<const K: usize, const S: usize, const D: usize, const IN: usize> NoneIsZero<K, S, D, IN> for Right {}
impl<const K: usize, const S: usize, const D: usize, const IN: usize> NoneIsZero<K, S, D, IN> for Wrong {}
impl<const K: usize, const S: usize, const D: usize, const IN: usize> NoneIsZero<K, S, D, IN> for TooLarge {}

/// The window has a place, or [`NoneIsZero`] reports what is wrong.
#[diagnostic::on_unimplemented(
    message = "a window of {K} does not fit into {IN} entries with padding {P} on each side",
    label = "a window of {K} with stride {S}, padding {P} and dilation {D} has no place in {IN} entries",
    note = "it spans ({K} - 1) * {D} + 1, of {IN} + 2 * {P}; use a smaller kernel or dilation, or more padding"
)]
pub trait HasPlace<const K: usize, const S: usize, const P: usize, const D: usize, const IN: usize> {}
impl<const K: usize, const S: usize, const P: usize, const D: usize, const IN: usize> HasPlace<K, S, P, D, IN>
    for Right
{
}
impl<const K: usize, const S: usize, const P: usize, const D: usize, const IN: usize> HasPlace<K, S, P, D, IN>
    for Wrong
{
}
impl<const K: usize, const S: usize, const P: usize, const D: usize, const IN: usize> HasPlace<K, S, P, D, IN>
    for Zero
{
}

/// The window has `OUT` places, or [`HasPlace`] reports what is wrong.
#[diagnostic::on_unimplemented(
    message = "a window of {K} with stride {S}, padding {P} and dilation {D} does not lead from {IN} to {OUT}",
    label = "{IN} entries do not give {OUT}",
    note = "it gives ({IN} + 2 * {P} - ({K} - 1) * {D} - 1) / {S} + 1, rounded down; make the output that large, or change the window"
)]
pub trait HasPlaces<const K: usize, const S: usize, const P: usize, const D: usize, const IN: usize, const OUT: usize> {}

/// The window leads back from `OUT` entries to `IN`.
#[diagnostic::on_unimplemented(
    message = "a transposed window of {K} with stride {S}, padding {P} and dilation {D} does not lead from {IN} to {OUT}",
    label = "{IN} entries do not give {OUT}",
    note = "it gives ({IN} - 1) * {S} + ({K} - 1) * {D} + 1 - 2 * {P}, and less than {S} more by output padding; make the output that large, or change the window"
)]
pub trait SpreadsTo<const K: usize, const S: usize, const P: usize, const D: usize, const IN: usize, const OUT: usize> {}

impl<const K: usize, const S: usize, const P: usize, const D: usize, const IN: usize, const OUT: usize>
    HasPlaces<K, S, P, D, IN, OUT> for Right
{
}
impl<const K: usize, const S: usize, const P: usize, const D: usize, const IN: usize, const OUT: usize>
    HasPlaces<K, S, P, D, IN, OUT> for TooLarge
{
}
impl<const K: usize, const S: usize, const P: usize, const D: usize, const IN: usize, const OUT: usize>
    SpreadsTo<K, S, P, D, IN, OUT> for Right
{
}
impl<const K: usize, const S: usize, const P: usize, const D: usize, const IN: usize, const OUT: usize>
    HasPlaces<K, S, P, D, IN, OUT> for Zero
{
}
impl<const K: usize, const S: usize, const P: usize, const D: usize, const IN: usize, const OUT: usize>
    SpreadsTo<K, S, P, D, IN, OUT> for Zero
{
}

/// The verdict on a window from `IN` to `OUT`.
type Verdict<const K: usize, const S: usize, const P: usize, const D: usize, const IN: usize, const OUT: usize> =
    <(Number<K>, Number<S>, Number<P>, Number<D>, Number<IN>, Number<OUT>) as Judged>::Verdict;

impl<const K: usize, const S: usize, const P: usize, const D: usize, const IN: usize, const OUT: usize> Maps<IN, OUT>
    for Window<K, S, P, D>
where
    Size<K>: Known<K>,
    Size<S>: Known<S>,
    Size<P>: Known<P>,
    Size<D>: Known<D>,
    Size<IN>: Known<IN>,
    Size<OUT>: Known<OUT>,
    (Number<K>, Number<S>, Number<P>, Number<D>, Number<IN>, Number<OUT>): Judged,
    Verdict<K, S, P, D, IN, OUT>: NoneIsZero<K, S, D, IN>,
    Verdict<K, S, P, D, IN, OUT>: HasPlace<K, S, P, D, IN>,
    Verdict<K, S, P, D, IN, OUT>: HasPlaces<K, S, P, D, IN, OUT>,
{
}

impl<const K: usize, const S: usize, const P: usize, const D: usize, const IN: usize, const OUT: usize> Spreads<IN, OUT>
    for Window<K, S, P, D>
where
    Size<K>: Known<K>,
    Size<S>: Known<S>,
    Size<P>: Known<P>,
    Size<D>: Known<D>,
    Size<IN>: Known<IN>,
    Size<OUT>: Known<OUT>,
    (Number<K>, Number<S>, Number<P>, Number<D>, Number<OUT>, Number<IN>): Judged,
    Verdict<K, S, P, D, OUT, IN>: NoneIsZero<K, S, D, OUT>,
    Verdict<K, S, P, D, OUT, IN>: SpreadsTo<K, S, P, D, IN, OUT>,
{
}

/// Whether 2·P + D ≤ K·D + 1, of (K, P, D): the padding is at most half of the window.
pub trait Halves {
    /// Whether it is.
    type Half;
}

impl<K, P, D> Halves for (K, P, D)
where
    K: Mul<D>,
    Prod<K, D>: Add<B1>,
    P: Add<P>,
    Sum<P, P>: Add<D>,
    Sum<Sum<P, P>, D>: IsLessOrEqual<Add1<Prod<K, D>>>,
{
    type Half = LeEq<Sum<Sum<P, P>, D>, Add1<Prod<K, D>>>;
}

/// The padding is at most half of the window.
#[diagnostic::on_unimplemented(
    message = "a padding of {P} exceeds half of a pool's window of {K}",
    label = "a window would see padding alone",
    note = "the window spans ({K} - 1) * {D} + 1, and pads by at most half of that, rounded down"
)]
pub trait IsHalf<const K: usize, const P: usize, const D: usize> {}
impl<const K: usize, const P: usize, const D: usize> IsHalf<K, P, D> for B1 {}

impl<const K: usize, const S: usize, const P: usize, const D: usize, const IN: usize, const OUT: usize> Pools<IN, OUT>
    for Window<K, S, P, D>
where
    Self: Maps<IN, OUT>,
    Size<K>: Known<K>,
    Size<P>: Known<P>,
    Size<D>: Known<D>,
    (Number<K>, Number<P>, Number<D>): Halves,
    <(Number<K>, Number<P>, Number<D>) as Halves>::Half: IsHalf<K, P, D>,
{
}
