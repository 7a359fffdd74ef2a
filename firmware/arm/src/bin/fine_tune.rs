//! The board was mounted upside down: LeNet's last layers learn the digits as they are seen now.
//!
//! The layers before them stay in flash; in RAM are only those that learn, 44 of 247 kB.
#![no_std]
#![no_main]

use cortex_m::Peripherals;
use cortex_m_rt::entry;
use measure::{Counter, exit, say};
use networks::digits::{DIGITS, Image};
use networks::{Front, FrontScratch, Head, HeadScratch, HeadTape, LeNet, split};
use nnet::loss::argmax;
use nnet::optim::{OptimizerState, Sgd};
use nnet::{Network, Train};

measure::exit_on_panic!();

const TRAINED: LeNet = nnet::weights!(LeNet, "../networks/lenet.safetensors");

/// In flash.
static FRONT: Front = split(TRAINED).0;

/// How many digits are told right.
fn right(front: &mut FrontScratch, head: &Head, scratch: &mut HeadScratch, image: &mut Image) -> u32 {
    let mut right = 0;
    for digit in &DIGITS {
        digit.write_upside_down(image);
        let y = head.predict(FRONT.predict(image, front), scratch);
        right += u32::from(argmax(y, 0) == usize::from(digit.label));
    }
    right
}

#[entry]
fn main() -> ! {
    // Copied from flash to RAM before `main`.
    static mut HEAD: Head = split(TRAINED).1;
    static mut TAPE: HeadTape = HeadTape::ZERO;
    static mut FRONT_SCRATCH: FrontScratch = FrontScratch::ZERO;
    static mut SCRATCH: HeadScratch = HeadScratch::ZERO;
    static mut IMAGE: Image = [[[0.0; 28]; 28]; 1];
    // SAFETY: called once, before anybody has the peripherals.
    let mut counter = Counter::new(unsafe { Peripherals::steal() }.SYST);
    let optimizer = Sgd::new(0.01);
    let mut state = OptimizerState::ZERO;
    let before = right(FRONT_SCRATCH, HEAD, SCRATCH, IMAGE);
    let mut most = 0;
    for _ in 0..20 {
        for digit in &DIGITS {
            digit.write_upside_down(IMAGE);
            let label = usize::from(digit.label);
            let taken = counter.count(|| {
                let features = FRONT.predict(IMAGE, FRONT_SCRATCH);
                HEAD.train_in_place(features, &[label], TAPE, &optimizer, &mut state);
            });
            most = most.max(taken);
        }
    }
    let after = right(FRONT_SCRATCH, HEAD, SCRATCH, IMAGE);
    say(c"right before", before);
    say(c"right", after);
    say(c"train step", most);
    say(c"stack", measure::stack());
    exit(before < 20 && after == 20)
}
