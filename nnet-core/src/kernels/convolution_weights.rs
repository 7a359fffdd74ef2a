//! Convolution with respect to the weights: taps are the columns of the tile, positions the sum.
#![allow(unsafe_code, reason = "tiles read through pointers; `gradient` checks the lengths")]

use core::ops::Range;

use super::convolution::{self, Convolution, area};
use super::tile::blocks;
use crate::simd::{Kernel, Simd, Vectors};

/// Forward: y[o][r][c] += w[o][i][kh][kw] · x[i][r·S + kh·D − P][c·S + kw·D − P]
/// so dw[o][i][kh][kw] += Σ dy[o][r][c] · x[i][r·S + kh·D − P][c·S + kw·D − P] over the r, c whose input exists.
#[inline(always)]
pub(super) fn gradient<S: Vectors>(lanes: usize, shape: &Convolution, x: &[S], dy: &[S], dw: &mut [S]) {
    if lanes == 1 {
        return convolution::weights(shape, x, dy, dw);
    }
    shape.check(lanes, dw, x, dy);
    S::dispatch(lanes, WeightGradient { lanes, shape: *shape, x, dy, dw });
}

struct WeightGradient<'a, S> {
    lanes: usize,
    shape: Convolution,
    x: &'a [S],
    dy: &'a [S],
    dw: &'a mut [S],
}

/// A tile: taps `tap..tap + B` of kernel row `kernel_row`, to channels `output..output + A` from the channel `input` of
/// their group, which is channel `source` of x.
#[derive(Clone, Copy)]
struct Place {
    part: usize,
    output: usize,
    input: usize,
    source: usize,
    kernel_row: usize,
    tap: usize,
}

/// The outputs along axis `a` whose input at tap `k` exists: P ≤ n·S + k·D < extent + P.
#[inline(always)]
fn positions(shape: &Convolution, a: usize, k: usize) -> Range<usize> {
    let (stride, padding) = (shape.window.stride[a], shape.window.padding[a]);
    let offset = k * shape.window.dilation[a];
    let end = (shape.x[a] + padding).saturating_sub(offset).div_ceil(stride).min(shape.y[a]);
    padding.saturating_sub(offset).div_ceil(stride).min(end)..end
}

impl<S: Vectors> Kernel<S> for WeightGradient<'_, S> {
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(self, simd: I) {
        let Self { lanes, shape, x, dy, dw } = self;
        let (inputs, outputs) = (shape.inputs / shape.groups, shape.outputs / shape.groups);
        let [column_step, tap_step] = [shape.window.stride[1], shape.window.dilation[1]].map(|step| step * lanes);
        let reader = Reader { lanes, column_step, tap_step, plane: area(shape.y) * lanes, shape: &shape, x, dy };
        for group in 0..shape.groups {
            for part in (0..lanes).step_by(I::WIDTH) {
                blocks!(4, outputs, |first, A| {
                    for input in 0..inputs {
                        let (output, source) = (group * outputs + first, group * inputs + input);
                        let place = Place { part, output, input, source, kernel_row: 0, tap: 0 };
                        reader.taps::<I, A>(simd, place, dw);
                    }
                });
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Reader<'a, S> {
    lanes: usize,
    /// Scalars in x from one column of y to the next, and from one tap to the next.
    column_step: usize,
    tap_step: usize,
    /// Scalars in dy from one channel to the next.
    plane: usize,
    shape: &'a Convolution,
    x: &'a [S],
    dy: &'a [S],
}

impl<S: Vectors> Reader<'_, S> {
    /// All taps between the channels of `place`.
    #[inline(always)]
    fn taps<I: Simd<Scalar = S>, const A: usize>(self, simd: I, place: Place, dw: &mut [S]) {
        let [kernel_height, kernel_width] = self.shape.window.kernel;
        for kernel_row in 0..kernel_height {
            let mut tap = 0;
            while tap < kernel_width {
                let place = Place { kernel_row, tap, ..place };
                tap += match kernel_width - tap {
                    // Beside 4 × 5 sums five taps and a slope need 6 registers; three leave 4 × 3 sums in 16 registers.
                    // Scalars are summed in one order on all targets, however many registers there are.
                    5.. if I::REGISTERS >= 32 && I::WIDTH > 1 => self.tile::<I, A, 5>(simd, place, dw),
                    3.. => self.tile::<I, A, 3>(simd, place, dw),
                    2 => self.tile::<I, A, 2>(simd, place, dw),
                    _ => self.tile::<I, A, 1>(simd, place, dw),
                };
            }
        }
    }

    /// Sums a tile over all positions and lanes of this part, adds it to `dw`, returns B.
    #[inline(always)]
    fn tile<I: Simd<Scalar = S>, const A: usize, const B: usize>(self, simd: I, place: Place, dw: &mut [S]) -> usize {
        let Place { output, input, kernel_row, tap, .. } = place;
        let mut columns = [const { 0..0 }; B];
        let mut interior = 0..self.shape.y[1];
        for (b, columns) in columns.iter_mut().enumerate() {
            *columns = positions(self.shape, 1, tap + b);
            interior = interior.start.max(columns.start)..interior.end.min(columns.end);
        }
        interior.end = interior.end.max(interior.start);
        let bordered = columns.iter().any(|columns| *columns != interior);
        let rows = positions(self.shape, 0, kernel_row);
        let mut acc = [[simd.splat(S::ZERO); B]; A];
        for row in rows.clone() {
            // SAFETY: the interior's columns are positions of all B taps, and `row` of the kernel's row.
            acc = unsafe { self.sum(simd, self.row(place, row), &interior, acc) };
        }
        // Single taps beside the interior, on a copy: what is indexed by a variable is not kept in registers.
        let mut sums = acc;
        for (b, columns) in columns.iter().enumerate().filter(|_| bordered) {
            let place = Place { tap: tap + b, ..place };
            let mut acc = [[simd.splat(S::ZERO)]; A];
            for (acc, row) in acc.iter_mut().zip(&sums) {
                *acc = [row[b]];
            }
            let left = columns.start..columns.end.min(interior.start);
            let right = columns.start.max(interior.end)..columns.end;
            for side in [left, right] {
                if side.is_empty() {
                    continue;
                }
                for row in rows.clone() {
                    // SAFETY: both sides are positions of tap b, and `row` of the kernel's row.
                    acc = unsafe { self.sum(simd, self.row(place, row), &side, acc) };
                }
            }
            for (row, [value]) in sums.iter_mut().zip(acc) {
                row[b] = value;
            }
        }
        let [kernel_height, kernel_width] = self.shape.window.kernel;
        let inputs = self.shape.inputs / self.shape.groups;
        for (a, row) in sums.into_iter().enumerate() {
            let first = (((output + a) * inputs + input) * kernel_height + kernel_row) * kernel_width + tap;
            for (dw, acc) in dw[first..first + B].iter_mut().zip(row) {
                *dw += simd.sum(acc);
            }
        }
        B
    }

    /// Where column 0 of output row `row` lies in dy, and where its first tap lies in x (or would).
    #[inline(always)]
    fn row(&self, place: Place, row: usize) -> (*const S, *const S) {
        let Convolution { window, x: [height, width], y, .. } = *self.shape;
        let dy = (place.output * area(y) + row * y[1]) * self.lanes + place.part;
        let row_of_tap = row * window.stride[0] + place.kernel_row * window.dilation[0] - window.padding[0];
        let x_row = place.source * height + row_of_tap;
        let x_column = (place.tap * window.dilation[1]).cast_signed() - window.padding[1].cast_signed();
        let x = ((x_row * width).cast_signed() + x_column) * self.lanes.cast_signed() + place.part.cast_signed();
        (self.dy.as_ptr().wrapping_add(dy), self.x.as_ptr().wrapping_offset(x))
    }

    /// Adds the products of B taps at `columns` to `acc`.
    ///
    /// # Safety
    ///
    /// `at` comes from `row`, and at each of `columns` the inputs of all B taps exist.
    #[inline(always)]
    unsafe fn sum<I: Simd<Scalar = S>, const A: usize, const B: usize>(
        &self,
        simd: I,
        (dy, x): (*const S, *const S),
        columns: &Range<usize>,
        mut acc: [[I::Vector; B]; A],
    ) -> [[I::Vector; B]; A] {
        let mut dy = dy.wrapping_add(columns.start * self.lanes);
        let mut x = x.wrapping_add(columns.start * self.column_step);
        for _ in columns.clone() {
            let mut inputs = [simd.splat(S::ZERO); B];
            for (b, input) in inputs.iter_mut().enumerate() {
                // SAFETY: the input of tap b exists by this function's contract.
                *input = unsafe { simd.load(x.wrapping_add(b * self.tap_step)) };
            }
            for (a, row) in acc.iter_mut().enumerate() {
                // SAFETY: channel `output + a` of dy exists, the column by this function's contract.
                let slope = unsafe { simd.load(dy.wrapping_add(a * self.plane)) };
                for (acc, input) in row.iter_mut().zip(inputs) {
                    *acc = simd.mul_add(slope, input, *acc);
                }
            }
            dy = dy.wrapping_add(self.lanes);
            x = x.wrapping_add(self.column_step);
        }
        acc
    }
}
