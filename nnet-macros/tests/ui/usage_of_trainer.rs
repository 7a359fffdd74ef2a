//! A trainer of a network with several mistakes of the check: one error for each, and none that follows from them.

use nnet::host::{Predictor, Trainer};
use nnet::network;
use nnet::optim::Sgd;

network! {
    pub struct Net: [1, 8, 8] -> [10] {
        conv: Conv2D(4, 3),
        block1: residual(shortcut = Conv2d(8)) {
            conv: Conv2d(8, 1),
            PRelu,
        },
        block2: concat {
            only: { fc: Linear(0) },
        },
        block3: repeat(0) { fc: Linear(10, bais = false) },
        body: self::Missing,
        fc: Linear(10,),
    }
    loss = cross_entropy;
}

fn main() {
    let samples = vec![([[[0.0_f32; 8]; 8]; 1], 3_usize); 4];
    let mut trainer = Trainer::new(nnet::boxed::<Net>(1), Sgd::new(0.1)).batch_size(2).seed(1);
    println!("{:?}", trainer.train_epoch(&samples[..]));
    let network = trainer.network();
    println!("{:?} {:?}", network.conv.weight, network.block1.conv.weight);
    println!("{:?} {:?}", network.block2.only.fc.weight, network.block3[0].fc.weight);
    println!("{:?}", network.fc.weight);
    let mut outputs = [[0.0; 10]];
    Predictor::new(2).predict(network, &[samples[0].0], &mut outputs);
    println!("{:?}", trainer.gradients().map(|gradients| gradients.block1.conv.weight));
}

// wrong: Conv2D
// wrong: Conv2d(8)
// wrong: 0 in Linear(0)
// wrong: concat { only: { fc: Linear(0) }, }
// wrong: bais
// wrong: 0 in repeat(0)
// wrong: self::Missing
