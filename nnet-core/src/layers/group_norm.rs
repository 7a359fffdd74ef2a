//! Group normalization: y = (x − μ) / √(σ² + ε) · w + b, μ and σ² of a sample over each group of channels, w and b for
//! each channel (Wu and He, 2018).
//!
//! Shape: any, unchanged; C channels of LENGTH / C entries each. One group is layer normalization with parameters by
//! channel, as many groups as channels are instance normalization.
#![allow(unsafe_code, reason = "one impl of `Flat`")]

use super::shrink;
use crate::element::Element;
use crate::flat::Flat;
use crate::kernels::Groups;
use crate::scalar::Scalar;
use crate::tensor::Tensor;

/// Normalization of each sample over groups of channels.
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct GroupNorm<S, const C: usize> {
    /// w: `[C]`.
    pub weight: [S; C],
    /// b: `[C]`.
    pub bias: [S; C],
}

// SAFETY: `repr(C)` of two arrays of one scalar.
unsafe impl<S: Scalar, const C: usize> Flat for GroupNorm<S, C> {
    type Scalar = S;
    const ZERO: Self = Self { weight: [S::ZERO; C], bias: [S::ZERO; C] };
}

impl<S: Scalar, const C: usize> GroupNorm<S, C> {
    /// Weights 1, biases 0.
    pub fn init(&mut self) {
        self.weight.fill(S::ONE);
        self.bias.fill(S::ZERO);
    }

    /// x: `[C, ..]`  →  y: `[C, ..]`
    ///
    /// # Panics
    ///
    /// If `groups` does not divide C, or C not the length of `x`.
    #[inline]
    pub fn forward<T: Tensor<Element: Element<Scalar = S>>>(&self, groups: usize, eps: f64, x: &T, y: &mut T) {
        let (x, y) = (T::Element::scalars(x.as_flat()), T::Element::scalars_mut(y.as_flat_mut()));
        S::group_norm(T::Element::LANES, &Groups { groups, eps }, &self.weight, &self.bias, x, y);
    }

    /// Forward: y = x̂·w + b   so   dw: `[C]` += Σ dy·x̂,  db: `[C]` += Σ dy, lanes summed;  with g = w·dy
    /// dx: `[C, ..]` = (g − mean g − x̂·mean g·x̂) / √(σ² + ε)
    ///
    /// # Panics
    ///
    /// As [`forward`](Self::forward).
    #[inline]
    pub fn backward<T: Tensor<Element: Element<Scalar = S>>>(
        &self,
        groups: usize,
        eps: f64,
        x: &T,
        dy: &T,
        gradients: &mut Self,
        dx: Option<&mut T>,
    ) {
        Self::gradient(&Groups { groups, eps }, x, dy, Some(gradients), dx.map(|dx| (self, dx)));
    }

    /// [`backward`](Self::backward) of a layer that does not learn: dx alone.
    ///
    /// # Panics
    ///
    /// As [`forward`](Self::forward).
    #[inline]
    pub fn input_gradient<T: Tensor<Element: Element<Scalar = S>>>(
        &self,
        groups: usize,
        eps: f64,
        x: &T,
        dy: &T,
        dx: &mut T,
    ) {
        Self::gradient(&Groups { groups, eps }, x, dy, None, Some((self, dx)));
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
        groups: usize,
        eps: f64,
        kept: S,
        x: &T,
        dy: &T,
        dx: Option<&mut T>,
    ) {
        if let Some(dx) = dx {
            self.input_gradient(groups, eps, x, dy, dx);
        }
        shrink(kept, self.as_scalars_mut());
        Self::gradient(&Groups { groups, eps }, x, dy, Some(self), None);
    }

    fn gradient<T: Tensor<Element: Element<Scalar = S>>>(
        shape: &Groups,
        x: &T,
        dy: &T,
        gradients: Option<&mut Self>,
        layer_and_dx: Option<(&Self, &mut T)>,
    ) {
        let (x, dy) = (T::Element::scalars(x.as_flat()), T::Element::scalars(dy.as_flat()));
        let w_and_dx = layer_and_dx.map(|(layer, dx)| (&layer.weight[..], T::Element::scalars_mut(dx.as_flat_mut())));
        let gradients = gradients.map(|Self { weight, bias }| [&mut weight[..], bias]);
        S::group_norm_gradient(T::Element::LANES, shape, x, dy, gradients, w_and_dx);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::{LANES, Lanes, get_lane, set_lane};
    use crate::layers::tests::{check_descent, check_gradients, fill};

    /// `GroupNorm(2, 4, eps=0.01)` of PyTorch 2.15.
    #[test]
    #[rustfmt::skip]
    fn values_are_those_of_pytorch() {
        let layer = GroupNorm { weight: [2.0, -0.5, 1.0, 3.0], bias: [1.0, 3.0, -2.0, 0.0] };
        let x = [[-4.0, 3.0, -1.0], [6.0, 2.0, -2.0], [5.0, 1.0, -3.0], [4.0, 0.0, -4.0]];
        let dy = [[-3.0, 2.0, 0.0], [-2.0, 3.0, 1.0], [-1.0, -3.0, 2.0], [0.0, -2.0, 3.0]];
        let (mut y, mut dx, mut gradients) = ([[f64::NAN; 3]; 4], [[f64::NAN; 3]; 4], GroupNorm::ZERO);
        layer.forward(2, 0.01, &x, &mut y);
        layer.backward(2, 0.01, &x, &dy, &mut gradients, Some(&mut dx));
        let near = |got: &[f64], want: &[f64]| {
            assert_eq!(got.len(), want.len());
            for (got, want) in got.iter().zip(want) {
                assert!((got - want).abs() <= 32.0 * f64::EPSILON * (1.0 + want.abs()), "got {got}, want {want}");
            }
        };
        near(y.as_flat(), &[
            -1.784_863_628_052_074_4, 2.392_431_814_026_037_4, 0.005_405_847_124_259_178,
            2.204_324_677_699_407_4, 2.801_081_169_424_852, 3.397_837_661_150_296_3,
            -0.638_653_539_513_562_4, -1.848_739_282_168_173_4, -3.058_825_024_822_784_4,
            3.176_475_074_468_354, -0.453_782_153_495_478_96, -4.084_039_381_459_312,
        ]);
        near(dx.as_flat(), &[
            -0.773_307_038_528_083_1, 0.908_815_449_523_805_4, 0.459_108_163_544_535_9,
            -0.544_173_561_168_076, -0.546_313_478_353_262_2, 0.495_870_464_981_079_56,
            0.695_685_479_643_652_5, -0.841_470_417_981_058, -0.260_976_265_960_199_3,
            0.765_178_658_732_954, -1.982_062_981_546_367_5, 1.623_645_527_111_018_8,
        ]);
        near(&gradients.weight, &[
            5.569_727_256_104_15, -2.784_863_628_052_075, -3.932_778_663_627_485_7, -3.781_517_945_795_659_6,
        ]);
        near(&gradients.bias, &[-1.0, 2.0, -2.0, 1.0]);
    }

    #[test]
    fn a_step_in_place_adds_the_gradient() {
        let mut layer = GroupNorm::<f64, 6>::ZERO;
        fill(layer.as_scalars_mut(), 1);
        let mut x = [[0.0_f64; 5]; 6];
        fill(x.as_flat_mut(), 2);
        check_descent::<_, _, [[f64; 5]; 6]>(
            &mut layer,
            &x,
            |layer, x, dy, gradients, dx| layer.backward(3, 0.1, x, dy, gradients, dx),
            |layer, kept, x, dy, dx| layer.descend(3, 0.1, kept, x, dy, dx),
        );
    }

    #[test]
    fn gradients_agree_with_central_differences() {
        let mut layer = GroupNorm::<f64, 6>::ZERO;
        fill(layer.as_scalars_mut(), 1);
        let mut x = [[0.0_f64; 5]; 6];
        fill(x.as_flat_mut(), 2);
        for groups in [1, 2, 3, 6] {
            check_gradients::<_, _, [[f64; 5]; 6]>(
                &mut layer,
                &mut x,
                |layer, x, y| layer.forward(groups, 0.1, x, y),
                |layer, x, dy, gradients, dx| layer.backward(groups, 0.1, x, dy, gradients, Some(dx)),
            );
        }
    }

    /// In `f64` a vector is one number, so that lanes and lone samples have the same bits.
    #[test]
    fn a_group_equals_its_samples() {
        let mut layer = GroupNorm::<f64, 6>::ZERO;
        fill(layer.as_scalars_mut(), 1);
        let mut samples = [[[0.0; 5]; 6]; LANES];
        fill(samples.as_flat_mut(), 3);
        let mut x = [[Lanes([0.0; LANES]); 5]; 6];
        for (lane, sample) in samples.iter().enumerate() {
            set_lane(x.as_flat_mut(), lane, sample.as_flat());
        }
        let (mut y, mut dx, mut gradients) = (x, x, GroupNorm::ZERO);
        layer.forward(3, 1e-5, &x, &mut y);
        layer.backward(3, 1e-5, &x, &y, &mut gradients, Some(&mut dx));
        for (lane, sample) in samples.iter().enumerate() {
            let (mut want_y, mut want_dx, mut got) = (*sample, *sample, *sample);
            layer.forward(3, 1e-5, sample, &mut want_y);
            layer.backward(3, 1e-5, sample, &want_y, &mut gradients, Some(&mut want_dx));
            get_lane(y.as_flat(), lane, got.as_flat_mut());
            assert_eq!(got, want_y);
            get_lane(dx.as_flat(), lane, got.as_flat_mut());
            assert_eq!(got, want_dx);
        }
    }

    #[test]
    fn a_layer_that_does_not_learn_gets_the_same_dx() {
        let mut layer = GroupNorm::<f64, 6>::ZERO;
        fill(layer.as_scalars_mut(), 1);
        let mut x = [[Lanes([0.0; LANES]); 5]; 6];
        fill(Element::scalars_mut(x.as_flat_mut()), 2);
        let (mut dy, mut dx, mut want, mut gradients) = (x, x, x, GroupNorm::ZERO);
        fill(Element::scalars_mut(dy.as_flat_mut()), 3);
        layer.backward(3, 1e-5, &x, &dy, &mut gradients, Some(&mut want));
        layer.input_gradient(3, 1e-5, &x, &dy, &mut dx);
        assert_eq!(dx, want);
    }

    #[test]
    #[should_panic(expected = "groups of equally many channels")]
    fn groups_that_do_not_divide_the_channels_are_refused() {
        GroupNorm::<f32, 4>::ZERO.forward(3, 1e-5, &[0.0_f32; 8], &mut [0.0; 8]);
    }
}
