//! Arguments by the names that PyTorch has for them, one that is inferred, and one of another layer.

use nnet::host::{Trainer, weights};
use nnet::optim::Sgd;
use nnet::{Network, network};

network! {
    pub struct Net: [3, 32, 32] -> [10] {
        conv1: Conv2d(8, kernel_size = 3), Relu,
        conv2: Conv2d(in_channels = 8, out = 8, kernel = 3), Relu,
        LeakyRelu(negative_slope = 0.1),
        Flatten,
        fc: Linear(10, kernel = 3),
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
    println!("{}", trainer.network().fc.weight[0][0]);
}

// wrong: kernel_size
// wrong: in_channels
// wrong: negative_slope
// wrong: kernel in 10, kernel
