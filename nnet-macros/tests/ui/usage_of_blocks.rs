//! Code that uses all of a network whose blocks have a mistake: one error, and none that follows from it.

use nnet::{Differentiable, Network, Pass, Random, network};

network! {
    pub struct Net: [3, 8, 8] -> [10] {
        stem: Conv2d(4, 3, padding = 1),
        block1: residual {
            conv: Conv2d(4, 3, padding = 1, bias = false),
            norm: BatchNorm,
            Relu,
            down: Conv2d(8, 2, stride = 2),
        },
        blocks: repeat(2) {
            residual { conv: Conv2d(8, 3, padding = 1), GroupNorm(4), Relu },
        },
        two: concat {
            a: { conv: Conv2d(4, 1) },
            b: Conv2d(4, 1),
        },
        #[frozen]
        prelu: PRelu(per_channel = true),
        GlobalAvgPool2d,
        fc: Linear(10),
    }
    loss = cross_entropy;
}

const INPUT: [[[f32; 8]; 8]; 3] = [[[0.0; 8]; 8]; 3];

fn first(tape: &NetTape<f32>, gradients: &NetGradients<f32>) -> usize {
    size_of_val(tape) + size_of_val(&gradients.block1.conv.weight) + size_of_val(&gradients.fc.bias)
}

fn main() {
    let mut network = nnet::zeroed::<Net<f32>>();
    network.init(&mut Random::new(1));
    println!("{:?} {:?}", network.stem.weight[0], network.block1.conv.weight[0]);
    println!("{:?} {:?}", network.block1.norm.weight[0], network.block1.down.bias[0]);
    println!("{:?} {:?}", network.blocks[0].conv.weight[0], network.blocks[1].conv.bias[0]);
    println!("{:?} {:?}", network.two.a.conv.weight[0], network.two.b.weight[0]);
    println!("{:?} {:?}", network.prelu, network.fc.weight[0]);

    let mut tape = nnet::zeroed::<NetTape<f32>>();
    let mut gradients = nnet::zeroed::<NetGradients>();
    let output = network.forward::<f32>(&INPUT, &Pass::new(1, 0), &mut tape);
    println!("{output:?}");
    println!("{} {}", first(&tape, &gradients), Net::TRAINING_BYTES);
    gradients.fc.bias[0] = 1.0;
    let mut scratch = NetScratch::ZERO;
    println!("{:?}", network.predict::<f32>(&INPUT, &mut scratch));
    let folded: Box<NetFolded> = nnet::folded(&*network);
    let mut scratch = NetFoldedScratch::ZERO;
    println!("{:?} {}", folded.predict::<f32>(&INPUT, &mut scratch), NetFolded::MACS);
}

// wrong: block1: residual { conv: Conv2d(4, 3, padding = 1, bias = false), norm: BatchNorm, Relu, down: Conv2d(8, 2, stride = 2), }
