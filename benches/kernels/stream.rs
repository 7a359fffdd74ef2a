//! The bandwidth of a memory: y += a·x over two rows that fill a part of it, with the vectors that `nnet` uses.
#![allow(unsafe_code, reason = "functions of the instruction set that nnet uses")]

use std::hint::black_box;

use super::measure::Plan;
use nnet::simd::{InstructionSet, active};

/// Bytes read and written a second, over two rows of `bytes` bytes together.
pub fn bytes_per_second(plan: Plan, bytes: usize) -> f64 {
    let n = bytes / 2 / size_of::<f32>();
    let (x, mut y) = (vec![1.0_f32; n], vec![1.0_f32; n]);
    let rate = plan.rate(1, || add(black_box(1e-3), black_box(&x), black_box(&mut y)));
    // x and y are read, y is written.
    rate.steps * (3 * n * size_of::<f32>()) as f64
}

fn add(a: f32, x: &[f32], y: &mut [f32]) {
    match active() {
        // SAFETY: the instruction set is active only if the processor has it.
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx512 => unsafe { avx512(a, x, y) },
        // SAFETY: the instruction set is active only if the processor has it.
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx2 => unsafe { avx2(a, x, y) },
        _ => plain(a, x, y),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn avx512(a: f32, x: &[f32], y: &mut [f32]) {
    plain(a, x, y);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2(a: f32, x: &[f32], y: &mut [f32]) {
    plain(a, x, y);
}

#[inline(always)]
fn plain(a: f32, x: &[f32], y: &mut [f32]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += a * x;
    }
}
