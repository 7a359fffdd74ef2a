//! Transposed convolution: y[c][r·S + kh·D − P][q·S + kw·D − P] += Σᵢ w[i][c][kh][kw] · x[i][r][q], from y = b on.
//!
//! It is the gradient, with respect to its input, of the convolution that leads from y's size to x's; so each of its
//! three passes is another one of that convolution. The channels of x and y fall into groups, in their order.
//!
//! Shape: [`crate::shape::conv_transpose2d`].
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

/// A two-dimensional transposed convolution.
///
/// `OUT` is the output channels of one group: an output of C channels is given in C / `OUT` groups, which divide `IN`.
/// `BIAS` is C, or 0 for a layer without bias. The output padding is what the output's size has above the least that
/// the window allows; where no window reaches, the output is the bias.
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct ConvTranspose2d<
    S,
    const IN: usize,
    const OUT: usize,
    const KH: usize,
    const KW: usize,
    const BIAS: usize = OUT,
> {
    /// w: `[IN, OUT, KH, KW]`.
    pub weight: [[[[S; KW]; KH]; OUT]; IN],
    /// b: `[C]`.
    pub bias: [S; BIAS],
}

// SAFETY: `repr(C)` of two nested arrays of one scalar.
unsafe impl<S: Scalar, const IN: usize, const OUT: usize, const KH: usize, const KW: usize, const BIAS: usize> Flat
    for ConvTranspose2d<S, IN, OUT, KH, KW, BIAS>
{
    type Scalar = S;
    const ZERO: Self = Self { weight: [[[[S::ZERO; KW]; KH]; OUT]; IN], bias: [S::ZERO; BIAS] };
}

impl<S: Scalar, const IN: usize, const OUT: usize, const KH: usize, const KW: usize, const BIAS: usize>
    ConvTranspose2d<S, IN, OUT, KH, KW, BIAS>
{
    /// Random weights, biases 0. As in PyTorch the fan in is that of the weight's second dimension, `OUT`·`KH`·`KW`.
    pub fn init(&mut self, init: Init, random: &mut Random) {
        let weights = self.weight.as_flattened_mut().as_flattened_mut().as_flattened_mut();
        init.fill(weights, OUT * KH * KW, IN * KH * KW, random);
        self.bias.fill(S::ZERO);
    }

    /// x: `[IN, H, W]`  →  y: `[C, OH, OW]`
    ///
    /// # Panics
    ///
    /// If `window` has not the kernel `[KH, KW]`, a transposed convolution by it does not lead from `[H, W]` to
    /// `[OH, OW]`, C is not a multiple of `OUT`, `IN` not one of C / `OUT`, or `BIAS` neither C nor 0.
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
        x: &[[[E; W]; H]; IN],
        y: &mut [[[E; OW]; OH]; C],
    ) {
        let shape = Self::shape(window, C, [H, W], [OH, OW]);
        let (x, y) = (E::scalars(x.as_flat()), E::scalars_mut(y.as_flat_mut()));
        S::convolution_transposed(E::LANES, &shape, self.weights(), &self.bias, x, y);
    }

    /// x: `[IN, H, W]`, dy: `[C, OH, OW]`  →  dw, db += the gradient, lanes summed;  dx: `[IN, H, W]`
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
        x: &[[[E; W]; H]; IN],
        dy: &[[[E; OW]; OH]; C],
        gradients: &mut Self,
        dx: Option<&mut [[[E; W]; H]; IN]>,
    ) {
        Self::parameter_gradient(window, x, dy, gradients);
        if let Some(dx) = dx {
            self.input_gradient(window, dy, dx);
        }
    }

    /// [`backward`](Self::backward) of a layer that does not learn. dy: `[C, OH, OW]`  →  dx: `[IN, H, W]`
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
        dy: &[[[E; OW]; OH]; C],
        dx: &mut [[[E; W]; H]; IN],
    ) {
        let shape = Self::shape(window, C, [H, W], [OH, OW]);
        let (dy, dx) = (E::scalars(dy.as_flat()), E::scalars_mut(dx.as_flat_mut()));
        S::convolution(E::LANES, shape, self.weights(), &[], dy, dx);
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
        x: &[[[E; W]; H]; IN],
        dy: &[[[E; OW]; OH]; C],
        dx: Option<&mut [[[E; W]; H]; IN]>,
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
        x: &[[[E; W]; H]; IN],
        dy: &[[[E; OW]; OH]; C],
        gradients: &mut Self,
    ) {
        let shape = Self::shape(window, C, [H, W], [OH, OW]);
        let (x, dy) = (E::scalars(x.as_flat()), E::scalars(dy.as_flat()));
        let dw = gradients.weight.as_flattened_mut().as_flattened_mut().as_flattened_mut();
        // The convolution reads dy and its output has the place of x.
        S::convolution_weight_gradient(E::LANES, &shape, dy, x, dw);
        S::bias_gradient(E::LANES, dy, &mut gradients.bias);
    }

    /// `folded` ← the layer whose output is the prediction of `norm` after this one: scale·w and scale·b + shift.
    ///
    /// # Panics
    ///
    /// If C is not a multiple of `OUT`, `IN` not one of C / `OUT`, or `BIAS` neither C nor 0.
    #[inline]
    pub fn fold_into<const C: usize>(
        &self,
        norm: &BatchNorm<S, C>,
        eps: f64,
        folded: &mut ConvTranspose2d<S, IN, OUT, KH, KW, C>,
    ) {
        let of_group = IN / Self::groups(C);
        let to = [folded.weight.as_flattened_mut().as_flattened_mut().as_flattened_mut(), &mut folded.bias];
        // Row i·OUT + o leads from channel i to output o of the group of i.
        norm.fold_rows(eps, [self.weights(), &self.bias], to, IN * OUT, |row| row / OUT / of_group * OUT + row % OUT);
    }

    fn weights(&self) -> &[S] {
        self.weight.as_flattened().as_flattened().as_flattened()
    }

    /// The groups of a layer whose output has `channels`.
    fn groups(channels: usize) -> usize {
        assert!(BIAS == 0 || BIAS == channels, "{BIAS} biases for {channels} channels");
        assert!(
            OUT > 0 && channels > 0 && channels.is_multiple_of(OUT),
            "{channels} channels fall into groups of {OUT}"
        );
        let groups = channels / OUT;
        assert!(IN.is_multiple_of(groups), "{IN} channels fall into {groups} groups");
        groups
    }

    /// The sizes of the convolution that leads from y, of `channels`, to x.
    fn shape(window: &Window2d, channels: usize, x: [usize; 2], y: [usize; 2]) -> Convolution {
        let groups = Self::groups(channels);
        assert_eq!(window.kernel, [KH, KW], "the window has the size of the weights");
        assert!(window.leads_back(x, y), "the transposed window leads from x to y");
        Convolution { inputs: channels, outputs: IN, groups, window: *window, x: y, y: x }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::tests::{check_descent, check_gradients, fill};

    #[test]
    fn values_by_hand() {
        let layer = ConvTranspose2d::<f32, 1, 1, 2, 2, 1> { weight: [[[[1.0, 2.0], [3.0, 4.0]]]], bias: [0.5] };
        let x = [[[1.0, 10.0], [100.0, 1000.0]]];
        // Windows two apart do not overlap; the column of the output padding is reached by none.
        let mut y = [[[f32::NAN; 5]; 4]];
        layer.forward(&Window2d::new([2, 2], [2, 2], [0, 0]), &x, &mut y);
        let want = [[
            [1.5, 2.5, 10.5, 20.5, 0.5],
            [3.5, 4.5, 30.5, 40.5, 0.5],
            [100.5, 200.5, 1000.5, 2000.5, 0.5],
            [300.5, 400.5, 3000.5, 4000.5, 0.5],
        ]];
        assert_eq!(y, want);
        // Overlapping, with the outer rows and columns taken away: 4·1 + 3·10 + 2·100 + 1·1000 + 0.5
        let mut middle = [[[f32::NAN; 1]; 1]];
        layer.forward(&Window2d::new([2, 2], [1, 1], [1, 1]), &x, &mut middle);
        assert_eq!(middle, [[[1234.5]]]);
    }

    #[test]
    fn groups_by_hand() {
        let layer =
            ConvTranspose2d::<f32, 2, 2, 1, 1, 0> { weight: [[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]], bias: [] };
        let mut y = [[[f32::NAN]]; 4];
        let window = Window2d::new([1, 1], [1, 1], [0, 0]);
        layer.forward(&window, &[[[10.0]], [[100.0]]], &mut y);
        assert_eq!(y, [[[10.0]], [[20.0]], [[300.0]], [[400.0]]]);
        let mut dx = [[[f32::NAN]]; 2];
        layer.input_gradient(&window, &[[[1.0]], [[10.0]], [[100.0]], [[1000.0]]], &mut dx);
        assert_eq!(dx, [[[21.0]], [[4300.0]]]);
    }

    #[test]
    fn a_step_in_place_adds_the_gradient() {
        let mut layer = ConvTranspose2d::<f64, 2, 3, 2, 2, 3>::ZERO;
        fill(layer.as_scalars_mut(), 1);
        let mut x = [[[0.0_f64; 3]; 3]; 2];
        fill(x.as_flat_mut(), 2);
        let window = Window2d::new([2, 2], [2, 2], [0, 0]);
        check_descent::<_, _, [[[f64; 6]; 6]; 3]>(
            &mut layer,
            &x,
            |layer, x, dy, gradients, dx| layer.backward(&window, x, dy, gradients, dx),
            |layer, kept, x, dy, dx| layer.descend(&window, kept, x, dy, dx),
        );
    }

    #[test]
    fn gradients_agree_with_central_differences() {
        let mut layer = ConvTranspose2d::<f64, 4, 3, 3, 2, 6>::ZERO;
        fill(layer.as_scalars_mut(), 1);
        let mut x = [[[0.0_f64; 4]; 3]; 4];
        fill(x.as_flat_mut(), 2);
        // (3 − 1)·2 − 1 − 1 + 2 + 1 = 5 and an output padding of 1; (4 − 1)·3 − 0 − 1 + 2 + 1 = 11 and one of 2
        let window = Window2d::new([3, 2], [2, 3], [1, 0]).with_padding_end([1, 1]).with_dilation([1, 2]);
        check_gradients::<_, _, [[[f64; 13]; 6]; 6]>(
            &mut layer,
            &mut x,
            |layer, x, y| layer.forward(&window, x, y),
            |layer, x, dy, gradients, dx| layer.backward(&window, x, dy, gradients, Some(dx)),
        );
    }

    /// The window leads from y to more than x: the output padding is below the dilation, not below the stride.
    #[test]
    fn gradients_with_much_output_padding_agree_with_central_differences() {
        let mut layer = ConvTranspose2d::<f64, 2, 3, 2, 2, 3>::ZERO;
        fill(layer.as_scalars_mut(), 1);
        let mut x = [[[0.0_f64; 3]; 3]; 2];
        fill(x.as_flat_mut(), 2);
        let window = Window2d::new([2, 2], [1, 1], [1, 0]).with_dilation([3, 2]);
        check_gradients::<_, _, [[[f64; 6]; 6]; 3]>(
            &mut layer,
            &mut x,
            |layer, x, y| layer.forward(&window, x, y),
            |layer, x, dy, gradients, dx| layer.backward(&window, x, dy, gradients, Some(dx)),
        );
    }

    #[test]
    #[should_panic(expected = "the transposed window leads from x to y")]
    fn a_size_above_the_output_padding_is_refused() {
        let (layer, x) = (ConvTranspose2d::<f32, 1, 1, 2, 2, 1>::ZERO, [[[0.0_f32; 2]; 2]]);
        layer.forward(&Window2d::new([2, 2], [2, 2], [0, 0]), &x, &mut [[[0.0; 6]; 4]]);
    }

    #[test]
    #[should_panic(expected = "2 biases for 1 channels")]
    fn biases_of_other_channels_are_refused() {
        let (layer, x) = (ConvTranspose2d::<f32, 1, 1, 1, 1, 2>::ZERO, [[[0.0_f32; 2]; 2]]);
        layer.forward(&Window2d::new([1, 1], [1, 1], [0, 0]), &x, &mut [[[0.0; 2]; 2]]);
    }

    #[test]
    #[should_panic(expected = "3 channels fall into groups of 2")]
    fn a_batch_norm_of_other_channels_is_refused() {
        let (layer, mut folded) = (ConvTranspose2d::<f32, 1, 2, 1, 1, 0>::ZERO, ConvTranspose2d::ZERO);
        layer.fold_into(&BatchNorm::<f32, 3>::ZERO, 1e-5, &mut folded);
    }

    #[test]
    #[should_panic(expected = "3 channels fall into 2 groups")]
    fn inputs_that_are_no_whole_groups_are_refused() {
        let (layer, x) = (ConvTranspose2d::<f32, 3, 1, 1, 1, 0>::ZERO, [[[0.0_f32; 2]; 2]; 3]);
        layer.forward(&Window2d::new([1, 1], [1, 1], [0, 0]), &x, &mut [[[0.0; 2]; 2]; 2]);
    }
}
