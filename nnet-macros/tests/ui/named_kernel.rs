//! A kernel whose size has a name is larger than its input: the message has the numbers.

use nnet::{Flat, Network, Random, network};

const SIDE: usize = 8;
const C1: usize = 4;
const KERNEL: usize = 5;

network! {
    pub struct Net: [1, SIDE, SIDE] -> [4] {
        Conv2d(C1, kernel = 3),
        MaxPool2d(2),
        conv: Conv2d(4, kernel = [2, KERNEL]),
        Relu,
        GlobalAvgPool2d,
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

// wrong: Conv2d(4, kernel = [2, KERNEL])
