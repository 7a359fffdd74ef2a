//! Arms that differ in more than their channels.

use nnet::{Flat, Network, Random, network};

network! {
    pub struct Net: [3, 8, 8] -> [12, 8, 8] {
        stem: Conv2d(4, 1),
        cat: concat {
            a: { conv: Conv2d(4, 3, padding = 1), Relu },
            b: Conv2d(4, 3),
            c: Conv2d(4, 1),
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

// wrong: cat: concat { a: { conv: Conv2d(4, 3, padding = 1), Relu }, b: Conv2d(4, 3), c: Conv2d(4, 1), }
