//! Whole networks against the numbers that PyTorch printed: `reference.py` makes them, `reference.json` holds them.
//!
//! Dropout's masks are each side's own, so of a network with dropout only the prediction is compared here.

mod batches;
mod examples;
mod functions;
mod layers;
mod networks;
mod reference;
mod steps;

use std::collections::BTreeMap;

use batches::check_batches;
use examples::{Autoencoder, Inception, LeNetBn, ResNet};
use layers::{
    Activations, Convolutions, Dropped, FrozenBody, FrozenFirst, FrozenLater, Graph, Norms, Outer, Pools, Sequences,
    Transposed,
};
use networks::{LeNet, Mlp, Zoo1, Zoo2, Zoo3, Zoo4};
use nnet::optim::{Constant, Cosine, OneCycle, Schedule, Step, WarmUp};
use nnet::{Differentiable, Flat, Lanes, Network, Scalar, Tensor, zeroed};
use reference::{Reference, check_tensor, check_values};
use steps::check_optimizers;

/// f32 against f64 numbers, relative to the largest of a tensor; PyTorch's own f32 stays within 7e-6.
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

/// Compares the wanted tensors with those of the network.
fn check_parameters<N: Network>(what: &str, want: &BTreeMap<String, reference::Tensor>, network: &N, tolerance: f64) {
    for (name, want) in want {
        let parameter = N::PARAMETERS.iter().find(|parameter| parameter.name == name);
        let parameter = parameter.unwrap_or_else(|| panic!("{what}: no tensor `{name}`"));
        let values = to_f64(&network.as_scalars()[parameter.offset..][..parameter.len()]);
        check_tensor(&format!("{what} {name}"), want, &values, tolerance);
    }
}

/// Compares the gradient of each parameter that learns.
fn check_gradients<N: Differentiable>(
    what: &str,
    want: &BTreeMap<String, reference::Tensor>,
    gradients: &N::Gradients,
    tolerance: f64,
) {
    let mut names = Vec::new();
    for parameter in N::PARAMETERS {
        let Some(at) = parameter.gradient else { continue };
        let name = parameter.name;
        names.push(name);
        let want = want.get(name).unwrap_or_else(|| panic!("{what} {name}: PyTorch has none"));
        let values = to_f64(&gradients.as_scalars()[at..][..parameter.len()]);
        check_tensor(&format!("{what} {name}"), want, &values, tolerance);
    }
    assert_eq!(names.len(), want.len(), "{what}: PyTorch has gradients of {:?}", want.keys());
}

macro_rules! parity {
    ($($test:ident, $network:ident, $targets:ident;)*) => {$(
        #[test]
        fn $test() {
            on_a_large_stack(|| {
                let name = stringify!($test);
                let reference = &Reference::load().networks[name];
                check_batches::<$network<f32>, f32>(name, &$targets(reference, 64), SINGLE);
                check_batches::<$network<f32>, Lanes<f32>>(name, &$targets(reference, 64), SINGLE);
                check_batches::<$network<f64>, f64>(name, &$targets(reference, 64), DOUBLE);
                check_batches::<$network<f64>, Lanes<f64>>(name, &$targets(reference, 64), DOUBLE);
                check_optimizers::<$network<f64>>(name, &$targets(reference, 10 * reference.step_batch));
            });
        }
    )*};
}
parity! {
    lenet, LeNet, classes;
    mlp, Mlp, classes;
    zoo1, Zoo1, tensors;
    zoo2, Zoo2, classes;
    zoo3, Zoo3, tensors;
    zoo4, Zoo4, tensors;
    convolutions, Convolutions, tensors;
    transposed, Transposed, tensors;
    pools, Pools, tensors;
    activations, Activations, tensors;
    dropped, Dropped, tensors;
    sequences, Sequences, classes;
    norms, Norms, classes;
    graph, Graph, classes;
    outer, Outer, classes;
    frozen_first, FrozenFirst, tensors;
    frozen_body, FrozenBody, tensors;
    frozen_later, FrozenLater, tensors;
    lenet_bn, LeNetBn, classes;
    resnet, ResNet, classes;
    inception, Inception, classes;
    autoencoder, Autoencoder, tensors;
}

/// A debug build moves groups of images over the stack.
fn on_a_large_stack(test: fn()) {
    let thread = std::thread::Builder::new().stack_size(64 << 20).spawn(test).unwrap();
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

fn classes(reference: &reference::Network, n: usize) -> Vec<usize> {
    reference.labels(0..n)
}

fn tensors<T: Tensor<Element: Scalar>>(reference: &reference::Network, n: usize) -> Vec<T> {
    let values: Vec<_> = reference.targets(0..n).into_iter().map(T::Element::from_f64).collect();
    values.chunks_exact(T::LENGTH).map(|target| *T::view(target)).collect()
}

#[test]
fn smallest_batches_are_those_of_pytorch() {
    let smallest = |name: &str| if Reference::load().networks[name].batches[&1].training.is_some() { 1 } else { 2 };
    assert_eq!(Graph::<f32>::SMALLEST_BATCH, smallest("graph"));
    assert_eq!(Norms::<f32>::SMALLEST_BATCH, smallest("norms"));
    assert_eq!(Outer::<f32>::SMALLEST_BATCH, smallest("outer"));
    assert_eq!(FrozenFirst::<f32>::SMALLEST_BATCH, smallest("frozen_first"));
    assert_eq!(LeNetBn::<f32>::SMALLEST_BATCH, smallest("lenet_bn"));
    assert_eq!(ResNet::<f32>::SMALLEST_BATCH, smallest("resnet"));
}

#[test]
fn schedules() {
    for (name, want) in &Reference::load().schedules {
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
