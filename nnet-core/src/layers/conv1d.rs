//! Convolution along one axis: y[o][n] = b[o] + Σᵢ Σₖ w[o][i][k] · x[i][n·S + k·D − P], x = 0 outside.
//!
//! The channels of x and y fall into groups, in their order; i runs over those in the group of o.
//!
//! Shape: [`crate::shape::conv1d`].
#![allow(unsafe_code, reason = "one impl of `Flat`")]

use super::batch_norm::BatchNorm;
use super::conv2d::sizes;
use super::shrink;
use crate::element::Element;
use crate::flat::Flat;
use crate::init::Init;
use crate::kernels::Convolution;
use crate::random::Random;
use crate::scalar::Scalar;
use crate::shape::Window2d;
use crate::tensor::Tensor;

/// A one-dimensional convolution: a two-dimensional one over maps of height 1.
///
/// `IN` is the channels of one group: an input of C channels is taken in C / `IN` groups, which divide `OUT`.
/// `BIAS` is `OUT`, or 0 for a layer without bias.
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct Conv1d<S, const OUT: usize, const IN: usize, const K: usize, const BIAS: usize = OUT> {
    /// w: `[OUT, IN, K]`.
    pub weight: [[[S; K]; IN]; OUT],
    /// b: `[OUT]`.
    pub bias: [S; BIAS],
}

// SAFETY: `repr(C)` of two nested arrays of one scalar.
unsafe impl<S: Scalar, const OUT: usize, const IN: usize, const K: usize, const BIAS: usize> Flat
    for Conv1d<S, OUT, IN, K, BIAS>
{
    type Scalar = S;
    const ZERO: Self = Self { weight: [[[S::ZERO; K]; IN]; OUT], bias: [S::ZERO; BIAS] };
}

impl<S: Scalar, const OUT: usize, const IN: usize, const K: usize, const BIAS: usize> Conv1d<S, OUT, IN, K, BIAS> {
    const BIAS_FITS: () = assert!(BIAS == 0 || BIAS == OUT, "a layer has OUT biases or none");

    /// Random weights, biases 0.
    pub fn init(&mut self, init: Init, random: &mut Random) {
        init.fill(self.weight.as_flattened_mut().as_flattened_mut(), IN * K, OUT * K, random);
        self.bias.fill(S::ZERO);
    }

    /// x: `[C, L]`  →  y: `[OUT, OL]`
    ///
    /// # Panics
    ///
    /// If `window` has not the kernel `[1, K]` or does not lead from `[1, L]` to `[1, OL]`, C is not a multiple of `IN`,
    /// or `OUT` not one of C / `IN`.
    #[inline]
    pub fn forward<E: Element<Scalar = S>, const C: usize, const L: usize, const OL: usize>(
        &self,
        window: &Window2d,
        x: &[[E; L]; C],
        y: &mut [[E; OL]; OUT],
    ) {
        let shape = Self::shape(window, C, L, OL);
        let (x, y) = (E::scalars(x.as_flat()), E::scalars_mut(y.as_flat_mut()));
        S::convolution(E::LANES, shape, self.weights(), &self.bias, x, y);
    }

    /// x: `[C, L]`, dy: `[OUT, OL]`  →  dw, db += the gradient, lanes summed;  dx: `[C, L]`
    ///
    /// # Panics
    ///
    /// As [`forward`](Self::forward).
    #[inline]
    pub fn backward<E: Element<Scalar = S>, const C: usize, const L: usize, const OL: usize>(
        &self,
        window: &Window2d,
        x: &[[E; L]; C],
        dy: &[[E; OL]; OUT],
        gradients: &mut Self,
        dx: Option<&mut [[E; L]; C]>,
    ) {
        Self::parameter_gradient(window, x, dy, gradients);
        if let Some(dx) = dx {
            self.input_gradient(window, dy, dx);
        }
    }

    /// [`backward`](Self::backward) of a layer that does not learn. dy: `[OUT, OL]`  →  dx: `[C, L]`
    ///
    /// # Panics
    ///
    /// As [`forward`](Self::forward).
    #[inline]
    pub fn input_gradient<E: Element<Scalar = S>, const C: usize, const L: usize, const OL: usize>(
        &self,
        window: &Window2d,
        dy: &[[E; OL]; OUT],
        dx: &mut [[E; L]; C],
    ) {
        let shape = Self::shape(window, C, L, OL);
        let (dy, dx) = (E::scalars(dy.as_flat()), E::scalars_mut(dx.as_flat_mut()));
        S::convolution_transposed(E::LANES, &shape, self.weights(), &[], dy, dx);
    }

    /// [`backward`](Self::backward) into the layer itself: dx from the weights as they are, then
    /// w, b ← `kept`·(w, b) + the gradient. With −rate in dy, and `kept` = 1 − rate·decay, it is a step of descent.
    ///
    /// # Panics
    ///
    /// As [`forward`](Self::forward).
    #[inline]
    pub fn descend<E: Element<Scalar = S>, const C: usize, const L: usize, const OL: usize>(
        &mut self,
        window: &Window2d,
        kept: S,
        x: &[[E; L]; C],
        dy: &[[E; OL]; OUT],
        dx: Option<&mut [[E; L]; C]>,
    ) {
        if let Some(dx) = dx {
            self.input_gradient(window, dy, dx);
        }
        shrink(kept, self.as_scalars_mut());
        Self::parameter_gradient(window, x, dy, self);
    }

    #[inline]
    fn parameter_gradient<E: Element<Scalar = S>, const C: usize, const L: usize, const OL: usize>(
        window: &Window2d,
        x: &[[E; L]; C],
        dy: &[[E; OL]; OUT],
        gradients: &mut Self,
    ) {
        let shape = Self::shape(window, C, L, OL);
        let (x, dy) = (E::scalars(x.as_flat()), E::scalars(dy.as_flat()));
        let dw = gradients.weight.as_flattened_mut().as_flattened_mut();
        S::convolution_weight_gradient(E::LANES, &shape, x, dy, dw);
        S::bias_gradient(E::LANES, dy, &mut gradients.bias);
    }

    /// `folded` ← the layer whose output is the prediction of `norm` after this one: scale·w and scale·b + shift.
    #[inline]
    pub fn fold_into(&self, norm: &BatchNorm<S, OUT>, eps: f64, folded: &mut Conv1d<S, OUT, IN, K>) {
        let () = Self::BIAS_FITS;
        let to = [folded.weight.as_flattened_mut().as_flattened_mut(), &mut folded.bias];
        norm.fold_rows(eps, [self.weights(), &self.bias], to, OUT, |o| o);
    }

    #[inline(always)]
    pub(super) fn weights(&self) -> &[S] {
        self.weight.as_flattened().as_flattened()
    }

    #[inline(always)]
    pub(super) fn shape(window: &Window2d, channels: usize, x: usize, y: usize) -> Convolution {
        let () = Self::BIAS_FITS;
        assert_eq!(window.kernel, [1, K], "the window has the size of the weights");
        sizes(window, [channels, IN], OUT, [1, x], [1, y])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::tests::{check_descent, check_gradients, fill};

    #[test]
    fn values_by_hand() {
        let layer = Conv1d::<f32, 1, 2, 2> { weight: [[[1.0, 2.0], [10.0, 20.0]]], bias: [0.5] };
        let x = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
        let mut y = [[f32::NAN; 2]];
        layer.forward(&Window2d::new([1, 2], [1, 1], [0, 0]), &x, &mut y);
        // 1·1 + 2·2 + 10·4 + 20·5 + 0.5, and the same one further
        assert_eq!(y, [[145.5, 178.5]]);
        // causal: all padding before, so that no output sees what comes later
        let mut causal = [[f32::NAN; 3]];
        layer.forward(&Window2d::new([1, 2], [1, 1], [0, 1]).with_padding_end([0, 0]), &x, &mut causal);
        assert_eq!(causal, [[82.5, 145.5, 178.5]]);
        let mut dx = [[f32::NAN; 3]; 2];
        layer.input_gradient(&Window2d::new([1, 2], [1, 1], [0, 0]), &[[1.0, 100.0]], &mut dx);
        assert_eq!(dx, [[1.0, 102.0, 200.0], [10.0, 1020.0, 2000.0]]);
    }

    #[test]
    fn a_lane_group_equals_its_samples() {
        use crate::element::{LANES, Lanes, get_lane, set_lane};
        let layer = Conv1d::<f32, 2, 1, 2> { weight: [[[1.0, 2.0]], [[3.0, 4.0]]], bias: [0.5, 0.25] };
        let window = Window2d::new([1, 2], [1, 2], [0, 1]);
        let (mut group, mut y) = ([[Lanes([0.0_f32; LANES]); 3]; 2], [[Lanes([f32::NAN; LANES]); 2]; 2]);
        let sample = |l: usize| [[l as f32, 2.0, 3.0], [4.0, 5.0, -(l as f32)]];
        for l in 0..LANES {
            set_lane(group.as_flat_mut(), l, sample(l).as_flat());
        }
        layer.forward(&window, &group, &mut y);
        for l in 0..LANES {
            let (mut alone, mut lane) = ([[f32::NAN; 2]; 2], [[f32::NAN; 2]; 2]);
            layer.forward(&window, &sample(l), &mut alone);
            get_lane(y.as_flat(), l, lane.as_flat_mut());
            assert_eq!(lane, alone, "small whole numbers are exact");
        }
    }

    #[test]
    fn a_step_in_place_adds_the_gradient() {
        let mut layer = Conv1d::<f64, 3, 2, 3>::ZERO;
        fill(layer.as_scalars_mut(), 1);
        let mut x = [[0.0_f64; 6]; 2];
        fill(x.as_flat_mut(), 2);
        let window = Window2d::new([1, 3], [1, 1], [0, 0]);
        check_descent::<_, _, [[f64; 4]; 3]>(
            &mut layer,
            &x,
            |layer, x, dy, gradients, dx| layer.backward(&window, x, dy, gradients, dx),
            |layer, kept, x, dy, dx| layer.descend(&window, kept, x, dy, dx),
        );
    }

    #[test]
    fn gradients_agree_with_central_differences() {
        let mut layer = Conv1d::<f64, 4, 3, 3>::ZERO;
        fill(layer.as_scalars_mut(), 1);
        let mut x = [[0.0_f64; 11]; 6];
        fill(x.as_flat_mut(), 2);
        let window = Window2d::new([1, 3], [1, 2], [0, 2]).with_padding_end([0, 1]).with_dilation([1, 3]);
        check_gradients::<_, _, [[f64; 4]; 4]>(
            &mut layer,
            &mut x,
            |layer, x, y| layer.forward(&window, x, y),
            |layer, x, dy, gradients, dx| layer.backward(&window, x, dy, gradients, Some(dx)),
        );
    }

    #[test]
    #[should_panic(expected = "the window leads from x to y")]
    fn a_window_that_pads_the_height_is_refused() {
        let (layer, x) = (Conv1d::<f32, 1, 1, 3>::ZERO, [[0.0_f32; 5]]);
        layer.forward(&Window2d::new([1, 3], [1, 1], [1, 0]), &x, &mut [[0.0; 3]]);
    }

    #[test]
    #[should_panic(expected = "the window has the size of the weights")]
    fn a_window_of_another_size_is_refused() {
        let (layer, x) = (Conv1d::<f32, 1, 1, 3>::ZERO, [[0.0_f32; 5]]);
        layer.forward(&Window2d::new([1, 2], [1, 1], [0, 0]), &x, &mut [[0.0; 4]]);
    }
}
