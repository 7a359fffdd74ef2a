//! A multilayer perceptron, 784-256-128-10, on MNIST.
//!
//! ```text
//! cargo run --release --example mlp -- --epochs 5
//! ```
//!
//! `--help` lists the options.

mod digits;

use std::process::ExitCode;

use nnet::network;

network! {
    /// Three linear layers on the pixels of a 28×28 grey image.
    pub struct Mlp: [784] -> [10] {
        fc1: Linear(256),
        Relu,
        fc2: Linear(128),
        Relu,
        fc3: Linear(10),
    }
    loss = cross_entropy;
}

fn main() -> ExitCode {
    digits::classify::<Mlp>(&digits::Example::classifier("mlp"))
}
