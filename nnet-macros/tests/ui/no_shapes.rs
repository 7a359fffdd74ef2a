//! A header without shapes.

use nnet::network;

network! {
    pub struct Net {
        Linear(2),
    }
}

fn main() {}

// wrong: { in pub struct Net {
