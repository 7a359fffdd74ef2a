//! Layers by path, too large to train in place.

use nnet::{Flat, Network, Random, network};

mod features {
    nnet::network! {
        pub struct Features: [1, 8, 8] -> [32] {
            Conv2d(4, kernel = 3),
            Relu,
            Flatten,
            Linear(32),
        }
    }
}

network! {
    pub struct Net: [1, 8, 8] -> [2] {
        Tanh,
        body: self::features::Features -> [32],
        head: Linear(2),
    }
    budget(in_place_training_ram = 400 B);
    loss = mse;
}

static INPUT: [[[f32; 8]; 8]; 1] = [[[0.0; 8]; 8]; 1];

fn main() {
    let mut random = Random::new(1);
    let mut network = Net::<f32>::ZERO;
    network.init(&mut random);
    let mut scratch = Flat::ZERO;
    let output = network.predict::<f32>(&INPUT, &mut scratch);
    println!("{output:?} {}", Net::IN_PLACE_TRAINING_BYTES);
}

// wrong: in_place_training_ram = 400 B
