//! The third arm of a concatenation does not fit.

use nnet::{Flat, Network, Random, network};

network! {
    pub struct Net: [3, 8, 8] -> [12, 8, 8] {
        concat {
            a: Conv2d(4, 1),
            b: Conv2d(4, 1),
            c: Conv2d(4, 3),
        },
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

// wrong: concat { a: Conv2d(4, 1), b: Conv2d(4, 1), c: Conv2d(4, 3), }
