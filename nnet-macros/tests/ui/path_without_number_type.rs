//! A layer by path whose type is not generic over its numbers.

use nnet::network;

pub struct Settings(pub [f32; 4]);

network! {
    pub struct Net: [4] -> [2] {
        body: self::Settings -> [8],
        head: Linear(2),
    }
}

fn main() {}

// wrong: self::Settings
