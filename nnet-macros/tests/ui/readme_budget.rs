//! The README: more memory than there is.

use nnet::{Network, network};

network! {
    pub struct LeNet: [1, 28, 28] -> [10] {
        conv1: Conv2d(6, kernel = 5, padding = 2),
        Relu,
        MaxPool2d(2),
        conv2: Conv2d(16, kernel = 5),
        Relu,
        MaxPool2d(2),
        Flatten,
        fc1: Linear(120),
        Relu,
        fc2: Linear(84),
        Relu,
        fc3: Linear(10),
    }
    loss = cross_entropy;
    budget(ram = 4 KiB, flash = 256 KiB);
}

fn main() {
    let network = nnet::boxed::<LeNet>(1);
    let output = *network.predict(&[[[0.5; 28]; 28]; 1], &mut nnet::zeroed::<LeNetScratch>());
    println!("{output:?} {} {}", LeNet::MACS, LeNet::TRAINING_BYTES);
}

// wrong: ram = 4 KiB
