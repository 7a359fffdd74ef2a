//! Prediction folded into the layer before: scale·(W·x + b) + shift = (scale·W)·x + (scale·b + shift) (Jacob and others,
//! "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference", 2018, section 3.2).

use super::BatchNorm;
use crate::scalar::Scalar;

impl<S: Scalar, const C: usize> BatchNorm<S, C> {
    /// The scales and shifts of prediction, y = scale·x + shift, which the layers' `fold_into` take over.
    #[must_use]
    pub fn fold(&self, eps: f64) -> ([S; C], [S; C]) {
        let (frozen, mut scales, mut shifts) = (self.frozen(eps), [S::ZERO; C], [S::ZERO; C]);
        for (c, (scale, shift)) in scales.iter_mut().zip(&mut shifts).enumerate() {
            (*scale, *shift) = frozen.scale_and_shift(c);
        }
        (scales, shifts)
    }

    /// Folds this into a layer, given as its weights and biases, which may be none. The weights are `rows`, of which row r
    /// leads to channel `channel(r)`.
    pub(in crate::layers) fn fold_rows(
        &self,
        eps: f64,
        [weight, bias]: [&[S]; 2],
        [to_weight, to_bias]: [&mut [S]; 2],
        rows: usize,
        channel: impl Fn(usize) -> usize,
    ) {
        let (scales, shifts) = self.fold(eps);
        let size = weight.len() / rows;
        for r in 0..rows {
            let scale = scales[channel(r)];
            let row = r * size..(r + 1) * size;
            for (to, &w) in to_weight[row.clone()].iter_mut().zip(&weight[row]) {
                *to = w * scale;
            }
        }
        for (c, (to, (scale, shift))) in to_bias.iter_mut().zip(scales.into_iter().zip(shifts)).enumerate() {
            *to = bias.get(c).map_or(shift, |&b| b * scale + shift);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flat::Flat;
    use crate::layers::tests::fill;
    use crate::layers::{Conv1d, Conv2d, ConvTranspose2d, Linear};
    use crate::shape::Window2d;
    use crate::tensor::Tensor;

    const EPS: f64 = 1e-3;

    fn random<P: Flat<Scalar = f64>>(seed: u64) -> P {
        let mut numbers = P::ZERO;
        fill(numbers.as_scalars_mut(), seed);
        numbers
    }

    fn random_norm<const C: usize>() -> BatchNorm<f64, C> {
        let mut norm: BatchNorm<f64, C> = random(7);
        norm.running_var = norm.running_var.map(|v| v * v + 0.1);
        norm
    }

    fn magnitudes<P: Flat<Scalar = f64>>(numbers: &P) -> P {
        let mut of = P::ZERO;
        for (of, number) in of.as_scalars_mut().iter_mut().zip(numbers.as_scalars()) {
            *of = number.abs();
        }
        of
    }

    /// Compares `folded` after its fold with `plain` and then the norm. Each output is a sum of `terms` products, a bias
    /// and a mean, whose magnitudes sum to those of the forward pass with magnitudes; both sides round it and the scale.
    fn check<P, F, X, Y, const C: usize>(
        terms: usize,
        fold: impl Fn(&P, &BatchNorm<f64, C>, &mut F),
        plain: impl Fn(&P, &X, &mut Y),
        folded: impl Fn(&F, &X, &mut Y),
    ) where
        P: Flat<Scalar = f64>,
        F: Flat<Scalar = f64>,
        X: Flat<Scalar = f64>,
        Y: Tensor<Element = f64>,
    {
        let (layer, norm, x, mut target) = (random::<P>(1), random_norm::<C>(), random::<X>(2), F::ZERO);
        target.as_scalars_mut().fill(f64::NAN);
        fold(&layer, &norm, &mut target);
        let [mut got, mut want, mut magnitude] = [Y::ZERO; 3];
        folded(&target, &x, &mut got);
        plain(&layer, &x, &mut want);
        norm.predict(EPS, &mut want);
        plain(&magnitudes(&layer), &magnitudes(&x), &mut magnitude);
        let (scales, _) = norm.fold(EPS);
        for k in 0..Y::LENGTH {
            let c = k * C / Y::LENGTH;
            let (got, want) = (got.as_flat()[k], want.as_flat()[k]);
            let size = scales[c].abs() * (magnitude.as_flat()[k] + norm.running_mean[c].abs()) + norm.bias[c].abs();
            let tolerance = 2.0 * (terms as f64 + 8.0) * f64::EPSILON * size;
            assert!((got - want).abs() <= tolerance, "y[{k}]: got {got}, want {want}, tolerance {tolerance}");
        }
    }

    #[test]
    fn linear_layers_fold() {
        fn of<const BIAS: usize>() {
            check::<Linear<f64, 5, 7, BIAS>, Linear<f64, 5, 7>, _, [f64; 5], 5>(
                7,
                |layer, norm, folded| layer.fold_into(norm, EPS, folded),
                Linear::forward,
                Linear::forward,
            );
        }
        of::<0>();
        of::<5>();
    }

    #[test]
    fn convolutions_fold() {
        fn of<const BIAS: usize>() {
            // two groups of two channels
            let window = Window2d::new([3, 2], [2, 1], [1, 0]);
            check::<Conv2d<f64, 6, 2, 3, 2, BIAS>, Conv2d<f64, 6, 2, 3, 2>, [[[f64; 6]; 7]; 4], [[[f64; 5]; 4]; 6], 6>(
                12,
                |layer, norm, folded| layer.fold_into(norm, EPS, folded),
                |layer, x, y| layer.forward(&window, x, y),
                |layer, x, y| layer.forward(&window, x, y),
            );
            let window = Window2d::new([1, 3], [1, 2], [0, 1]);
            check::<Conv1d<f64, 6, 2, 3, BIAS>, Conv1d<f64, 6, 2, 3>, [[f64; 9]; 4], [[f64; 5]; 6], 6>(
                6,
                |layer, norm, folded| layer.fold_into(norm, EPS, folded),
                |layer, x, y| layer.forward(&window, x, y),
                |layer, x, y| layer.forward(&window, x, y),
            );
        }
        of::<0>();
        of::<6>();
    }

    #[test]
    fn transposed_convolutions_fold() {
        type Layer<const BIAS: usize> = ConvTranspose2d<f64, 4, 3, 3, 2, BIAS>;
        // 4 channels to groups of 3, with an output padding of 1: where no window reaches, the output is the new bias
        fn of<const C: usize, const BIAS: usize>() {
            let window = Window2d::new([3, 2], [3, 3], [0, 1]).with_padding_end([0, 0]);
            check::<Layer<BIAS>, Layer<C>, [[[f64; 4]; 3]; 4], [[[f64; 11]; 9]; C], C>(
                24,
                |layer, norm, folded| layer.fold_into(norm, EPS, folded),
                |layer, x, y| layer.forward(&window, x, y),
                |layer, x, y| layer.forward(&window, x, y),
            );
        }
        of::<3, 0>();
        of::<3, 3>();
        of::<6, 0>();
        of::<6, 6>();
        of::<12, 0>();
        of::<12, 12>();
    }
}
