//! Convolution: y[o][r][c] = b[o] + Σᵢ Σₖₕ Σₖ𝓌 w[o][i][kh][kw] · x[i][r·S + kh·D − P][c·S + kw·D − P], x = 0 outside.
//!
//! The channels of x and y fall into groups, in their order; i runs over those in the group of o.
//!
//! Shape: [`crate::shape::conv2d`].
#![allow(unsafe_code, reason = "one impl of `Flat`")]

use super::batch_norm::BatchNorm;
use super::shrink;
use crate::element::Element;
use crate::flat::Flat;
use crate::init::Init;
use crate::kernels::Convolution;
use crate::random::Random;
use crate::scalar::Scalar;
use crate::shape::Window2d;
use crate::tensor::Tensor;

/// A two-dimensional convolution, which as in PyTorch is a cross-correlation.
///
/// `IN` is the channels of one group: an input of C channels is taken in C / `IN` groups, which divide `OUT`. If it is
/// 1, every channel is a group, as in a depthwise convolution. `BIAS` is `OUT`, or 0 for a layer without bias.
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct Conv2d<S, const OUT: usize, const IN: usize, const KH: usize, const KW: usize, const BIAS: usize = OUT> {
    /// w: `[OUT, IN, KH, KW]`.
    pub weight: [[[[S; KW]; KH]; IN]; OUT],
    /// b: `[OUT]`.
    pub bias: [S; BIAS],
}

// SAFETY: `repr(C)` of two nested arrays of one scalar.
unsafe impl<S: Scalar, const OUT: usize, const IN: usize, const KH: usize, const KW: usize, const BIAS: usize> Flat
    for Conv2d<S, OUT, IN, KH, KW, BIAS>
{
    type Scalar = S;
    const ZERO: Self = Self { weight: [[[[S::ZERO; KW]; KH]; IN]; OUT], bias: [S::ZERO; BIAS] };
}

impl<S: Scalar, const OUT: usize, const IN: usize, const KH: usize, const KW: usize, const BIAS: usize>
    Conv2d<S, OUT, IN, KH, KW, BIAS>
{
    const BIAS_FITS: () = assert!(BIAS == 0 || BIAS == OUT, "a layer has OUT biases or none");

    /// Random weights, biases 0.
    pub fn init(&mut self, init: Init, random: &mut Random) {
        let weights = self.weight.as_flattened_mut().as_flattened_mut().as_flattened_mut();
        init.fill(weights, IN * KH * KW, OUT * KH * KW, random);
        self.bias.fill(S::ZERO);
    }

    /// x: `[C, H, W]`  →  y: `[OUT, OH, OW]`
    ///
    /// # Panics
    ///
    /// If `window` has not the kernel `[KH, KW]` or does not lead from `[H, W]` to `[OH, OW]`, C is not a multiple of
    /// `IN`, or `OUT` not one of C / `IN`.
    #[inline]
    pub fn forward<
        E: Element<Scalar = S>,
        const C: usize,
        const H: usize,
        const W: usize,
        const OH: usize,
        const OW: usize,
    >(
        &self,
        window: &Window2d,
        x: &[[[E; W]; H]; C],
        y: &mut [[[E; OW]; OH]; OUT],
    ) {
        let shape = Self::shape(window, C, [H, W], [OH, OW]);
        let (x, y) = (E::scalars(x.as_flat()), E::scalars_mut(y.as_flat_mut()));
        S::convolution(E::LANES, shape, self.weights(), &self.bias, x, y);
    }

    /// x: `[C, H, W]`, dy: `[OUT, OH, OW]`  →  dw, db += the gradient, lanes summed;  dx: `[C, H, W]`
    ///
    /// # Panics
    ///
    /// As [`forward`](Self::forward).
    #[inline]
    pub fn backward<
        E: Element<Scalar = S>,
        const C: usize,
        const H: usize,
        const W: usize,
        const OH: usize,
        const OW: usize,
    >(
        &self,
        window: &Window2d,
        x: &[[[E; W]; H]; C],
        dy: &[[[E; OW]; OH]; OUT],
        gradients: &mut Self,
        dx: Option<&mut [[[E; W]; H]; C]>,
    ) {
        Self::parameter_gradient(window, x, dy, gradients);
        if let Some(dx) = dx {
            self.input_gradient(window, dy, dx);
        }
    }

    /// [`backward`](Self::backward) of a layer that does not learn. dy: `[OUT, OH, OW]`  →  dx: `[C, H, W]`
    ///
    /// # Panics
    ///
    /// As [`forward`](Self::forward).
    #[inline]
    pub fn input_gradient<
        E: Element<Scalar = S>,
        const C: usize,
        const H: usize,
        const W: usize,
        const OH: usize,
        const OW: usize,
    >(
        &self,
        window: &Window2d,
        dy: &[[[E; OW]; OH]; OUT],
        dx: &mut [[[E; W]; H]; C],
    ) {
        let shape = Self::shape(window, C, [H, W], [OH, OW]);
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
    pub fn descend<
        E: Element<Scalar = S>,
        const C: usize,
        const H: usize,
        const W: usize,
        const OH: usize,
        const OW: usize,
    >(
        &mut self,
        window: &Window2d,
        kept: S,
        x: &[[[E; W]; H]; C],
        dy: &[[[E; OW]; OH]; OUT],
        dx: Option<&mut [[[E; W]; H]; C]>,
    ) {
        if let Some(dx) = dx {
            self.input_gradient(window, dy, dx);
        }
        shrink(kept, self.as_scalars_mut());
        Self::parameter_gradient(window, x, dy, self);
    }

    #[inline]
    fn parameter_gradient<
        E: Element<Scalar = S>,
        const C: usize,
        const H: usize,
        const W: usize,
        const OH: usize,
        const OW: usize,
    >(
        window: &Window2d,
        x: &[[[E; W]; H]; C],
        dy: &[[[E; OW]; OH]; OUT],
        gradients: &mut Self,
    ) {
        let shape = Self::shape(window, C, [H, W], [OH, OW]);
        let (x, dy) = (E::scalars(x.as_flat()), E::scalars(dy.as_flat()));
        let dw = gradients.weight.as_flattened_mut().as_flattened_mut().as_flattened_mut();
        S::convolution_weight_gradient(E::LANES, &shape, x, dy, dw);
        S::bias_gradient(E::LANES, dy, &mut gradients.bias);
    }

    /// `folded` ← the layer whose output is the prediction of `norm` after this one: scale·w and scale·b + shift.
    #[inline]
    pub fn fold_into(&self, norm: &BatchNorm<S, OUT>, eps: f64, folded: &mut Conv2d<S, OUT, IN, KH, KW>) {
        let () = Self::BIAS_FITS;
        let to = [folded.weight.as_flattened_mut().as_flattened_mut().as_flattened_mut(), &mut folded.bias];
        norm.fold_rows(eps, [self.weights(), &self.bias], to, OUT, |o| o);
    }

    #[inline(always)]
    pub(super) fn weights(&self) -> &[S] {
        self.weight.as_flattened().as_flattened().as_flattened()
    }

    #[inline(always)]
    pub(super) fn shape(window: &Window2d, channels: usize, x: [usize; 2], y: [usize; 2]) -> Convolution {
        let () = Self::BIAS_FITS;
        assert!(window.kernel == [KH, KW], "the window has the size of the weights");
        sizes(window, [channels, IN], OUT, x, y)
    }
}

/// The sizes of a convolution by `window` whose groups have `inputs[1]` of all `inputs[0]` channels.
#[inline(always)]
pub(super) fn sizes(
    window: &Window2d,
    inputs: [usize; 2],
    outputs: usize,
    x: [usize; 2],
    y: [usize; 2],
) -> Convolution {
    let [channels, of_group] = inputs;
    assert!(matches!(window.output(x), Ok([height, width]) if [height, width] == y), "the window leads from x to y");
    assert!(
        of_group > 0 && channels > 0 && channels.is_multiple_of(of_group),
        "{channels} channels fall into groups of {of_group}"
    );
    let groups = channels / of_group;
    assert!(outputs.is_multiple_of(groups), "{outputs} channels fall into {groups} groups");
    Convolution { inputs: channels, outputs, groups, window: *window, x, y }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::tests::{check_descent, check_gradients, fill};

    #[test]
    fn values_by_hand() {
        let mut layer = Conv2d::<f64, 1, 1, 2, 2>::ZERO;
        layer.weight = [[[[1.0, 2.0], [3.0, 4.0]]]];
        layer.bias = [0.5];
        let x = [[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]];
        let mut y = [[[f64::NAN; 2]; 2]];
        layer.forward(&Window2d::new([2, 2], [1, 1], [0, 0]), &x, &mut y);
        // 1·1 + 2·2 + 3·4 + 4·5 + 0.5, and so on
        assert_eq!(y, [[[37.5, 47.5], [67.5, 77.5]]]);
        // padded by one and three apart: each window sees one corner, through the weight opposite to it
        let mut corners = [[[f64::NAN; 2]; 2]];
        layer.forward(&Window2d::new([2, 2], [3, 3], [1, 1]), &x, &mut corners);
        assert_eq!(corners, [[[4.5, 9.5], [14.5, 9.5]]]);
    }

    #[test]
    fn a_step_in_place_adds_the_gradient() {
        let mut layer = Conv2d::<f64, 3, 2, 3, 2>::ZERO;
        fill(layer.as_scalars_mut(), 1);
        let mut x = [[[0.0_f64; 6]; 7]; 2];
        fill(x.as_flat_mut(), 2);
        let window = Window2d::new([3, 2], [2, 1], [1, 1]);
        check_descent::<_, _, [[[f64; 7]; 4]; 3]>(
            &mut layer,
            &x,
            |layer, x, dy, gradients, dx| layer.backward(&window, x, dy, gradients, dx),
            |layer, kept, x, dy, dx| layer.descend(&window, kept, x, dy, dx),
        );
    }

    #[test]
    fn gradients_agree_with_central_differences() {
        let mut layer = Conv2d::<f64, 3, 2, 3, 2>::ZERO;
        fill(layer.as_scalars_mut(), 1);
        let mut x = [[[0.0_f64; 6]; 7]; 2];
        fill(x.as_flat_mut(), 2);
        let window = Window2d::new([3, 2], [2, 1], [1, 1]);
        check_gradients::<_, _, [[[f64; 7]; 4]; 3]>(
            &mut layer,
            &mut x,
            |layer, x, y| layer.forward(&window, x, y),
            |layer, x, dy, gradients, dx| layer.backward(&window, x, dy, gradients, Some(dx)),
        );
    }

    #[test]
    fn groups_by_hand() {
        // Two groups of two channels; each filter of one tap weighs the channels of its own group.
        let layer =
            Conv2d::<f32, 2, 2, 1, 1> { weight: [[[[1.0]], [[10.0]]], [[[100.0]], [[1000.0]]]], bias: [0.5, 0.0] };
        let x = [[[1.0]], [[2.0]], [[3.0]], [[4.0]]];
        let window = Window2d::new([1, 1], [1, 1], [0, 0]);
        let mut y = [[[f32::NAN]]; 2];
        layer.forward(&window, &x, &mut y);
        assert_eq!(y, [[[21.5]], [[4300.0]]]);
        let (mut gradients, mut dx) = (Conv2d::ZERO, [[[f32::NAN]]; 4]);
        layer.backward(&window, &x, &[[[1.0]], [[2.0]]], &mut gradients, Some(&mut dx));
        assert_eq!(gradients.weight, [[[[1.0]], [[2.0]]], [[[6.0]], [[8.0]]]]);
        assert_eq!(dx, [[[1.0]], [[10.0]], [[200.0]], [[2000.0]]]);
        let mut dx = [[[f32::NAN]]; 4];
        layer.input_gradient(&window, &[[[3.0]], [[1.0]]], &mut dx);
        assert_eq!(dx, [[[3.0]], [[30.0]], [[100.0]], [[1000.0]]]);
    }

    #[test]
    fn dilation_by_hand() {
        // Taps two apart, one column of padding at the right only.
        let layer = Conv2d::<f32, 1, 1, 1, 2> { weight: [[[[1.0, 10.0]]]], bias: [0.0] };
        let window = Window2d::new([1, 2], [1, 1], [0, 0]).with_padding_end([0, 1]).with_dilation([1, 2]);
        let mut y = [[[f32::NAN; 3]]];
        layer.forward(&window, &[[[1.0, 2.0, 3.0, 4.0]]], &mut y);
        assert_eq!(y, [[[31.0, 42.0, 3.0]]]);
    }

    #[test]
    fn gradients_of_groups_agree_with_central_differences() {
        let mut layer = Conv2d::<f64, 6, 1, 3, 2, 0>::ZERO;
        fill(layer.as_scalars_mut(), 1);
        let mut x = [[[0.0_f64; 6]; 7]; 3];
        fill(x.as_flat_mut(), 2);
        let window = Window2d::new([3, 2], [2, 3], [1, 0]).with_padding_end([2, 1]).with_dilation([2, 3]);
        check_gradients::<_, _, [[[f64; 2]; 3]; 6]>(
            &mut layer,
            &mut x,
            |layer, x, y| layer.forward(&window, x, y),
            |layer, x, dy, gradients, dx| layer.backward(&window, x, dy, gradients, Some(dx)),
        );
    }

    #[test]
    #[should_panic(expected = "5 channels fall into groups of 2")]
    fn channels_that_are_no_whole_groups_are_refused() {
        let (layer, x) = (Conv2d::<f32, 2, 2, 1, 1>::ZERO, [[[0.0_f32; 3]; 3]; 5]);
        layer.forward(&Window2d::new([1, 1], [1, 1], [0, 0]), &x, &mut [[[0.0; 3]; 3]; 2]);
    }

    #[test]
    #[should_panic(expected = "3 channels fall into 2 groups")]
    fn outputs_that_are_no_whole_groups_are_refused() {
        let (layer, x) = (Conv2d::<f32, 3, 2, 1, 1>::ZERO, [[[0.0_f32; 3]; 3]; 4]);
        layer.forward(&Window2d::new([1, 1], [1, 1], [0, 0]), &x, &mut [[[0.0; 3]; 3]; 3]);
    }

    #[test]
    #[should_panic(expected = "the window leads from x to y")]
    fn a_window_that_does_not_lead_to_y_is_refused() {
        let (layer, x) = (Conv2d::<f32, 1, 1, 3, 3>::ZERO, [[[0.0_f32; 5]; 5]]);
        layer.forward(&Window2d::new([3, 3], [1, 1], [0, 0]), &x, &mut [[[0.0; 4]; 3]]);
    }
}
