//! LeNet in groups of sixteen samples, as on a computer: what the vectors of an instruction set give, beside one sample at
//! a time, which is plain numbers everywhere but on x86-64.
#![cfg_attr(any(target_arch = "wasm32", target_os = "none"), no_std)]
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "millionths of a small distance")]

use core::cell::UnsafeCell;

use networks::digits::{DIGITS, Image};
use networks::{LeNet, LeNetScratch, LeNetTape};
use nnet::element::{get_lane, set_lane};
use nnet::loss::argmax;
use nnet::optim::{OptimizerState, Sgd};
use nnet::{Flat, LANES, Lanes, Network, Random, Tensor, Train};

#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

static NETWORK: LeNet = nnet::weights!(LeNet, "../networks/lenet.safetensors");

/// What the functions below work in.
struct Room {
    learner: LeNet,
    image: Image,
    scratch: LeNetScratch,
    group: [[[Lanes<f32>; 28]; 28]; 1],
    group_scratch: LeNetScratch<Lanes<f32>>,
    tape: LeNetTape<Lanes<f32>>,
}

/// A value that one function at a time uses.
struct Only(UnsafeCell<Room>);

// SAFETY: there is one thread, and no function here calls another that takes the room.
unsafe impl Sync for Only {}

static ROOM: Only = Only(UnsafeCell::new(Room {
    learner: LeNet::ZERO,
    image: <Image as Tensor>::ZERO,
    scratch: LeNetScratch::ZERO,
    group: <[[[Lanes<f32>; 28]; 28]; 1] as Tensor>::ZERO,
    group_scratch: <LeNetScratch<Lanes<f32>> as Flat>::ZERO,
    tape: <LeNetTape<Lanes<f32>> as Flat>::ZERO,
}));

fn room() -> &'static mut Room {
    // SAFETY: as for `Sync`: the only reference while a function of this crate runs.
    unsafe { &mut *ROOM.0.get() }
}

/// Whether the vectors are those of the target, not plain code.
#[unsafe(no_mangle)]
pub extern "C" fn vectors() -> u32 {
    u32::from(nnet::simd::active() != nnet::simd::InstructionSet::Portable)
}

/// The largest distance between what a digit gives in a group and alone, in millionths; and how many digits of those in
/// groups are told wrongly, in millions.
#[unsafe(no_mangle)]
pub extern "C" fn distance() -> u32 {
    let Room { image, scratch, group, group_scratch, .. } = room();
    let (mut largest, mut wrong) = (0.0_f32, 0);
    for digits in DIGITS.chunks(LANES) {
        for (lane, digit) in digits.iter().enumerate() {
            digit.write(image);
            set_lane(group.as_flat_mut(), lane, image.as_flat());
        }
        let together = NETWORK.predict(&*group, group_scratch);
        for (lane, digit) in digits.iter().enumerate() {
            let mut y = [f32::NAN; 10];
            get_lane(together, lane, &mut y);
            wrong += u32::from(argmax(&y, 0) != usize::from(digit.label));
            digit.write(image);
            for (a, b) in y.iter().zip(NETWORK.predict(&*image, scratch)) {
                // A NaN stays, and is far from everything.
                let distance = (a - b).abs();
                largest = if largest.is_nan() || distance <= largest { largest } else { distance };
            }
        }
    }
    let millionths = if largest.is_finite() { (largest * 1e6) as u32 } else { u32::MAX };
    millionths.saturating_add(1_000_000 * wrong)
}

/// How many of the digits a LeNet tells that has learned them from random weights, in groups.
#[unsafe(no_mangle)]
pub extern "C" fn learned() -> u32 {
    let Room { learner, image, group, tape, group_scratch, .. } = room();
    learner.init(&mut Random::new(1));
    let mut state = OptimizerState::ZERO;
    let mut right = 0;
    for epoch in 0..80 {
        right = 0;
        for digits in DIGITS.chunks(LANES) {
            let mut labels = [0; LANES];
            for (lane, digit) in digits.iter().enumerate() {
                digit.write(image);
                set_lane(group.as_flat_mut(), lane, image.as_flat());
                labels[lane] = usize::from(digit.label);
            }
            let labels = &labels[..digits.len()];
            if epoch + 1 < 80 {
                learner.train_in_place(&*group, labels, tape, &Sgd::new(0.05), &mut state);
                continue;
            }
            let y = learner.predict(&*group, group_scratch);
            right += labels.iter().enumerate().filter(|&(lane, &label)| argmax(y, lane) == label).count();
        }
    }
    u32::try_from(right).unwrap_or(u32::MAX)
}
