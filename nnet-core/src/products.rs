//! What becomes of outer products: dw += dy·xᵀ of linear layers, added at once or kept as two factors until later.

use crate::element::Element;
use crate::scalar::Scalar;

/// Takes the outer products of which the weight gradients of linear layers are sums.
///
/// Where many samples share the gradient, as in a host's trainer, the sum over all of them is one product of matrices:
/// to keep the factors and multiply at the end reads and writes dw once instead of once a group.
pub trait OuterProducts<S: Scalar> {
    /// x: `[IN]`, dy: `[OUT]`  →  dw: `[OUT, IN]` += dy·xᵀ, lanes summed; at once, or before anybody reads dw.
    fn add<E: Element<Scalar = S>>(&mut self, x: &[E], dy: &[E], dw: &mut [S]);
}

/// Adds them at once, and needs no memory.
#[derive(Clone, Copy, Debug, Default)]
pub struct AtOnce;

impl<S: Scalar> OuterProducts<S> for AtOnce {
    #[inline]
    fn add<E: Element<Scalar = S>>(&mut self, x: &[E], dy: &[E], dw: &mut [S]) {
        S::linear_weight_gradient(E::LANES, E::scalars(x), E::scalars(dy), dw);
    }
}
