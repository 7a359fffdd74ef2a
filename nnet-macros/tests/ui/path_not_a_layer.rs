//! A layer by path whose type is no layer.

use nnet::network;

pub struct Settings<S>(pub [S; 4]);

network! {
    pub struct Net: [4] -> [2] {
        body: self::Settings -> [8],
        head: Linear(2),
    }
}

fn main() {}

// wrong: self::Settings
