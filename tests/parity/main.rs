//! Whole networks against the numbers that PyTorch printed: `reference.py` makes them, `reference.json` holds them.

mod functions;
mod networks;
mod reference;

use networks::{LeNet, Mlp, Zoo1, Zoo2, Zoo3, Zoo4};
use nnet::element::{get_lane, set_lane};
use nnet::host::Trainer;
use nnet::loss::Loss;
use nnet::optim::{Adam, AdamW, Constant, Cosine, OneCycle, Optimizer, Schedule, Sgd, Step, WarmUp};
use nnet::{Element, Lanes, Network, Scalar, Tensor, Train, zeroed};
use reference::{Reference, check_tensor, check_values};

/// f32 against f64 numbers; PyTorch's own f32 stays within a quarter of it.
const SINGLE: f64 = 1e-5;
/// f64 against f64.
const DOUBLE: f64 = 1e-9;

/// The network with the weights of the reference.
#[allow(clippy::unnecessary_box_returns, reason = "networks are too large for the stack of a debug build")]
fn filled<N: Network>(reference: &reference::Network) -> Box<N> {
    let mut network = zeroed::<N>();
    let names: Vec<_> = N::PARAMETERS.iter().map(|p| p.name).collect();
    assert_eq!(names, reference.parameters.iter().map(|p| p.name.as_str()).collect::<Vec<_>>());
    for (parameter, want) in N::PARAMETERS.iter().zip(&reference.parameters) {
        assert_eq!(parameter.shape, want.shape, "{}", parameter.name);
        let values = reference.parameter(parameter.name);
        let target = &mut network.as_scalars_mut()[parameter.offset..][..parameter.len()];
        for (target, value) in target.iter_mut().zip(values) {
            *target = N::Scalar::from_f64(value);
        }
    }
    network
}

fn to_f64<S: Scalar>(values: &[S]) -> Vec<f64> {
    values.iter().map(|v| v.to_f64()).collect()
}

/// Compares each parameter's part of `got`, a network or gradients, with the tensor of its name.
fn check_parameters<N: Network>(
    what: &str,
    want: &std::collections::BTreeMap<String, reference::Tensor>,
    got: &N,
    tolerance: f64,
) {
    assert_eq!(want.len(), N::PARAMETERS.len());
    for parameter in N::PARAMETERS {
        let values = to_f64(&got.as_scalars()[parameter.offset..][..parameter.len()]);
        check_tensor(&format!("{what} {}", parameter.name), &want[parameter.name], &values, tolerance);
    }
}

/// Forward and backward over batches of 1, 16 and 37, in entries of type E; `targets` are those of samples 0 to 36.
fn check_batches<N: Train, E: Element<Scalar = N::Scalar>>(name: &str, targets: &[N::Target], tolerance: f64) {
    let all = Reference::load();
    let reference = &all.networks[name];
    let network = filled::<N>(reference);
    for (&batch, want) in &reference.batches {
        let what = format!("{name}, batch {batch}, {} lanes,", E::LANES);
        let inputs: Vec<N::Scalar> = reference.inputs(0..batch).into_iter().map(N::Scalar::from_f64).collect();
        let (features, outputs) = (N::Input::<E>::LENGTH, N::Output::<E>::LENGTH);
        let scale = N::Scalar::ONE / N::Scalar::from_f64(f64::from(u32::try_from(batch).unwrap()));
        let (mut tape, mut scratch) = (zeroed::<N::Tape<E>>(), zeroed::<N::Scratch<E>>());
        let mut gradients = zeroed::<N>();
        let (mut x, mut dx) = (Box::new(N::Input::<E>::ZERO), Box::new(N::Input::<E>::ZERO));
        let (mut y, mut input_gradient) = (vec![0.0; batch * outputs], vec![0.0; batch * features]);
        let mut loss = 0.0;
        for first in (0..batch).step_by(E::LANES) {
            let group = first..batch.min(first + E::LANES);
            for (lane, s) in group.clone().enumerate() {
                set_lane(x.as_flat_mut(), lane, &inputs[s * features..][..features]);
            }
            let predicted = *network.predict(&x, &mut scratch);
            assert_eq!(predicted, *network.forward(&x, &mut tape), "{what} predict equals forward");
            let (output, dy) = N::output_and_gradient(&mut tape);
            let part = N::LOSS.backward(output.as_flat(), &targets[group.clone()], scale, dy.as_flat_mut());
            assert_eq!(part, N::LOSS.forward(output.as_flat(), &targets[group.clone()]));
            loss += part.to_f64();
            network.backpropagate(&x, &mut tape, &mut gradients, Some(&mut dx));
            for (lane, s) in group.enumerate() {
                lane_to_f64::<E>(predicted.as_flat(), lane, &mut y[s * outputs..][..outputs]);
                lane_to_f64::<E>(dx.as_flat(), lane, &mut input_gradient[s * features..][..features]);
            }
        }
        check_tensor(&format!("{what} output"), &want.output, &y, tolerance);
        check_values(&format!("{what} loss"), &[want.loss], &[loss / batch as f64], tolerance);
        check_parameters(&format!("{what} gradient of"), &want.gradients, &*gradients, tolerance);
        check_tensor(&format!("{what} gradient of the input"), &want.input_gradient, &input_gradient, tolerance);
    }
}

fn lane_to_f64<E: Element>(group: &[E], lane: usize, to: &mut [f64]) {
    let mut sample = vec![E::Scalar::ZERO; group.len()];
    get_lane(group, lane, &mut sample);
    to.copy_from_slice(&to_f64(&sample));
}

/// Ten steps of every optimizer through the trainer, in f64, on two threads.
fn check_optimizers<N: Train<Scalar = f64>>(name: &str, targets: &[N::Target]) {
    let all = Reference::load();
    let reference = &all.networks[name];
    let features = N::Input::<f64>::LENGTH;
    let inputs = reference.inputs(0..160);
    let samples: Vec<_> = inputs
        .chunks_exact(features)
        .zip(targets)
        .map(|(x, target)| (*N::Input::<f64>::view(x), target.clone()))
        .collect();
    for (optimizer, want) in &reference.optimizers {
        let o = &want.options;
        let sgd = Sgd::new(o.lr).weight_decay(o.weight_decay);
        let adam = Adam::new(o.lr).weight_decay(o.weight_decay);
        let steps = Steps { name, optimizer, reference, want, samples: &samples };
        match optimizer.as_str() {
            "sgd" => steps.check::<N, _>(sgd),
            "sgd_momentum" => steps.check::<N, _>(sgd.momentum(o.momentum)),
            "sgd_nesterov" => steps.check::<N, _>(sgd.momentum(o.momentum).nesterov()),
            "adam" | "adam_decay" => steps.check::<N, _>(adam),
            "adamw" => steps.check::<N, _>(AdamW::new(o.lr).weight_decay(o.weight_decay)),
            other => panic!("optimizer {other}"),
        }
    }
}

struct Steps<'a, X, T> {
    name: &'a str,
    optimizer: &'a str,
    reference: &'a reference::Network,
    want: &'a reference::Training,
    samples: &'a [(X, T)],
}

impl<X: Tensor, T: Clone + Sync> Steps<'_, X, T> {
    fn check<N, O>(&self, optimizer: O)
    where
        N: Train<Scalar = f64, Target = T, Input<f64> = X>,
        O: Optimizer<f64>,
    {
        let what = format!("{} {}", self.name, self.optimizer);
        let mut trainer = Trainer::new(filled::<N>(self.reference), optimizer).threads(2);
        for (i, &want) in self.want.losses.iter().enumerate() {
            let indices: Vec<usize> = (16 * i..16 * (i + 1)).collect();
            let loss = trainer.step(self.samples, &indices).unwrap();
            check_values(&format!("{what}, loss of step {i}"), &[want], &[loss], DOUBLE);
        }
        check_parameters(&what, &self.want.weights, trainer.network(), DOUBLE);
    }
}

macro_rules! parity {
    ($($test:ident, $network:ident, $target:expr;)*) => {$(
        #[test]
        fn $test() {
            let all = Reference::load();
            let reference = &all.networks[stringify!($test)];
            let targets = |n: usize| ($target)(reference, n);
            let single = targets(37);
            check_batches::<$network<f32>, f32>(stringify!($test), &to_single(&single), SINGLE);
            check_batches::<$network<f32>, Lanes<f32>>(stringify!($test), &to_single(&single), SINGLE);
            check_batches::<$network<f64>, f64>(stringify!($test), &single, DOUBLE);
            check_batches::<$network<f64>, Lanes<f64>>(stringify!($test), &single, DOUBLE);
            check_optimizers::<$network<f64>>(stringify!($test), &targets(160));
        }
    )*};
}
parity! {
    lenet, LeNet, classes;
    mlp, Mlp, classes;
    zoo1, Zoo1, tensors::<[f64; 4]>;
    zoo2, Zoo2, classes;
    zoo3, Zoo3, tensors::<[f64; 6]>;
    zoo4, Zoo4, tensors::<[f64; 3]>;
}

fn classes(reference: &reference::Network, n: usize) -> Vec<usize> {
    reference.labels(0..n)
}

fn tensors<T: Tensor<Element = f64>>(reference: &reference::Network, n: usize) -> Vec<T> {
    reference.targets(0..n).chunks_exact(T::LENGTH).map(|target| *T::view(target)).collect()
}

/// Targets of an f64 network as those of the same network in f32.
fn to_single<T: ToSingle>(targets: &[T]) -> Vec<T::Single> {
    targets.iter().map(ToSingle::to_single).collect()
}

trait ToSingle {
    type Single;
    fn to_single(&self) -> Self::Single;
}

impl ToSingle for usize {
    type Single = usize;
    fn to_single(&self) -> usize {
        *self
    }
}

impl<const N: usize> ToSingle for [f64; N] {
    type Single = [f32; N];
    fn to_single(&self) -> [f32; N] {
        self.map(f32::from_f64)
    }
}

#[test]
fn schedules() {
    let all = Reference::load();
    for (name, want) in &all.schedules {
        let schedule: &dyn Schedule = match name.as_str() {
            "step" => &Step { every: 5, gamma: 0.5 },
            "cosine" => &Cosine { steps: 20, last: 0.01 },
            "one_cycle" => &OneCycle::new(25),
            "warmup" => &WarmUp { steps: 5, start: 0.1, then: Constant },
            other => panic!("schedule {other}"),
        };
        let got: Vec<f64> = (0..want.len() as u64).map(|step| 0.1 * schedule.factor(step)).collect();
        check_values(name, want, &got, 1e-12);
    }
}
