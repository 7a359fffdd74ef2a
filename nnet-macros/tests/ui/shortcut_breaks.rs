//! A mistake in a shortcut: its input is the block's.

use nnet::{Flat, Network, Random, network};

network! {
    pub struct Net: [16] -> [8] {
        Linear(12),
        block1: residual(shortcut = Conv2d(8, 1)) { Linear(8), Relu },
    }
}

const INPUT: [f32; 16] = [0.0; 16];

fn main() {
    let mut random = Random::new(1);
    let mut network = Net::<f32>::ZERO;
    network.init(&mut random);
    let mut scratch = Flat::ZERO;
    let output = network.predict::<f32>(&INPUT, &mut scratch);
    println!("{output:?} {}", Net::MACS);
}

// wrong: Conv2d(8, 1)
