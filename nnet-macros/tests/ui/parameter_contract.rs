//! A contract that holds for one value of a parameter only.

use nnet::{Flat, Network, Random, network};

network! {
    pub struct Net<const HIDDEN: usize>: [1, 8, 8] -> [4] {
        Flatten,
        fc1: Linear(HIDDEN) -> [32],
        Relu,
        fc2: Linear(4),
    }
}

const INPUT: [[[f32; 8]; 8]; 1] = [[[0.0; 8]; 8]; 1];

fn main() {
    let mut random = Random::new(1);
    let mut network = Net::<32>::ZERO;
    network.init(&mut random);
    let mut scratch = Flat::ZERO;
    let output = network.predict::<f32>(&INPUT, &mut scratch);
    println!("{output:?} {}", Net::<32>::MACS);
}

// wrong: [32]
