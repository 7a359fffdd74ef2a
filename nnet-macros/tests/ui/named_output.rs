//! The header states another output than the constants give.

use nnet::{Flat, Network, Random, network};

const SIDE: usize = 8;
const HIDDEN: usize = 32;
const CLASSES: usize = 12;

network! {
    pub struct Net: [1, SIDE, 8] -> [10] {
        Flatten,
        fc1: Linear(HIDDEN),
        Relu,
        fc2: Linear(CLASSES),
    }
    loss = cross_entropy;
}

const INPUT: [[[f32; 8]; 8]; 1] = [[[0.0; 8]; 8]; 1];

fn main() {
    let mut random = Random::new(1);
    let mut network = Net::<f32>::ZERO;
    network.init(&mut random);
    let mut scratch = Flat::ZERO;
    let output = network.predict::<f32>(&INPUT, &mut scratch);
    println!("{output:?} {}", Net::MACS);
}

// wrong: [10]
