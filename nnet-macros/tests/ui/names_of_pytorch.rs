//! Layers by the names that PyTorch has for them.

use nnet::{Flat, Network, Random, network};

network! {
    pub struct Net: [3, 8, 8] -> [2] {
        Conv2D(4, 3),
        BatchNorm2d,
        ReLU,
        MaxPool(2),
        SiLU,
        LeakyReLU(0.1),
        Dense(2),
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

// wrong: Conv2D
// wrong: BatchNorm2d
// wrong: ReLU
// wrong: MaxPool
// wrong: SiLU
// wrong: LeakyReLU
// wrong: Dense
