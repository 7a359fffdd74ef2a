//! The networks that are measured.

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
}

network! {
    /// 784-256-128-10.
    pub struct Mlp: [784] -> [10] {
        fc1: Linear(256),
        Relu,
        fc2: Linear(128),
        Relu,
        fc3: Linear(10),
    }
    loss = cross_entropy;
}
