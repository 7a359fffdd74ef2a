//! LeNet-5 on MNIST: to more than 99 % on the test images in a few seconds.
//!
//! ```text
//! cargo run --release --example lenet -- --threads 2 --target 0.99
//! ```
//!
//! says how long it took to 99 %, reading included, and fails if no epoch comes to that.
//!
//! `--help` lists the options.

mod digits;

use std::process::ExitCode;

use digits::Example;
use nnet::network;

network! {
    /// LeNet-5 for 28×28 grey images, with ReLU and max pooling.
    pub struct LeNet: [1, 28, 28] -> [10] {
        conv1: Conv2d(6, kernel = 5, padding = 2) -> [6, 28, 28],
        Relu,
        MaxPool2d(2),
        conv2: Conv2d(16, kernel = 5),
        Relu,
        MaxPool2d(2) -> [16, 5, 5],
        Flatten,
        fc1: Linear(120),
        Relu,
        fc2: Linear(84),
        Relu,
        fc3: Linear(10),
    }
    loss = cross_entropy;
    budget(ram = 8 KiB, flash = 256 KiB, macs = 420_000);
}

/// Chosen with the seeds 0 to 9, which end at 99.04 to 99.19 %. Of 10 to 19 nine pass 99 %, and one ends at 98.99 %.
const EXAMPLE: Example = Example { epochs: 3, rate: 0.05, weight_decay: 1e-3, ..Example::classifier("lenet") };

fn main() -> ExitCode {
    digits::classify::<LeNet>(&EXAMPLE)
}
