//! From a number in an array's type to one that the type checker counts with.

use typenum::{Const, ToUInt, U, Unsigned};

/// The number `N`, as a type.
#[derive(Clone, Copy, Debug)]
pub struct Size<const N: usize>;

/// The number `N` is known: to 1024, the powers of two and of ten, and few others.
#[diagnostic::on_unimplemented(
    message = "`nnet::typed` cannot check the size {N}",
    label = "the size {N} cannot be checked here",
    note = "`nnet::typed` counts by `typenum`, which knows the numbers to 1024, the powers of two and the powers of ten",
    note = "use such a size, declare the network by `network!`, which takes any, or call the layer in `nnet::layers`, which checks when it runs; a flat view of any size is `Tensor::view`"
)]
pub trait Known<const N: usize> {
    /// What `typenum` calls it.
    type Number: Unsigned;
}

#[diagnostic::do_not_recommend]
impl<const N: usize> Known<N> for Size<N>
where
    Const<N>: ToUInt,
    U<N>: Unsigned,
{
    type Number = U<N>;
}

/// What `typenum` calls `N`.
pub(super) type Number<const N: usize> = <Size<N> as Known<N>>::Number;
