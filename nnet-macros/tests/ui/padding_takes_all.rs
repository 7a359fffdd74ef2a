//! A transposed convolution whose padding leaves nothing.

use nnet::{Flat, Network, Random, network};

network! {
    pub struct Net: [1, 2, 2] -> [4] {
        up: ConvTranspose2d(4, 2, padding = 2),
        GlobalAvgPool2d,
    }
}

const INPUT: [[[f32; 2]; 2]; 1] = [[[0.0; 2]; 2]; 1];

fn main() {
    let mut random = Random::new(1);
    let mut network = Net::<f32>::ZERO;
    network.init(&mut random);
    let mut scratch = Flat::ZERO;
    let output = network.predict::<f32>(&INPUT, &mut scratch);
    println!("{output:?} {}", Net::MACS);
}

// wrong: padding = 2
