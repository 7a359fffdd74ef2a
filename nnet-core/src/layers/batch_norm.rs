//! Batch normalization: y = (x − μ) / √(σ² + ε) · w + b for each channel, μ and σ² over the whole batch in training,
//! running means of them in prediction (Ioffe and Szegedy, 2015).
//!
//! Shape: any, unchanged; C channels of LENGTH / C entries each.
//!
//! A batch is a row of lane groups on several threads, so training takes turns: each group finds
//! [`statistics`](BatchNorm::statistics) of its own lanes, [`meet_forward`] makes of all of them those of the batch,
//! each group goes on with [`forward`](BatchNorm::forward); backward likewise by
//! [`gradient_sums`](BatchNorm::gradient_sums), [`meet_backward`] and [`backward`](BatchNorm::backward). Statistics are
//! `[[E; C]; 4]`:
//!
//! | row | of a lane, before the meeting | of the batch, in every lane of every group |
//! |---|---|---|
//! | 0 | mean x | μ |
//! | 1 | Σ (x − mean)² | σ² |
//! | 2 | Σ dy | mean dy |
//! | 3 | Σ dy·x̂ | mean dy·x̂ |
#![allow(unsafe_code, reason = "two impls of `Flat`")]

mod folding;
mod meeting;
#[cfg(test)]
mod tests;

pub use meeting::{meet, meet_backward, meet_forward};

use super::shrink;
use crate::element::Element;
use crate::flat::Flat;
use crate::kernels::Frozen;
use crate::pass::Pass;
use crate::scalar::Scalar;
use crate::tensor::Tensor;

/// Batch normalization of C channels, of maps (`BatchNorm2d`) or of features (`BatchNorm1d`).
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct BatchNorm<S, const C: usize> {
    /// w: `[C]`.
    pub weight: [S; C],
    /// b: `[C]`.
    pub bias: [S; C],
    /// The mean of the batches seen, recent ones more: `[C]`.
    pub running_mean: [S; C],
    /// The variance likewise, which like every variance is not negative: `[C]`. Predictions are finite only where
    /// variance + ε is positive.
    pub running_var: [S; C],
}

/// What has a gradient in [`BatchNorm`].
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct BatchNormGradients<S, const C: usize> {
    /// dw: `[C]`.
    pub weight: [S; C],
    /// db: `[C]`.
    pub bias: [S; C],
}

// SAFETY: `repr(C)` of four arrays of one scalar.
unsafe impl<S: Scalar, const C: usize> Flat for BatchNorm<S, C> {
    type Scalar = S;
    const ZERO: Self =
        Self { weight: [S::ZERO; C], bias: [S::ZERO; C], running_mean: [S::ZERO; C], running_var: [S::ZERO; C] };
}

// SAFETY: `repr(C)` of two arrays of one scalar.
unsafe impl<S: Scalar, const C: usize> Flat for BatchNormGradients<S, C> {
    type Scalar = S;
    const ZERO: Self = Self { weight: [S::ZERO; C], bias: [S::ZERO; C] };
}

/// The kernel of prediction sees scalars alone, so that the shape is checked here.
const fn whole_planes<T: Tensor, const C: usize>() {
    assert!(C > 0 && T::LENGTH.is_multiple_of(C), "x: [C, ..]");
}

impl<S: Scalar, const C: usize> BatchNorm<S, C> {
    /// Weights 1, biases 0, running means 0 and variances 1.
    pub fn init(&mut self) {
        self.weight.fill(S::ONE);
        self.bias.fill(S::ZERO);
        self.running_mean.fill(S::ZERO);
        self.running_var.fill(S::ONE);
    }

    fn frozen(&self, eps: f64) -> Frozen<'_, S> {
        let Self { weight, bias, running_mean: mean, running_var: variance } = self;
        Frozen { eps, weight, bias, mean, variance }
    }

    /// y ← (y − running mean) / √(running variance + ε) · w + b, as one scale and one shift for each channel
    ///
    /// # Panics
    ///
    /// If the length of `y` is not a multiple of C.
    #[inline]
    pub fn predict<T: Tensor<Element: Element<Scalar = S>>>(&self, eps: f64, y: &mut T) {
        whole_planes::<T, C>();
        S::frozen_norm(&self.frozen(eps), T::Element::scalars_mut(y.as_flat_mut()));
    }

    /// Rows 0 and 1 of the statistics, each lane by itself: mean x and Σ (x − mean)².
    ///
    /// # Panics
    ///
    /// If the length of `x` is not a multiple of C.
    #[inline]
    pub fn statistics<T: Tensor<Element: Element<Scalar = S>>>(x: &T, statistics: &mut [[T::Element; C]; 4]) {
        let statistics = T::Element::scalars_mut(statistics.as_flattened_mut());
        S::batch_statistics(T::Element::LANES, T::Element::scalars(x.as_flat()), statistics);
    }

    /// y = (x − μ) / √(σ² + ε) · w + b, with `statistics` of the batch.
    ///
    /// # Panics
    ///
    /// If the length of `x` is not a multiple of C.
    #[inline]
    pub fn forward<T: Tensor<Element: Element<Scalar = S>>>(
        &self,
        eps: f64,
        statistics: &[[T::Element; C]; 4],
        x: &T,
        y: &mut T,
    ) {
        let (x, y) = (T::Element::scalars(x.as_flat()), T::Element::scalars_mut(y.as_flat_mut()));
        let statistics = T::Element::scalars(statistics.as_flattened());
        S::batch_norm(T::Element::LANES, eps, &self.weight, &self.bias, statistics, x, y);
    }

    /// Rows 2 and 3 of the statistics, each lane by itself: Σ dy and Σ dy·x̂. Forward: y = x̂·w + b   so
    /// dw: `[C]` += Σ dy·x̂,  db: `[C]` += Σ dy, lanes summed, if they are asked for.
    ///
    /// dy is 0 in lanes that are not in use.
    ///
    /// # Panics
    ///
    /// If the length of `x` is not a multiple of C.
    #[inline]
    pub fn gradient_sums<T: Tensor<Element: Element<Scalar = S>>>(
        &self,
        eps: f64,
        statistics: &mut [[T::Element; C]; 4],
        x: &T,
        dy: &T,
        gradients: Option<&mut BatchNormGradients<S, C>>,
    ) {
        let (x, dy) = (T::Element::scalars(x.as_flat()), T::Element::scalars(dy.as_flat()));
        let statistics = T::Element::scalars_mut(statistics.as_flattened_mut());
        S::batch_norm_sums(T::Element::LANES, eps, statistics, x, dy);
        if let Some(gradients) = gradients {
            let (_, sums) = statistics.split_at(2 * C * T::Element::LANES);
            let (bias, weight) = sums.split_at(C * T::Element::LANES);
            S::bias_gradient(T::Element::LANES, bias, &mut gradients.bias);
            S::bias_gradient(T::Element::LANES, weight, &mut gradients.weight);
        }
    }

    /// dy ← dx = w / √(σ² + ε) · (dy − mean dy − x̂·mean dy·x̂), with `statistics` of the batch; 0 in lanes that are
    /// not in use.
    ///
    /// # Panics
    ///
    /// If the length of `x` is not a multiple of C.
    #[inline]
    pub fn backward<T: Tensor<Element: Element<Scalar = S>>>(
        &self,
        eps: f64,
        pass: &Pass,
        statistics: &[[T::Element; C]; 4],
        x: &T,
        dy: &mut T,
    ) {
        let (x, dy) = (T::Element::scalars(x.as_flat()), T::Element::scalars_mut(dy.as_flat_mut()));
        let statistics = T::Element::scalars(statistics.as_flattened());
        S::batch_norm_gradient(T::Element::LANES, eps, &self.weight, statistics, x, dy);
        if pass.samples() < T::Element::LANES {
            for entry in dy.chunks_exact_mut(T::Element::LANES) {
                entry[pass.samples()..].fill(S::ZERO);
            }
        }
    }

    /// dy ← dx of [`predict`](Self::predict), whose statistics are constants: dy·w / √(running variance + ε).
    ///
    /// # Panics
    ///
    /// If the length of `dy` is not a multiple of C.
    #[inline]
    pub fn frozen_backward<T: Tensor<Element: Element<Scalar = S>>>(&self, eps: f64, dy: &mut T) {
        whole_planes::<T, C>();
        S::frozen_norm_gradient(&self.frozen(eps), T::Element::scalars_mut(dy.as_flat_mut()));
    }

    /// w, b ← `kept`·(w, b) + the gradient: a step of descent, if dy has −rate in it and `kept` is 1 − rate·decay.
    ///
    /// It comes behind [`backward`](Self::backward), which needs the weights as they were. `statistics` are those of a
    /// batch of `samples` samples with `plane` entries a channel.
    pub fn descend<E: Element<Scalar = S>>(&mut self, kept: S, statistics: &[[E; C]; 4], plane: usize, samples: usize) {
        shrink(kept, &mut self.weight);
        shrink(kept, &mut self.bias);
        let n = S::from_f64(plane as f64 * samples as f64);
        // The means of the batch are the same in every lane.
        let mean = |row: usize, c: usize| E::scalars(&statistics[row])[c * E::LANES];
        for c in 0..C {
            self.bias[c] += n * mean(2, c);
            self.weight[c] += n * mean(3, c);
        }
    }

    /// running ← (1 − `momentum`) · running + `momentum` · batch, from the `statistics` of a batch of `samples` samples
    /// with `plane` entries a channel.
    ///
    /// The variance that is tracked is the one without bias, divided by n − 1; after a single number, which has none, it
    /// stays.
    pub fn track<E: Element<Scalar = S>>(
        &mut self,
        momentum: f64,
        statistics: &[[E; C]; 4],
        plane: usize,
        samples: usize,
    ) {
        let n = plane as f64 * samples as f64;
        let move_to = |running: &mut S, batch: f64| {
            *running = S::from_f64((1.0 - momentum) * running.to_f64() + momentum * batch);
        };
        for c in 0..C {
            let [mean, variance] = [0, 1].map(|row| E::scalars(&statistics[row])[c * E::LANES].to_f64());
            move_to(&mut self.running_mean[c], mean);
            if n > 1.0 {
                move_to(&mut self.running_var[c], variance * (n / (n - 1.0)));
            }
        }
    }
}
