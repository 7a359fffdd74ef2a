//! A network with the name of a type parameter.

use nnet::network;

network! {
    pub struct S: [4] -> [2] {
        Linear(2),
    }
}

fn main() {}

// wrong: S
