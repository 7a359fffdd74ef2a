//! The networks of the firmware, declared once: the host trains them and writes their weights, the boards bake them in.
//!
//! Beside this crate lie the files that `host` writes: `lenet.safetensors`, the same in bytes as `lenet_int8.safetensors`,
//! and `motion.safetensors`.
#![no_std]

pub mod digits;
pub mod motion;

use nnet::network;

network! {
    /// LeNet-5 for 28×28 grey images.
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
    budget(ram = 10 KiB, flash = 256 KiB, in_place_training_ram = 38 KiB);
    quantize = int8;
}

network! {
    /// The front of [`LeNet`], which stays in flash while a [`Head`] is trained: an image to 120 features.
    pub struct Front: [1, 28, 28] -> [120] {
        conv1: Conv2d(6, kernel = 5, padding = 2),
        Relu,
        MaxPool2d(2),
        conv2: Conv2d(16, kernel = 5),
        Relu,
        MaxPool2d(2),
        Flatten,
        fc1: Linear(120),
        Relu,
    }
}

network! {
    /// The last layers of [`LeNet`], which learn on the board: 120 features to a digit.
    pub struct Head: [120] -> [10] {
        fc2: Linear(84),
        Relu,
        fc3: Linear(10),
    }
    loss = cross_entropy;
    budget(in_place_training_ram = 1 KiB);
}

network! {
    /// Tells movements apart by 16 readings of an accelerometer; learns on the smallest boards.
    pub struct Tiny: [16] -> [3] {
        Linear(16),
        Relu,
        Linear(3),
    }
    loss = cross_entropy;
    budget(flash = 2 KiB, ram = 128, in_place_training_ram = 512);
}

network! {
    /// Tells movements apart by a window of 32 readings, wherever in the window they are.
    pub struct Motion: [1, 32] -> [3] {
        conv1: Conv1d(8, kernel = 5, padding = 2),
        Relu,
        MaxPool1d(2),
        conv2: Conv1d(16, kernel = 5),
        Relu,
        MaxPool1d(2),
        Flatten,
        head: Linear(3),
    }
    loss = cross_entropy;
    budget(ram = 2 KiB, flash = 8 KiB);
}

/// `LeNet`, taken apart: the layers that stay as they are, and those that learn.
#[must_use]
pub const fn split(network: LeNet) -> (Front, Head) {
    let LeNet { conv1, conv2, fc1, fc2, fc3 } = network;
    (Front { conv1, conv2, fc1 }, Head { fc2, fc3 })
}
