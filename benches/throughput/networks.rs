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

network! {
    /// A residual network for 32×32 colour pictures, one block a stage (He and others, 2016, depth 8).
    pub struct ResNet: [3, 32, 32] -> [10] {
        stem: Conv2d(16, kernel = 3, padding = 1, bias = false),
        BatchNorm,
        Relu,
        stage1: residual {
            conv1: Conv2d(16, kernel = 3, padding = 1, bias = false),
            BatchNorm,
            Relu,
            conv2: Conv2d(16, kernel = 3, padding = 1, bias = false),
            BatchNorm,
        },
        Relu,
        stage2: residual {
            conv1: Conv2d(32, kernel = 3, stride = 2, padding = 1, bias = false),
            BatchNorm,
            Relu,
            conv2: Conv2d(32, kernel = 3, padding = 1, bias = false),
            BatchNorm,
        } shortcut {
            conv: Conv2d(32, kernel = 1, stride = 2, bias = false),
            BatchNorm,
        },
        Relu,
        stage3: residual {
            conv1: Conv2d(64, kernel = 3, stride = 2, padding = 1, bias = false),
            BatchNorm,
            Relu,
            conv2: Conv2d(64, kernel = 3, padding = 1, bias = false),
            BatchNorm,
        } shortcut {
            conv: Conv2d(64, kernel = 1, stride = 2, bias = false),
            BatchNorm,
        },
        Relu,
        GlobalAvgPool2d,
        head: Linear(10),
    }
    loss = cross_entropy;
}
