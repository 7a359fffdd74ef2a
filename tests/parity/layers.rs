//! The networks of `networks.py` that use each layer and each block with other arguments than the first ones do.

use nnet::network;

network! {
    pub struct Convolutions: [3, 11, 10] -> [5, 2, 1] {
        conv1: Conv2d(6, [3, 2], stride = [2, 1], padding = [1, 0], dilation = [1, 3]) -> [6, 6, 7],
        Silu,
        conv2: Conv2d(8, [4, 2], padding = "same", dilation = [1, 3], groups = 2) -> [8, 6, 7],
        Mish,
        conv3: Conv2d(16, 3, [1, 2], [1, 0], groups = 8, bias = false) -> [16, 6, 3],
        Tanh,
        conv4: Conv2d(16, [3, 2], groups = 16, dilation = [2, 1]) -> [16, 2, 2],
        Softplus,
        conv5: Conv2d(5, 1, stride = [1, 2]),
    }
    loss = mse;
}

network! {
    pub struct Transposed: [5, 4, 3] -> [2, 3, 6] {
        up1: ConvTranspose2d(6, [3, 2], [2, 3], [1, 0], output_padding = [1, 2]) -> [6, 8, 10],
        Softsign,
        up2: ConvTranspose2d(4, 3, padding = 1, groups = 2, bias = false, dilation = [2, 1]) -> [4, 10, 10],
        Sigmoid,
        up3: ConvTranspose2d(4, [1, 2], stride = [1, 2], groups = 4) -> [4, 10, 20],
        Gelu,
        conv: Conv2d(2, 3, stride = 3),
    }
    loss = mse;
}

network! {
    pub struct Pools: [4, 13, 12] -> [3] {
        MaxPool2d([3, 2], stride = [2, 1], padding = 1, dilation = [1, 2]) -> [4, 7, 12],
        conv1: Conv2d(6, 3, padding = 1),
        Dropout2d(0),
        Elu(0.7),
        AvgPool2d(3, stride = [2, 3], padding = 1, count_include_pad = false) -> [6, 4, 4],
        ZeroPad2d([1, 0, 2, 1]) -> [6, 7, 5],
        Upsample2d([2, 3]) -> [6, 14, 15],
        conv2: Conv2d(4, 3, stride = 2),
        Selu,
        AvgPool2d([2, 3], stride = 1, padding = 1) -> [4, 7, 7],
        Upsample2d(2, mode = "bilinear") -> [4, 14, 14],
        conv3: Conv2d(3, 3, stride = 2, padding = 1),
        Tanh,
        Upsample2d([2, 3], "bilinear", align_corners = true) -> [3, 14, 21],
        AdaptiveAvgPool2d([3, 4]) -> [3, 3, 4],
        conv4: Conv2d(2, 2),
        GlobalAvgPool2d,
        Dropout(0),
        fc1: Linear(3),
    }
    loss = mse;
}

network! {
    pub struct Activations: [9] -> [4] {
        fc1: Linear(12),
        add { {}, {}, {}, {}, {} },
        concat {
            Relu,
            LeakyRelu(0.2),
            Relu6,
            Elu(0.5),
            Selu,
            Gelu,
            Silu,
            Mish,
            Softplus(2, 3),
            Softsign,
            Sigmoid,
            HardSigmoid,
            HardSwish,
            Tanh,
            Softmax,
            LogSoftmax,
        } -> [192],
        fc2: Linear(4),
    }
    loss = mse;
}

network! {
    pub struct Dropped: [2, 5, 4] -> [3] {
        conv1: Conv2d(4, 3, padding = 1),
        Dropout2d(0.25),
        Tanh,
        Flatten,
        Dropout,
        fc1: Linear(3),
        #[allow(nnet::dropout_before_loss, nnet::constant_result)]
        Dropout(1),
    }
    loss = mse;
}

network! {
    pub struct Sequences: [4, 23] -> [4] {
        conv1: Conv1d(6, 3, stride = 2, padding = 1, dilation = 2) -> [6, 11],
        prelu: PRelu(per_channel = true),
        conv2: Conv1d(6, 4, padding = "same", groups = 3, bias = false) -> [6, 11],
        bn: BatchNorm(eps = 1e-3, momentum = 0.3),
        Tanh,
        MaxPool1d(3, stride = 1, padding = 1, dilation = 2) -> [6, 9],
        conv3: Conv1d(12, 2, groups = 6) -> [12, 8],
        gn: GroupNorm(4),
        AvgPool1d(3, stride = 2, padding = 1) -> [12, 4],
        AvgPool1d(2, stride = 1, padding = 1, count_include_pad = false) -> [12, 5],
        AdaptiveAvgPool1d(3),
        ln: LayerNorm,
        Flatten,
        fc1: Linear(4),
        LogSoftmax,
    }
    loss = nll;
}

network! {
    #[allow(nnet::bias_before_batch_norm)]
    pub struct Norms: [4, 6, 5] -> [5] {
        conv1: Conv2d(6, 3, padding = 1),
        BatchNorm(1e-3, 0.3),
        Silu,
        gn1: GroupNorm(3, eps = 1e-4),
        ln1: LayerNorm(1e-3),
        prelu1: PRelu,
        AvgPool2d(2),
        Flatten,
        fc1: Linear(8),
        bn2: BatchNorm(eps = 1e-2, momentum = 0.05),
        prelu2: PRelu(true),
        fc2: Linear(6),
        ln2: LayerNorm,
        gn2: GroupNorm(2),
        Tanh,
        fc3: Linear(5),
    }
    loss = cross_entropy;
}

network! {
    pub struct Graph: [3, 8, 7] -> [3] {
        conv: Conv2d(4, 3, padding = 1, bias = false), bn: BatchNorm, Tanh,
        block1: residual {
            conv1: Conv2d(4, 3, padding = 1, bias = false), bn1: BatchNorm, Tanh, conv2: Conv2d(4, 3, padding = "same"),
        },
        Tanh,
        block2: residual(shortcut = Conv2d(6, 1, stride = 2, bias = false)) {
            conv1: Conv2d(6, 3, stride = 2, padding = 1), Silu, conv2: Conv2d(6, 3, padding = 1, bias = false),
        },
        block3: residual {
            conv: Conv2d(5, 3, padding = 1, bias = false), BatchNorm,
        } shortcut {
            conv: Conv2d(5, 1, bias = false), bn: BatchNorm,
        },
        blocks: repeat(3) { residual { Tanh, conv: Conv2d(5, 3, padding = 1, groups = 5) } },
        mixed: concat {
            a: Conv2d(2, 1),
            b: { Sigmoid, c: Conv2d(3, 3, padding = 1), Tanh },
            {},
        } -> [10, 4, 4],
        sum: add {
            left: Conv2d(4, 1),
            right: { conv: Conv2d(4, 3, padding = 1, bias = false), bn: BatchNorm },
        },
        residual { tail1: Conv2d(4, 1), Tanh },
        concat {
            { tail2: Conv2d(4, 3, padding = 1), stages: repeat(2) { conv_t: ConvTranspose2d(4, 1) } },
            {},
        },
        GlobalAvgPool2d,
        residual { Tanh },
        LayerNorm,
        head: Linear(3),
    }
    loss = cross_entropy;
}

network! {
    pub struct Inner: [3, 5, 4] -> [6] {
        conv: Conv2d(4, 3, bias = false),
        bn: BatchNorm,
        Tanh,
        Flatten,
        fc: Linear(6),
    }
}

network! {
    pub struct Zoo5: [6] -> [5] {
        fc1: Linear(7),
        Mish,
        fc2: Linear(5),
    }
}

network! {
    pub struct Outer: [2, 6, 5] -> [3] {
        first: Conv2d(3, 2, bias = false),
        bn: BatchNorm,
        Silu,
        body: self::Inner -> [6],
        Tanh,
        bn2: BatchNorm,
        tail: self::Zoo5 -> [5],
        head: Linear(3),
    }
    loss = cross_entropy;
}

network! {
    pub struct FrozenFirst: [2, 6, 5] -> [3] {
        #[frozen] conv1: Conv2d(3, 2),
        #[frozen] bn1: BatchNorm,
        Tanh,
        conv2: Conv2d(3, 3, padding = 1, bias = false),
        bn2: BatchNorm,
        Silu,
        #[frozen] bn3: BatchNorm(eps = 1e-3),
        #[frozen] block: residual { conv: Conv2d(3, 3, padding = 1), bn: BatchNorm },
        Gelu,
        Flatten,
        head: Linear(3),
    }
    loss = mse;
}

network! {
    pub struct FrozenBody: [3, 5, 4] -> [3] {
        #[frozen] body: self::Inner -> [6],
        fc1: Linear(5),
        Tanh,
        fc2: Linear(3),
    }
    loss = mse;
}

network! {
    pub struct FrozenLater: [2, 5, 6] -> [4] {
        conv1: Conv2d(4, 2),
        #[frozen] conv2: Conv2d(4, 3, padding = 1, groups = 2),
        #[frozen] up: ConvTranspose2d(4, 2, stride = 2),
        #[frozen] gn: GroupNorm(2),
        #[frozen] prelu: PRelu(per_channel = true),
        conv3: Conv2d(2, 3, stride = 2),
        Flatten,
        #[frozen] ln: LayerNorm,
        #[frozen] fc1: Linear(6),
        Tanh,
        fc2: Linear(4),
    }
    loss = mse;
}
