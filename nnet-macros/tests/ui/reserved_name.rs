//! A name of the macro's own; those of the tape's fields are free.

use nnet::{Flat, Network, Random, network};

network! {
    pub struct Net: [4] -> [2] {
        output_gradient: Linear(8),
        __fc: Linear(2),
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

// wrong: __fc
