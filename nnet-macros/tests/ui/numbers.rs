//! Numbers where counts belong, lists of the wrong length, and zeros.

use nnet::host::{Trainer, weights};
use nnet::optim::Sgd;
use nnet::{Network, network};

network! {
    pub struct Net: [3, 32, 32] -> [10] {
        a: Conv2d(2.5, 3), Relu,
        b: Conv2d(8, [3, 3, 3]), Relu,
        c: Conv2d(8, 3, stride = [1]), Relu,
        d: Conv2d(8, 0), Relu,
        e: Conv2d(8, 3, stride = 0), Relu,
        f: Conv2d(-8, 3), Relu,
        MaxPool2d(2, [2, 2, 2]),
        Dropout(-0.1),
        Flatten, fc: Linear("10"),
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
}

// wrong: 2.5
// wrong: [3, 3, 3]
// wrong: [1]
// wrong: 0 in , 0
// wrong: 0 in = 0
// wrong: -8
// wrong: [2, 2, 2]
// wrong: -0.1
// wrong: "10"
