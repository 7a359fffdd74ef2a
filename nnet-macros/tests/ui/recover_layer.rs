//! A named layer that cannot be read.

use nnet::host::{Trainer, weights};
use nnet::optim::Sgd;
use nnet::{Network, network};

network! {
    pub struct Net: [784] -> [10] {
        fc1: = Linear(128),
        fc2: Linear(10),
    }
    loss = cross_entropy;
}

fn main() {
    let samples = vec![([0.5_f32; 784], 3_usize); 64];
    let mut trainer = Trainer::new(nnet::boxed::<Net>(1), Sgd::new(0.1)).batch_size(32);
    println!("{:?}", trainer.train_epoch(&samples[..]));
    println!("{} {}", Net::summary(), Net::TRAINING_BYTES);
    weights::save(trainer.network(), "net.safetensors").unwrap();
    let output = trainer.network().predict(&samples[0].0, &mut nnet::zeroed::<NetScratch>())[0];
    println!("{}", output + 1.0);
    println!("{}", trainer.network().fc1.weight[0][0] + trainer.network().fc2.bias[0]);
}

// wrong: = in : =
