//! A network with batch norm, dropout and a residual block learns the digits as one batch of 20.

use nnet::optim::{Momentum, OptimizerState, Sgd};
use nnet::{Fold, Network, Random, Train, network};

use super::{DIGITS, read};

network! {
    /// A small residual network for 28×28 grey images.
    pub struct Branched: [1, 28, 28] -> [10] {
        stem: Conv2d(8, kernel = 3, stride = 2, padding = 1, bias = false), BatchNorm, Relu,
        block: residual {
            conv1: Conv2d(8, kernel = 3, padding = 1, bias = false), BatchNorm, Relu,
            conv2: Conv2d(8, kernel = 3, padding = 1, bias = false), BatchNorm,
        },
        Relu,
        MaxPool2d(2),
        Flatten,
        Dropout(0.25),
        head: Linear(10),
    }
    loss = cross_entropy;
}

const BATCH: usize = DIGITS.len();

/// All memory of this network: batch norms see the whole batch, so each sample has a tape.
pub struct Memory {
    network: Branched,
    folded: BranchedFolded,
    gradients: BranchedGradients,
    state: OptimizerState<Sgd<Momentum>, Branched>,
    images: [[[[f32; 28]; 28]; 1]; BATCH],
    labels: [usize; BATCH],
    tapes: [BranchedTape; BATCH],
    scratch: BranchedScratch,
    folded_scratch: BranchedFoldedScratch,
}

impl Memory {
    pub const ZERO: Self = Self {
        network: Branched::ZERO,
        folded: BranchedFolded::ZERO,
        gradients: BranchedGradients::ZERO,
        state: OptimizerState::ZERO,
        images: [[[[0.0; 28]; 28]; 1]; BATCH],
        labels: [0; BATCH],
        tapes: [const { BranchedTape::ZERO }; BATCH],
        scratch: BranchedScratch::ZERO,
        folded_scratch: BranchedFoldedScratch::ZERO,
    };
}

/// How many digits the network gets right with its running statistics; none if the folded network disagrees.
fn correct(memory: &mut Memory) -> usize {
    memory.network.fold_into(&mut memory.folded);
    let mut correct = 0;
    for (image, label) in memory.images.iter().zip(memory.labels) {
        let y = memory.network.predict(image, &mut memory.scratch);
        let folded = memory.folded.predict(image, &mut memory.folded_scratch);
        if y.iter().zip(folded).any(|(y, folded)| (y - folded).abs() > 1e-3) {
            return 0;
        }
        correct += usize::from(nnet::loss::argmax(y, 0) == label);
    }
    correct
}

/// Whether the loss fell to a tenth and all digits are right.
pub fn learns(memory: &mut Memory) -> bool {
    memory.network.init(&mut Random::new(1));
    for ((image, label), digit) in memory.images.iter_mut().zip(&mut memory.labels).zip(&DIGITS) {
        *label = read(digit, image);
    }
    let optimizer = Sgd::new(0.05).momentum(0.9);
    let step = |memory: &mut Memory| {
        let Memory { network, gradients, state, images, labels, tapes, .. } = memory;
        network.train_batch::<f32, _>(images, labels, tapes, gradients, &optimizer, state)
    };
    let before = correct(memory);
    let first = step(memory);
    let mut last = first;
    for _ in 0..60 {
        last = step(memory);
    }
    last < 0.1 * first && before < BATCH && correct(memory) == BATCH
}
