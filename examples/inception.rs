//! A small GoogLeNet on MNIST: blocks of four arms that see windows of different sizes, joined channel by channel
//! (Szegedy and others, "Going deeper with convolutions", 2015).
//!
//! ```text
//! cargo run --release --example inception
//! ```
//!
//! `--help` lists the options.

mod digits;

use std::process::ExitCode;

use digits::{Example, Goal};
use nnet::network;

network! {
    /// Two inception blocks between a convolution and the mean of each channel.
    pub struct Inception: [1, 28, 28] -> [10] {
        stem: Conv2d(8, kernel = 3, padding = 1), Relu,
        MaxPool2d(2) -> [8, 14, 14],
        // The channels of the arms, one after the other; convolutions of 1×1 narrow what the larger ones read.
        mixed1: concat {
            point: { Conv2d(8, kernel = 1), Relu },
            three: { narrow: Conv2d(8, kernel = 1), Relu, wide: Conv2d(16, kernel = 3, padding = 1), Relu },
            five: { narrow: Conv2d(4, kernel = 1), Relu, wide: Conv2d(8, kernel = 5, padding = 2), Relu },
            pool: { MaxPool2d(3, stride = 1, padding = 1), Conv2d(8, kernel = 1), Relu },
        } -> [40, 14, 14],
        MaxPool2d(2) -> [40, 7, 7],
        mixed2: concat {
            point: { Conv2d(16, kernel = 1), Relu },
            three: { narrow: Conv2d(16, kernel = 1), Relu, wide: Conv2d(32, kernel = 3, padding = 1), Relu },
            five: { narrow: Conv2d(8, kernel = 1), Relu, wide: Conv2d(16, kernel = 5, padding = 2), Relu },
            pool: { MaxPool2d(3, stride = 1, padding = 1), Conv2d(16, kernel = 1), Relu },
        } -> [80, 7, 7],
        GlobalAvgPool2d -> [80],
        fc: Linear(10),
    }
    loss = cross_entropy;
}

/// Measured with the seeds 0 to 4: 98.25, 98.57, 98.51, 98.27 and 98.29 %.
const EXAMPLE: Example =
    Example { epochs: 2, rate: 0.05, goal: Goal::Accuracy(0.98), ..Example::classifier("inception") };

fn main() -> ExitCode {
    digits::classify::<Inception>(&EXAMPLE)
}
