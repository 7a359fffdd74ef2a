//! An expression that cannot be calculated: rustc's own error, once.

use nnet::{Flat, Network, Random, network};

const HIDDEN: usize = 32;

network! {
    pub struct Net: [1, 8, 8] -> [4] {
        Flatten,
        fc1: Linear(HIDDEN - 64),
        Relu,
        fc2: Linear({ HIDDEN - 64 }),
        fc3: Linear(4),
    }
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

// wrong: HIDDEN - 64 in HIDDEN - 64)
