//! LeNet as a WebAssembly module, without imports and without an allocator: what it answers for the twenty digits, and for
//! what is drawn on a page.
#![cfg_attr(target_arch = "wasm32", no_std)]

mod ink;

use core::cell::UnsafeCell;

use ink::{Paper, SIDE};
use networks::digits::{Checksum, DIGITS, Image};
use networks::{LeNet, LeNetScratch};
use nnet::Network;
use nnet::layers::Softmax;

static NETWORK: LeNet = nnet::weights!(LeNet, "../networks/lenet.safetensors");

/// What is drawn, and what LeNet makes of it.
struct Page {
    paper: Paper,
    image: Image,
    scratch: LeNetScratch,
    probabilities: [f32; 10],
}

/// A value that the functions of this module alone use.
struct Only(UnsafeCell<Page>);

// SAFETY: a module has one thread, and no function here calls another that takes the page.
unsafe impl Sync for Only {}

static PAGE: Only = Only(UnsafeCell::new(Page {
    paper: Paper::EMPTY,
    image: [[[0.0; 28]; 28]; 1],
    scratch: LeNetScratch::ZERO,
    probabilities: [0.0; 10],
}));

fn page() -> &'static mut Page {
    // SAFETY: as for `Sync`: the only reference while a function of this module runs.
    unsafe { &mut *PAGE.0.get() }
}

/// Points along a side of the paper.
#[unsafe(no_mangle)]
extern "C" fn side() -> usize {
    SIDE
}

/// Wipes the paper.
#[unsafe(no_mangle)]
extern "C" fn clear() {
    page().paper.clear();
}

/// Draws a line.
#[unsafe(no_mangle)]
extern "C" fn line(from_x: f32, from_y: f32, to_x: f32, to_y: f32) {
    page().paper.line([from_x, from_y], [to_x, to_y]);
}

/// The probabilities of the ten digits, as ten `f32`; null if nothing is drawn.
#[unsafe(no_mangle)]
extern "C" fn classify() -> *const f32 {
    let Page { paper, image, scratch, probabilities } = page();
    if !paper.write(image) {
        return core::ptr::null();
    }
    *probabilities = *NETWORK.predict(image, scratch);
    Softmax.forward(probabilities);
    probabilities.as_ptr()
}

/// Over the outputs for the twenty digits.
#[unsafe(no_mangle)]
extern "C" fn checksum() -> u32 {
    let (mut scratch, mut sum) = (LeNetScratch::ZERO, Checksum::default());
    for digit in &DIGITS {
        sum.add(NETWORK.predict(&digit.image(), &mut scratch));
    }
    sum.0
}

#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
