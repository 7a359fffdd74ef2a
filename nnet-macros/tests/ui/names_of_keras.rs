//! Layers and the loss by the names that other libraries have for them.

use nnet::host::{Trainer, weights};
use nnet::optim::Sgd;
use nnet::{Network, network};

network! {
    pub struct Net: [3, 32, 32] -> [10] {
        conv: Conv(8, 3), relu,
        Convolution2D(8, 3), batch_norm,
        MaxPooling2D(2),
        Dropout1d(0.1),
        AvgPool(2),
        GlobalAveragePooling,
        hidden: Dense(32), ReLU6,
        FullyConnected(10),
    }
    loss = CrossEntropyLoss;
}

fn main() {
    let samples = vec![([[[0.5_f32; 32]; 32]; 3], 3_usize); 64];
    let mut trainer = Trainer::new(nnet::boxed::<Net>(1), Sgd::new(0.1)).batch_size(32);
    println!("{:?}", trainer.train_epoch(&samples[..]));
    println!("{} {}", Net::summary(), Net::TRAINING_BYTES);
    weights::save(trainer.network(), "net.safetensors").unwrap();
    let output = trainer.network().predict(&samples[0].0, &mut nnet::zeroed::<NetScratch>())[0];
    println!("{}", output + 1.0);
    println!("{}", trainer.network().conv.weight[0][0][0][0] + trainer.network().hidden.bias[0]);
}

// wrong: Conv
// wrong: relu
// wrong: Convolution2D
// wrong: batch_norm
// wrong: MaxPooling2D
// wrong: Dropout1d
// wrong: AvgPool
// wrong: GlobalAveragePooling
// wrong: Dense
// wrong: ReLU6
// wrong: FullyConnected
// wrong: CrossEntropyLoss
