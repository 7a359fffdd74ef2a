//! Channels: a convolution in G groups of `IN` channels takes C = `IN`·G, and G divides `OUT`; it has `OUT` biases or none.

use core::ops::{BitOr, Mul, Rem};

use typenum::{B0, B1, Bit, Eq, IsEqual, Mod, Or, Prod, U0, UInt, Unsigned};

use super::number::{Known, Number, Size};

/// `GROUPS` groups.
#[derive(Clone, Copy, Debug)]
pub struct Groups<const GROUPS: usize>;

/// A layer in groups has `C` channels on the side on which a group has `OF_GROUP`, and the groups divide the `OTHERS`.
pub trait Connect<const C: usize, const OF_GROUP: usize, const OTHERS: usize> {}

/// Whether a number divides `N`; 0 divides nothing.
pub trait Divides<N> {
    /// Whether it does.
    type Output;
}

impl<N> Divides<N> for U0 {
    type Output = B0;
}

impl<N, U: Unsigned, B: Bit> Divides<N> for UInt<U, B>
where
    N: Rem<UInt<U, B>>,
    Mod<N, UInt<U, B>>: IsEqual<U0>,
{
    type Output = Eq<Mod<N, UInt<U, B>>, U0>;
}

/// The channels are those of all groups.
#[diagnostic::on_unimplemented(
    message = "a convolution of {IN} channels a group, with groups = {G}, does not connect to {C} channels",
    label = "{C} channels are not {IN} * {G}",
    note = "make the layer's type one for {C} channels, or change the tensor's; a depthwise convolution has 1 channel a group, and as many groups as channels"
)]
pub trait AreChannels<const C: usize, const IN: usize, const G: usize> {}
impl<const C: usize, const IN: usize, const G: usize> AreChannels<C, IN, G> for B1 {}

/// The groups divide the channels of the other side.
#[diagnostic::on_unimplemented(
    message = "{G} groups do not divide {N} channels",
    label = "{N} channels do not fall into {G} groups",
    note = "use a number of groups that divides {N}"
)]
pub trait AreGroups<const N: usize, const G: usize> {}
impl<const N: usize, const G: usize> AreGroups<N, G> for B1 {}

impl<const C: usize, const OF_GROUP: usize, const OTHERS: usize, const G: usize> Connect<C, OF_GROUP, OTHERS>
    for Groups<G>
where
    Size<C>: Known<C>,
    Size<OF_GROUP>: Known<OF_GROUP>,
    Size<OTHERS>: Known<OTHERS>,
    Size<G>: Known<G>,
    Number<OF_GROUP>: Mul<Number<G>>,
    Prod<Number<OF_GROUP>, Number<G>>: IsEqual<Number<C>>,
    Eq<Prod<Number<OF_GROUP>, Number<G>>, Number<C>>: AreChannels<C, OF_GROUP, G>,
    Number<G>: Divides<Number<OTHERS>>,
    <Number<G> as Divides<Number<OTHERS>>>::Output: AreGroups<OTHERS, G>,
{
}

/// `BIASES` biases.
#[derive(Clone, Copy, Debug)]
pub struct Biases<const BIASES: usize>;

/// A layer of `OUT` channels has `OUT` biases, or none.
pub trait Bias<const OUT: usize> {}

/// One for each channel, or none.
#[diagnostic::on_unimplemented(
    message = "a layer of {OUT} channels has {OUT} biases or none, not {BIASES}",
    label = "its parameter for biases is {BIASES}",
    note = "leave that parameter of the layer out for {OUT} biases, or make it 0 for none"
)]
pub trait AreBiases<const BIASES: usize, const OUT: usize> {}
impl<const BIASES: usize, const OUT: usize> AreBiases<BIASES, OUT> for B1 {}

impl<const BIASES: usize, const OUT: usize> Bias<OUT> for Biases<BIASES>
where
    Size<BIASES>: Known<BIASES>,
    Size<OUT>: Known<OUT>,
    Number<BIASES>: IsEqual<Number<OUT>> + IsEqual<U0>,
    Eq<Number<BIASES>, Number<OUT>>: BitOr<Eq<Number<BIASES>, U0>>,
    Or<Eq<Number<BIASES>, Number<OUT>>, Eq<Number<BIASES>, U0>>: AreBiases<BIASES, OUT>,
{
}
