//! A layer by path that takes another shape than comes.

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
    pub struct Net: [6] -> [2] {
        Relu,
        body: self::features::Features -> [8],
        head: Linear(2),
    }
}

const INPUT: [f32; 6] = [0.0; 6];

fn main() {
    let mut random = Random::new(1);
    let mut network = Net::<f32>::ZERO;
    network.init(&mut random);
    let mut scratch = Flat::ZERO;
    let output = network.predict::<f32>(&INPUT, &mut scratch);
    println!("{output:?} {}", Net::MACS);
}

// wrong: body: self::features::Features -> [8]
