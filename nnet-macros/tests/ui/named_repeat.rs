//! A repeated block that makes its map smaller.

use nnet::{Flat, Network, Random, network};

const SIDE: usize = 8;
const K: usize = 3;

network! {
    pub struct Net: [1, SIDE, SIDE] -> [1] {
        blocks: repeat(2) { Conv2d(1, kernel = K), Relu },
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

// wrong: repeat(2)
