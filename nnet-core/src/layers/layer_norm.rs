//! Layer normalization: y = (x − μ) / √(σ² + ε) · w + b, μ and σ² over all entries of a sample, w and b for each entry
//! (Ba, Kiros, Hinton, 2016).
//!
//! Shape: any, unchanged.
#![allow(unsafe_code, reason = "one impl of `Flat`")]

use super::shrink;
use crate::element::Element;
use crate::flat::Flat;
use crate::kernels::Groups;
use crate::scalar::Scalar;
use crate::tensor::Tensor;

/// Normalization of each sample over its N entries.
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct LayerNorm<S, const N: usize> {
    /// w: `[N]`.
    pub weight: [S; N],
    /// b: `[N]`.
    pub bias: [S; N],
}

// SAFETY: `repr(C)` of two arrays of one scalar.
unsafe impl<S: Scalar, const N: usize> Flat for LayerNorm<S, N> {
    type Scalar = S;
    const ZERO: Self = Self { weight: [S::ZERO; N], bias: [S::ZERO; N] };
}

/// One group of channels of one entry each is the whole sample.
const fn whole(eps: f64) -> Groups {
    Groups { groups: 1, eps }
}

impl<S: Scalar, const N: usize> LayerNorm<S, N> {
    /// Weights 1, biases 0.
    pub fn init(&mut self) {
        self.weight.fill(S::ONE);
        self.bias.fill(S::ZERO);
    }

    /// x: `[N]` in any shape  →  y: `[N]`
    ///
    /// # Panics
    ///
    /// If x has not N entries.
    #[inline]
    pub fn forward<T: Tensor<Element: Element<Scalar = S>>>(&self, eps: f64, x: &T, y: &mut T) {
        assert_eq!(T::LENGTH, N, "a sample has as many entries as the layer has weights");
        let (x, y) = (T::Element::scalars(x.as_flat()), T::Element::scalars_mut(y.as_flat_mut()));
        S::group_norm(T::Element::LANES, &whole(eps), &self.weight, &self.bias, x, y);
    }

    /// Forward: y = x̂·w + b   so   dw: `[N]` += dy·x̂,  db: `[N]` += dy, lanes summed;  with g = w·dy
    /// dx: `[N]` = (g − mean g − x̂·mean g·x̂) / √(σ² + ε)
    ///
    /// # Panics
    ///
    /// As [`forward`](Self::forward).
    #[inline]
    pub fn backward<T: Tensor<Element: Element<Scalar = S>>>(
        &self,
        eps: f64,
        x: &T,
        dy: &T,
        gradients: &mut Self,
        dx: Option<&mut T>,
    ) {
        Self::gradient(eps, x, dy, Some(gradients), dx.map(|dx| (self, dx)));
    }

    /// [`backward`](Self::backward) of a layer that does not learn: dx alone.
    ///
    /// # Panics
    ///
    /// As [`forward`](Self::forward).
    #[inline]
    pub fn input_gradient<T: Tensor<Element: Element<Scalar = S>>>(&self, eps: f64, x: &T, dy: &T, dx: &mut T) {
        Self::gradient(eps, x, dy, None, Some((self, dx)));
    }

    /// [`backward`](Self::backward) into the layer itself: dx from the weights as they are, then
    /// w, b ← `kept`·(w, b) + the gradient. With −rate in dy, and `kept` = 1 − rate·decay, it is a step of descent.
    ///
    /// # Panics
    ///
    /// As [`forward`](Self::forward).
    #[inline]
    pub fn descend<T: Tensor<Element: Element<Scalar = S>>>(
        &mut self,
        eps: f64,
        kept: S,
        x: &T,
        dy: &T,
        dx: Option<&mut T>,
    ) {
        if let Some(dx) = dx {
            self.input_gradient(eps, x, dy, dx);
        }
        shrink(kept, self.as_scalars_mut());
        Self::gradient(eps, x, dy, Some(self), None);
    }

    fn gradient<T: Tensor<Element: Element<Scalar = S>>>(
        eps: f64,
        x: &T,
        dy: &T,
        gradients: Option<&mut Self>,
        layer_and_dx: Option<(&Self, &mut T)>,
    ) {
        assert_eq!(T::LENGTH, N, "a sample has as many entries as the layer has weights");
        let (x, dy) = (T::Element::scalars(x.as_flat()), T::Element::scalars(dy.as_flat()));
        let w_and_dx = layer_and_dx.map(|(layer, dx)| (&layer.weight[..], T::Element::scalars_mut(dx.as_flat_mut())));
        let gradients = gradients.map(|Self { weight, bias }| [&mut weight[..], bias]);
        S::group_norm_gradient(T::Element::LANES, &whole(eps), x, dy, gradients, w_and_dx);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::tests::{check_descent, check_gradients, fill};

    /// `LayerNorm(4, eps=0.01)` of PyTorch 2.15.
    #[test]
    fn values_are_those_of_pytorch() {
        let layer = LayerNorm { weight: [2.0, -0.5, 1.0, 3.0], bias: [1.0, 3.0, -2.0, 0.0] };
        let (x, dy) = ([[-4.0, 3.0], [-1.0, 6.0]], [[-3.0, 2.0], [0.0, -2.0]]);
        let (mut y, mut dx, mut gradients) = ([[f64::NAN; 2]; 2], [[f64::NAN; 2]; 2], LayerNorm::ZERO);
        layer.forward(0.01, &x, &mut y);
        layer.backward(0.01, &x, &dy, &mut gradients, Some(&mut dx));
        let near = |got: &[f64], want: [f64; 4]| {
            for (got, want) in got.iter().zip(want) {
                assert!((got - want).abs() <= 32.0 * f64::EPSILON * (1.0 + want.abs()), "got {got}, want {want}");
            }
        };
        let want = [-1.625_223_563_713_426_2, 2.737_477_643_628_657, -2.525_044_712_742_685, 3.937_835_345_570_139_4];
        near(y.as_flat(), want);
        let want =
            [-0.767_167_761_270_562_3, 0.608_767_814_335_268_8, 0.835_105_145_707_115_6, -0.676_705_198_771_822_4];
        near(dx.as_flat(), want);
        near(&gradients.weight, [3.937_835_345_570_139_4, 1.050_089_425_485_370_5, 0.0, -2.625_223_563_713_426_2]);
        near(&gradients.bias, [-3.0, 2.0, 0.0, -2.0]);
    }

    #[test]
    fn a_step_in_place_adds_the_gradient() {
        let mut layer = LayerNorm::<f64, 15>::ZERO;
        fill(layer.as_scalars_mut(), 1);
        let mut x = [[0.0_f64; 5]; 3];
        fill(x.as_flat_mut(), 2);
        check_descent::<_, _, [[f64; 5]; 3]>(
            &mut layer,
            &x,
            |layer, x, dy, gradients, dx| layer.backward(0.1, x, dy, gradients, dx),
            |layer, kept, x, dy, dx| layer.descend(0.1, kept, x, dy, dx),
        );
    }

    #[test]
    fn gradients_agree_with_central_differences() {
        let mut layer = LayerNorm::<f64, 15>::ZERO;
        fill(layer.as_scalars_mut(), 1);
        let mut x = [[0.0_f64; 5]; 3];
        fill(x.as_flat_mut(), 2);
        check_gradients::<_, _, [[f64; 5]; 3]>(
            &mut layer,
            &mut x,
            |layer, x, y| layer.forward(0.1, x, y),
            |layer, x, dy, gradients, dx| layer.backward(0.1, x, dy, gradients, Some(dx)),
        );
    }

    #[test]
    fn either_gradient_is_the_same_without_the_other() {
        let layer = LayerNorm { weight: [2.0, -1.0, 0.5], bias: [0.0; 3] };
        let (x, dy, mut dx) = ([1.0, 2.0, 4.0], [1.0, -1.0, 3.0], [f32::NAN; 3]);
        let (mut with, mut without) = (LayerNorm::ZERO, LayerNorm::ZERO);
        layer.backward(1e-5, &x, &dy, &mut with, Some(&mut dx));
        layer.backward(1e-5, &x, &dy, &mut without, None);
        assert_eq!(with, without);
        let mut alone = [f32::NAN; 3];
        layer.input_gradient(1e-5, &x, &dy, &mut alone);
        assert_eq!(alone, dx);
        assert_eq!(with.bias, dy);
    }

    #[test]
    #[should_panic(expected = "as many entries as the layer has weights")]
    fn another_length_is_refused() {
        LayerNorm::<f32, 4>::ZERO.forward(1e-5, &[0.0_f32; 8], &mut [0.0; 8]);
    }
}
