//! Linear layer: y = W·x + b, W stored row by row.
//!
//! Shape: [`crate::shape::linear`].
#![allow(unsafe_code, reason = "one impl of `Flat`")]

use super::batch_norm::BatchNorm;
use super::shrink;
use crate::element::Element;
use crate::flat::Flat;
use crate::init::Init;
use crate::products::{AtOnce, OuterProducts};
use crate::random::Random;
use crate::scalar::Scalar;

/// A fully connected layer.
///
/// `BIAS` is `OUT`, or 0 for a layer without bias.
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct Linear<S, const OUT: usize, const IN: usize, const BIAS: usize = OUT> {
    /// w: `[OUT, IN]`.
    pub weight: [[S; IN]; OUT],
    /// b: `[OUT]`.
    pub bias: [S; BIAS],
}

// SAFETY: `repr(C)` of two nested arrays of one scalar.
unsafe impl<S: Scalar, const OUT: usize, const IN: usize, const BIAS: usize> Flat for Linear<S, OUT, IN, BIAS> {
    type Scalar = S;
    const ZERO: Self = Self { weight: [[S::ZERO; IN]; OUT], bias: [S::ZERO; BIAS] };
}

impl<S: Scalar, const OUT: usize, const IN: usize, const BIAS: usize> Linear<S, OUT, IN, BIAS> {
    const BIAS_FITS: () = assert!(BIAS == 0 || BIAS == OUT, "a layer has OUT biases or none");

    /// Random weights, biases 0.
    pub fn init(&mut self, init: Init, random: &mut Random) {
        init.fill(self.weight.as_flattened_mut(), IN, OUT, random);
        self.bias.fill(S::ZERO);
    }

    /// x: `[IN]`  →  y: `[OUT]`
    #[inline]
    pub fn forward<E: Element<Scalar = S>>(&self, x: &[E; IN], y: &mut [E; OUT]) {
        let () = Self::BIAS_FITS;
        S::linear(E::LANES, self.weight.as_flattened(), &self.bias, E::scalars(x), E::scalars_mut(y));
    }

    /// x: `[IN]`, dy: `[OUT]`  →  dw: `[OUT, IN]` += dy·xᵀ,  db: `[OUT]` += dy, lanes summed;  dx: `[IN]` = Wᵀ·dy
    #[inline]
    pub fn backward<E: Element<Scalar = S>>(
        &self,
        x: &[E; IN],
        dy: &[E; OUT],
        gradients: &mut Self,
        dx: Option<&mut [E; IN]>,
    ) {
        self.backward_with(x, dy, gradients, &mut AtOnce, dx);
    }

    /// [`backward`](Self::backward) that leaves dy·xᵀ to `products`.
    #[inline]
    pub fn backward_with<E: Element<Scalar = S>, P: OuterProducts<S>>(
        &self,
        x: &[E; IN],
        dy: &[E; OUT],
        gradients: &mut Self,
        products: &mut P,
        dx: Option<&mut [E; IN]>,
    ) {
        Self::parameter_gradient(x, dy, gradients, products);
        if let Some(dx) = dx {
            self.input_gradient(dy, dx);
        }
    }

    /// [`backward`](Self::backward) of a layer that does not learn. dy: `[OUT]`  →  dx: `[IN]` = Wᵀ·dy
    #[inline]
    pub fn input_gradient<E: Element<Scalar = S>>(&self, dy: &[E; OUT], dx: &mut [E; IN]) {
        S::linear_input_gradient(E::LANES, self.weight.as_flattened(), E::scalars(dy), E::scalars_mut(dx));
    }

    /// [`backward`](Self::backward) into the layer itself: dx from the weights as they are, then
    /// w, b ← `kept`·(w, b) + the gradient. With −rate in dy, and `kept` = 1 − rate·decay, it is a step of descent.
    #[inline]
    pub fn descend<E: Element<Scalar = S>>(&mut self, kept: S, x: &[E; IN], dy: &[E; OUT], dx: Option<&mut [E; IN]>) {
        if let Some(dx) = dx {
            self.input_gradient(dy, dx);
        }
        shrink(kept, self.as_scalars_mut());
        Self::parameter_gradient(x, dy, self, &mut AtOnce);
    }

    #[inline]
    fn parameter_gradient<E: Element<Scalar = S>>(
        x: &[E; IN],
        dy: &[E; OUT],
        gradients: &mut Self,
        products: &mut impl OuterProducts<S>,
    ) {
        let () = Self::BIAS_FITS;
        products.add(x, dy, gradients.weight.as_flattened_mut());
        S::bias_gradient(E::LANES, E::scalars(dy), &mut gradients.bias);
    }

    /// `folded` ← the layer whose output is the prediction of `norm` after this one: scale·W and scale·b + shift.
    #[inline]
    pub fn fold_into(&self, norm: &BatchNorm<S, OUT>, eps: f64, folded: &mut Linear<S, OUT, IN>) {
        let () = Self::BIAS_FITS;
        let to = [folded.weight.as_flattened_mut(), &mut folded.bias];
        norm.fold_rows(eps, [self.weight.as_flattened(), &self.bias], to, OUT, |o| o);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::tests::{check_descent, check_gradients, fill};

    #[test]
    fn values_by_hand() {
        let layer = Linear::<f32, 2, 3> { weight: [[1.0, 2.0, 3.0], [-1.0, 0.0, 1.0]], bias: [0.5, -0.5] };
        let mut y = [f32::NAN; 2];
        layer.forward(&[1.0, 10.0, 100.0], &mut y);
        assert_eq!(y, [321.5, 98.5]);
        let (mut gradients, mut dx) = (Linear::ZERO, [f32::NAN; 3]);
        layer.backward(&[1.0, 10.0, 100.0], &[2.0, 3.0], &mut gradients, Some(&mut dx));
        assert_eq!(gradients.weight, [[2.0, 20.0, 200.0], [3.0, 30.0, 300.0]]);
        assert_eq!(gradients.bias, [2.0, 3.0]);
        assert_eq!(dx, [-1.0, 4.0, 9.0]);
        dx.fill(f32::NAN);
        layer.input_gradient(&[2.0, 3.0], &mut dx);
        assert_eq!(dx, [-1.0, 4.0, 9.0]);
    }

    #[test]
    fn a_step_in_place_adds_the_gradient() {
        let mut layer = Linear::<f64, 5, 3>::ZERO;
        fill(layer.as_scalars_mut(), 1);
        let mut x = [0.0_f64; 3];
        fill(&mut x, 2);
        check_descent::<_, _, [f64; 5]>(&mut layer, &x, Linear::backward, Linear::descend);
    }

    #[test]
    fn gradients_agree_with_central_differences() {
        let mut layer = Linear::<f64, 5, 7>::ZERO;
        fill(layer.as_scalars_mut(), 1);
        let mut x = [0.0_f64; 7];
        fill(&mut x, 2);
        check_gradients::<_, _, [f64; 5]>(&mut layer, &mut x, Linear::forward, |layer, x, dy, gradients, dx| {
            layer.backward(x, dy, gradients, Some(dx));
        });
    }

    #[test]
    fn a_batch_norm_is_folded_by_hand() {
        let norm =
            BatchNorm { weight: [2.0, 3.0], bias: [10.0, 20.0], running_mean: [1.0, -1.0], running_var: [4.0, 0.25] };
        let mut folded = Linear::ZERO;
        folded.as_scalars_mut().fill(f32::NAN);
        // scale 2 / 2 and 3 / 0.5, shift 10 − 1 and 20 + 6
        Linear::<f32, 2, 2, 0> { weight: [[1.0, 2.0], [3.0, 4.0]], bias: [] }.fold_into(&norm, 0.0, &mut folded);
        assert_eq!(folded, Linear { weight: [[1.0, 2.0], [18.0, 24.0]], bias: [9.0, 26.0] });
        Linear { bias: [0.5, 0.25], ..folded.clone() }.fold_into(&norm, 0.0, &mut folded);
        assert_eq!(folded, Linear { weight: [[1.0, 2.0], [108.0, 144.0]], bias: [9.5, 27.5] });
    }

    #[test]
    fn without_bias_there_is_none() {
        let layer = Linear::<f32, 2, 1, 0> { weight: [[2.0], [3.0]], bias: [] };
        let mut y = [f32::NAN; 2];
        layer.forward(&[5.0], &mut y);
        assert_eq!(y, [10.0, 15.0]);
        let mut gradients = Linear::ZERO;
        layer.backward(&[5.0_f32], &[1.0, -1.0], &mut gradients, None);
        assert_eq!(gradients, Linear { weight: [[5.0], [-5.0]], bias: [] });
    }
}
