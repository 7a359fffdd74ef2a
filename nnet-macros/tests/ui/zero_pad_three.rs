//! A padding of three sides.

use nnet::{Flat, Network, Random, network};

network! {
    pub struct Net: [1, 4, 4] -> [1, 8, 8] {
        ZeroPad2d([2, 2, 2]),
    }
}

const INPUT: [[[f32; 4]; 4]; 1] = [[[0.0; 4]; 4]; 1];

fn main() {
    let mut random = Random::new(1);
    let mut network = Net::<f32>::ZERO;
    network.init(&mut random);
    let mut scratch = Flat::ZERO;
    let output = network.predict::<f32>(&INPUT, &mut scratch);
    println!("{output:?} {}", Net::MACS);
}

// wrong: [2, 2, 2]
