//! A negative padding.

use nnet::{Flat, Network, Random, network};

network! {
    pub struct Net: [1, 8, 8] -> [4] {
        Conv2d(4, 3, padding = -1),
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

// wrong: padding = -1
