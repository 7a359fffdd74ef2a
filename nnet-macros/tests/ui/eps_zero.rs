//! A normalization without its epsilon.

use nnet::{Flat, Network, Random, network};

network! {
    pub struct Net: [4] -> [2] {
        norm: LayerNorm(eps = 0),
        Linear(2),
    }
}

const INPUT: [f32; 4] = [0.0; 4];

fn main() {
    let mut random = Random::new(1);
    let mut network = Net::<f32>::ZERO;
    network.init(&mut random);
    let mut scratch = Flat::ZERO;
    let output = network.predict::<f32>(&INPUT, &mut scratch);
    println!("{output:?} {}", Net::MACS);
}

// wrong: eps = 0
