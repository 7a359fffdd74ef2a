//! What LeNet answers as a WebAssembly module, without imports and without an allocator.
#![no_std]

use networks::digits::{Checksum, DIGITS};
use networks::{LeNet, LeNetScratch};
use nnet::Network;

static NETWORK: LeNet = nnet::weights!(LeNet, "../networks/lenet.safetensors");

/// Over the outputs for the twenty digits.
#[unsafe(no_mangle)]
extern "C" fn checksum() -> u32 {
    let (mut scratch, mut sum) = (LeNetScratch::ZERO, Checksum::default());
    for digit in &DIGITS {
        sum.add(NETWORK.predict(&digit.image(), &mut scratch));
    }
    sum.0
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
