//! Nothing.

use nnet::network;

network! {
}

fn main() {}

// wrong: network! { }
