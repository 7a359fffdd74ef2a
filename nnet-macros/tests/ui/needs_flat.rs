//! A linear layer behind a map, deep in a network: the shape flow leads there.

use nnet::{Flat, Network, Random, network};

network! {
    pub struct Net: [1, 28, 28] -> [10] {
        conv1: Conv2d(6, kernel = 5, padding = 2) -> [6, 28, 28],
        Relu,
        MaxPool2d(2),
        conv2: Conv2d(16, kernel = 5),
        Relu,
        MaxPool2d(2) -> [16, 5, 5],
        fc1: Linear(120),
        Relu,
        fc2: Linear(10),
    }
    loss = cross_entropy;
}

const INPUT: [[[f32; 28]; 28]; 1] = [[[0.0; 28]; 28]; 1];

fn main() {
    let mut random = Random::new(1);
    let mut network = Net::<f32>::ZERO;
    network.init(&mut random);
    let mut scratch = Flat::ZERO;
    let output = network.predict::<f32>(&INPUT, &mut scratch);
    println!("{output:?} {}", Net::MACS);
}

// wrong: Linear(120)
