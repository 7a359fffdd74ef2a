//! The README: a residual block that changes its shape.

use nnet::{Network, network};

network! {
    pub struct Net: [3, 32, 32] -> [10] {
        stem: Conv2d(16, kernel = 3, padding = 1),
        Relu,
        block1: residual { Conv2d(32, kernel = 3, stride = 2, padding = 1), Relu },
        GlobalAvgPool2d,
        head: Linear(10),
    }
    loss = cross_entropy;
}

fn main() {
    let network = nnet::boxed::<Net>(1);
    let output = *network.predict(&[[[0.5; 32]; 32]; 3], &mut nnet::zeroed::<NetScratch>());
    println!("{output:?} {} {}", Net::MACS, Net::TRAINING_BYTES);
}

// wrong: residual in block1: residual
