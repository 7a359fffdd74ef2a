//! Channels that would be a sum with a parameter.

use nnet::{Flat, Network, Random, network};

network! {
    pub struct Net<const WIDTH: usize>: [1, 8, 8] -> [4] {
        mix: concat { a: Conv2d(WIDTH, kernel = 1), b: Conv2d(4, kernel = 1) },
        GlobalAvgPool2d,
        fc: Linear(4),
    }
}

const INPUT: [[[f32; 8]; 8]; 1] = [[[0.0; 8]; 8]; 1];

fn main() {
    let mut random = Random::new(1);
    let mut network = Net::<4>::ZERO;
    network.init(&mut random);
    let mut scratch = Flat::ZERO;
    let output = network.predict::<f32>(&INPUT, &mut scratch);
    println!("{output:?} {}", Net::<4>::MACS);
}

// wrong: concat
