//! LeNet, and a network with batch norm, dropout and a residual block, predict and train with no std, no allocator and
//! no C library; LeNet with momentum, and again in place, without memory for gradients. Exits 0 only if all learned.
//!
//! Network, gradients, tape and scratch are `static`s, so the program's size is its whole memory but for a small
//! stack. Linux on x86-64 only, because of its two system calls; the rest is what firmware would do.
#![no_std]
#![no_main]

mod bare;
mod branched;

use nnet::optim::{Momentum, OptimizerState, Sgd};
use nnet::{Network, Random, Tensor, Train, network};

network! {
    /// LeNet-5 for 28×28 grey images.
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
    loss = cross_entropy;
    budget(ram = 24 KiB, flash = 256 KiB, training_ram = 300 KiB, in_place_training_ram = 40_040 B);
}

/// All memory of the program.
struct Memory {
    network: LeNet,
    gradients: LeNetGradients,
    state: OptimizerState<Sgd<Momentum>, LeNet>,
    tape: LeNetTape,
    scratch: LeNetScratch,
    image: [[[f32; 28]; 28]; 1],
}

static mut BRANCHED: branched::Memory = branched::Memory::ZERO;

static mut MEMORY: Memory = Memory {
    network: LeNet::ZERO,
    gradients: LeNetGradients::ZERO,
    state: OptimizerState::ZERO,
    tape: LeNetTape::ZERO,
    scratch: LeNetScratch::ZERO,
    image: [[[0.0; 28]; 28]; 1],
};

/// Two images of each digit from the test set of MNIST: a label and 28×28 pixels each.
static DIGITS: [[u8; 785]; 20] = {
    let bytes = include_bytes!("digits.bin");
    let mut digits = [[0; 785]; 20];
    let mut i = 0;
    while i < bytes.len() {
        digits[i / 785][i % 785] = bytes[i];
        i += 1;
    }
    digits
};

/// Writes the pixels of a digit to `image`, mean and deviation of MNIST taken out; returns the label.
fn read([label, pixels @ ..]: &[u8; 785], image: &mut [[[f32; 28]; 28]; 1]) -> usize {
    for (x, &pixel) in image.as_flat_mut().iter_mut().zip(pixels) {
        *x = (f32::from(pixel) / 255.0 - 0.1307) / 0.3081;
    }
    usize::from(*label)
}

/// How many of the digits the network gets right.
fn correct(memory: &mut Memory) -> usize {
    let mut correct = 0;
    for digit in &DIGITS {
        let label = read(digit, &mut memory.image);
        let y = memory.network.predict(&memory.image, &mut memory.scratch);
        correct += usize::from(nnet::loss::argmax(y, 0) == label);
    }
    correct
}

/// One pass of training over the digits, one a step; the mean loss.
fn train(memory: &mut Memory, optimizer: &Sgd<Momentum>) -> f32 {
    let Memory { network, gradients, state, tape, image, .. } = memory;
    let mut total = 0.0;
    for digit in &DIGITS {
        let label = read(digit, image);
        total += network.train_step(image, &label, tape, gradients, optimizer, state);
    }
    total / DIGITS.len() as f32
}

/// The same in place: network, tape, image and a count of steps are all that it needs.
fn train_in_place(memory: &mut Memory, optimizer: &Sgd, state: &mut OptimizerState<Sgd, LeNet>) -> f32 {
    let Memory { network, tape, image, .. } = memory;
    let mut total = 0.0;
    for digit in &DIGITS {
        let label = read(digit, image);
        total += network.train_in_place(image, &[label], tape, optimizer, state);
    }
    total / DIGITS.len() as f32
}

/// LeNet; 0 if in 16 passes the loss fell to a tenth and all digits are right.
fn run(memory: &mut Memory, name: &str, mut pass: impl FnMut(&mut Memory) -> f32) -> i32 {
    memory.network.init(&mut Random::new(1));
    let before = correct(memory);
    let first = pass(memory);
    let mut last = first;
    for _ in 0..15 {
        last = pass(memory);
    }
    let fell = last < 0.1 * first;
    let learned = correct(memory) == DIGITS.len() && before < DIGITS.len();
    report(name, fell && learned)
}

/// Says how it went; 0 if well.
fn report(name: &str, is_good: bool) -> i32 {
    bare::print(name.as_bytes());
    bare::print(if is_good { b": the loss fell, all digits are right\n" } else { b": FAILED\n" });
    i32::from(!is_good)
}

#[unsafe(no_mangle)]
extern "C" fn start() -> ! {
    let (memory, branched) = (&raw mut MEMORY, &raw mut BRANCHED);
    // SAFETY: called once, by the entry point, on the only thread.
    let (memory, branched) = unsafe { (&mut *memory, &mut *branched) };
    let (momentum, plain) = (Sgd::new(0.002).momentum(0.9), Sgd::new(0.02));
    let mut steps = OptimizerState::ZERO;
    let failures = run(memory, "LeNet", |memory| train(memory, &momentum))
        + run(memory, "LeNet in place", |memory| train_in_place(memory, &plain, &mut steps))
        + report("a residual network", branched::learns(branched));
    bare::exit(failures)
}
