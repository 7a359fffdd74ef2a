//! NEON, which every 64-bit ARM processor has: 4 `f32` a vector, a lane group is four of them.
#![allow(unsafe_code, reason = "intrinsics")]

use core::arch::aarch64::{
    float32x4_t, vaddvq_f32, vbslq_f32, vcltq_f32, vdupq_n_f32, vfmaq_f32, vld1q_f32, vst1q_f32,
};

use super::Simd;

/// Vectors of NEON, which the program is compiled for wherever this module is.
#[derive(Clone, Copy)]
pub(super) struct Neon;

impl Simd for Neon {
    type Scalar = f32;
    type Vector = float32x4_t;
    const WIDTH: usize = 4;
    const REGISTERS: usize = 32;
    const BLOCK: usize = 6;

    #[inline(always)]
    fn splat(self, value: f32) -> float32x4_t {
        // SAFETY: this module is compiled only with NEON.
        unsafe { vdupq_n_f32(value) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> float32x4_t {
        // SAFETY: this module is compiled only with NEON; `from` is valid by the caller's contract.
        unsafe { vld1q_f32(from) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, value: float32x4_t) {
        // SAFETY: this module is compiled only with NEON; `to` is valid by the caller's contract.
        unsafe { vst1q_f32(to, value) }
    }

    #[inline(always)]
    fn mul_add(self, a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t {
        // SAFETY: this module is compiled only with NEON.
        unsafe { vfmaq_f32(c, a, b) }
    }

    #[inline(always)]
    fn where_less(self, x: float32x4_t, y: float32x4_t, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: this module is compiled only with NEON.
        let is_less = unsafe { vcltq_f32(x, y) };
        // SAFETY: as above.
        unsafe { vbslq_f32(is_less, a, b) }
    }

    #[inline(always)]
    fn sum(self, value: float32x4_t) -> f32 {
        // SAFETY: this module is compiled only with NEON.
        unsafe { vaddvq_f32(value) }
    }
}
