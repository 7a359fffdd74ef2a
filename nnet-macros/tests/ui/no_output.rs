//! A header without an output.

use nnet::network;

network! {
    pub struct Net: [4] {
        Linear(2),
    }
}

fn main() {}

// wrong: { in pub struct Net: [4] {
