//! A residual block that gives another shape than it takes.

use nnet::{Flat, Network, Random, network};

network! {
    pub struct Net: [3, 8, 8] -> [8, 4, 4] {
        conv1: Conv2d(3, 3, padding = 1),
        residual {
            conv2: Conv2d(8, 3, stride = 2, padding = 1),
            BatchNorm,
            Relu,
        },
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

// wrong: residual { conv2: Conv2d(8, 3, stride = 2, padding = 1), BatchNorm, Relu, }
