//! Groups that do not divide the channels that go.

use nnet::{Flat, Network, Random, network};

network! {
    pub struct Net: [6, 8, 8] -> [10] {
        conv: Conv2d(10, 3, groups = 3),
        GlobalAvgPool2d,
    }
}

const INPUT: [[[f32; 8]; 8]; 6] = [[[0.0; 8]; 8]; 6];

fn main() {
    let mut random = Random::new(1);
    let mut network = Net::<f32>::ZERO;
    network.init(&mut random);
    let mut scratch = Flat::ZERO;
    let output = network.predict::<f32>(&INPUT, &mut scratch);
    println!("{output:?} {}", Net::MACS);
}

// wrong: groups = 3
