//! The first layer does not fit the input.

use nnet::{Flat, Network, Random, network};

network! {
    pub struct Net: [1, 28, 28] -> [10] {
        Linear(10),
    }
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

// wrong: Linear(10)
