use nnet::network;

network! {
    struct A: [4] -> [2] { Linear(2) }
    quantize = int4;
}

network! {
    struct B: [4] -> [2] { Linear(2) }
    quantize = int8
}

network! {
    struct C: [4] -> [2] { Linear(2) }
    quantize = int8;
    quantize = int8;
}

network! {
    struct D: [4] -> [2] { Linear(2) }
    quantise = int8;
}

fn main() {}

// wrong: int4 in quantize = int4
// wrong: int8 in struct B: [4] -> [2] { Linear(2) } quantize = int8
// wrong: quantize in quantize = int8; }
// wrong: quantise in quantise = int8
