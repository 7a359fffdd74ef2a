//! A dimension of the input by name that is 0.

use nnet::{Flat, Network, Random, network};

const SIDE: usize = 0;

network! {
    pub struct Net: [1, SIDE, 8] -> [4] {
        Flatten,
        fc: Linear(4),
    }
}

const INPUT: [[[f32; 8]; SIDE]; 1] = [[[0.0; 8]; SIDE]; 1];

fn main() {
    let mut random = Random::new(1);
    let mut network = Net::<f32>::ZERO;
    network.init(&mut random);
    let mut scratch = Flat::ZERO;
    let output = network.predict::<f32>(&INPUT, &mut scratch);
    println!("{output:?} {}", Net::MACS);
}

// wrong: [1, SIDE, 8]
