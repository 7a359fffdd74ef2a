//! Vectors without instructions of their own: four `f32` for the compiler to turn into a register, or one scalar.
#![allow(unsafe_code, reason = "reads and writes through the kernels' pointers")]

use core::marker::PhantomData;

use super::Simd;
use crate::scalar::Scalar;

/// Four `f32`, which the compiler keeps in one register wherever there are registers of 128 bits. On x86-64 it is told so:
/// `Sse2` stands for this, with the same bits.
#[cfg(any(test, not(target_arch = "x86_64")))]
#[derive(Clone, Copy)]
pub(super) struct Quad;

#[cfg(any(test, not(target_arch = "x86_64")))]
impl Simd for Quad {
    type Scalar = f32;
    type Vector = [f32; 4];
    const WIDTH: usize = 4;
    const REGISTERS: usize = 16;
    const BLOCK: usize = 4;

    #[inline(always)]
    fn splat(self, value: f32) -> [f32; 4] {
        [value; 4]
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> [f32; 4] {
        // SAFETY: `from` is valid for 4 numbers by the caller's contract; no alignment is assumed.
        unsafe { from.cast::<[f32; 4]>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, value: [f32; 4]) {
        // SAFETY: `to` is valid for 4 numbers by the caller's contract; no alignment is assumed.
        unsafe { to.cast::<[f32; 4]>().write_unaligned(value) }
    }

    #[inline(always)]
    fn mul_add(self, a: [f32; 4], b: [f32; 4], c: [f32; 4]) -> [f32; 4] {
        [a[0] * b[0] + c[0], a[1] * b[1] + c[1], a[2] * b[2] + c[2], a[3] * b[3] + c[3]]
    }

    #[inline(always)]
    fn where_less(self, x: [f32; 4], y: [f32; 4], a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        let lane = |l: usize| if x[l] < y[l] { a[l] } else { b[l] };
        [lane(0), lane(1), lane(2), lane(3)]
    }

    #[inline(always)]
    fn sum(self, [a, b, c, d]: [f32; 4]) -> f32 {
        (a + c) + (b + d)
    }
}

/// One scalar.
#[derive(Clone, Copy)]
pub(super) struct Single<S>(PhantomData<S>);

impl<S> Single<S> {
    pub(super) const fn new() -> Self {
        Self(PhantomData)
    }
}

/// Whether there are 32 registers for scalars; where there is no unit for them, less code is better.
pub(crate) const MANY_REGISTERS: bool = cfg!(any(target_abi = "eabihf", target_feature = "f", target_arch = "wasm32"));

impl<S: Scalar> Simd for Single<S> {
    type Scalar = S;
    type Vector = S;
    const WIDTH: usize = 1;
    const REGISTERS: usize = if MANY_REGISTERS { 32 } else { 16 };
    // Three outputs of five columns, their inputs and a weight fit into 32 registers.
    const BLOCK: usize = if MANY_REGISTERS { 3 } else { 4 };

    #[inline(always)]
    fn splat(self, value: S) -> S {
        value
    }

    #[inline(always)]
    unsafe fn load(self, from: *const S) -> S {
        // SAFETY: `from` is valid for a scalar by the caller's contract.
        unsafe { from.read() }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut S, value: S) {
        // SAFETY: `to` is valid for a scalar by the caller's contract.
        unsafe { to.write(value) }
    }

    #[inline(always)]
    fn mul_add(self, a: S, b: S, c: S) -> S {
        a * b + c
    }

    #[inline(always)]
    fn where_less(self, x: S, y: S, a: S, b: S) -> S {
        if x < y { a } else { b }
    }

    #[inline(always)]
    fn sum(self, value: S) -> S {
        value
    }
}
