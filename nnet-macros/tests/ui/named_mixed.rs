//! Names and numbers: what numbers show is found at once, at the argument, and so is an independent mistake in names.

use nnet::{Flat, Network, Random, network};

const SIDE: usize = 8;
const C1: usize = 4;

network! {
    pub struct Net: [1, SIDE, 8] -> [4] {
        Conv2d(C1, kernel = [3, 9]),
        conv2: Conv2d(4, kernel = 3) -> [4, 6, 6],
        conv3: Conv2d(4, kernel = SIDE),
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

// wrong: [3, 9]
// wrong: Conv2d(4, kernel = SIDE)
