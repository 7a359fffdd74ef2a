//! A budget without limits.

use nnet::{Flat, Network, Random, network};

network! {
    pub struct Net: [4] -> [2] {
        hidden: Linear(8),
        Relu,
        out: Linear(2),
    }
    loss = mse;
    budget();
}

const INPUT: [f32; 4] = [0.0; 4];

fn main() {
    let mut random = Random::new(1);
    let mut network = Net::<f32>::ZERO;
    network.init(&mut random);
    let mut scratch = Flat::ZERO;
    let output = network.predict::<f32>(&INPUT, &mut scratch);
    println!("{output:?} {}", Net::TRAINING_BYTES);
}

// wrong: () in ();
