//! A network that fits in no memory, though each layer does.

use nnet::host::{Trainer, weights};
use nnet::optim::Sgd;
use nnet::{Network, network};

network! {
    pub struct Net: [3, 32, 32] -> [10] {
        Flatten,
        fc1: Linear(1000000000), Relu,
        fc2: Linear(1000000000), Relu,
        fc3: Linear(10),
    }
    loss = cross_entropy;
}

fn main() {
    let samples = vec![([[[0.5_f32; 32]; 32]; 3], 3_usize); 64];
    let mut trainer = Trainer::new(nnet::boxed::<Net>(1), Sgd::new(0.1)).batch_size(32);
    println!("{:?}", trainer.train_epoch(&samples[..]));
    println!("{} {}", Net::summary(), Net::TRAINING_BYTES);
    weights::save(trainer.network(), "net.safetensors").unwrap();
    let output = trainer.network().predict(&samples[0].0, &mut nnet::zeroed::<NetScratch>())[0];
    println!("{}", output + 1.0);
    println!("{}", trainer.network().fc3.bias[0]);
}

// wrong: Linear(1000000000) in fc2: Linear(1000000000)
