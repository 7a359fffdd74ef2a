//! A network that is a layer of itself, in all the ways to write that.

use nnet::{Network, network};

network! {
    pub struct Net: [4] -> [2] {
        fc: Linear(4), Relu,
        body: self::Net -> [4],
        residual { Net -> [4] },
        again: Self -> [4],
        head: Linear(2),
    }
}

fn main() {
    let network = nnet::boxed::<Net>(1);
    println!("{:?} {}", network.predict(&[0.0; 4], &mut nnet::zeroed::<NetScratch>()), Net::summary());
}

// wrong: self::Net
// wrong: Net in { Net
// wrong: Self
