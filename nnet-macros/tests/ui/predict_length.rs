//! Arrays of the wrong length for `predict` and `forward`: plain errors of Rust, in decimals.

use nnet::{Differentiable, Network, Pass, network};

network! {
    pub struct Net: [1, 28, 28] -> [10] {
        Flatten,
        fc: Linear(10),
    }
}

fn main() {
    let network = nnet::boxed::<Net>(1);
    let short = [[[0.5_f32; 28]; 27]; 1];
    println!("{:?}", network.predict(&short, &mut nnet::zeroed::<NetScratch>()));
    println!("{:?}", network.forward(&short, &Pass::new(1, 0), &mut nnet::zeroed::<NetTape>()));
    let scores: &[f32; 9] = network.predict(&[[[0.5; 28]; 28]; 1], &mut nnet::zeroed::<NetScratch>());
    println!("{scores:?}");
}

// wrong: &short in &short, &mut
// wrong: &short in &short, &Pass
// wrong: network.predict(&[[[0.5; 28]; 28]; 1], &mut nnet::zeroed::<NetScratch>())
