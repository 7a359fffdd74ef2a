//! Scores that lost their sign before the loss.

use nnet::{network};

network! {
    pub struct Net: [784] -> [10] {
        fc1: Linear(128), Relu,
        fc2: Linear(10), Relu,
    }
    loss = cross_entropy;
}

fn main() {
    let samples = vec![([0.5_f32; 784], 3_usize); 64];
    let mut trainer = nnet::host::Trainer::new(nnet::boxed::<Net>(1), nnet::optim::Sgd::new(0.1)).batch_size(32);
    println!("{:?}", trainer.train_epoch(&samples[..]));
    println!("{}", Net::summary());
}

// wrong: Relu in 10), Relu
