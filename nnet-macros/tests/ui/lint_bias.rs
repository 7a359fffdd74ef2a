//! Biases that batch norms take away, one of them in a block that is repeated; the last is meant.

use nnet::{Network, network};

network! {
    /// A small residual network.
    pub struct Net: [3, 32, 32] -> [10] {
        stem: Conv2d(16, kernel = 3, padding = 1), bn: BatchNorm, Relu,
        blocks: repeat(3) {
            residual {
                conv1: Conv2d(16, 3, padding = 1, bias = false), bn1: BatchNorm, Relu,
                conv2: Conv2d(16, 3, padding = 1, bias = true), bn2: BatchNorm,
            },
            Relu,
        },
        GlobalAvgPool2d,
        #[allow(nnet::bias_before_batch_norm)]
        hidden: Linear(32), bn2: BatchNorm, Relu,
        head: Linear(10),
    }
}

fn main() {
    let network = nnet::boxed::<Net>(1);
    let output = *network.predict(&[[[0.5; 32]; 32]; 3], &mut nnet::zeroed::<NetScratch>());
    println!("{output:?} {} {}", Net::MACS, Net::TRAINING_BYTES);
}

// wrong: Conv2d(16, kernel = 3, padding = 1)
// wrong: true
