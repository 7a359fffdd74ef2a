//! Too little memory to train in place.

use nnet::{Flat, Network, Random, network};

network! {
    pub struct LeNet: [1, 28, 28] -> [10] {
        conv1: Conv2d(6, kernel = 5, padding = 2),
        Relu,
        MaxPool2d(2),
        conv2: Conv2d(16, kernel = 5),
        Relu,
        MaxPool2d(2),
        Flatten,
        fc1: Linear(120),
        Relu,
        fc2: Linear(84),
        Relu,
        fc3: Linear(10),
    }
    budget(in_place_training_ram = 32 KiB);
    loss = cross_entropy;
}

static INPUT: [[[f32; 28]; 28]; 1] = [[[0.0; 28]; 28]; 1];

fn main() {
    let mut random = Random::new(1);
    let mut network = LeNet::<f32>::ZERO;
    network.init(&mut random);
    let mut scratch = Flat::ZERO;
    let output = network.predict::<f32>(&INPUT, &mut scratch);
    println!("{output:?} {}", LeNet::IN_PLACE_TRAINING_BYTES);
}

// wrong: in_place_training_ram = 32 KiB
