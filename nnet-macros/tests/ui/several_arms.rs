//! Several mistakes in several arms, each reported.

use nnet::{Flat, Network, Random, network};

network! {
    pub struct Net: [3, 8, 8] -> [12, 8, 8] {
        cat: concat {
            a: { Conv2d(4, 1), Linear(4) },
            b: { Conv2d(4, kernel = 9), Relu },
            c: residual { Conv2d(4, 1) },
            d: Conv2d(4, 1) -> [5, 8, 8],
        },
        Relu,
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

// wrong: Linear(4)
// wrong: kernel = 9
// wrong: residual { Conv2d(4, 1) }
// wrong: [5, 8, 8]
