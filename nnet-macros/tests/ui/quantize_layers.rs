//! Layers that have no form in bytes, each with the reason; the network of bytes itself is no further error.
use nnet::int8::Int8Network;
use nnet::network;

network! {
    struct Net: [2, 8, 8] -> [3] {
        conv: Conv2d(4, 3), Tanh,
        residual { Conv2d(4, 3, padding = 1) },
        AvgPool2d(2, padding = 1),
        Relu6,
        Flatten,
        Linear(3), Softmax,
    }
    quantize = int8;
}

network! {
    struct Wide<const N: usize>: [4] -> [2] { Linear(N), Linear(2) }
    quantize = int8;
}

fn main() {
    let _ = NetInt8::INFERENCE_BYTES;
    let _ = <NetInt8 as Int8Network>::predict;
}

// wrong: Tanh in Tanh
// wrong: residual in residual { Conv2d(4, 3, padding = 1) }
// wrong: AvgPool2d(2, padding = 1) in AvgPool2d(2, padding = 1)
// wrong: Relu6 in Relu6
// wrong: Softmax in Softmax
// wrong: quantize in { Linear(N), Linear(2) } quantize = int8
