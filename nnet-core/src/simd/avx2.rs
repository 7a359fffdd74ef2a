//! AVX2 with FMA: 8 `f32` a vector, a lane group is two of them.
#![allow(unsafe_code, reason = "intrinsics")]

use core::arch::x86_64::{
    __m256, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_permute2f128_ps, _mm256_set1_ps, _mm256_storeu_ps,
    _mm256_unpackhi_ps, _mm256_unpacklo_ps,
};

use super::{InstructionSet, Kernel, Simd, active};

/// Proof that the processor has AVX2 and FMA: made in [`run`] alone.
#[derive(Clone, Copy)]
pub(super) struct Avx2(());

/// Runs `kernel` compiled for AVX2 and FMA.
pub(super) fn run<K: Kernel<f32>>(kernel: K) {
    assert!(active() == InstructionSet::Avx2);
    // SAFETY: `active` is `Avx2` only if the processor has AVX2 and FMA, as asserted above.
    unsafe { compiled(kernel) }
}

#[target_feature(enable = "avx2,fma")]
fn compiled<K: Kernel<f32>>(kernel: K) {
    kernel.run(Avx2(()));
}

impl Simd for Avx2 {
    type Scalar = f32;
    type Vector = __m256;
    const WIDTH: usize = 8;
    const REGISTERS: usize = 16;
    const BLOCK: usize = 6;

    #[inline(always)]
    fn splat(self, value: f32) -> __m256 {
        // SAFETY: `self` proves AVX2.
        unsafe { _mm256_set1_ps(value) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> __m256 {
        // SAFETY: `self` proves AVX2; `from` is valid by the caller's contract.
        unsafe { _mm256_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, value: __m256) {
        // SAFETY: `self` proves AVX2; `to` is valid by the caller's contract.
        unsafe { _mm256_storeu_ps(to, value) }
    }

    #[inline(always)]
    fn mul_add(self, a: __m256, b: __m256, c: __m256) -> __m256 {
        // SAFETY: `self` proves FMA.
        unsafe { _mm256_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn sum(self, value: __m256) -> f32 {
        let mut entries = [0.0; 8];
        // SAFETY: `entries` has room for 8 numbers.
        unsafe { self.store(entries.as_mut_ptr(), value) };
        let [a, b, c, d, e, f, g, h] = entries;
        ((a + e) + (c + g)) + ((b + f) + (d + h))
    }

    #[inline(always)]
    fn interleave(self, a: __m256, b: __m256) -> [__m256; 2] {
        // SAFETY: `self` proves AVX2.
        let low = unsafe { _mm256_unpacklo_ps(a, b) };
        // SAFETY: `self` proves AVX2.
        let high = unsafe { _mm256_unpackhi_ps(a, b) };
        // Both are in turn within each half; the halves of the result are the lower halves, then the upper ones.
        // SAFETY: `self` proves AVX2.
        let lower = unsafe { _mm256_permute2f128_ps::<0x20>(low, high) };
        // SAFETY: `self` proves AVX2.
        let upper = unsafe { _mm256_permute2f128_ps::<0x31>(low, high) };
        [lower, upper]
    }
}
