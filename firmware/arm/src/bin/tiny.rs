//! A classifier of movements learns on the smallest boards: from random weights, one window of readings at a time.
#![no_std]
#![no_main]

use cortex_m::Peripherals;
use cortex_m_rt::entry;
use measure::{Counter, exit, say};
use networks::motion::{MOVEMENTS, readings};
use networks::{Tiny, TinyScratch, TinyTape};
use nnet::loss::argmax;
use nnet::optim::{OptimizerState, Sgd};
use nnet::{Network, Random, Train};

measure::exit_on_panic!();

const STEPS: usize = 1500;
const TESTS: usize = 300;

#[entry]
fn main() -> ! {
    static mut NETWORK: Tiny = Tiny::ZERO;
    static mut TAPE: TinyTape = TinyTape::ZERO;
    static mut SCRATCH: TinyScratch = TinyScratch::ZERO;
    // SAFETY: called once, before anybody has the peripherals.
    let mut counter = Counter::new(unsafe { Peripherals::steal() }.SYST);
    let optimizer = Sgd::new(0.05);
    let mut state = OptimizerState::ZERO;
    let mut random = Random::new(1);
    let (mut predict, mut step, mut right) = (0, 0, 0);
    NETWORK.init(&mut random);
    for i in 0..STEPS {
        let movement = i % MOVEMENTS.len();
        let x = readings(movement, &mut random);
        let taken = counter.count(|| {
            NETWORK.train_in_place(&x, &[movement], TAPE, &optimizer, &mut state);
        });
        step = step.max(taken);
    }
    for i in 0..TESTS {
        let movement = i % MOVEMENTS.len();
        let x = readings(movement, &mut random);
        let taken = counter.count(|| {
            right += u32::from(argmax(NETWORK.predict(&x, SCRATCH), 0) == movement);
        });
        predict = predict.max(taken);
    }
    say(c"right of 300", right);
    say(c"predict", predict);
    say(c"train step", step);
    say(c"stack", measure::stack());
    exit(right >= 285)
}
