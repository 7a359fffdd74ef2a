//! One class by name, which a loss over classes cannot do with.

use nnet::{Flat, Network, Random, network};

const CLASSES: usize = 1;

network! {
    pub struct Net: [1, 8, 8] -> [CLASSES] {
        Flatten,
        fc: Linear(CLASSES),
    }
    loss = cross_entropy;
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

// wrong: cross_entropy
