//! A repeated block that gives another shape than it takes.

use nnet::{Flat, Network, Random, network};

network! {
    pub struct Net: [16] -> [8] {
        blocks: repeat(3) { fc: Linear(8), Relu },
    }
}

const INPUT: [f32; 16] = [0.0; 16];

fn main() {
    let mut random = Random::new(1);
    let mut network = Net::<f32>::ZERO;
    network.init(&mut random);
    let mut scratch = Flat::ZERO;
    let output = network.predict::<f32>(&INPUT, &mut scratch);
    println!("{output:?} {}", Net::MACS);
}

// wrong: blocks: repeat(3) { fc: Linear(8), Relu }
