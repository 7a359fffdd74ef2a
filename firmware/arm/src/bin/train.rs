//! All of LeNet learns twenty digits on the board, one digit at a time, from random weights.
//!
//! Nothing is kept for gradients: each layer adds its own to its weights as soon as they are known.
#![no_std]
#![no_main]

use cortex_m::Peripherals;
use cortex_m_rt::entry;
use measure::{Counter, exit, say};
use networks::digits::{Checksum, DIGITS, Image};
use networks::{LeNet, LeNetTape};
use nnet::loss::argmax;
use nnet::optim::{OptimizerState, Sgd};
use nnet::{Differentiable, Flat, Network, Random, Train};

measure::exit_on_panic!();

#[entry]
fn main() -> ! {
    static mut NETWORK: LeNet = LeNet::ZERO;
    static mut TAPE: LeNetTape = LeNetTape::ZERO;
    static mut IMAGE: Image = [[[0.0; 28]; 28]; 1];
    // SAFETY: called once, before anybody has the peripherals.
    let mut counter = Counter::new(unsafe { Peripherals::steal() }.SYST);
    let optimizer = Sgd::new(0.01);
    let mut state = OptimizerState::ZERO;
    let (mut loss, mut most) = (0.0, 0);
    NETWORK.init(&mut Random::new(1));
    for _ in 0..16 {
        loss = 0.0;
        for digit in &DIGITS {
            digit.write(IMAGE);
            let label = usize::from(digit.label);
            let taken = counter.count(|| loss += NETWORK.train_in_place(IMAGE, &[label], TAPE, &optimizer, &mut state));
            most = most.max(taken);
        }
    }
    let mut right = 0;
    for digit in &DIGITS {
        digit.write(IMAGE);
        // Forward in the tape, for a prediction's own memory would come on top.
        let y = NETWORK.forward(IMAGE, &state.pass(), TAPE);
        right += u32::from(argmax(y, 0) == usize::from(digit.label));
    }
    let mut sum = Checksum::default();
    sum.add(NETWORK.as_scalars());
    say(c"right", right);
    say(c"loss in millionths", (loss / DIGITS.len() as f32 * 1e6) as u32);
    say(c"trained", sum.0);
    say(c"train step", most);
    say(c"stack", measure::stack());
    exit(right == 20)
}
