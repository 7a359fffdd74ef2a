//! The linear layer, which says what it takes.
#![allow(unsafe_code, reason = "one impl of `Flat`")]

use core::ops::{Deref, DerefMut};

use crate::element::Element;
use crate::flat::Flat;
use crate::layers;
use crate::scalar::Scalar;
use crate::tensor::Tensor;

/// A fully connected layer from `IN` features to `OUT`. `BIAS` is `OUT`, or 0 for none.
///
/// Weights, biases and `init` are those of [`layers::Linear`], to which it dereferences.
#[derive(Clone, Debug, PartialEq)]
#[repr(transparent)]
pub struct Linear<S, const OUT: usize, const IN: usize, const BIAS: usize = OUT>(
    /// The layer.
    pub layers::Linear<S, OUT, IN, BIAS>,
);

/// A flat tensor of `IN` entries.
#[diagnostic::on_unimplemented(
    message = "a linear layer of {IN} features does not take `{Self}`",
    label = "not {IN} features",
    note = "give it a flat array of {IN} entries, or make the layer's type one for as many as there are; a map goes through `Flatten.view(..)`"
)]
pub trait Features<const IN: usize>: Tensor {}

impl<E: Element, const IN: usize> Features<IN> for [E; IN] {}

// SAFETY: `repr(transparent)` of a row of scalars.
unsafe impl<S: Scalar, const OUT: usize, const IN: usize, const BIAS: usize> Flat for Linear<S, OUT, IN, BIAS> {
    type Scalar = S;
    const ZERO: Self = Self(layers::Linear::ZERO);
}

impl<S, const OUT: usize, const IN: usize, const BIAS: usize> Deref for Linear<S, OUT, IN, BIAS> {
    type Target = layers::Linear<S, OUT, IN, BIAS>;

    #[inline]
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<S, const OUT: usize, const IN: usize, const BIAS: usize> DerefMut for Linear<S, OUT, IN, BIAS> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl<S: Scalar, const OUT: usize, const IN: usize, const BIAS: usize> Linear<S, OUT, IN, BIAS> {
    /// x: `[IN]`  →  y: `[OUT]`
    #[inline]
    pub fn forward<X: Features<IN, Element: Element<Scalar = S>>>(&self, x: &X, y: &mut [X::Element; OUT]) {
        self.0.forward(Tensor::view(x.as_flat()), y);
    }

    /// x: `[IN]`, dy: `[OUT]`  →  dw, db += the gradient, lanes summed;  dx: `[IN]`
    #[inline]
    pub fn backward<X: Features<IN, Element: Element<Scalar = S>>>(
        &self,
        x: &X,
        dy: &[X::Element; OUT],
        gradients: &mut Self,
        dx: Option<&mut X>,
    ) {
        let dx = dx.map(|dx| Tensor::view_mut(dx.as_flat_mut()));
        self.0.backward(Tensor::view(x.as_flat()), dy, &mut gradients.0, dx);
    }

    /// [`backward`](Self::backward) of a layer that does not learn. dy: `[OUT]`  →  dx: `[IN]`
    #[inline]
    pub fn input_gradient<X: Features<IN, Element: Element<Scalar = S>>>(&self, dy: &[X::Element; OUT], dx: &mut X) {
        self.0.input_gradient(dy, Tensor::view_mut(dx.as_flat_mut()));
    }
}
