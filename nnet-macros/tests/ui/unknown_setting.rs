//! A setting of another version.

use nnet::{Flat, Network, Random, network};

network! {
    pub struct Net: [4] -> [2] {
        Linear(2),
    }
    optimizer = sgd;
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

// wrong: optimizer = sgd
