//! One network as the checks see it: numbers in, losses and gradients out, whatever its types.

use std::slice::{from_mut, from_ref};

use nnet::element::{get_lane, set_lane};
use nnet::loss::Loss;
use nnet::optim::{OptimizerState, Sgd};
use nnet::{Element, Flat, LANES, Lanes, Network, ParameterInfo, ParameterKind, Pass, Random, Tensor, Train};

/// Samples of the batch whose loss is differentiated.
pub const BATCH: usize = 5;
/// Samples of the batch of several groups: a full one, and one of three.
pub const LARGE: usize = LANES + 3;

/// A mean loss, and the gradient of it.
pub type Gradients = (f64, Vec<f64>);

pub trait Subject {
    fn parameters(&self) -> &'static [ParameterInfo];
    /// What `Network` and `Differentiable` say of it: parameters, gradients, whether there is one of the input.
    fn sizes(&self) -> (usize, usize, bool);
    /// All parameters and running statistics.
    fn weights(&mut self) -> &mut [f64];
    /// The inputs of the group, 16 lanes an entry.
    fn group(&mut self) -> &mut [f64];
    /// The input of the first sample.
    fn sample(&mut self) -> &mut [f64];
    /// The mean loss of the group.
    fn group_loss(&mut self) -> f64;
    /// The loss of the first sample as a batch of its own.
    fn sample_loss(&mut self) -> f64;
    /// The gradient of the mean loss with respect to [`group`](Self::group).
    fn group_input_gradient(&mut self) -> Vec<f64>;
    /// The gradient of [`sample_loss`](Self::sample_loss) with respect to [`sample`](Self::sample).
    fn sample_input_gradient(&mut self) -> Vec<f64>;
    /// `samples` samples, one at a time.
    fn by_samples(&mut self, samples: usize) -> Gradients;
    /// `samples` samples in groups.
    fn by_groups(&mut self, samples: usize) -> Gradients;
    /// All parameters and running statistics after a step of descent on the first `samples` samples as a group, or on
    /// the first as itself: with gradients, and in place. `None` if a batch norm needs more samples.
    fn steps(&self, samples: Option<usize>) -> Option<[Vec<f64>; 2]>;
    /// What `predict` and `forward` give for the first sample, and `predict` for the group with that in some lane.
    fn outputs(&mut self) -> [Vec<f64>; 3];
}

pub struct Case<N: Train + Flat<Scalar = f64>> {
    network: Box<N>,
    samples: Vec<N::Input<f64>>,
    targets: Vec<N::Target>,
    group: Box<N::Input<Lanes<f64>>>,
    tape: Box<N::Tape<Lanes<f64>>>,
    small: Box<N::Tape<f64>>,
}

/// Numbers around 0 of size 1.
fn fill(values: &mut [f64], random: &mut Random) {
    values.fill_with(|| random.normal());
}

/// A target of a regression.
pub fn output<T: Tensor<Element = f64>>(random: &mut Random) -> T {
    let mut target = T::ZERO;
    fill(target.as_flat_mut(), random);
    target
}

/// Memory as some earlier use may have left it.
fn dirty<T: Flat<Scalar = f64>>() -> Box<T> {
    let mut memory = Box::new(T::ZERO);
    memory.as_scalars_mut().fill(f64::NAN);
    memory
}

fn pass() -> Pass {
    Pass::new(1, 2)
}

/// Weights as after some training: `init` leaves biases and statistics the same everywhere.
fn network<N: Network + Flat<Scalar = f64>>(random: &mut Random) -> Box<N> {
    let mut network = Box::new(N::ZERO);
    network.init(random);
    for parameter in N::PARAMETERS {
        for value in &mut network.as_scalars_mut()[parameter.offset..][..parameter.len()] {
            let shift = random.uniform() - 0.5;
            *value = match parameter.kind {
                ParameterKind::RunningMean => shift,
                ParameterKind::RunningVariance => 1.0 + shift,
                _ => *value + 0.2 * shift,
            };
        }
    }
    network
}

impl<N: Train + Flat<Scalar = f64>> Case<N> {
    pub fn new(mut target: impl FnMut(&mut Random) -> N::Target) -> Self {
        let random = &mut Random::new(3);
        let network = network(random);
        let samples: Vec<_> = (0..LARGE).map(|_| output::<N::Input<f64>>(random)).collect();
        let targets = (0..LARGE).map(|_| target(random)).collect();
        let group = Box::new(Self::grouped(&samples[..BATCH]));
        Self { network, samples, targets, group, tape: dirty(), small: dirty() }
    }

    /// Samples in the first lanes, and in those that are not in use what they should not see.
    fn grouped(samples: &[N::Input<f64>]) -> N::Input<Lanes<f64>> {
        let mut group = N::Input::<Lanes<f64>>::ZERO;
        fill(Lanes::scalars_mut(group.as_flat_mut()), &mut Random::new(4));
        for (lane, sample) in samples.iter().enumerate() {
            set_lane(group.as_flat_mut(), lane, sample.as_flat());
        }
        group
    }

    fn batch<E: Element<Scalar = f64>>(&self, xs: &[N::Input<E>], samples: usize) -> Gradients {
        let mut tapes: Vec<N::Tape<E>> = xs.iter().map(|_| *dirty()).collect();
        let mut gradients = Box::new(<N::Gradients as Flat>::ZERO);
        // Gradients add.
        gradients.as_scalars_mut().fill(1.0);
        let loss = self.network.accumulate_batch(xs, &self.targets[..samples], &pass(), &mut tapes, &mut gradients);
        (loss, gradients.as_scalars().iter().map(|gradient| gradient - 1.0).collect())
    }
}

/// A copy on the heap.
fn copied<T: Flat<Scalar = f64>>(value: &T) -> Box<T> {
    let mut copy = Box::new(T::ZERO);
    copy.as_scalars_mut().copy_from_slice(value.as_scalars());
    copy
}

impl<N: Train + Flat<Scalar = f64>> Case<N> {
    /// The steps of [`Subject::steps`].
    fn both_steps<E: Element<Scalar = f64>>(&self, x: &N::Input<E>, samples: usize) -> Option<[Vec<f64>; 2]> {
        (samples >= N::SMALLEST_BATCH).then_some(())?;
        let (optimizer, targets) = (Sgd::new(0.1).weight_decay(0.03), &self.targets[..samples]);
        let (mut network, mut tape, mut gradients) = (copied(&*self.network), dirty::<N::Tape<E>>(), dirty());
        let mut state = Box::new(OptimizerState { step: 3, seed: 5, ..OptimizerState::ZERO });
        let loss = network.train_batch(from_ref(x), targets, from_mut(&mut tape), &mut gradients, &optimizer, &mut state);
        let (mut in_place, mut tape) = (copied(&*self.network), dirty());
        let mut state = Box::new(OptimizerState { step: 3, seed: 5, ..OptimizerState::ZERO });
        let same_loss = in_place.train_in_place(x, targets, &mut tape, &optimizer, &mut state);
        assert_eq!(state.step, 4);
        let all = |network: &N, loss: f64| [network.as_scalars(), &[loss]].concat();
        Some([all(&network, loss), all(&in_place, same_loss)])
    }
}

impl<N: Train + Flat<Scalar = f64>> Subject for Case<N> {
    fn parameters(&self) -> &'static [ParameterInfo] {
        N::PARAMETERS
    }

    fn sizes(&self) -> (usize, usize, bool) {
        (N::PARAMETER_COUNT, size_of::<N::Gradients>() / size_of::<f64>(), N::INPUT_GRADIENT)
    }

    fn weights(&mut self) -> &mut [f64] {
        self.network.as_scalars_mut()
    }

    fn group(&mut self) -> &mut [f64] {
        Lanes::scalars_mut(self.group.as_flat_mut())
    }

    fn sample(&mut self) -> &mut [f64] {
        self.samples[0].as_flat_mut()
    }

    fn group_loss(&mut self) -> f64 {
        let y = self.network.forward(&self.group, &pass().with_samples(BATCH), &mut self.tape);
        N::LOSS.forward(y.as_flat(), &self.targets[..BATCH]) / BATCH as f64
    }

    fn sample_loss(&mut self) -> f64 {
        let y = self.network.forward(&self.samples[0], &pass(), &mut self.small);
        N::LOSS.forward(y.as_flat(), &self.targets[..1])
    }

    fn group_input_gradient(&mut self) -> Vec<f64> {
        self.group_loss();
        let (y, dy) = N::output_and_gradient(&mut self.tape);
        N::LOSS.backward(y.as_flat(), &self.targets[..BATCH], 1.0 / BATCH as f64, dy.as_flat_mut());
        let (mut gradients, mut dx) = (dirty(), N::Input::<Lanes<f64>>::ZERO);
        Lanes::scalars_mut(dx.as_flat_mut()).fill(f64::NAN);
        let pass = pass().with_samples(BATCH);
        self.network.backpropagate(&self.group, &pass, &mut self.tape, &mut gradients, Some(&mut dx));
        Lanes::scalars(dx.as_flat()).to_vec()
    }

    fn sample_input_gradient(&mut self) -> Vec<f64> {
        self.sample_loss();
        let (y, dy) = N::output_and_gradient(&mut self.small);
        N::LOSS.backward(y.as_flat(), &self.targets[..1], 1.0, dy.as_flat_mut());
        let (mut gradients, mut dx) = (dirty(), N::Input::<f64>::ZERO);
        dx.as_flat_mut().fill(f64::NAN);
        self.network.backpropagate(&self.samples[0], &pass(), &mut self.small, &mut gradients, Some(&mut dx));
        dx.as_flat().to_vec()
    }

    fn by_samples(&mut self, samples: usize) -> Gradients {
        self.batch(&self.samples[..samples], samples)
    }

    fn by_groups(&mut self, samples: usize) -> Gradients {
        let groups: Vec<_> = self.samples[..samples].chunks(LANES).map(Self::grouped).collect();
        self.batch(&groups, samples)
    }

    fn steps(&self, samples: Option<usize>) -> Option<[Vec<f64>; 2]> {
        match samples {
            Some(samples) => self.both_steps(&Self::grouped(&self.samples[..samples]), samples),
            None => self.both_steps(&self.samples[0], 1),
        }
    }

    fn outputs(&mut self) -> [Vec<f64>; 3] {
        let x = self.samples[0];
        let predicted = self.network.predict(&x, &mut dirty()).as_flat().to_vec();
        let forward = self.network.forward(&x, &pass(), &mut self.small).as_flat().to_vec();
        let lane = 7;
        let mut group = Self::grouped(&[]);
        set_lane(group.as_flat_mut(), lane, x.as_flat());
        let mut in_lane = predicted.clone();
        get_lane(self.network.predict(&group, &mut dirty()).as_flat(), lane, &mut in_lane);
        [predicted, forward, in_lane]
    }
}
