//! Which parameters learn: freezing at run time, by the names of layers, blocks and tensors.

use core::ops::Range;
use std::borrow::ToOwned;
use std::vec;
use std::vec::Vec;

use super::super::names::most_similar;
use super::{TrainError, Trainer};
use crate::network::{Learning, Network, ParameterInfo, Train, learning};
use crate::optim::Optimizer;

/// How many names an error proposes.
const PROPOSALS: usize = 3;

/// Neighbouring parameters that all learn or are all frozen.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Run {
    pub parameters: Range<usize>,
    pub gradients: Range<usize>,
    pub learns: bool,
}

/// What is frozen of a network's parameters.
pub(super) struct Plan {
    /// For each of [`Network::PARAMETERS`].
    frozen: Vec<bool>,
    /// All parameters that have a gradient, in their order.
    runs: Vec<Run>,
}

impl Plan {
    /// Nothing is frozen but by declaration.
    pub fn new<N: Network>() -> Self {
        let frozen = vec![false; N::PARAMETERS.len()];
        Self { runs: runs(N::PARAMETERS, &frozen), frozen }
    }

    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    fn set<N: Network>(&mut self, change: impl Fn(&ParameterInfo, bool) -> bool) {
        for (parameter, frozen) in N::PARAMETERS.iter().zip(&mut self.frozen) {
            *frozen = change(parameter, *frozen);
        }
        self.runs = runs(N::PARAMETERS, &self.frozen);
    }
}

fn runs(parameters: &[ParameterInfo], frozen: &[bool]) -> Vec<Run> {
    let (mut runs, mut rest) = (Vec::new(), parameters);
    for same in frozen.chunk_by(|a, b| a == b) {
        let (tensors, others) = rest.split_at(same.len());
        rest = others;
        let learning = learning(tensors, |_| true);
        runs.extend(learning.map(|Learning { parameters, gradients }| Run { parameters, gradients, learns: !same[0] }));
    }
    runs
}

impl<N: Train, O: Optimizer<N::Scalar>> Trainer<N, O> {
    /// Freezes the parameters that `name` covers, that of a layer, a block or a tensor: `conv1`, `block1` or
    /// `conv1.weight`.
    ///
    /// They and the optimizer's memory of them stay as they are, bit for bit, until [`unfreeze`](Trainer::unfreeze).
    /// Their gradients are still computed, for [`gradients`](Trainer::gradients); layers that never learn are better
    /// declared `#[frozen]`, which saves the work.
    ///
    /// A batch norm goes on with the statistics of the batch, and its running statistics go on to follow them, as
    /// PyTorch's do with `requires_grad = False`; one declared `#[frozen]` does neither.
    ///
    /// ```ignore
    /// // A new head on layers that were trained before: the head first, then all with a low rate.
    /// trainer.freeze_all_but(&["fc"])?;
    /// trainer.fit(2, &train, Some(&test), quiet)?;
    /// trainer.unfreeze("conv1")?;
    /// trainer.unfreeze("conv2")?;
    /// trainer.set_rate(1e-3);
    /// trainer.fit(4, &train, Some(&test), quiet)?;
    /// ```
    ///
    /// # Errors
    ///
    /// If nothing is called so, or nothing that is called so has a gradient. Nothing has changed then.
    pub fn freeze(&mut self, name: &str) -> Result<(), TrainError> {
        check::<N>(name)?;
        self.plan.set::<N>(|parameter, frozen| frozen || covers(name, parameter));
        Ok(())
    }

    /// Lets the parameters that `name` covers learn again, as before [`freeze`](Trainer::freeze).
    ///
    /// # Errors
    ///
    /// As [`freeze`](Trainer::freeze).
    pub fn unfreeze(&mut self, name: &str) -> Result<(), TrainError> {
        check::<N>(name)?;
        self.plan.set::<N>(|parameter, frozen| frozen && !covers(name, parameter));
        Ok(())
    }

    /// Lets the parameters that one of `names` covers learn, and [freezes](Trainer::freeze) all others, whatever was
    /// frozen before.
    ///
    /// # Errors
    ///
    /// As [`freeze`](Trainer::freeze).
    pub fn freeze_all_but(&mut self, names: &[&str]) -> Result<(), TrainError> {
        names.iter().try_for_each(|name| check::<N>(name))?;
        self.plan.set::<N>(|parameter, _| !names.iter().any(|name| covers(name, parameter)));
        Ok(())
    }
}

/// Whether `name` is that of the parameter, or of a layer or block that it is in.
fn covers(name: &str, parameter: &ParameterInfo) -> bool {
    let rest = parameter.name.strip_prefix(name);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Refuses a name that freezing or not would not matter to.
fn check<N: Network>(name: &str) -> Result<(), TrainError> {
    let mut covered = N::PARAMETERS.iter().filter(|parameter| covers(name, parameter)).peekable();
    if covered.peek().is_none() {
        let similar = most_similar(name, all_names::<N>(), PROPOSALS).into_iter().map(ToOwned::to_owned).collect();
        return Err(TrainError::NoSuchName { network: N::NAME, name: name.to_owned(), similar });
    }
    if covered.all(|parameter| parameter.gradient.is_none()) {
        return Err(TrainError::NeverLearns { network: N::NAME, name: name.to_owned() });
    }
    Ok(())
}

/// The names of all blocks, layers and tensors that have a gradient.
fn all_names<N: Network>() -> impl Iterator<Item = &'static str> {
    let learning = N::PARAMETERS.iter().filter(|parameter| parameter.gradient.is_some());
    learning.flat_map(|ParameterInfo { name, .. }| name.match_indices('.').map(|(dot, _)| &name[..dot]).chain([*name]))
}
