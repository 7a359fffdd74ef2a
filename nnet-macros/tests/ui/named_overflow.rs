//! Sizes by name whose product is too large for any computer.

use nnet::{Flat, Network, Random, network};

const HUGE: usize = 1 << 40;

network! {
    pub struct Net: [1, 8, 8] -> [4] {
        Flatten,
        fc1: Linear(HUGE),
        fc2: Linear(HUGE),
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

// wrong: Linear(HUGE) in fc2: Linear(HUGE)
