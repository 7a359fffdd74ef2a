//! Convolution with respect to the weights: taps are the columns of the tile, positions the sum.
#![allow(unsafe_code, reason = "tiles read through pointers; `gradient` checks the lengths")]

use core::hint::black_box;
use core::ops::Range;

use super::convolution::{self, Convolution, area};
use crate::element::LANES;
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
    output: usize,
    input: usize,
    source: usize,
    kernel_row: usize,
    tap: usize,
}

/// The output rows whose input at kernel row `k` exists: P ≤ n·S + k·D < extent + P.
#[inline(always)]
fn positions(shape: &Convolution, k: usize) -> Range<usize> {
    let (stride, padding) = (shape.window.stride[0], shape.window.padding[0]);
    let offset = k * shape.window.dilation[0];
    let end = (shape.x[0] + padding).saturating_sub(offset).div_ceil(stride).min(shape.y[0]);
    padding.saturating_sub(offset).div_ceil(stride).min(end)..end
}

impl<S: Vectors> Kernel<S> for WeightGradient<'_, S> {
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(self, simd: I) {
        let Self { lanes, shape, x, dy, dw } = self;
        let (inputs, outputs) = (shape.inputs / shape.groups, shape.outputs / shape.groups);
        // A row of their own in memory: the compiler would choose between numbers that it knows and a load, by branches.
        let zeros = black_box([S::ZERO; LANES]);
        let reader = Reader { zeros: &zeros, lanes, plane: area(shape.y) * lanes, shape: &shape, x, dy };
        for group in 0..shape.groups {
            let mut first = 0;
            while first < outputs {
                // 8 × 3 sums, the inputs of three taps and a slope are in 32 registers, 4 × 3 sums in 16. Scalars are summed in
                // one order on all targets, however many registers there are.
                let most = if I::REGISTERS >= 32 && I::WIDTH > 1 { 8 } else { 4 };
                let block = match most.min(outputs - first) {
                    8 => 8,
                    6.. => 6,
                    4.. => 4,
                    2.. => 2,
                    _ => 1,
                };
                for input in 0..inputs {
                    let (output, source) = (group * outputs + first, group * inputs + input);
                    let place = Place { output, input, source, kernel_row: 0, tap: 0 };
                    match block {
                        8 => reader.taps::<I, 8>(simd, place, dw),
                        6 => reader.taps::<I, 6>(simd, place, dw),
                        4 => reader.taps::<I, 4>(simd, place, dw),
                        2 => reader.taps::<I, 2>(simd, place, dw),
                        _ => reader.taps::<I, 1>(simd, place, dw),
                    }
                }
                first += block;
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Reader<'a, S> {
    /// What taps on the padding meet.
    zeros: &'a [S; LANES],
    lanes: usize,
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
                    3.. => self.tile::<I, A, 3>(simd, place, dw),
                    2 => self.tile::<I, A, 2>(simd, place, dw),
                    _ => self.tile::<I, A, 1>(simd, place, dw),
                };
            }
        }
    }

    /// Sums a tile over all positions and lanes, adds it to `dw`, returns B.
    #[inline(always)]
    fn tile<I: Simd<Scalar = S>, const A: usize, const B: usize>(self, simd: I, place: Place, dw: &mut [S]) -> usize {
        let Place { output, input, kernel_row, tap, .. } = place;
        let [kernel_height, kernel_width] = self.shape.window.kernel;
        let inputs = self.shape.inputs / self.shape.groups;
        let mut acc = [[simd.splat(S::ZERO); B]; A];
        for row in positions(self.shape, kernel_row) {
            for part in (0..self.lanes).step_by(I::WIDTH) {
                // SAFETY: `row` is a position of the kernel's row.
                acc = unsafe { self.row(simd, place, row, part, acc) };
            }
        }
        for (a, row) in acc.into_iter().enumerate() {
            let first = (((output + a) * inputs + input) * kernel_height + kernel_row) * kernel_width + tap;
            for (dw, acc) in dw[first..first + B].iter_mut().zip(row) {
                *dw += simd.sum(acc);
            }
        }
        B
    }

    /// Adds the products of B taps at all columns of output row `row` to `acc`, for the lanes of a vector from `part` on.
    ///
    /// A tap that meets no input meets zeros: to leave it out would take a loop for each border, which costs more than its
    /// products.
    ///
    /// # Safety
    ///
    /// `row` is one of [`positions`] of the place's kernel row.
    #[inline(always)]
    unsafe fn row<I: Simd<Scalar = S>, const A: usize, const B: usize>(
        &self,
        simd: I,
        place: Place,
        row: usize,
        part: usize,
        mut acc: [[I::Vector; B]; A],
    ) -> [[I::Vector; B]; A] {
        let Convolution { window, x: [height, width], y, .. } = *self.shape;
        let row_of_tap = row * window.stride[0] + place.kernel_row * window.dilation[0] - window.padding[0];
        let [stride, dilation, lanes] = [window.stride[1], window.dilation[1], self.lanes].map(usize::cast_signed);
        let x = self.x.as_ptr().wrapping_add((place.source * height + row_of_tap) * width * self.lanes + part);
        let mut dy = self.dy.as_ptr().wrapping_add((place.output * area(y) + row * y[1]) * self.lanes + part);
        // Where in the row of x the entry that tap 0 meets begins, if it exists.
        let mut at = (place.tap.cast_signed() * dilation - window.padding[1].cast_signed()) * lanes;
        let end = width * self.lanes;
        for _ in 0..y[1] {
            let mut inputs = [simd.splat(S::ZERO); B];
            for (b, input) in inputs.iter_mut().enumerate() {
                let at = at + b.cast_signed() * (dilation * lanes);
                let exists = at.cast_unsigned() < end;
                let x = if exists { x.wrapping_offset(at) } else { self.zeros.as_ptr() };
                // SAFETY: this entry of the row exists, or these are LANES zeros.
                *input = unsafe { simd.load(x) };
            }
            for (a, row) in acc.iter_mut().enumerate() {
                // SAFETY: channel `output + a` of dy exists, and so does this column.
                let slope = unsafe { simd.load(dy.wrapping_add(a * self.plane)) };
                for (acc, input) in row.iter_mut().zip(inputs) {
                    *acc = simd.mul_add(slope, input, *acc);
                }
            }
            dy = dy.wrapping_add(self.lanes);
            at += stride * lanes;
        }
        acc
    }
}
