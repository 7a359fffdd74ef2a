//! Optimizers: `w ← w − rate · direction(gradient, state)` over flat slices.

mod adam;
mod schedule;
mod sgd;

pub use adam::{Adam, AdamW};
pub use schedule::{Constant, Cosine, OneCycle, Schedule, Step, WarmUp};
pub use sgd::{Momentum, Plain, Sgd};

use core::ops::Range;

use crate::flat::Flat;
use crate::network::{Differentiable, Learning, ParameterInfo, learning};
use crate::pass::Pass;
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
pub struct OptimizerState<O: Optimizer<N::Scalar>, N: Differentiable> {
    /// Steps done.
    pub step: u64,
    /// What dropout's masks follow from, together with the number of the step.
    pub seed: u64,
    /// As many values of the gradients' layout as the optimizer has moments.
    pub moments: O::Moments<N::Gradients>,
}

impl<O: Optimizer<N::Scalar>, N: Differentiable> OptimizerState<O, N> {
    /// Nothing remembered yet. Meant for `static`s; it is as large as the network's gradients, or twice that.
    pub const ZERO: Self = Self { step: 0, seed: 0, moments: O::Moments::<N::Gradients>::ZERO };

    /// What the next step's dropout draws from.
    #[must_use]
    pub const fn pass(&self) -> Pass {
        Pass::new(self.seed, self.step)
    }

    /// One step of `optimizer` on `network`, at its own learning rate.
    pub fn step(&mut self, optimizer: &O, network: &mut N, gradients: &N::Gradients) {
        self.step_where(optimizer, network, gradients, |_| true);
    }

    /// One step on the parameters for which `learns`; the others stay, and so does what is remembered of them.
    ///
    /// For experiments: layers that never learn are better declared `#[frozen]`, which saves their gradients.
    pub fn step_where(
        &mut self,
        optimizer: &O,
        network: &mut N,
        gradients: &N::Gradients,
        learns: impl Fn(&ParameterInfo) -> bool,
    ) {
        self.step += 1;
        let (w, g) = (network.as_scalars_mut(), gradients.as_scalars());
        let (m, v) = split_moments(self.moments.as_scalars_mut(), g.len());
        for Learning { parameters, gradients } in learning(N::PARAMETERS, learns) {
            let (m, v) = (part(m, &gradients), part(v, &gradients));
            optimizer.update(self.step, optimizer.rate(), &mut w[parameters], &g[gradients], m, v);
        }
    }
}

/// A range of a moment, or nothing of one that the optimizer does not have.
pub(crate) fn part<'m, S>(moment: &'m mut [S], range: &Range<usize>) -> &'m mut [S] {
    moment.get_mut(range.clone()).unwrap_or_default()
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
