//! Several mistakes of one phase, each reported, and no others.

use nnet::{Flat, Network, Random, network};

network! {
    pub struct Net: [1, 8, 8] -> [2] {
        Conv2d(4, kernel = 0),
        Relu(1),
        Flaten,
        fc: Linear(2, bias = maybe),
    }
    loss = mean_squared;
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

// wrong: kernel = 0
// wrong: 1 in Relu(1)
// wrong: Flaten
// wrong: maybe
// wrong: mean_squared
