//! A contract with names that states other numbers.

use nnet::{Flat, Network, Random, network};

mod config {
    pub const C1: usize = 4;
}

const SIDE: usize = 8;

network! {
    pub struct Net: [1, 8, 8] -> [4] {
        conv: Conv2d(config::C1, kernel = 3) -> [config::C1, SIDE, SIDE],
        GlobalAvgPool2d,
    }
}

const INPUT: [[[f32; 8]; 8]; 1] = [[[0.0; 8]; 8]; 1];

fn main() {
    let mut random = Random::new(1);
    let mut network = Net::<f32>::ZERO;
    network.init(&mut random);
    let mut scratch = Flat::ZERO;
    let output = network.predict::<f32>(&INPUT, &mut scratch);
    println!("{output:?} {}", Net::MACS);
}

// wrong: [config::C1, SIDE, SIDE]
