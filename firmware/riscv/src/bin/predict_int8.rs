//! LeNet in bytes, in flash, tells twenty digits: no float, no allocator, no panic.
#![no_std]
#![no_main]

use measure::{Counter, exit, say};
use networks::digits::{Bytes, Checksum, DIGITS};
use networks::{LeNetInt8, LeNetInt8Scratch};
use nnet::Random;
use nnet::int8::{Int8Network, greatest};
use riscv_rt::entry;

measure::no_panic!();

/// In flash, and not copied to RAM.
static NETWORK: LeNetInt8 = nnet::weights!(LeNetInt8, "../networks/lenet_int8.safetensors");

/// A function of its own, so that it is the same instructions for every image.
#[inline(never)]
fn predict<'s>(image: &Bytes, scratch: &'s mut LeNetInt8Scratch) -> &'s [i8; 10] {
    NETWORK.predict(image, scratch)
}

static mut IMAGE: Bytes = [[[0; 28]; 28]; 1];
static mut SCRATCH: LeNetInt8Scratch = LeNetInt8Scratch::ZERO;

#[entry]
fn main() -> ! {
    measure::paint_stack();
    // SAFETY: `main` runs once, and nobody else knows it.
    let image = unsafe { &mut *&raw mut IMAGE };
    // SAFETY: as above.
    let scratch = unsafe { &mut *&raw mut SCRATCH };
    let mut counter = Counter::new();
    let mut random = Random::new(1);
    let (mut right, mut sum) = (0, Checksum::default());
    let (mut least, mut most) = (u32::MAX, 0);
    for i in 0..2 * DIGITS.len() {
        let digit = DIGITS.get(i);
        match digit {
            Some(digit) => digit.write_bytes(&NETWORK.input, image),
            // The work does not depend on the data.
            None => image.as_flattened_mut().as_flattened_mut().fill_with(|| random.next_u64() as i8),
        }
        let mut y = &[0; 10];
        let taken = counter.count(|| y = predict(image, scratch));
        (least, most) = (least.min(taken), most.max(taken));
        if let Some(digit) = digit {
            right += u32::from(greatest(y) == usize::from(digit.label));
            sum.add_bytes(y);
        }
    }
    say(c"right", right);
    say(c"int8 checksum", sum.0);
    say(c"predict", most);
    say(c"spread", most - least);
    say(c"int8 inference bytes", size_of_val(scratch) as u32);
    say(c"stack", measure::stack());
    exit(right == 20)
}
