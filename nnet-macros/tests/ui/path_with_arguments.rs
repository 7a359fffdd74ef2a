//! A layer by path with arguments.

use nnet::{Flat, Network, Random, network};

mod features {
    nnet::network! {
        pub struct Features: [4] -> [8] {
            fc: Linear(8),
            Relu,
        }
    }
}

network! {
    pub struct Net: [4] -> [2] {
        body: self::features::Features(8) -> [8],
        Linear(2),
    }
}

const INPUT: [f32; 4] = [0.0; 4];

fn main() {
    let mut random = Random::new(1);
    let mut network = Net::<f32>::ZERO;
    network.init(&mut random);
    let mut scratch = Flat::ZERO;
    let output = network.predict::<f32>(&INPUT, &mut scratch);
    println!("{output:?} {}", Net::MACS);
}

// wrong: self::features::Features(8)
