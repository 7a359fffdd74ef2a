//! The tasks whose instructions are counted, each on one thread.

use std::hint::black_box;

use nnet::host::Trainer;
use nnet::optim::Sgd;
use nnet::{Element, Flat, Lanes, Network, Random, Scalar, Tensor, Train, network};

use super::networks::{LeNet, Mlp, ResNet};

/// A task, and what runs so many steps of it.
pub struct Task {
    pub name: &'static str,
    /// Steps before the one that is counted: one, which makes what the later ones find there. None where valgrind, which
    /// calculates each fused multiply-add by a function, takes half a minute for a step; then that is counted too.
    pub before: usize,
    pub run: fn(usize),
}

/// The longest first, so that the others run beside it.
pub const TASKS: [Task; 6] = [
    Task { name: "resnet_train_16", before: 0, run: |steps| train::<ResNet>(16, steps) },
    Task { name: "mlp_train_64", before: 1, run: |steps| train::<Mlp>(64, steps) },
    Task { name: "lenet_bn_train_16", before: 1, run: |steps| train::<LeNetBn>(16, steps) },
    Task { name: "lenet_train_16", before: 1, run: |steps| train::<LeNet>(16, steps) },
    Task { name: "lenet_predict_group", before: 1, run: predict::<LeNet, Lanes<f32>> },
    Task { name: "lenet_predict_single", before: 1, run: predict::<LeNet, f32> },
];

network! {
    /// LeNet-5 with a batch norm in front of each ReLU.
    pub struct LeNetBn: [1, 28, 28] -> [10] {
        conv1: Conv2d(6, kernel = 5, padding = 2, bias = false), bn1: BatchNorm, Relu, MaxPool2d(2),
        conv2: Conv2d(16, kernel = 5, bias = false), bn2: BatchNorm, Relu, MaxPool2d(2),
        Flatten,
        fc1: Linear(120, bias = false), bn3: BatchNorm, Relu,
        fc2: Linear(84, bias = false), bn4: BatchNorm, Relu,
        fc3: Linear(10),
    }
    loss = cross_entropy;
}

/// Steps with one batch of random samples and random classes.
fn train<N: Train<Target = usize> + Flat<Scalar = f32>>(batch: usize, steps: usize) {
    let mut random = Random::new(1);
    let mut sample = || {
        let mut x = N::Input::<f32>::ZERO;
        x.as_flat_mut().fill_with(|| f32::from_f64(random.normal()));
        (x, random.below(N::Output::<f32>::LENGTH))
    };
    let data: Vec<_> = (0..batch).map(|_| sample()).collect();
    let optimizer = Sgd::new(1e-3).momentum(0.9);
    let mut trainer = Trainer::new(nnet::boxed::<N>(1), optimizer).batch_size(batch).threads(1);
    let order: Vec<usize> = (0..batch).collect();
    for _ in 0..steps {
        black_box(trainer.step(&data, &order).expect("random data do not diverge at this rate"));
    }
}

/// Predictions of one random sample, or of a group of them.
fn predict<N, E>(steps: usize)
where
    N: Network + Flat<Scalar = f32> + Train,
    E: Element<Scalar = f32>,
{
    let mut random = Random::new(1);
    let mut x = vec![E::ZERO; N::Input::<E>::LENGTH];
    E::scalars_mut(&mut x).fill_with(|| f32::from_f64(random.normal()));
    let network = nnet::boxed::<N>(1);
    let mut scratch = nnet::zeroed::<N::Scratch<E>>();
    for _ in 0..steps {
        black_box(network.predict(Tensor::view(black_box(&x)), &mut scratch));
    }
}
