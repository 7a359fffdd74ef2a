//! A residual block that changes the number of channels, both by name.

use nnet::{Flat, Network, Random, network};

const NARROW: usize = 4;
const WIDE: usize = 6;

network! {
    pub struct Net: [1, 8, 8] -> [WIDE] {
        Conv2d(NARROW, kernel = 3),
        block1: residual { Conv2d(WIDE, kernel = 3, padding = 1), Relu },
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

// wrong: residual in residual {
