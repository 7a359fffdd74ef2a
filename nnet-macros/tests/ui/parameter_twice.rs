//! A parameter that is there twice.

use nnet::{Flat, Network, Random, network};

network! {
    pub struct Net<const HIDDEN: usize, const HIDDEN: usize>: [1, 8, 8] -> [4] {
        Flatten,
        fc1: Linear(HIDDEN),
        Relu,
        fc2: Linear(4),
    }
}

const INPUT: [[[f32; 8]; 8]; 1] = [[[0.0; 8]; 8]; 1];

fn main() {
    let mut random = Random::new(1);
    let mut network = Net::<8>::ZERO;
    network.init(&mut random);
    let mut scratch = Flat::ZERO;
    let output = network.predict::<f32>(&INPUT, &mut scratch);
    println!("{output:?} {}", Net::<8>::MACS);
}

// wrong: HIDDEN in const HIDDEN: usize>
