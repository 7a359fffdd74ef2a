//! The correlation of one sample: vectors run along its columns, those beyond the end masked.
//!
//! A tile is A channels times B vectors, which follow each other along a row or, where a row is one vector, lie below
//! each other. Every tap of a row is read from where it lies, with the lanes that fall into the padding masked out.

use core::hint::black_box;
use core::ops::Range;

use super::{Correlation, Row as Target};
use crate::kernels::tile::{Sums, blocks, keep_rolled};
use crate::simd::{Row, RowKernel, Vectors};
use crate::tensor::Tensor;

/// Taps of a row whose masks are made at a time.
const TAPS: usize = 8;

/// From one vector of a tile to the next: scalars of x and y, and columns.
#[derive(Clone, Copy)]
pub(super) struct Apart {
    pub x: isize,
    pub y: usize,
    pub columns: usize,
}

impl<S: Vectors> RowKernel<S> for Correlation<'_, S> {
    #[inline(always)]
    fn run<I: Row<Scalar = S>>(self, simd: I) {
        let interior = self.rows.interior();
        for group in 0..self.channels.groups {
            let group = self.group(group);
            let mut n = 0;
            while n < self.rows.outputs {
                let same_taps = if interior.contains(&n) { interior.end - n } else { 1 };
                let mut rows = 0;
                blocks!(I::BLOCK, self.channels.to, |first, SIZE| {
                    let target = group.row_of(0, n, first);
                    rows = group.rows::<I, SIZE>(simd, &target, first, same_taps);
                });
                n += rows;
            }
        }
    }
}

impl<S: Vectors> Correlation<'_, S> {
    /// Whether neighbours in y see neighbours in x, in one sample.
    #[inline(always)]
    pub(super) fn is_along_rows(&self) -> bool {
        self.lanes == 1 && self.columns.input_step == 1 && self.columns.output_step == 1
    }

    /// From one row of y to the next, in scalars of x and y.
    #[inline(always)]
    pub(super) fn below(&self) -> Apart {
        let [source_width, target_width] = [self.channels.source[1], self.channels.target[1]];
        let x = self.rows.input_step * source_width.cast_signed();
        Apart { x, y: self.rows.output_step * target_width, columns: 0 }
    }

    /// The row at `target` of A channels, or if it is one vector as many as a tile holds of the `most` rows with the same
    /// taps; returns how many.
    #[inline(always)]
    fn rows<I: Row<Scalar = S>, const A: usize>(
        &self,
        simd: I,
        target: &Target<S>,
        first: usize,
        most: usize,
    ) -> usize {
        let end = self.columns.outputs;
        let rows = if end > I::WIDTH { 1 } else { most.min(4) };
        let (apart, count) = if rows == 1 { (along::<I>(), end.div_ceil(I::WIDTH)) } else { (self.below(), rows) };
        // SAFETY: the row at `target` exists, and those below it with the same taps.
        unsafe { self.strip::<I, A>(simd, target, first, 0..end, apart, count) };
        rows
    }

    /// `count` vectors, `apart` from column `columns.start` of the row at `target` on, for A channels. Columns from
    /// `columns.end` on are not written.
    ///
    /// # Safety
    ///
    /// As [`vectors`](Self::vectors).
    #[inline(always)]
    pub(super) unsafe fn strip<I: Row<Scalar = S>, const A: usize>(
        &self,
        simd: I,
        target: &Target<S>,
        first: usize,
        columns: Range<usize>,
        apart: Apart,
        count: usize,
    ) {
        let mut done = 0;
        while done < count {
            let m = columns.start + done * apart.columns;
            let below = if apart.columns == 0 { done } else { 0 };
            let target = Target {
                x: target.x.wrapping_offset(below.cast_signed() * apart.x),
                y: target.y.wrapping_add(below * apart.y),
                ..*target
            };
            done += match count - done {
                // SAFETY: by this function's contract.
                4.. if I::REGISTERS >= 32 => unsafe {
                    self.vectors::<I, A, 4>(simd, &target, first, m, columns.end, apart)
                },
                // SAFETY: by this function's contract.
                2.. => unsafe { self.vectors::<I, A, 2>(simd, &target, first, m, columns.end, apart) },
                // SAFETY: by this function's contract.
                _ => unsafe { self.vectors::<I, A, 1>(simd, &target, first, m, columns.end, apart) },
            };
        }
    }

    /// B vectors from column `m` of the row at `target`, for A channels; columns from `end` on are not written. Returns B.
    ///
    /// # Safety
    ///
    /// `target` comes from `row_of`, or writes to a place with room up to `end`. Otherwise `end` is at most the columns of
    /// y. Each vector begins before it. Vectors `apart` by no columns lie in rows with the taps of the first.
    #[inline(always)]
    unsafe fn vectors<I: Row<Scalar = S>, const A: usize, const B: usize>(
        &self,
        simd: I,
        target: &Target<S>,
        first: usize,
        m: usize,
        end: usize,
        apart: Apart,
    ) -> usize {
        let mut acc = [[simd.splat(S::ZERO); B]; A];
        if !self.b.is_empty() {
            for (acc, &b) in acc.iter_mut().zip(&self.b[first..]) {
                *acc = [simd.splat(b); B];
            }
        }
        let mut sums = target.sums;
        sums.x_column = apart.x;
        for start in (0..self.columns.taps).step_by(TAPS) {
            sums.extents[2] = (self.columns.taps - start).min(TAPS);
            let mut masks = [[simd.mask(0..0); B]; TAPS];
            for (tap, masks) in masks.iter_mut().enumerate().take(sums.extents[2]) {
                keep_rolled();
                for (b, mask) in masks.iter_mut().enumerate() {
                    *mask = simd.mask(self.inside(m + b * apart.columns, start + tap, I::WIDTH));
                }
            }
            let start = start.cast_signed();
            let w = target.w.wrapping_offset(start * sums.w_step[2]);
            let x = target.x.wrapping_offset(m.cast_signed() + start * sums.x_step[2]);
            // Unless their number is hidden the compiler unrolls all taps, and keeps their addresses on the stack.
            // SAFETY: the rows' taps are valid, and of the columns `inside` leaves those that exist.
            acc = unsafe { tile(simd, &sums, black_box(&masks[..sums.extents[2]]), w, x, acc) };
        }
        for b in 0..B {
            let y = target.y.wrapping_add(m + b * apart.y);
            let columns = end - m - b * apart.columns;
            // What is stored without a mask can be loaded again at once.
            if columns < I::WIDTH {
                let mask = simd.mask(0..columns);
                for (a, vectors) in acc.iter().enumerate() {
                    // SAFETY: channel `first + a` and the columns below `end` exist, and y is borrowed mutably by the caller.
                    unsafe { simd.store_masked(y.wrapping_add(a * target.plane), mask, vectors[b]) };
                }
            } else {
                for (a, vectors) in acc.iter().enumerate() {
                    // SAFETY: as above.
                    unsafe { simd.store(y.wrapping_add(a * target.plane), vectors[b]) };
                }
            }
        }
        B
    }

    /// Of `width` outputs from column `m` on, those whose input at `tap` exists.
    #[inline(always)]
    fn inside(&self, m: usize, tap: usize, width: usize) -> Range<usize> {
        let first = self.columns.input_of(m) + tap.cast_signed() * self.columns.tap_move;
        let lane = |column: isize| column.clamp(0, width.cast_signed()).cast_unsigned();
        lane(-first)..lane(self.columns.extent.cast_signed() - first)
    }
}

/// Vectors that follow each other in a row.
#[inline(always)]
pub(super) fn along<I: Row>() -> Apart {
    Apart { x: I::WIDTH.cast_signed(), y: I::WIDTH, columns: I::WIDTH }
}

/// Adds to `acc` the sums of [`super::super::tile::tile`], the vectors of x that tap v meets under its masks.
///
/// # Safety
///
/// Every `w` that the formula names is valid for reading one scalar, and of every `x` the scalars that its mask leaves,
/// as many taps as there are masks.
#[inline(always)]
unsafe fn tile<I: Row, const A: usize, const B: usize>(
    simd: I,
    sums: &Sums,
    masks: &[[I::Mask; B]],
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
            for masks in masks {
                keep_rolled();
                let mut columns = [simd.splat(I::Scalar::ZERO); B];
                for (b, (column, &mask)) in columns.iter_mut().zip(masks).enumerate() {
                    // SAFETY: one of the x of the formula under its mask, valid by this function's contract.
                    *column = unsafe { simd.load_masked(x.wrapping_offset(b.cast_signed() * sums.x_column), mask) };
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
