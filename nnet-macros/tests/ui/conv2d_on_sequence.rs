//! A convolution along two axes of a sequence.

use nnet::{Flat, Network, Random, network};

network! {
    pub struct Net: [2, 32] -> [4] {
        Conv1d(4, 3),
        conv: Conv2d(4, 3),
        GlobalAvgPool2d,
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

// wrong: Conv2d(4, 3)
