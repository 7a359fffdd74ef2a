//! A kernel of two sizes for one axis.

use nnet::{Flat, Network, Random, network};

network! {
    pub struct Net: [2, 32] -> [4] {
        Conv1d(4, [3, 3]),
        Flatten,
        Linear(4),
    }
}

const INPUT: [[f32; 32]; 2] = [[0.0; 32]; 2];

fn main() {
    let mut random = Random::new(1);
    let mut network = Net::<f32>::ZERO;
    network.init(&mut random);
    let mut scratch = Flat::ZERO;
    let output = network.predict::<f32>(&INPUT, &mut scratch);
    println!("{output:?} {}", Net::MACS);
}

// wrong: [3, 3]
