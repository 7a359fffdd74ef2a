//! SIMD of WebAssembly: 4 `f32` a vector, a lane group is four of them.
//!
//! Without fused multiply-add: the relaxed one may round once or twice, as the machine under it likes, and results would
//! differ from one browser to the next.
#![allow(unsafe_code, reason = "loads and stores through the kernels' pointers")]

use core::arch::wasm32::{
    f32x4_add, f32x4_extract_lane, f32x4_lt, f32x4_mul, f32x4_splat, v128, v128_bitselect, v128_load, v128_store,
};

use super::Simd;

/// Vectors of WebAssembly, there wherever this module is compiled: its instructions are safe to call.
#[derive(Clone, Copy)]
pub(super) struct Simd128;

impl Simd for Simd128 {
    type Scalar = f32;
    type Vector = v128;
    const WIDTH: usize = 4;
    // What an x86-64 processor has under it; more would be kept in memory there.
    const REGISTERS: usize = 16;
    const BLOCK: usize = 4;

    #[inline(always)]
    fn splat(self, value: f32) -> v128 {
        f32x4_splat(value)
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> v128 {
        // SAFETY: `from` is valid by the caller's contract; no alignment is assumed.
        unsafe { v128_load(from.cast()) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, value: v128) {
        // SAFETY: `to` is valid by the caller's contract; no alignment is assumed.
        unsafe { v128_store(to.cast(), value) }
    }

    #[inline(always)]
    fn mul_add(self, a: v128, b: v128, c: v128) -> v128 {
        f32x4_add(f32x4_mul(a, b), c)
    }

    #[inline(always)]
    fn where_less(self, x: v128, y: v128, a: v128, b: v128) -> v128 {
        v128_bitselect(a, b, f32x4_lt(x, y))
    }

    #[inline(always)]
    fn sum(self, value: v128) -> f32 {
        let [a, b] = [f32x4_extract_lane::<0>(value), f32x4_extract_lane::<1>(value)];
        let [c, d] = [f32x4_extract_lane::<2>(value), f32x4_extract_lane::<3>(value)];
        (a + c) + (b + d)
    }
}
