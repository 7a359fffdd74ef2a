//! A mistake in nested blocks.

use nnet::{Flat, Network, Random, network};

network! {
    pub struct Net: [3, 8, 8] -> [2] {
        stem: Conv2d(4, 3, padding = 1),
        body: {
            down: MaxPool2d(2),
            blocks: repeat(2) {
                residual {
                    conv1: Conv2d(4, 3, padding = 1),
                    Relu,
                    conv2: Conv2d(4, kernel = 7, padding = 1),
                },
                Relu,
            },
        },
        GlobalAvgPool2d,
        Linear(2),
    }
}

const INPUT: [[[f32; 8]; 8]; 3] = [[[0.0; 8]; 8]; 3];

fn main() {
    let mut random = Random::new(1);
    let mut network = Net::<f32>::ZERO;
    network.init(&mut random);
    let mut scratch = Flat::ZERO;
    let output = network.predict::<f32>(&INPUT, &mut scratch);
    println!("{output:?} {}", Net::MACS);
}

// wrong: kernel = 7
