//! Arms that differ in their height, which has a name.

use nnet::{Flat, Network, Random, network};

const K: usize = 3;

network! {
    pub struct Net: [1, 8, 8] -> [6] {
        mix: concat { a: Conv2d(4, kernel = [K, 1]), b: { Conv2d(2, kernel = [1, K]) } },
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

// wrong: concat
