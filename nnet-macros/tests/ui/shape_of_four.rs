//! A shape of four dimensions, one too many.

use nnet::network;

network! {
    pub struct Net: [1, 3, 8, 8] -> [2] {
        Flatten,
        Linear(2),
    }
}

fn main() {}

// wrong: [1, 3, 8, 8]
