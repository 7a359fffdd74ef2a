//! Results that do not depend on the input.

use nnet::{Network, network};

network! {
    pub struct Net: [3, 32, 32] -> [1] {
        conv1: Conv2d(8, 3), Relu,
        Dropout(p = 1),
        GlobalAvgPool2d,
        fc: Linear(1),
        Softmax,
    }
    loss = mse;
}

fn main() {
    let network = nnet::boxed::<Net>(1);
    let output = *network.predict(&[[[0.5; 32]; 32]; 3], &mut nnet::zeroed::<NetScratch>());
    println!("{output:?} {} {}", Net::MACS, Net::TRAINING_BYTES);
}

// wrong: 1 in = 1
// wrong: Softmax
