//! Two networks at once, both of which are used.

use nnet::host::{Trainer, weights};
use nnet::optim::Sgd;
use nnet::{Network, network};

network! {
    pub struct Net: [784] -> [10] {
        fc: Linear(10),
    }
    loss = cross_entropy;

    pub struct Other: [4] -> [2] {
        fc: Linear(2),
    }
}

fn main() {
    let samples = vec![([0.5_f32; 784], 3_usize); 64];
    let mut trainer = Trainer::new(nnet::boxed::<Net>(1), Sgd::new(0.1)).batch_size(32);
    println!("{:?}", trainer.train_epoch(&samples[..]));
    println!("{} {}", Net::summary(), Net::TRAINING_BYTES);
    weights::save(trainer.network(), "net.safetensors").unwrap();
    let output = trainer.network().predict(&samples[0].0, &mut nnet::zeroed::<NetScratch>())[0];
    println!("{}", output + 1.0);
    let other = nnet::boxed::<Other>(1);
    println!("{:?}", other.predict(&[0.0; 4], &mut nnet::zeroed::<OtherScratch>()));
}

// wrong: pub in pub struct Other
