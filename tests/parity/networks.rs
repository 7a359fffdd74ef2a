//! The networks of `reference.py`, declared.

use nnet::network;

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
}

network! {
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
    pub struct Zoo1: [3, 11, 9] -> [4] {
        conv1: Conv2d(4, kernel = [3, 2], stride = [2, 1], padding = [1, 0]),
        LeakyRelu(0.1),
        AvgPool2d(2, stride = 1, padding = 1),
        Gelu,
        conv2: Conv2d(5, 3, bias = false),
        Tanh,
        GlobalAvgPool2d,
        fc1: Linear(7),
        Sigmoid,
        fc2: Linear(4),
        Softmax,
    }
    loss = mse;
}

network! {
    pub struct Zoo2: [2, 9, 9] -> [5] {
        conv1: Conv2d(7, 3, stride = 2, padding = 1),
        Relu,
        MaxPool2d(3, stride = 2, padding = 1),
        Flatten,
        fc1: Linear(5),
        LogSoftmax,
    }
    loss = nll;
}

network! {
    pub struct Zoo3: [12] -> [6] {
        fc1: Linear(9),
        Tanh,
        fc2: Linear(6),
    }
    loss = huber(delta = 0.25);
}

network! {
    pub struct Zoo4: [2, 7, 8] -> [3] {
        conv1: Conv2d(3, [2, 3]),
        Sigmoid,
        MaxPool2d([2, 3], stride = [2, 1]),
        conv2: Conv2d(2, 1),
        Flatten,
        fc1: Linear(3),
    }
    loss = mae;
}
