//! LeNet in flash tells twenty digits, without an allocator.
#![no_std]
#![no_main]

use measure::{Counter, exit, say};
use networks::digits::{Checksum, DIGITS, Image};
use networks::{LeNet, LeNetScratch};
use nnet::loss::argmax;
use nnet::{Network, Random, Tensor};
use riscv_rt::entry;

measure::no_panic!();

/// In flash, and not copied to RAM.
static NETWORK: LeNet = nnet::weights!(LeNet, "../networks/lenet.safetensors");

/// A function of its own, so that it is the same instructions for every image.
#[inline(never)]
fn predict<'s>(image: &Image, scratch: &'s mut LeNetScratch) -> &'s [f32; 10] {
    NETWORK.predict(image, scratch)
}

static mut IMAGE: Image = [[[0.0; 28]; 28]; 1];
static mut SCRATCH: LeNetScratch = LeNetScratch::ZERO;

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
            Some(digit) => digit.write(image),
            // Any bits, of which infinities and NaN are some: the work does not depend on the data.
            None => image.as_flat_mut().fill_with(|| f32::from_bits(random.next_u64() as u32)),
        }
        let mut y = &[0.0; 10];
        let taken = counter.count(|| y = predict(image, scratch));
        (least, most) = (least.min(taken), most.max(taken));
        if let Some(digit) = digit {
            right += u32::from(argmax(y, 0) == usize::from(digit.label));
            sum.add(y);
        }
    }
    say(c"right", right);
    say(c"checksum", sum.0);
    say(c"predict", most);
    say(c"spread", most - least);
    say(c"inference bytes", size_of_val(scratch) as u32);
    say(c"stack", measure::stack());
    exit(right == 20)
}
