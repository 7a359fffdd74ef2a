//! Optimizers: `w ← w − rate · direction(gradient, state)` over flat slices.

mod adam;
mod schedule;
mod sgd;

pub use adam::{Adam, AdamW};
pub use schedule::{Constant, Cosine, OneCycle, Schedule, Step, WarmUp};
pub use sgd::{Momentum, Plain, Sgd};

use crate::flat::Flat;
use crate::scalar::Scalar;

/// A rule that turns gradients into steps.
pub trait Optimizer<S: Scalar>: Clone + Send + Sync + 'static {
    /// What it remembers for each parameter of `N`: an array of as many `N` as it has moments.
    type Moments<N: Flat<Scalar = S>>: Flat<Scalar = S>;

    /// The learning rate, before any schedule.
    fn rate(&self) -> f64;

    /// Sets the learning rate.
    ///
    /// # Panics
    ///
    /// If it is negative or not finite.
    fn set_rate(&mut self, rate: f64);

    /// One step over a range of the parameters: `w` and its gradient `g`, with the moments `m` and `v` of the
    /// same range, empty where the optimizer has none.
    ///
    /// `step` counts from 1. `rate` is the learning rate of this step. What happens to one parameter does not
    /// depend on how the parameters are cut into ranges.
    fn update(&self, step: u64, rate: f64, w: &mut [S], g: &[S], m: &mut [S], v: &mut [S]);
}

/// An optimizer's memory for the network `N`.
#[derive(Debug)]
pub struct OptimizerState<O: Optimizer<N::Scalar>, N: Flat> {
    /// Steps done.
    pub step: u64,
    /// As many values of the network's layout as the optimizer has moments.
    pub moments: O::Moments<N>,
}

impl<O: Optimizer<N::Scalar>, N: Flat> OptimizerState<O, N> {
    /// Nothing remembered yet. Meant for `static`s; it is as large as the network's parameters, or twice that.
    pub const ZERO: Self = Self { step: 0, moments: O::Moments::<N>::ZERO };

    /// One step of `optimizer` on `network`, at its own learning rate.
    pub fn step(&mut self, optimizer: &O, network: &mut N, gradients: &N) {
        self.step += 1;
        let w = network.as_scalars_mut();
        let (m, v) = split_moments(self.moments.as_scalars_mut(), w.len());
        optimizer.update(self.step, optimizer.rate(), w, gradients.as_scalars(), m, v);
    }
}

/// The first and the second moment in the memory of none, one or two.
pub(crate) fn split_moments<S>(moments: &mut [S], parameters: usize) -> (&mut [S], &mut [S]) {
    let first = moments.len().min(parameters);
    moments.split_at_mut(first)
}

const fn check_rate(rate: f64) {
    assert!(rate >= 0.0 && rate.is_finite(), "a learning rate is finite and not negative");
}

const fn check_decay(decay: f64) {
    assert!(decay >= 0.0 && decay.is_finite(), "a weight decay is finite and not negative");
}
