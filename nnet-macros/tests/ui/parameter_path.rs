//! A layer by path whose type depends on a parameter.

use nnet::{Flat, Network, Random, network};

nnet::network! {
    pub struct Features<const HIDDEN: usize>: [64] -> [16] {
        Linear(HIDDEN),
        Relu,
        Linear(16),
    }
}

network! {
    pub struct Net<const HIDDEN: usize>: [1, 8, 8] -> [2] {
        Flatten,
        body: self::Features<HIDDEN> -> [16],
        head: Linear(2),
    }
}

const INPUT: [[[f32; 8]; 8]; 1] = [[[0.0; 8]; 8]; 1];

fn main() {
    let mut random = Random::new(1);
    let mut network = Net::<8>::ZERO;
    network.init(&mut random);
    let mut scratch = Flat::ZERO;
    let output = network.predict::<f32>(&INPUT, &mut scratch);
    println!("{output:?} {}", Net::<8>::MACS);
}

// wrong: self::Features<HIDDEN>
