//! SSE2, which every x86-64 processor has: 4 `f32` a vector, no fused multiply-add. It gives the bits of `Quad`, for which it
//! stands: the compiler does not always find these instructions by itself.
#![allow(unsafe_code, reason = "intrinsics")]

use core::arch::x86_64::{
    __m128, _mm_add_ps, _mm_add_ss, _mm_and_ps, _mm_andnot_ps, _mm_cmplt_ps, _mm_cvtss_f32, _mm_loadu_ps,
    _mm_movehl_ps, _mm_mul_ps, _mm_or_ps, _mm_set1_ps, _mm_shuffle_ps, _mm_storeu_ps, _mm_unpackhi_ps, _mm_unpacklo_ps,
};

use super::Simd;

/// Vectors of SSE2, which every program for x86-64 is compiled for.
#[derive(Clone, Copy)]
pub(super) struct Sse2;

impl Simd for Sse2 {
    type Scalar = f32;
    type Vector = __m128;
    const WIDTH: usize = 4;
    const REGISTERS: usize = 16;
    const BLOCK: usize = 4;

    #[inline(always)]
    fn splat(self, value: f32) -> __m128 {
        // SAFETY: x86-64 has SSE2.
        unsafe { _mm_set1_ps(value) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> __m128 {
        // SAFETY: x86-64 has SSE2; `from` is valid by the caller's contract.
        unsafe { _mm_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, value: __m128) {
        // SAFETY: x86-64 has SSE2; `to` is valid by the caller's contract.
        unsafe { _mm_storeu_ps(to, value) }
    }

    #[inline(always)]
    fn mul_add(self, a: __m128, b: __m128, c: __m128) -> __m128 {
        // SAFETY: x86-64 has SSE2.
        let product = unsafe { _mm_mul_ps(a, b) };
        // SAFETY: as above.
        unsafe { _mm_add_ps(product, c) }
    }

    #[inline(always)]
    fn where_less(self, x: __m128, y: __m128, a: __m128, b: __m128) -> __m128 {
        // SAFETY: x86-64 has SSE2.
        let is_less = unsafe { _mm_cmplt_ps(x, y) };
        // SAFETY: as above.
        let a = unsafe { _mm_and_ps(is_less, a) };
        // SAFETY: as above.
        let b = unsafe { _mm_andnot_ps(is_less, b) };
        // SAFETY: as above.
        unsafe { _mm_or_ps(a, b) }
    }

    #[inline(always)]
    fn sum(self, value: __m128) -> f32 {
        // SAFETY: x86-64 has SSE2.
        let upper = unsafe { _mm_movehl_ps(value, value) };
        // SAFETY: as above.
        let halves = unsafe { _mm_add_ps(value, upper) };
        // SAFETY: as above.
        let odd = unsafe { _mm_shuffle_ps::<1>(halves, halves) };
        // SAFETY: as above.
        let sum = unsafe { _mm_add_ss(halves, odd) };
        // SAFETY: as above.
        unsafe { _mm_cvtss_f32(sum) }
    }

    #[inline(always)]
    fn interleave(self, a: __m128, b: __m128) -> [__m128; 2] {
        // SAFETY: x86-64 has SSE2.
        let low = unsafe { _mm_unpacklo_ps(a, b) };
        // SAFETY: as above.
        let high = unsafe { _mm_unpackhi_ps(a, b) };
        [low, high]
    }
}
