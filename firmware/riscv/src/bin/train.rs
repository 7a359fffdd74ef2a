//! All of LeNet learns twenty digits on the board, one digit at a time, from random weights.
//!
//! Nothing is kept for gradients: each layer adds its own to its weights as soon as they are known.
#![no_std]
#![no_main]

use measure::{Counter, exit, say};
use networks::digits::{Checksum, DIGITS, Image};
use networks::{LeNet, LeNetTape};
use nnet::loss::argmax;
use nnet::optim::{OptimizerState, Sgd};
use nnet::{Differentiable, Flat, Network, Random, Train};
use riscv_rt::entry;

measure::exit_on_panic!();

/// All that the program needs besides its stack.
struct Memory {
    network: LeNet,
    tape: LeNetTape,
    image: Image,
}

static mut MEMORY: Memory = Memory { network: LeNet::ZERO, tape: LeNetTape::ZERO, image: [[[0.0; 28]; 28]; 1] };

#[entry]
fn main() -> ! {
    measure::paint_stack();
    // SAFETY: `main` runs once, and nobody else knows it.
    let Memory { network, tape, image } = unsafe { &mut *&raw mut MEMORY };
    let mut counter = Counter::new();
    let optimizer = Sgd::new(0.01);
    let mut state = OptimizerState::ZERO;
    let (mut loss, mut most) = (0.0, 0);
    network.init(&mut Random::new(1));
    for _ in 0..16 {
        loss = 0.0;
        for digit in &DIGITS {
            digit.write(image);
            let label = usize::from(digit.label);
            let taken = counter.count(|| loss += network.train_in_place(image, &[label], tape, &optimizer, &mut state));
            most = most.max(taken);
        }
    }
    let mut right = 0;
    for digit in &DIGITS {
        digit.write(image);
        // Forward in the tape, for a prediction's own memory would come on top.
        let y = network.forward(image, &state.pass(), tape);
        right += u32::from(argmax(y, 0) == usize::from(digit.label));
    }
    let mut sum = Checksum::default();
    sum.add(network.as_scalars());
    say(c"right", right);
    say(c"loss in millionths", (loss / DIGITS.len() as f32 * 1e6) as u32);
    say(c"trained", sum.0);
    say(c"train step", most);
    say(c"stack", measure::stack());
    exit(right == 20)
}
