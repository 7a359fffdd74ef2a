//! A map whose size would be calculated from a parameter.

use nnet::{Flat, Network, Random, network};

network! {
    pub struct Net<const SIDE: usize>: [1, SIDE, SIDE] -> [4] {
        Conv2d(4, kernel = 3, padding = 1),
        pool: MaxPool2d(2),
        GlobalAvgPool2d,
    }
}

const INPUT: [[[f32; 8]; 8]; 1] = [[[0.0; 8]; 8]; 1];

fn main() {
    let mut random = Random::new(1);
    let mut network = Net::<8>::ZERO;
    network.init(&mut random);
    let mut scratch = Flat::ZERO;
    let output = network.predict::<f32>(&INPUT, &mut scratch);
    println!("{output:?} {}", Net::<8>::MACS);
}

// wrong: MaxPool2d(2)
