//! A network as a layer whose output is stated by another name.

use nnet::{Flat, Network, Random, network};

mod features {
    nnet::network! {
        pub struct Features: [64] -> [16] {
            fc: Linear(16),
            Relu,
        }
    }
}

const HIDDEN: usize = 12;

network! {
    pub struct Net: [1, 8, 8] -> [2] {
        Flatten,
        body: self::features::Features -> [HIDDEN],
        head: Linear(2),
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

// wrong: self::features::Features
