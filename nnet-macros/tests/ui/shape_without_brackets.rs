//! A shape without brackets.

use nnet::network;

network! {
    pub struct Net: 4 -> 2 {
        Linear(2),
    }
}

fn main() {}

// wrong: 4 in Net: 4
// wrong: 2 in -> 2
