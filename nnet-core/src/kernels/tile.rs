//! The tile: A outputs times B columns, held in registers, over three nested sums.
//!
//! `acc[a][b] += Σⱼ Σᵤ Σᵥ w[a·w_output + (j,u,v)·w_step] · x[b·x_column + (j,u,v)·x_step]`
//!
//! Convolutions (forward and input gradient) and linear layers are all this sum with other steps.

use core::hint::black_box;
use core::iter;

use crate::simd::Simd;
use crate::tensor::Tensor;

/// The extents of the three sums and the distances in memory that they step over, in scalars.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sums {
    pub extents: [usize; 3],
    pub w_step: [isize; 3],
    pub x_step: [isize; 3],
    /// From one output's weights to the next one's.
    pub w_output: isize,
    /// From one column's input to the next one's.
    pub x_column: isize,
}

/// Adds the sums to `acc`.
///
/// # Safety
///
/// Every `w` that the formula names is valid for reading one scalar, every `x` for reading `I::WIDTH` scalars.
#[inline(always)]
#[allow(unsafe_code, reason = "the innermost loop of all layers: no bounds checks")]
pub(super) unsafe fn tile<I: Simd, const A: usize, const B: usize>(
    simd: I,
    sums: &Sums,
    w: *const I::Scalar,
    x: *const I::Scalar,
    mut acc: [[I::Vector; B]; A],
) -> [[I::Vector; B]; A] {
    let [w_j, w_u, w_v] = sums.w_step;
    let [x_j, x_u, x_v] = sums.x_step;
    for j in 0..sums.extents[0].cast_signed() {
        for u in 0..sums.extents[1].cast_signed() {
            let mut w = w.wrapping_offset(j * w_j + u * w_u);
            let mut x = x.wrapping_offset(j * x_j + u * x_u);
            for _ in 0..sums.extents[2] {
                let mut columns = [simd.splat(I::Scalar::ZERO); B];
                for (b, column) in columns.iter_mut().enumerate() {
                    // SAFETY: one of the x of the formula, valid by this function's contract.
                    *column = unsafe { simd.load(x.wrapping_offset(b.cast_signed() * sums.x_column)) };
                }
                for (a, row) in acc.iter_mut().enumerate() {
                    // SAFETY: one of the w of the formula, valid by this function's contract.
                    let weight = simd.splat(unsafe { *w.wrapping_offset(a.cast_signed() * sums.w_output) });
                    for (acc, column) in row.iter_mut().zip(columns) {
                        *acc = simd.mul_add(weight, column, *acc);
                    }
                }
                w = w.wrapping_offset(w_v);
                x = x.wrapping_offset(x_v);
            }
        }
    }
    acc
}

/// Cuts `0..total` into the fewest blocks of at most `most`, as even as possible, and runs the body for each with its
/// start in the first name and its size in the second, a constant of at most 6. Sizes above `most`, a constant too,
/// cost no code.
macro_rules! blocks {
    ($most:expr, $total:expr, |$start:ident, $size:ident| $body:expr) => {
        blocks!(@ $most, $total, $start, $size, $body, 1 2 3 4 5 6)
    };
    (@ $most:expr, $total:expr, $start:ident, $size:ident, $body:expr, $($n:literal)*) => {{
        let total: usize = $total;
        let mut $start = 0;
        while $start < total {
            let left: usize = total - $start;
            let size = left.div_ceil(left.div_ceil($most));
            match size {
                $($n if $n <= $most => { const $size: usize = $n; $body })*
                _ => unreachable!("no block is larger than the largest"),
            }
            $start += size;
        }
    }};
}
pub(super) use blocks;

/// In the body of a loop: the compiler leaves it as it is, where unrolling would cost more of a program's size than it
/// saves of its time. It is no instruction.
#[inline(always)]
pub(super) fn keep_rolled() {
    black_box(());
}

/// The starts and sizes of blocks as `blocks!` cuts them.
#[inline(always)]
pub(super) fn even_blocks(most: usize, total: usize) -> impl Iterator<Item = (usize, usize)> {
    let mut start = 0;
    iter::from_fn(move || {
        let left = total - start;
        let size = left.div_ceil(left.div_ceil(most).max(1));
        start += size;
        (size > 0).then_some((start - size, size))
    })
}
