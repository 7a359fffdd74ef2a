//! A layer by path whose type is not generic over its numbers, in a network that is used in every way.

use std::path::Path;

use nnet::host::{Predictor, Trainer, weights};
use nnet::optim::Sgd;
use nnet::{Flat, Network, Pass, Random, Train, network};

pub struct Settings(pub [f32; 4]);

network! {
    pub struct Net: [4] -> [2] {
        body: self::Settings -> [8],
        Relu,
        head: Linear(2),
    }
    loss = mse;
}

fn main() {
    let samples = vec![([0.5_f32; 4], [1.0_f32; 2]); 64];
    let mut trainer = Trainer::new(nnet::boxed::<Net>(1), Sgd::new(0.1)).batch_size(32);
    println!("{:?}", trainer.train_epoch(&samples[..]));
    println!("{} {} {}", Net::summary(), Net::MACS, Net::TRAINING_BYTES);
    println!("{}", trainer.network().head.weight[0][0]);
    println!("{}", size_of_val(&trainer.network().body));
    weights::save(trainer.network(), Path::new("net.safetensors")).unwrap();
    let mut network = Net::<f64>::ZERO;
    network.init(&mut Random::new(1));
    let mut scratch = NetScratch::<f64>::ZERO;
    println!("{:?}", network.predict(&[0.5; 4], &mut scratch));
    let mut outputs = [[0.0; 2]; 64];
    Predictor::new(2).predict(trainer.network(), &[samples[0].0; 64], &mut outputs);
    let (mut tape, mut gradients) = (NetTape::ZERO, NetGradients::ZERO);
    let pass = Pass::new(1, 0);
    let loss = trainer.network().accumulate(&[0.5; 4], &[[1.0; 2]], 1.0, &pass, &mut tape, &mut gradients);
    println!("{loss}");
}

// wrong: Settings in :Settings
