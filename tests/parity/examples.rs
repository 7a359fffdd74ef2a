//! The example networks of `networks.py`, declared.

use nnet::network;

network! {
    /// LeNet-5 with batch norms.
    #[allow(nnet::bias_before_batch_norm)]
    pub struct LeNetBn: [1, 28, 28] -> [10] {
        conv1: Conv2d(6, kernel = 5, padding = 2, bias = false), bn1: BatchNorm, Relu,
        MaxPool2d(2),
        conv2: Conv2d(16, kernel = 5, bias = false), bn2: BatchNorm, Relu,
        MaxPool2d(2),
        Flatten,
        fc1: Linear(120), bn3: BatchNorm, Relu,
        fc2: Linear(84), bn4: BatchNorm, Relu,
        fc3: Linear(10),
    }
    loss = cross_entropy;
}

network! {
    /// A residual network with one block a stage.
    pub struct ResNet: [3, 32, 32] -> [10] {
        conv: Conv2d(16, 3, padding = 1, bias = false), bn: BatchNorm, Relu,
        stage1: residual {
            conv1: Conv2d(16, 3, padding = 1, bias = false), bn1: BatchNorm, Relu,
            conv2: Conv2d(16, 3, padding = 1, bias = false), bn2: BatchNorm,
        },
        Relu,
        stage2: residual {
            conv1: Conv2d(32, 3, stride = 2, padding = 1, bias = false), bn1: BatchNorm, Relu,
            conv2: Conv2d(32, 3, padding = 1, bias = false), bn2: BatchNorm,
        } shortcut {
            conv: Conv2d(32, 1, stride = 2, bias = false), bn: BatchNorm,
        },
        Relu,
        stage3: residual {
            conv1: Conv2d(64, 3, stride = 2, padding = 1, bias = false), bn1: BatchNorm, Relu,
            conv2: Conv2d(64, 3, padding = 1, bias = false), bn2: BatchNorm,
        } shortcut {
            conv: Conv2d(64, 1, stride = 2, bias = false), bn: BatchNorm,
        },
        Relu,
        GlobalAvgPool2d,
        fc: Linear(10),
    }
    loss = cross_entropy;
}

network! {
    /// Two blocks of convolutions side by side.
    pub struct Inception: [1, 28, 28] -> [10] {
        conv1: Conv2d(8, 5, stride = 2, padding = 2, bias = false), bn1: BatchNorm, Relu,
        block1: concat {
            a: { conv: Conv2d(4, 1, bias = false), bn: BatchNorm, Relu },
            b: {
                reduce: { conv: Conv2d(4, 1, bias = false), bn: BatchNorm, Relu },
                conv: { conv: Conv2d(6, 3, padding = 1, bias = false), bn: BatchNorm, Relu },
            },
            c: {
                reduce: { conv: Conv2d(2, 1, bias = false), bn: BatchNorm, Relu },
                conv: { conv: Conv2d(3, 5, padding = 2, bias = false), bn: BatchNorm, Relu },
            },
            d: {
                AvgPool2d(3, stride = 1, padding = 1),
                project: { conv: Conv2d(3, 1, bias = false), bn: BatchNorm, Relu },
            },
        } -> [16, 14, 14],
        MaxPool2d(2),
        block2: concat {
            a: { conv: Conv2d(8, 1, bias = false), bn: BatchNorm, Relu },
            b: {
                reduce: { conv: Conv2d(6, 1, bias = false), bn: BatchNorm, Relu },
                conv: { conv: Conv2d(8, 3, padding = 1, bias = false), bn: BatchNorm, Relu },
            },
            c: {
                reduce: { conv: Conv2d(2, 1, bias = false), bn: BatchNorm, Relu },
                conv: { conv: Conv2d(4, 5, padding = 2, bias = false), bn: BatchNorm, Relu },
            },
            d: {
                AvgPool2d(3, stride = 1, padding = 1),
                project: { conv: Conv2d(4, 1, bias = false), bn: BatchNorm, Relu },
            },
        } -> [24, 7, 7],
        GlobalAvgPool2d,
        fc: Linear(10),
    }
    loss = cross_entropy;
}

network! {
    /// Images through a bottleneck and back.
    pub struct Autoencoder: [1, 28, 28] -> [1, 28, 28] {
        encoder: {
            conv1: Conv2d(8, 3, stride = 2, padding = 1), Relu,
            conv2: Conv2d(4, 3, stride = 2, padding = 1), Relu,
        } -> [4, 7, 7],
        decoder: {
            up1: ConvTranspose2d(8, 3, stride = 2, padding = 1, output_padding = 1), Relu,
            up2: ConvTranspose2d(1, 3, stride = 2, padding = 1, output_padding = 1), Sigmoid,
        },
    }
    loss = mse;
}
