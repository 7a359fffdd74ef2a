//! Groups by name that are 0.

use nnet::{Flat, Network, Random, network};

const GROUPS: usize = 0;

network! {
    pub struct Net: [3, 8, 8] -> [3] {
        conv: Conv2d(3, kernel = 3, groups = GROUPS),
        GlobalAvgPool2d,
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

// wrong: Conv2d(3, kernel = 3, groups = GROUPS)
