//! Adam: m ← β₁m + (1−β₁)g,  v ← β₂v + (1−β₂)g²,  w ← w − rate·m̂ / (√v̂ + ε), with m̂ = m/(1−β₁ᵗ), v̂ = v/(1−β₂ᵗ)
//! (Kingma and Ba, 2015). AdamW takes the weight decay out of g (Loshchilov and Hutter, 2019).

use super::{Optimizer, check_decay, check_rate};
use crate::flat::Flat;
use crate::kernels::Adaptive;
use crate::scalar::Scalar;

/// Adam with PyTorch's arguments and defaults; a weight decay is added to the gradient (L2).
///
/// ```
/// use nnet_core::optim::Adam;
///
/// let optimizer = Adam::new(1e-3).betas(0.9, 0.99);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Adam {
    rate: f64,
    betas: [f64; 2],
    eps: f64,
    weight_decay: f64,
}

/// Adam with decoupled weight decay: w shrinks by rate·λ·w in each step, whatever the gradients' size.
#[derive(Clone, Copy, Debug)]
pub struct AdamW(Adam);

impl Adam {
    /// β = (0.9, 0.999), ε = 10⁻⁸, no weight decay.
    ///
    /// # Panics
    ///
    /// If `rate` is negative or not finite.
    #[must_use]
    pub const fn new(rate: f64) -> Self {
        check_rate(rate);
        Self { rate, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.0 }
    }

    /// The decay rates of the two moments.
    ///
    /// # Panics
    ///
    /// If one is not in 0..1.
    #[must_use]
    pub const fn betas(mut self, first: f64, second: f64) -> Self {
        let fit = first >= 0.0 && first < 1.0 && second >= 0.0 && second < 1.0;
        assert!(fit, "decay rates are at least 0 and below 1");
        self.betas = [first, second];
        self
    }

    /// What is added to the denominator.
    ///
    /// # Panics
    ///
    /// If `eps` is negative or not finite.
    #[must_use]
    pub const fn eps(mut self, eps: f64) -> Self {
        assert!(eps >= 0.0 && eps.is_finite(), "eps is finite and not negative");
        self.eps = eps;
        self
    }

    /// Adds `weight_decay`·w to the gradient.
    ///
    /// # Panics
    ///
    /// If `weight_decay` is negative or not finite.
    #[must_use]
    pub const fn weight_decay(mut self, weight_decay: f64) -> Self {
        check_decay(weight_decay);
        self.weight_decay = weight_decay;
        self
    }

    /// The learning rate.
    #[must_use]
    pub const fn rate(&self) -> f64 {
        self.rate
    }

    /// Changes the learning rate.
    ///
    /// # Panics
    ///
    /// If `rate` is negative or not finite.
    pub const fn set_rate(&mut self, rate: f64) {
        check_rate(rate);
        self.rate = rate;
    }

    /// The step with `l2`·w added to the gradient, and w shrunk by `shrink`·w first.
    #[inline]
    #[allow(clippy::too_many_arguments, reason = "the arguments of `Optimizer::update` and the two decays")]
    fn step<S: Scalar>(
        &self,
        step: u64,
        rate: f64,
        l2: f64,
        shrink: f64,
        w: &mut [S],
        g: &[S],
        m: &mut [S],
        v: &mut [S],
    ) {
        let [beta1, beta2] = self.betas;
        #[allow(clippy::cast_precision_loss, reason = "β^t is 0 long before 2^53 steps")]
        let t = step as f64;
        let adaptive = Adaptive {
            decay: S::from_f64(l2),
            kept: S::from_f64(1.0 - shrink),
            size: S::from_f64(rate / (1.0 - libm::pow(beta1, t))),
            correction: S::from_f64(1.0 / libm::sqrt(1.0 - libm::pow(beta2, t))),
            keep: [beta1, beta2].map(S::from_f64),
            add: [1.0 - beta1, 1.0 - beta2].map(S::from_f64),
            eps: S::from_f64(self.eps),
        };
        S::adapt(&adaptive, w, g, m, v);
    }
}

impl AdamW {
    /// β = (0.9, 0.999), ε = 10⁻⁸, weight decay 0.01.
    ///
    /// # Panics
    ///
    /// If `rate` is negative or not finite.
    #[must_use]
    pub const fn new(rate: f64) -> Self {
        Self(Adam::new(rate).weight_decay(0.01))
    }

    /// The decay rates of the two moments.
    ///
    /// # Panics
    ///
    /// If one is not in 0..1.
    #[must_use]
    pub const fn betas(self, first: f64, second: f64) -> Self {
        Self(self.0.betas(first, second))
    }

    /// What is added to the denominator.
    ///
    /// # Panics
    ///
    /// If `eps` is negative or not finite.
    #[must_use]
    pub const fn eps(self, eps: f64) -> Self {
        Self(self.0.eps(eps))
    }

    /// The share of each weight that a step of rate 1 would take away.
    ///
    /// # Panics
    ///
    /// If `weight_decay` is negative or not finite.
    #[must_use]
    pub const fn weight_decay(self, weight_decay: f64) -> Self {
        Self(self.0.weight_decay(weight_decay))
    }

    /// The learning rate.
    #[must_use]
    pub const fn rate(&self) -> f64 {
        self.0.rate
    }

    /// Changes the learning rate.
    ///
    /// # Panics
    ///
    /// If `rate` is negative or not finite.
    pub const fn set_rate(&mut self, rate: f64) {
        self.0.set_rate(rate);
    }
}

impl<S: Scalar> Optimizer<S> for Adam {
    type Moments<N: Flat<Scalar = S>> = [N; 2];

    fn rate(&self) -> f64 {
        self.rate
    }

    fn set_rate(&mut self, rate: f64) {
        Adam::set_rate(self, rate);
    }

    #[inline]
    fn update(&self, step: u64, rate: f64, w: &mut [S], g: &[S], m: &mut [S], v: &mut [S]) {
        self.step(step, rate, self.weight_decay, 0.0, w, g, m, v);
    }
}

impl<S: Scalar> Optimizer<S> for AdamW {
    type Moments<N: Flat<Scalar = S>> = [N; 2];

    fn rate(&self) -> f64 {
        self.0.rate
    }

    fn set_rate(&mut self, rate: f64) {
        self.0.set_rate(rate);
    }

    #[inline]
    fn update(&self, step: u64, rate: f64, w: &mut [S], g: &[S], m: &mut [S], v: &mut [S]) {
        self.0.step(step, rate, 0.0, rate * self.0.weight_decay, w, g, m, v);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_step_has_the_length_of_the_rate() {
        for gradient in [1e-3_f64, -7.0, 1e4] {
            let (mut w, mut m, mut v) = ([0.0], [0.0], [0.0]);
            Adam::new(0.01).update(1, 0.01, &mut w, &[gradient], &mut m, &mut v);
            assert!((w[0] + 0.01 * gradient.signum()).abs() < 1e-6, "{gradient}: {}", w[0]);
        }
    }

    #[test]
    fn decoupled_decay_does_not_depend_on_the_gradient() {
        let (mut w, mut m, mut v) = ([2.0_f64], [0.0], [0.0]);
        AdamW::new(0.1).weight_decay(0.5).update(1, 0.1, &mut w, &[0.0], &mut m, &mut v);
        assert!((w[0] - 2.0 * 0.95).abs() < 1e-15);
    }
}
