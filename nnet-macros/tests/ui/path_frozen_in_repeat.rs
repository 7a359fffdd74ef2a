//! A frozen layer by path that is behind others only when it is repeated.

use nnet::{Flat, Network, Random, network};

mod features {
    nnet::network! {
        pub struct Features: [8] -> [8] {
            fc: Linear(8),
            Relu,
        }
    }
}

network! {
    pub struct Net: [8] -> [2] {
        blocks: repeat(3) {
            #[frozen]
            body: self::features::Features -> [8],
            fc: Linear(8),
        },
        head: Linear(2),
    }
}

const INPUT: [f32; 8] = [0.0; 8];

fn main() {
    let mut random = Random::new(1);
    let mut network = Net::<f32>::ZERO;
    network.init(&mut random);
    let mut scratch = Flat::ZERO;
    let output = network.predict::<f32>(&INPUT, &mut scratch);
    println!("{output:?} {}", Net::MACS);
}

// wrong: self::features::Features
