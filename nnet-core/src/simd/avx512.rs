//! AVX-512: 16 `f32` a vector.
#![allow(unsafe_code, reason = "intrinsics")]

use core::arch::x86_64::{
    __m512, __m512i, __mmask16, _CMP_GT_OQ, _CMP_LT_OQ, _CMP_UNORD_Q, _mm512_cmp_ps_mask, _mm512_fmadd_ps,
    _mm512_loadu_ps, _mm512_mask_blend_ps, _mm512_mask_storeu_ps, _mm512_maskz_loadu_ps, _mm512_permutex2var_ps,
    _mm512_reduce_add_ps, _mm512_set1_ps, _mm512_setr_epi32, _mm512_storeu_ps,
};
use core::mem::transmute;
use core::ops::Range;

use super::{InstructionSet, Kernel, Row, RowKernel, Simd, active};

/// Proof that the processor has AVX-512F: made in [`run`] alone.
#[derive(Clone, Copy)]
pub(super) struct Avx512(());

/// Runs `kernel` compiled for AVX-512.
pub(super) fn run<K: Kernel<f32>>(kernel: K) {
    assert!(active() == InstructionSet::Avx512);
    // SAFETY: `active` is `Avx512` only if the processor has it, as asserted above.
    unsafe { compiled(kernel) }
}

#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx2,fma")]
fn compiled<K: Kernel<f32>>(kernel: K) {
    kernel.run(Avx512(()));
}

/// Runs `kernel` compiled for AVX-512.
pub(super) fn run_row<K: RowKernel<f32>>(kernel: K) {
    assert!(active() == InstructionSet::Avx512);
    // SAFETY: as in `run`.
    unsafe { compiled_row(kernel) }
}

#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx2,fma")]
fn compiled_row<K: RowKernel<f32>>(kernel: K) {
    kernel.run(Avx512(()));
}

impl Simd for Avx512 {
    type Scalar = f32;
    type Vector = __m512;
    const WIDTH: usize = 16;
    const REGISTERS: usize = 32;
    const BLOCK: usize = 6;

    #[inline(always)]
    fn splat(self, value: f32) -> __m512 {
        // SAFETY: `self` proves AVX-512F.
        unsafe { _mm512_set1_ps(value) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> __m512 {
        // SAFETY: `self` proves AVX-512F; `from` is valid by the caller's contract.
        unsafe { _mm512_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, value: __m512) {
        // SAFETY: `self` proves AVX-512F; `to` is valid by the caller's contract.
        unsafe { _mm512_storeu_ps(to, value) }
    }

    #[inline(always)]
    fn mul_add(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        // SAFETY: `self` proves AVX-512F.
        unsafe { _mm512_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn where_less(self, x: __m512, y: __m512, a: __m512, b: __m512) -> __m512 {
        // SAFETY: `self` proves AVX-512F.
        let is_less = unsafe { _mm512_cmp_ps_mask::<_CMP_LT_OQ>(x, y) };
        // SAFETY: as above.
        unsafe { _mm512_mask_blend_ps(is_less, b, a) }
    }

    #[inline(always)]
    fn sum(self, value: __m512) -> f32 {
        // SAFETY: `self` proves AVX-512F.
        unsafe { _mm512_reduce_add_ps(value) }
    }

    #[inline(always)]
    fn interleave(self, a: __m512, b: __m512) -> [__m512; 2] {
        // Entries 16 and up are those of b.
        let [low, high] = [
            [0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23],
            [8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31_i32],
        ];
        [low, high].map(|entries| {
            // SAFETY: 16 numbers are 64 bytes, as is the vector, of which any value is valid.
            let entries = unsafe { transmute::<[i32; 16], __m512i>(entries) };
            // SAFETY: `self` proves AVX-512F.
            unsafe { _mm512_permutex2var_ps(a, entries, b) }
        })
    }
}

impl Row for Avx512 {
    type Mask = __mmask16;

    #[inline(always)]
    #[allow(clippy::cast_possible_truncation, reason = "`below` gives 16 bits")]
    fn mask(self, lanes: Range<usize>) -> __mmask16 {
        let below = |end: usize| (1_u32 << end.min(16)) - 1;
        (below(lanes.end) & !below(lanes.start)) as __mmask16
    }

    #[inline(always)]
    unsafe fn load_masked(self, from: *const f32, mask: __mmask16) -> __m512 {
        // SAFETY: `self` proves AVX-512F; the lanes of the mask are valid by the caller's contract, and no others are read.
        unsafe { _mm512_maskz_loadu_ps(mask, from) }
    }

    #[inline(always)]
    unsafe fn store_masked(self, to: *mut f32, mask: __mmask16, value: __m512) {
        // SAFETY: `self` proves AVX-512F; the lanes of the mask are valid by the caller's contract, and no others are written.
        unsafe { _mm512_mask_storeu_ps(to, mask, value) }
    }

    #[inline(always)]
    fn larger(self, so_far: __m512, x: __m512) -> __m512 {
        // SAFETY: `self` proves AVX-512F.
        let larger = unsafe { _mm512_cmp_ps_mask::<_CMP_GT_OQ>(x, so_far) };
        // SAFETY: `self` proves AVX-512F.
        let no_number = unsafe { _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(x, x) };
        // SAFETY: `self` proves AVX-512F.
        unsafe { _mm512_mask_blend_ps(larger | no_number, so_far, x) }
    }

    #[inline(always)]
    fn split_pairs(self, first: __m512, second: __m512) -> [__m512; 2] {
        // SAFETY: `self` proves AVX-512F.
        let even = unsafe { _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30) };
        // SAFETY: `self` proves AVX-512F.
        let odd = unsafe { _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31) };
        // SAFETY: `self` proves AVX-512F.
        let even = unsafe { _mm512_permutex2var_ps(first, even, second) };
        // SAFETY: `self` proves AVX-512F.
        let odd = unsafe { _mm512_permutex2var_ps(first, odd, second) };
        [even, odd]
    }
}
