//! A contract that disagrees with its block.

use nnet::{Flat, Network, Random, network};

network! {
    pub struct Net: [3, 8, 8] -> [2] {
        block1: residual(shortcut = Conv2d(8, 1)) {
            conv: Conv2d(8, 3, padding = 1),
            Relu,
        } -> [4, 8, 8],
        GlobalAvgPool2d,
        Linear(2),
    }
}

const INPUT: [[[f32; 8]; 8]; 3] = [[[0.0; 8]; 8]; 3];

fn main() {
    let mut random = Random::new(1);
    let mut network = Net::<f32>::ZERO;
    network.init(&mut random);
    let mut scratch = Flat::ZERO;
    let output = network.predict::<f32>(&INPUT, &mut scratch);
    println!("{output:?} {}", Net::MACS);
}

// wrong: [4, 8, 8]
