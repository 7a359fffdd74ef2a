//! A shape of two dimensions.

use nnet::network;

network! {
    pub struct Net: [28, 28] -> [2] {
        Flatten,
        Linear(2),
    }
}

fn main() {}
