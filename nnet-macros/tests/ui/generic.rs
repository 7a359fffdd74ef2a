//! A header with generic arguments.

use nnet::network;

network! {
    pub struct Net<S>: [4] -> [2] {
        Linear(2),
    }
}

fn main() {}

// wrong: <S> in Net<S>
