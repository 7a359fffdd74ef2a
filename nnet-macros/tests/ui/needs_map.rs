//! A convolution behind `Flatten`.

use nnet::{Flat, Network, Random, network};

network! {
    pub struct Net: [1, 28, 28] -> [10] {
        Flatten,
        conv: Conv2d(6, 3),
        GlobalAvgPool2d,
    }
}

const INPUT: [[[f32; 28]; 28]; 1] = [[[0.0; 28]; 28]; 1];

fn main() {
    let mut random = Random::new(1);
    let mut network = Net::<f32>::ZERO;
    network.init(&mut random);
    let mut scratch = Flat::ZERO;
    let output = network.predict::<f32>(&INPUT, &mut scratch);
    println!("{output:?} {}", Net::MACS);
}

// wrong: Conv2d(6, 3)
