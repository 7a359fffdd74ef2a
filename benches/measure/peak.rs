//! The processor's multiply-add peak: as many independent sums as hide the latency, in registers, and nothing else.
#![allow(unsafe_code, reason = "intrinsics of the instruction set that nnet uses")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use nnet::simd::{InstructionSet, active};

/// Operations a second on `threads` threads at once, two for each multiply-add of `f32`, over about `window`.
pub fn flops(threads: usize, window: Duration) -> f64 {
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(|| one_thread(window))).collect();
        let own = one_thread(window);
        own + others.into_iter().map(|thread| thread.join().expect("arithmetic does not panic")).sum::<f64>()
    })
}

fn one_thread(window: Duration) -> f64 {
    const ROUNDS: u32 = 20_000;
    let (begin, mut operations) = (Instant::now(), 0.0);
    while begin.elapsed() < window {
        operations += f64::from(ROUNDS) * rounds(ROUNDS);
    }
    operations / begin.elapsed().as_secs_f64()
}

/// Runs `n` rounds of the active instruction set; gives the operations of one.
fn rounds(n: u32) -> f64 {
    match active() {
        // SAFETY: the instruction set is active only if the processor has it.
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx512 => unsafe { avx512(n) },
        // SAFETY: the instruction set is active only if the processor has it.
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx2 => unsafe { avx2(n) },
        _ => portable(n),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn avx512(n: u32) -> f64 {
    use core::arch::x86_64::{_mm512_fmadd_ps, _mm512_reduce_add_ps, _mm512_set1_ps};
    let (a, b) = (_mm512_set1_ps(black_box(0.999_999)), _mm512_set1_ps(black_box(1e-7)));
    let mut sums = [_mm512_set1_ps(1.0); 24];
    for _ in 0..n {
        for sum in &mut sums {
            *sum = _mm512_fmadd_ps(*sum, a, b);
        }
    }
    black_box(sums.map(|sum| _mm512_reduce_add_ps(sum)));
    24.0 * 16.0 * 2.0
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2(n: u32) -> f64 {
    use core::arch::x86_64::{_mm256_fmadd_ps, _mm256_set1_ps};
    let (a, b) = (_mm256_set1_ps(black_box(0.999_999)), _mm256_set1_ps(black_box(1e-7)));
    let mut sums = [_mm256_set1_ps(1.0); 12];
    for _ in 0..n {
        for sum in &mut sums {
            *sum = _mm256_fmadd_ps(*sum, a, b);
        }
    }
    black_box(sums);
    12.0 * 8.0 * 2.0
}

fn portable(n: u32) -> f64 {
    let (a, b) = (black_box(0.999_999_f32), black_box(1e-7_f32));
    let mut sums = [1.0_f32; 32];
    for _ in 0..n {
        for sum in &mut sums {
            *sum = *sum * a + b;
        }
    }
    black_box(sums);
    32.0 * 2.0
}
