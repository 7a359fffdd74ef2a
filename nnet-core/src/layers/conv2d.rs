//! Convolution: y[o][r][c] = b[o] + Σᵢ Σₖₕ Σₖ𝓌 w[o][i][kh][kw] · x[i][r·S + kh − P][c·S + kw − P], x = 0 outside.
//!
//! Shape: [`crate::shape::conv2d`].
#![allow(unsafe_code, reason = "one impl of `Flat`")]

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
/// `BIAS` is `OUT`, or 0 for a layer without bias.
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

    /// x: `[IN, H, W]`  →  y: `[OUT, OH, OW]`
    ///
    /// # Panics
    ///
    /// If `window` has not the kernel `[KH, KW]` or does not lead from `[H, W]` to `[OH, OW]`.
    #[inline]
    pub fn forward<E: Element<Scalar = S>, const H: usize, const W: usize, const OH: usize, const OW: usize>(
        &self,
        window: &Window2d,
        x: &[[[E; W]; H]; IN],
        y: &mut [[[E; OW]; OH]; OUT],
    ) {
        let shape = Self::shape(window, [H, W], [OH, OW]);
        let (x, y) = (E::scalars(x.as_flat()), E::scalars_mut(y.as_flat_mut()));
        S::convolution(E::LANES, &shape, self.weights(), &self.bias, x, y);
    }

    /// x: `[IN, H, W]`, dy: `[OUT, OH, OW]`  →  dw, db += the gradient, lanes summed;  dx: `[IN, H, W]`
    ///
    /// # Panics
    ///
    /// As [`forward`](Self::forward).
    #[inline]
    pub fn backward<E: Element<Scalar = S>, const H: usize, const W: usize, const OH: usize, const OW: usize>(
        &self,
        window: &Window2d,
        x: &[[[E; W]; H]; IN],
        dy: &[[[E; OW]; OH]; OUT],
        gradients: &mut Self,
        dx: Option<&mut [[[E; W]; H]; IN]>,
    ) {
        let shape = Self::shape(window, [H, W], [OH, OW]);
        let (x, dy) = (E::scalars(x.as_flat()), E::scalars(dy.as_flat()));
        let dw = gradients.weight.as_flattened_mut().as_flattened_mut().as_flattened_mut();
        S::convolution_weight_gradient(E::LANES, &shape, x, dy, dw);
        S::bias_gradient(dy, &mut gradients.bias);
        if let Some(dx) = dx {
            let dx = E::scalars_mut(dx.as_flat_mut());
            S::convolution_input_gradient(E::LANES, &shape, self.weights(), dy, dx);
        }
    }

    fn weights(&self) -> &[S] {
        self.weight.as_flattened().as_flattened().as_flattened()
    }

    fn shape(window: &Window2d, x: [usize; 2], y: [usize; 2]) -> Convolution {
        let () = Self::BIAS_FITS;
        assert_eq!(window.kernel, [KH, KW], "the window has the size of the weights");
        Convolution { inputs: IN, outputs: OUT, window: *window, x, y }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::tests::{check_gradients, fill};

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
    #[should_panic(expected = "the window leads from x to y")]
    fn a_window_that_does_not_lead_to_y_is_refused() {
        let (layer, x) = (Conv2d::<f32, 1, 1, 3, 3>::ZERO, [[[0.0_f32; 5]; 5]]);
        layer.forward(&Window2d::new([3, 3], [1, 1], [0, 0]), &x, &mut [[[0.0; 4]; 3]]);
    }
}
