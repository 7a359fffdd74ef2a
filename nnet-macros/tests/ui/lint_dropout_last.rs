//! Dropout behind the last layer.

use nnet::{network};

network! {
    pub struct Net: [784] -> [10] {
        fc1: Linear(128), Relu, Dropout(0.5),
        fc2: Linear(10), Dropout(0.5),
    }
    loss = cross_entropy;
}

fn main() {
    let samples = vec![([0.5_f32; 784], 3_usize); 64];
    let mut trainer = nnet::host::Trainer::new(nnet::boxed::<Net>(1), nnet::optim::Sgd::new(0.1)).batch_size(32);
    println!("{:?}", trainer.train_epoch(&samples[..]));
    println!("{}", Net::summary());
}

// wrong: Dropout(0.5) in ), Dropout(0.5)
