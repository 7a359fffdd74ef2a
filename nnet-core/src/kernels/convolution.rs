//! Convolution (cross-correlation), forward and with respect to the input, both by the same loop over [`Line`]s.
#![allow(unsafe_code, reason = "tiles read and write through pointers; `Convolution::check` checks the lengths")]

mod pooled;
mod row;
mod scalars;

use core::ops::Range;

use super::line::Line;
use super::tile::{Sums, blocks, tile};
use crate::shape::Window2d;
use crate::simd::{Kernel, Simd, Vectors};

pub use pooled::Pooled;
pub(super) use pooled::{check as check_pooled, check_plain, pooled};

/// The sizes of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Convolution {
    /// Channels of x.
    pub inputs: usize,
    /// Channels of y.
    pub outputs: usize,
    /// How many groups both fall into; a channel of y sees the channels of x in its group.
    pub groups: usize,
    /// Kernel, stride, padding and dilation.
    pub window: Window2d,
    /// Height and width of x.
    pub x: [usize; 2],
    /// Height and width of y.
    pub y: [usize; 2],
}

impl Convolution {
    /// # Panics
    ///
    /// If the window leads from `x` to less than `y`, the groups do not divide the channels, or a slice has not the
    /// length that follows from the sizes.
    #[inline(always)]
    pub(super) fn check<S>(&self, lanes: usize, w: &[S], x: &[S], y: &[S]) {
        self.check_inputs(lanes, w, x);
        assert!(product([self.outputs, self.y[0], self.y[1], lanes]) == Some(y.len()), "y: [OUT, OH, OW]");
    }

    /// # Panics
    ///
    /// As `check`, whatever the length of y.
    #[inline(always)]
    fn check_inputs<S>(&self, lanes: usize, w: &[S], x: &[S]) {
        let reached = self.window.output(self.x).is_ok_and(|most| self.y[0] <= most[0] && self.y[1] <= most[1]);
        assert!(reached, "the window leads from x to y or beyond");
        let divided = self.groups > 0 && self.inputs.is_multiple_of(self.groups);
        assert!(divided && self.outputs.is_multiple_of(self.groups), "the groups divide the channels");
        let [kernel_height, kernel_width] = self.window.kernel;
        let weights = [self.outputs, self.inputs / self.groups, kernel_height, kernel_width];
        assert!(product(weights) == Some(w.len()), "w: [OUT, IN / groups, KH, KW]");
        assert!(product([self.inputs, self.x[0], self.x[1], lanes]) == Some(x.len()), "x: [IN, H, W]");
    }
}

/// The product of sizes, if it is a number of entries that can exist.
#[inline(always)]
pub(super) fn product(sizes: [usize; 4]) -> Option<usize> {
    sizes.into_iter().try_fold(1, usize::checked_mul)
}

pub(super) const fn area([height, width]: [usize; 2]) -> usize {
    height * width
}

/// # Panics
///
/// As `Convolution::check`, or if there is not a bias for each output.
#[inline(always)]
pub(super) fn check<S>(lanes: usize, shape: Convolution, w: &[S], b: &[S], x: &[S], y: &[S]) {
    shape.check(lanes, w, x, y);
    assert!(b.is_empty() || b.len() == shape.outputs, "b: [OUT]");
}

/// y[o][r][c] = b[o] + Σᵢ Σₖₕ Σₖ𝓌 w[o][i][kh][kw] · x[i][r·S + kh·D − P][c·S + kw·D − P], i in the group of o
///
/// # Safety
///
/// [`check`] has returned.
#[inline(always)]
pub(super) unsafe fn forward<S: Vectors>(lanes: usize, shape: Convolution, w: &[S], b: &[S], x: &[S], y: &mut [S]) {
    correlation(lanes, &shape, w, b, x, y.as_mut_ptr()).compute();
}

/// The sum of `forward`, whose slices were checked.
#[inline(always)]
fn correlation<'a, S>(
    lanes: usize,
    shape: &Convolution,
    w: &[S],
    b: &'a [S],
    x: &[S],
    y: *mut S,
) -> Correlation<'a, S> {
    let Convolution { inputs, outputs, groups, window: Window2d { kernel, .. }, .. } = *shape;
    // The check has refused 0, which the compiler does not know here: no division may panic.
    let groups = groups.max(1);
    let line = |a: usize| Line::forward(&shape.window, a, shape.x[a], shape.y[a]);
    let channels = Channels {
        groups,
        from: inputs / groups,
        to: outputs / groups,
        w_from: area(kernel),
        w_to: inputs / groups * area(kernel),
        w_group: w.len() / groups,
        source: shape.x,
        target: shape.y,
        plane: area(shape.y),
    };
    let (w, x) = (w.as_ptr(), x.as_ptr());
    Correlation { lanes, rows: line(0), columns: line(1), channels, kernel_width: kernel[1], w, b, x, y, adds: false }
}

/// Forward: y[o][r][c] += w[o][i][kh][kw] · x[i][r·S + kh·D − P][c·S + kw·D − P]
/// so dx[i][p][q] = b[i] + Σ w[o][i][kh][kw] · dy[o][(p + P − kh·D)/S][(q + P − kw·D)/S], where both divisions leave no
/// rest. A gradient has no b; a transposed convolution is this sum with one.
#[inline(always)]
pub(super) fn transposed<S: Vectors>(lanes: usize, shape: &Convolution, w: &[S], b: &[S], dy: &[S], dx: &mut [S]) {
    shape.check(lanes, w, dx, dy);
    assert!(b.is_empty() || b.len() == shape.inputs, "b: [IN]");
    let Convolution { inputs, outputs, groups, window: Window2d { kernel, stride, .. }, .. } = *shape;
    let line = |a: usize, first| Line::transposed(&shape.window, a, shape.x[a], shape.y[a], first);
    let channels = Channels {
        groups,
        from: outputs / groups,
        to: inputs / groups,
        w_from: inputs / groups * area(kernel),
        w_to: area(kernel),
        w_group: w.len() / groups,
        source: shape.y,
        target: shape.x,
        plane: area(shape.x),
    };
    let kernel_width = kernel[1];
    for row in 0..stride[0].min(shape.x[0]) {
        for column in 0..stride[1].min(shape.x[1]) {
            let (rows, columns) = (line(0, row), line(1, column));
            let y = dx.as_mut_ptr();
            let (w, x) = (w.as_ptr(), dy.as_ptr());
            Correlation { lanes, rows, columns, channels, kernel_width, w, b, x, y, adds: false }.compute();
        }
    }
}

/// Forward: y[o][r][c] += w[o][i][kh][kw] · x[i][r·S + kh·D − P][c·S + kw·D − P]
/// so dw[o][i][kh][kw] += Σ dy[o][r][c] · x[i][r·S + kh·D − P][c·S + kw·D − P]: for each i a correlation of x[i] with dy
/// as the kernel, of one sample.
pub(super) fn weights<S: Vectors>(shape: &Convolution, x: &[S], dy: &[S], dw: &mut [S]) {
    shape.check(1, dw, x, dy);
    let Convolution { groups, window: Window2d { kernel, .. }, .. } = *shape;
    let (inputs, outputs) = (shape.inputs / groups, shape.outputs / groups);
    let line = |a: usize| Line::weights(&shape.window, a, shape.x[a], shape.y[a]);
    let (rows, columns) = (line(0), line(1));
    let channels = Channels {
        groups: 1,
        from: 1,
        to: outputs,
        w_from: 0,
        w_to: area(shape.y),
        w_group: 0,
        source: shape.x,
        target: kernel,
        plane: inputs * area(kernel),
    };
    for i in 0..shape.inputs {
        let (group, input) = (i / inputs, i % inputs);
        let w = dy.as_ptr().wrapping_add(group * outputs * area(shape.y));
        let y = dw.as_mut_ptr().wrapping_add((group * outputs * inputs + input) * area(kernel));
        let x = x.as_ptr().wrapping_add(i * area(shape.x));
        Correlation { lanes: 1, rows, columns, channels, kernel_width: shape.y[1], w, b: &[], x, y, adds: true }
            .by_scalars();
    }
}

/// Which channels are summed and which are written, in each group.
#[derive(Clone, Copy)]
struct Channels {
    groups: usize,
    from: usize,
    to: usize,
    /// Distance in w from one summed channel to the next, and from one written channel to the next.
    w_from: usize,
    w_to: usize,
    /// Weights of a group.
    w_group: usize,
    /// Height and width of the maps read and written.
    source: [usize; 2],
    target: [usize; 2],
    /// Entries from one written channel to the next.
    plane: usize,
}

/// y[o][n][m] = b[o] + Σ w · x over the taps of `rows` and `columns`; made by `forward`, `transposed` and
/// `weights` only, after their checks.
#[derive(Clone, Copy)]
struct Correlation<'a, S> {
    lanes: usize,
    rows: Line,
    columns: Line,
    channels: Channels,
    kernel_width: usize,
    w: *const S,
    b: &'a [S],
    x: *const S,
    /// Mutably borrowed by the caller while the kernel runs.
    y: *mut S,
    /// Whether the sums are added to y: for scalars only.
    adds: bool,
}

/// A row of outputs for some channels: where it reads and writes.
struct Row<S> {
    /// The first tap's weight of the first channel.
    w: *const S,
    /// The input that tap 0 of column 0 meets, wherever that lies.
    x: *const S,
    y: *mut S,
    /// Scalars from one channel to the next in y.
    plane: usize,
    /// Scalars from one column to the next in y.
    step: usize,
    sums: Sums,
}

impl<S: Vectors> Kernel<S> for Correlation<'_, S> {
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(self, simd: I) {
        if I::WIDTH == 1 && self.lanes == 1 {
            return self.by_scalars();
        }
        let interior = self.columns.interior();
        for group in 0..self.channels.groups {
            let group = self.group(group);
            for part in (0..self.lanes).step_by(I::WIDTH) {
                for n in 0..self.rows.outputs {
                    blocks!(I::BLOCK, self.channels.to, |first, SIZE| {
                        let row = group.row_of(part, n, first);
                        group.row::<I, SIZE>(simd, &row, first, 0..self.columns.outputs, &interior);
                    });
                }
            }
        }
    }
}

impl<S: Vectors> Correlation<'_, S> {
    /// Writes y, with vectors along the rows of one sample where there are such.
    #[inline(always)]
    fn compute(self) {
        let lanes = self.lanes;
        let done = if self.is_along_rows() { S::dispatch_row(self) } else { Err(self) };
        if let Err(correlation) = done {
            S::dispatch(lanes, correlation);
        }
    }

    /// The correlation of one group, from its first channels on.
    #[inline(always)]
    fn group(&self, group: usize) -> Self {
        let Channels { from, to, w_group, source, plane, .. } = self.channels;
        Self {
            w: self.w.wrapping_add(group * w_group),
            b: self.b.get(group * to..).unwrap_or(&[]),
            x: self.x.wrapping_add(group * from * area(source) * self.lanes),
            y: self.y.wrapping_add(group * to * plane * self.lanes),
            ..*self
        }
    }

    /// Some columns of the row at `row`, for A channels from `first` on.
    #[inline(always)]
    fn row<I: Simd<Scalar = S>, const A: usize>(
        &self,
        simd: I,
        row: &Row<S>,
        first: usize,
        columns: Range<usize>,
        interior: &Range<usize>,
    ) {
        let mut bias = [simd.splat(S::ZERO); A];
        if !self.b.is_empty() {
            for (bias, &b) in bias.iter_mut().zip(&self.b[first..]) {
                *bias = simd.splat(b);
            }
        }
        let wide = I::REGISTERS >= 32;
        let Range { start: mut m, end } = columns;
        while m < end {
            let inside = if interior.contains(&m) { interior.end.min(end) - m } else { 0 };
            m += match inside {
                // One channel alone, as in a depthwise convolution, needs more columns to keep the units busy.
                // SAFETY: `row` comes from `row_of`, and columns m to m + 7 are inside the interior.
                8.. if wide && A == 1 => unsafe { self.columns_at::<I, A, 8>(simd, row, m, bias) },
                // SAFETY: `row` comes from `row_of`, and columns m to m + 3 are inside the interior.
                4.. if wide => unsafe { self.columns_at::<I, A, 4>(simd, row, m, bias) },
                // SAFETY: `row` comes from `row_of`, and columns m and m + 1 are inside the interior.
                2.. => unsafe { self.columns_at::<I, A, 2>(simd, row, m, bias) },
                // SAFETY: `row` comes from `row_of`, and column m has its own valid taps.
                _ => unsafe { self.columns_at::<I, A, 1>(simd, row, m, bias) },
            };
        }
    }

    /// Where row `n` reads and writes.
    #[inline(always)]
    fn row_of(&self, part: usize, n: usize, first: usize) -> Row<S> {
        let (lanes, channels) = (self.lanes.cast_signed(), &self.channels);
        let taps = self.rows.valid(n);
        let source_row = self.rows.input_of(n) + taps.start.cast_signed() * self.rows.tap_move;
        let tap_row = self.rows.tap + taps.start * self.rows.tap_step;
        let target_row = self.rows.output + n * self.rows.output_step;
        let [_, source_width] = channels.source.map(usize::cast_signed);
        let w_offset = first * channels.w_to + tap_row * self.kernel_width + self.columns.tap;
        let x_offset = (source_row * source_width + self.columns.input) * lanes + part.cast_signed();
        let plane = channels.plane * self.lanes;
        let y_offset = first * plane + (target_row * channels.target[1] + self.columns.output) * self.lanes + part;
        Row {
            w: self.w.wrapping_add(w_offset),
            x: self.x.wrapping_offset(x_offset),
            y: self.y.wrapping_add(y_offset),
            plane,
            step: self.columns.output_step * self.lanes,
            sums: Sums {
                extents: [channels.from, taps.len(), 0],
                w_step: [
                    channels.w_from.cast_signed(),
                    (self.rows.tap_step * self.kernel_width).cast_signed(),
                    self.columns.tap_step.cast_signed(),
                ],
                x_step: [
                    area(channels.source).cast_signed() * lanes,
                    self.rows.tap_move * source_width * lanes,
                    self.columns.tap_move * lanes,
                ],
                w_output: channels.w_to.cast_signed(),
                x_column: self.columns.input_step * lanes,
            },
        }
    }

    /// Columns `m..m + B` of a row, with the taps that are valid at `m`; returns B.
    ///
    /// # Safety
    ///
    /// `row` comes from `row_of`, and all B columns have the valid taps of column `m`.
    #[inline(always)]
    unsafe fn columns_at<I: Simd<Scalar = S>, const A: usize, const B: usize>(
        &self,
        simd: I,
        row: &Row<S>,
        m: usize,
        bias: [I::Vector; A],
    ) -> usize {
        let taps = self.columns.valid(m);
        let start = taps.start.cast_signed();
        let mut sums = row.sums;
        sums.extents[2] = taps.len();
        let w = row.w.wrapping_offset(start * sums.w_step[2]);
        let x = row.x.wrapping_offset(m.cast_signed() * sums.x_column + start * sums.x_step[2]);
        let mut acc = [[simd.splat(S::ZERO); B]; A];
        for (acc, bias) in acc.iter_mut().zip(bias) {
            *acc = [bias; B];
        }
        // SAFETY: valid taps meet existing inputs, for all B columns by this function's contract.
        let acc = unsafe { tile::<I, A, B>(simd, &sums, w, x, acc) };
        for (a, columns) in acc.into_iter().enumerate() {
            for (b, value) in columns.into_iter().enumerate() {
                let y = row.y.wrapping_add(a * row.plane + (m + b) * row.step);
                // SAFETY: channel `first + a`, row `n`, column `m + b` of y exist, and y is borrowed mutably by the caller.
                unsafe { simd.store(y, value) };
            }
        }
        B
    }
}
