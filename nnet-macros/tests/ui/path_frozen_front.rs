//! A network whose first layers are frozen, behind a layer that learns.

use nnet::network;

network! {
    pub struct Inner: [4] -> [4] {
        #[frozen] one: Linear(4), Relu,
        two: Linear(4),
    }
}

network! {
    pub struct Net: [4] -> [4] {
        before: Linear(4),
        inner: self::Inner -> [4],
    }
    loss = mse;
}

fn main() {}

// wrong: inner: self::Inner -> [4]
