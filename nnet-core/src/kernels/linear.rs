//! Linear layers: matrix-vector products over lanes, and outer products summed over them.
#![allow(unsafe_code, reason = "tiles read and write through pointers; each function checks the lengths first")]

mod row;
mod scalars;
mod weights;

use self::row::Dots;
pub use self::weights::Factors;
pub(super) use self::weights::{gradient as weight_gradient, sum_of_products, turn};
use super::tile::blocks;
use crate::simd::{Kernel, Simd, Vectors};
use crate::tensor::Tensor;

/// # Panics
///
/// If x or y is not made of whole entries, or w or b has not the length that follows from theirs.
#[inline(always)]
pub(super) fn check<S>(lanes: usize, w: &[S], b: &[S], x: &[S], y: &[S]) {
    // Without `assert_eq`, which holds on to what it compares: this is to vanish where the lengths are known.
    assert!(x.len().is_multiple_of(lanes), "x: whole entries");
    assert!(y.len().is_multiple_of(lanes), "y: whole entries");
    assert!(b.is_empty() || b.len() == y.len() / lanes, "b: [OUT]");
    assert!((x.len() / lanes).checked_mul(y.len() / lanes) == Some(w.len()), "w: [OUT, IN]");
}

/// y[o] = b[o] + Σᵢ w[o][i] · x[i]
///
/// # Safety
///
/// [`check`] has returned.
#[inline(always)]
pub(super) unsafe fn forward<S: Vectors>(lanes: usize, w: &[S], b: &[S], x: &[S], y: &mut [S]) {
    if lanes > 1 {
        return S::dispatch(lanes, Product::<S, false> { lanes, w, b, x, y });
    }
    if let Err(Dots { y, .. }) = S::dispatch_row(Dots { w, b, x, y }) {
        S::dispatch(lanes, Product::<S, false> { lanes, w, b, x, y });
    }
}

/// Forward: y[o] += w[o][i] · x[i]   so   dx[i] = Σₒ w[o][i] · dy[o]
#[inline(always)]
pub(super) fn input_gradient<S: Vectors>(lanes: usize, w: &[S], dy: &[S], dx: &mut [S]) {
    check(lanes, w, &[], dy, dx);
    S::dispatch(lanes, Product::<S, true> { lanes, w, b: &[], x: dy, y: dx });
}

/// y[o] = b[o] + Σᵢ w[o][i] · x[i], or w[i][o] if `TRANSPOSED`; made after `check` only.
struct Product<'a, S, const TRANSPOSED: bool> {
    lanes: usize,
    w: &'a [S],
    b: &'a [S],
    x: &'a [S],
    y: &'a mut [S],
}

/// Inputs whose weights are taken in one turn of the loop: addresses of 16 rows cost as much as the products
/// otherwise.
const TURN: usize = 4;

impl<S: Vectors, const TRANSPOSED: bool> Product<'_, S, TRANSPOSED> {
    /// Outputs `first..first + A`, the `B` vectors that begin at scalar `part` of each entry; returns A.
    #[inline(always)]
    fn outputs<I: Simd<Scalar = S>, const A: usize, const B: usize>(
        &mut self,
        simd: I,
        part: usize,
        first: usize,
    ) -> usize {
        let (inputs, outputs) = (self.x.len() / self.lanes, self.y.len() / self.lanes);
        assert!(first + A <= outputs && part + B * I::WIDTH <= self.lanes);
        let mut acc = [[simd.splat(S::ZERO); B]; A];
        if !self.b.is_empty() {
            for (acc, &b) in acc.iter_mut().zip(&self.b[first..first + A]) {
                *acc = [simd.splat(b); B];
            }
        }
        let [w_output, w_input] = if TRANSPOSED { [1, outputs] } else { [inputs, 1] };
        let mut w = self.w.as_ptr().wrapping_add(first * w_output);
        let mut x = self.x.as_ptr().wrapping_add(part);
        let mut left = inputs;
        while left >= TURN {
            for turn in 0..TURN {
                let (w, x) = (w.wrapping_add(turn * w_input), x.wrapping_add(turn * self.lanes));
                // SAFETY: w is [OUT, IN] or its transpose by `check`, x has `left` entries more, and `A` outputs and
                // `B` vectors were asserted to be there.
                acc = unsafe { add::<I, A, B>(simd, w, w_output, x, acc) };
            }
            w = w.wrapping_add(TURN * w_input);
            x = x.wrapping_add(TURN * self.lanes);
            left -= TURN;
        }
        for _ in 0..left {
            // SAFETY: as above.
            acc = unsafe { add::<I, A, B>(simd, w, w_output, x, acc) };
            w = w.wrapping_add(w_input);
            x = x.wrapping_add(self.lanes);
        }
        for (a, row) in acc.into_iter().enumerate() {
            let y = &mut self.y[(first + a) * self.lanes + part..][..B * I::WIDTH];
            for (b, value) in row.into_iter().enumerate() {
                // SAFETY: `y` has B vectors.
                unsafe { simd.store(y.as_mut_ptr().wrapping_add(b * I::WIDTH), value) };
            }
        }
        A
    }
}

/// acc[a][b] += w[a·w_output] · x[b]
///
/// # Safety
///
/// `A` such scalars and `B` vectors are valid for reading.
#[inline(always)]
unsafe fn add<I: Simd, const A: usize, const B: usize>(
    simd: I,
    w: *const I::Scalar,
    w_output: usize,
    x: *const I::Scalar,
    mut acc: [[I::Vector; B]; A],
) -> [[I::Vector; B]; A] {
    let mut entry = [simd.splat(Tensor::ZERO); B];
    for (b, entry) in entry.iter_mut().enumerate() {
        // SAFETY: one of the B vectors.
        *entry = unsafe { simd.load(x.wrapping_add(b * I::WIDTH)) };
    }
    for (a, row) in acc.iter_mut().enumerate() {
        // SAFETY: one of the A scalars.
        let weight = simd.splat(unsafe { *w.wrapping_add(a * w_output) });
        for (acc, entry) in row.iter_mut().zip(entry) {
            *acc = simd.mul_add(weight, entry, *acc);
        }
    }
    acc
}

impl<S: Vectors, const TRANSPOSED: bool> Kernel<S> for Product<'_, S, TRANSPOSED> {
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(mut self, simd: I) {
        if I::WIDTH == 1 && self.lanes == 1 {
            return self.by_scalars();
        }
        let (lanes, outputs) = (self.lanes, self.y.len() / self.lanes);
        let mut part = 0;
        while part < lanes {
            if I::BLOCK > 4 && lanes - part >= 2 * I::WIDTH {
                blocks!(I::BLOCK, outputs, |first, A| {
                    self.outputs::<I, A, 2>(simd, part, first);
                });
                part += 2 * I::WIDTH;
            } else {
                let mut first = 0;
                while first < outputs {
                    first += match outputs - first {
                        16.. if I::REGISTERS >= 32 => self.outputs::<I, 16, 1>(simd, part, first),
                        8.. if I::BLOCK > 4 => self.outputs::<I, 8, 1>(simd, part, first),
                        4.. => self.outputs::<I, 4, 1>(simd, part, first),
                        2.. => self.outputs::<I, 2, 1>(simd, part, first),
                        _ => self.outputs::<I, 1, 1>(simd, part, first),
                    };
                }
                part += I::WIDTH;
            }
        }
    }
}
