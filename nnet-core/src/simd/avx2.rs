//! AVX2 with FMA: 8 `f32` a vector, a lane group is two of them.
#![allow(unsafe_code, reason = "intrinsics")]

use core::arch::x86_64::{
    __m256, __m256i, _CMP_GT_OQ, _CMP_LT_OQ, _CMP_UNORD_Q, _mm256_blendv_ps, _mm256_castpd_ps, _mm256_castps_pd,
    _mm256_cmp_ps, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_loadu_si256, _mm256_maskload_ps, _mm256_maskstore_ps,
    _mm256_or_ps, _mm256_permute2f128_ps, _mm256_permute4x64_pd, _mm256_set1_ps, _mm256_shuffle_ps, _mm256_storeu_ps,
    _mm256_unpackhi_ps, _mm256_unpacklo_ps,
};
use core::ops::Range;

use super::{InstructionSet, Kernel, Row, RowKernel, Simd, active};

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

/// Runs `kernel` compiled for AVX2 and FMA.
pub(super) fn run_row<K: RowKernel<f32>>(kernel: K) {
    assert!(active() == InstructionSet::Avx2);
    // SAFETY: as in `run`.
    unsafe { compiled_row(kernel) }
}

#[target_feature(enable = "avx2,fma")]
fn compiled_row<K: RowKernel<f32>>(kernel: K) {
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
    fn where_less(self, x: __m256, y: __m256, a: __m256, b: __m256) -> __m256 {
        // SAFETY: `self` proves AVX2.
        let is_less = unsafe { _mm256_cmp_ps::<_CMP_LT_OQ>(x, y) };
        // SAFETY: as above.
        unsafe { _mm256_blendv_ps(b, a, is_less) }
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

impl Row for Avx2 {
    /// The sign bit of a lane that takes part is set.
    type Mask = __m256i;

    #[inline(always)]
    fn mask(self, lanes: Range<usize>) -> __m256i {
        let mut signs = [0_i32; 8];
        for (lane, sign) in signs.iter_mut().enumerate() {
            *sign = if lanes.contains(&lane) { -1 } else { 0 };
        }
        // SAFETY: `self` proves AVX2, and `signs` has 256 bits.
        unsafe { _mm256_loadu_si256(signs.as_ptr().cast()) }
    }

    #[inline(always)]
    unsafe fn load_masked(self, from: *const f32, mask: __m256i) -> __m256 {
        // SAFETY: `self` proves AVX2; the lanes of the mask are valid by the caller's contract, and no others are read.
        unsafe { _mm256_maskload_ps(from, mask) }
    }

    #[inline(always)]
    unsafe fn store_masked(self, to: *mut f32, mask: __m256i, value: __m256) {
        // SAFETY: `self` proves AVX2; the lanes of the mask are valid by the caller's contract, and no others are written.
        unsafe { _mm256_maskstore_ps(to, mask, value) }
    }

    #[inline(always)]
    fn larger(self, so_far: __m256, x: __m256) -> __m256 {
        // SAFETY: `self` proves AVX2.
        let larger = unsafe { _mm256_cmp_ps::<_CMP_GT_OQ>(x, so_far) };
        // SAFETY: `self` proves AVX2.
        let no_number = unsafe { _mm256_cmp_ps::<_CMP_UNORD_Q>(x, x) };
        // SAFETY: `self` proves AVX2.
        let wins = unsafe { _mm256_or_ps(larger, no_number) };
        // SAFETY: `self` proves AVX2.
        unsafe { _mm256_blendv_ps(so_far, x, wins) }
    }

    #[inline(always)]
    fn split_pairs(self, first: __m256, second: __m256) -> [__m256; 2] {
        // Within each half: two of `first`, two of `second`.
        // SAFETY: `self` proves AVX2.
        let even = unsafe { _mm256_shuffle_ps::<0b10_00_10_00>(first, second) };
        // SAFETY: `self` proves AVX2.
        let odd = unsafe { _mm256_shuffle_ps::<0b11_01_11_01>(first, second) };
        let mut halves = [even, odd];
        // Pairs of lanes 0 2 1 3: all of `first`, then all of `second`.
        for half in &mut halves {
            // SAFETY: `self` proves AVX2.
            let pairs = unsafe { _mm256_castps_pd(*half) };
            // SAFETY: `self` proves AVX2.
            let ordered = unsafe { _mm256_permute4x64_pd::<0b11_01_10_00>(pairs) };
            // SAFETY: `self` proves AVX2.
            *half = unsafe { _mm256_castpd_ps(ordered) };
        }
        halves
    }
}
