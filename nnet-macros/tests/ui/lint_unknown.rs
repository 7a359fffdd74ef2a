//! Lints that there are not, and a level that lints of a network do not have.

use nnet::{Network, network};

network! {
    #[allow(nnet::bias_before_batchnorm)]
    pub struct Net: [3, 32, 32] -> [10] {
        #[allow(nnet::unused)]
        conv1: Conv2d(8, 3), Relu,
        GlobalAvgPool2d,
        fc: Linear(10),
        #[expect(nnet::softmax_before_cross_entropy)]
        Softmax,
    }
}

fn main() {
    let network = nnet::boxed::<Net>(1);
    let output = *network.predict(&[[[0.5; 32]; 32]; 3], &mut nnet::zeroed::<NetScratch>());
    println!("{output:?} {} {}", Net::MACS, Net::TRAINING_BYTES);
}

// wrong: nnet::bias_before_batchnorm
// wrong: nnet::unused
// wrong: #[expect(nnet::softmax_before_cross_entropy)]
