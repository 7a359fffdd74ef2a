//! A flat size that would be calculated from a parameter.

use nnet::{Flat, Network, Random, network};

network! {
    pub struct Net<const WIDTH: usize>: [1, 8, 8] -> [4] {
        Conv2d(WIDTH, kernel = 3),
        Relu,
        MaxPool2d(2),
        Flatten,
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

// wrong: Flatten
