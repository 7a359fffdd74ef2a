//! Activations right behind each other, also over the border of a block; the last pair is meant.

use nnet::{Network, network};

network! {
    pub struct Net: [3, 32, 32] -> [10] {
        conv1: Conv2d(8, 3), Relu, again: Relu,
        body: { conv2: Conv2d(8, 3), Sigmoid },
        Tanh,
        GlobalAvgPool2d,
        fc: Linear(10),
        Tanh,
        #[allow(nnet::two_activations, reason = "the same as in the paper")]
        Softmax,
    }
}

fn main() {
    let network = nnet::boxed::<Net>(1);
    let output = *network.predict(&[[[0.5; 32]; 32]; 3], &mut nnet::zeroed::<NetScratch>());
    println!("{output:?} {} {}", Net::MACS, Net::TRAINING_BYTES);
}

// wrong: Relu in : Relu
// wrong: Tanh in Tanh, GlobalAvgPool2d
