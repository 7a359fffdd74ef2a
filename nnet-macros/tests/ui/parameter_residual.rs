//! A residual block whose sum fits for one value of a parameter only.

use nnet::{Flat, Network, Random, network};

network! {
    pub struct Net<const WIDTH: usize>: [1, 8, 8] -> [4] {
        Conv2d(8, kernel = 3),
        block1: residual { Conv2d(WIDTH, kernel = 3, padding = 1), Relu },
        GlobalAvgPool2d,
        fc: Linear(4),
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

// wrong: residual in residual {
