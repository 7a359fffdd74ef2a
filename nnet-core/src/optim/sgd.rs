//! Stochastic gradient descent: g ← ∇ + λw,  m ← μm + g,  w ← w − rate·m  (Nesterov: w ← w − rate·(g + μm)).

use core::marker::PhantomData;

use super::{Optimizer, check_decay, check_rate};
use crate::flat::Flat;
use crate::kernels::Descent;
use crate::scalar::Scalar;

/// Marks [`Sgd`] without momentum: no memory at all.
#[derive(Clone, Copy, Debug)]
pub struct Plain;

/// Marks [`Sgd`] with momentum: one number a parameter.
#[derive(Clone, Copy, Debug)]
pub struct Momentum;

/// Stochastic gradient descent with PyTorch's arguments.
///
/// Momentum changes the type, so that a program that does without it keeps no memory for it.
///
/// ```
/// use nnet_core::optim::Sgd;
///
/// let optimizer = Sgd::new(0.05).momentum(0.9).weight_decay(1e-4);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Sgd<M = Plain> {
    rate: f64,
    momentum: f64,
    weight_decay: f64,
    nesterov: bool,
    moments: PhantomData<M>,
}

impl Sgd {
    /// Plain descent with learning rate `rate`.
    ///
    /// # Panics
    ///
    /// If `rate` is negative or not finite.
    #[must_use]
    pub const fn new(rate: f64) -> Self {
        check_rate(rate);
        Self { rate, momentum: 0.0, weight_decay: 0.0, nesterov: false, moments: PhantomData }
    }
}

impl<M> Sgd<M> {
    /// Keeps the share `momentum` of the last direction, usually 0.9. The first step takes the gradient itself.
    ///
    /// # Panics
    ///
    /// If `momentum` is not in 0..1.
    #[must_use]
    pub const fn momentum(self, momentum: f64) -> Sgd<Momentum> {
        assert!(momentum >= 0.0 && momentum < 1.0, "a momentum is at least 0 and below 1");
        let Self { rate, weight_decay, nesterov, .. } = self;
        Sgd { rate, momentum, weight_decay, nesterov, moments: PhantomData }
    }

    /// Adds `weight_decay`·w to the gradient: the gradient of `weight_decay`/2·‖w‖² (L2 regularisation).
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

    fn descent<S: Scalar>(&self, rate: f64) -> Descent<S> {
        let [rate, decay, momentum] = [rate, self.weight_decay, self.momentum].map(S::from_f64);
        Descent { rate, decay, momentum, nesterov: self.nesterov }
    }
}

impl Sgd<Plain> {
    /// The learning rate, and what weight decay leaves of a weight: w − rate·(∇ + λw) = (1 − rate·λ)·w − rate·∇.
    pub(crate) fn in_place<S: Scalar>(&self) -> [S; 2] {
        [self.rate, 1.0 - self.rate * self.weight_decay].map(S::from_f64)
    }
}

impl Sgd<Momentum> {
    /// Looks ahead along the momentum (Nesterov, 1983, in the form of Sutskever and others, 2013).
    #[must_use]
    pub const fn nesterov(mut self) -> Self {
        self.nesterov = true;
        self
    }
}

impl<S: Scalar> Optimizer<S> for Sgd<Plain> {
    type Moments<N: Flat<Scalar = S>> = [N; 0];

    fn rate(&self) -> f64 {
        self.rate
    }

    fn set_rate(&mut self, rate: f64) {
        Sgd::set_rate(self, rate);
    }

    #[inline]
    fn update(&self, _step: u64, rate: f64, w: &mut [S], g: &[S], _m: &mut [S], _v: &mut [S]) {
        S::descend(&self.descent(rate), w, g);
    }
}

impl<S: Scalar> Optimizer<S> for Sgd<Momentum> {
    type Moments<N: Flat<Scalar = S>> = [N; 1];

    fn rate(&self) -> f64 {
        self.rate
    }

    fn set_rate(&mut self, rate: f64) {
        Sgd::set_rate(self, rate);
    }

    #[inline]
    fn update(&self, _step: u64, rate: f64, w: &mut [S], g: &[S], m: &mut [S], _v: &mut [S]) {
        // m begins at zero, so the first m is the gradient, as in PyTorch.
        S::descend_with_momentum(&self.descent(rate), w, g, m);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_steps_by_hand() {
        let (mut w, mut m) = ([1.0_f64], [0.0]);
        let optimizer = Sgd::new(0.1).momentum(0.5).weight_decay(0.2);
        // g = 1 + 0.2, m = 1.2, w = 1 - 0.12
        optimizer.update(1, 0.1, &mut w, &[1.0], &mut m, &mut []);
        assert!((w[0] - 0.88).abs() < 1e-15);
        // g = -1 + 0.176, m = 0.6 - 0.824, w = 0.88 + 0.0224
        optimizer.update(2, 0.1, &mut w, &[-1.0], &mut m, &mut []);
        assert!((w[0] - 0.9024).abs() < 1e-15);
    }

    #[test]
    fn nesterov_looks_ahead() {
        let (mut w, mut m) = ([1.0_f64], [0.0]);
        Sgd::new(0.1).momentum(0.5).nesterov().update(1, 0.1, &mut w, &[1.0], &mut m, &mut []);
        assert!((w[0] - (1.0 - 0.1 * 1.5)).abs() < 1e-15);
    }

    #[test]
    fn plain_descent_has_no_memory() {
        assert_eq!(size_of::<<Sgd<Plain> as Optimizer<f32>>::Moments<[f32; 8]>>(), 0);
        assert_eq!(size_of::<<Sgd<Momentum> as Optimizer<f32>>::Moments<[f32; 8]>>(), 32);
    }
}
