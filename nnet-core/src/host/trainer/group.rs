//! A lane group on its way through the network: samples side by side, and the targets of the lanes in use.

use std::boxed::Box;
use std::vec;
use std::vec::Vec;

use super::super::dataset::Dataset;
use super::error::TrainError;
use crate::element::{Element, LANES, Lanes};
use crate::flat::{Flat, zeroed};
use crate::loss::{Loss, argmax};
use crate::network::{Network, Train};
use crate::pass::Pass;
use crate::products::OuterProducts;
use crate::scalar::Scalar;
use crate::tensor::Tensor;

/// The input of one sample of `N`.
type Sample<N> = <N as Network>::Input<<N as Flat>::Scalar>;
/// One entry of 16 samples.
type Entry<N> = Lanes<<N as Flat>::Scalar>;

/// A data set with the inputs and targets of the network `N`: every such [`Dataset`] is one.
pub trait Data<N: Train>: Dataset<Sample<N>, N::Target> {}
impl<N: Train, D: Dataset<Sample<N>, N::Target> + ?Sized> Data<N> for D {}

/// Where in the training a step is, both counted from 1.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub epoch: u64,
    pub batch: u64,
}

/// Whether the targets of `N` are classes.
pub(super) const fn classifies<N: Train>() -> bool {
    <N::Loss as Loss<N::Scalar, N::Target>>::CLASSIFIES
}

/// How many numbers `N` gives for one sample.
pub(super) const fn outputs<N: Train>() -> usize {
    <N::Output<N::Scalar> as Tensor>::LENGTH
}

/// A lane group: its samples side by side, and what forward keeps of them.
///
/// Without batch norms in training each thread has one, for a group after the other; otherwise each group of a batch
/// has its own, from its first stage to its last.
pub(super) struct Group<N: Train> {
    /// [input]
    x: Vec<Entry<N>>,
    /// Of the lanes in use.
    targets: Vec<N::Target>,
    /// Comes with the first use, from the thread that uses it.
    tape: Option<Box<N::Tape<Entry<N>>>>,
}

/// What one thread works in.
pub(super) struct Worker<N: Train> {
    pub group: Group<N>,
    /// Room for the samples of a group, before they go to their lanes: [16, input].
    pub sample: Vec<N::Scalar>,
    scratch: Option<Box<N::Scratch<Entry<N>>>>,
    /// What [`evaluate`](Worker::evaluate) found; the confusions are `[true][predicted]`, or empty.
    pub confusions: Vec<u64>,
}

impl<N: Train> Group<N> {
    pub fn new() -> Self {
        Self { x: vec![Tensor::ZERO; <Sample<N> as Tensor>::LENGTH], targets: Vec::with_capacity(LANES), tape: None }
    }

    /// Takes in up to 16 samples, with zeros in the lanes left over; `room` is a worker's.
    pub fn gather<D: Data<N> + ?Sized>(
        &mut self,
        data: &D,
        indices: impl ExactSizeIterator<Item = usize>,
        room: &mut [N::Scalar],
    ) -> Result<(), TrainError> {
        let (mut numbers, used) = ([0; LANES], indices.len());
        numbers.iter_mut().zip(indices).for_each(|(number, index)| *number = index);
        let indices = &numbers[..used];
        if used < LANES {
            self.x.fill(Tensor::ZERO);
        }
        self.targets.clear();
        data.gather(indices, &mut self.x, &mut self.targets, Sample::<N>::unflatten_mut(room));
        let given = self.targets.len();
        assert_eq!(given, used, "a data set gathered {given} targets of {used} samples");
        self.targets.iter().zip(indices).try_for_each(|(target, &index)| check_target::<N>(target, index))
    }

    /// What forward keeps, for meetings.
    pub fn tape(&mut self) -> &mut N::Tape<Entry<N>> {
        self.tape.get_or_insert_with(zeroed)
    }

    pub fn forward_stage(&mut self, network: &N, stage: usize, pass: &Pass) {
        let tape = self.tape.get_or_insert_with(zeroed);
        network.forward_stage(stage, Tensor::view(&self.x), pass, tape);
    }

    /// Writes `scale` times the gradient of the loss to its place; gives the sum of the losses, and how many samples
    /// were classified correctly.
    pub fn loss(&mut self, scale: N::Scalar) -> (f64, usize) {
        let (y, dy) = N::output_and_gradient(self.tape.get_or_insert_with(zeroed));
        let y = y.as_flat();
        let loss = N::LOSS.backward(y, &self.targets, scale, dy.as_flat_mut());
        let correct = decisions::<N>(y, &self.targets).filter(|(class, predicted)| class == predicted).count();
        (loss.to_f64(), correct)
    }

    pub fn backward_stage(
        &mut self,
        network: &N,
        stage: usize,
        pass: &Pass,
        gradients: &mut N::Gradients,
        products: &mut impl OuterProducts<N::Scalar>,
    ) {
        let tape = self.tape.get_or_insert_with(zeroed);
        network.backward_stage(stage, Tensor::view(&self.x), pass, tape, gradients, products, None);
    }
}

impl<N: Train> Worker<N> {
    pub fn new() -> Self {
        let sample = vec![Tensor::ZERO; LANES * <Sample<N> as Tensor>::LENGTH];
        Self { group: Group::new(), sample, scratch: None, confusions: Vec::new() }
    }

    /// The sum of the losses of the group, and how many samples were classified correctly; `None` if an output is
    /// not a number.
    pub fn evaluate(&mut self, network: &N) -> Option<(f64, usize)> {
        let Self { group: Group { x, targets, .. }, scratch, confusions, .. } = self;
        let y = network.predict(Tensor::view(x), scratch.get_or_insert_with(zeroed)).as_flat();
        let used = Element::scalars(y).chunks_exact(LANES).flat_map(|entry| &entry[..targets.len()]);
        if used.into_iter().any(|y| y.to_f64().is_nan()) {
            return None;
        }
        let mut correct = 0;
        for (class, predicted) in decisions::<N>(y, targets) {
            correct += usize::from(class == predicted);
            if let Some(count) = confusions.get_mut(class * outputs::<N>() + predicted) {
                *count += 1;
            }
        }
        // An infinite output can be right, such as the logarithm of probability 0; what the loss makes of it tells.
        let loss = N::LOSS.forward(y, targets).to_f64();
        (!loss.is_nan()).then_some((loss, correct))
    }
}

/// The true and the predicted class of each sample of a group; none unless the targets are classes.
fn decisions<N: Train>(y: &[Entry<N>], targets: &[N::Target]) -> impl Iterator<Item = (usize, usize)> {
    let class = |(lane, target)| Some((N::LOSS.class(target)?, argmax(y, lane)));
    targets.iter().enumerate().filter_map(class)
}

fn check_target<N: Train>(target: &N::Target, sample: usize) -> Result<(), TrainError> {
    let outputs = outputs::<N>();
    if N::LOSS.accepts(target, outputs) {
        return Ok(());
    }
    Err(match N::LOSS.class(target) {
        Some(class) => TrainError::Class { sample, class, classes: outputs },
        None => TrainError::Target { sample, outputs },
    })
}
