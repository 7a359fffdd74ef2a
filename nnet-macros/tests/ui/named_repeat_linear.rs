//! A repeated block that gives other features than it takes, by name.

use nnet::{Flat, Network, Random, network};

const HIDDEN: usize = 5;

network! {
    pub struct Net: [1, 2, 2] -> [5] {
        Flatten,
        blocks: repeat(3) { Linear(HIDDEN), Relu },
    }
}

const INPUT: [[[f32; 2]; 2]; 1] = [[[0.0; 2]; 2]; 1];

fn main() {
    let mut random = Random::new(1);
    let mut network = Net::<f32>::ZERO;
    network.init(&mut random);
    let mut scratch = Flat::ZERO;
    let output = network.predict::<f32>(&INPUT, &mut scratch);
    println!("{output:?} {}", Net::MACS);
}

// wrong: repeat(3)
