//! Upsampling: an entry of y is the nearest entry of x, or a mean of the four around its place.

use super::convolution::product;
use super::entries::entries;
use crate::element::LANES;
use crate::simd::{Kernel, Simd, Vectors};

/// Where an entry of a larger map takes its value from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpsampleMode {
    /// The entry of the smaller map that it lies in.
    Nearest,
    /// The four entries around it, weighted by how near they are.
    Bilinear {
        /// Whether the centres of the corners fall together, or, as with PyTorch's default, their outer edges.
        align_corners: bool,
    },
}

/// The sizes of an upsampling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upsample {
    /// Channels of x and y.
    pub channels: usize,
    /// Where values come from.
    pub mode: UpsampleMode,
    /// Height and width of x.
    pub x: [usize; 2],
    /// Height and width of y, multiples of those of x.
    pub y: [usize; 2],
}

impl Upsample {
    fn check<S>(&self, lanes: usize, x: &[S], y: &[S]) {
        for a in 0..2 {
            assert!(self.x[a] > 0 && self.y[a].is_multiple_of(self.x[a]), "the size of y is a multiple of that of x");
        }
        assert_eq!(Some(x.len()), product([self.channels, self.x[0], self.x[1], lanes]), "x: [C, H, W]");
        assert_eq!(Some(y.len()), product([self.channels, self.y[0], self.y[1], lanes]), "y: [C, OH, OW]");
    }

    /// The neighbours of entry `n` of y along axis `a`: in units of x it lies at n·(x − 1)/(y − 1) if corners are aligned, else at
    /// (n + ½)·x/y − ½, but not before 0. As fractions of integers these are exact.
    #[inline(always)]
    fn neighbours<S: Vectors>(&self, align_corners: bool, a: usize, n: usize) -> Neighbours<S> {
        let (x, y) = (self.x[a], self.y[a]);
        let factor = y / x;
        let (above, below) = if align_corners {
            (n * (x - 1), if y > 1 { y - 1 } else { 1 })
        } else {
            ((2 * n + 1).saturating_sub(factor), 2 * factor)
        };
        let low = above / below;
        let high = S::from_f64((above % below) as f64 / below as f64);
        Neighbours { low, high: (low + 1).min(x - 1), weights: [S::ONE - high, high] }
    }

    /// Calls `row` for each row of y with the index of its first entry, and those of the rows of x around it with their weights.
    #[inline(always)]
    fn each_row<S: Vectors>(&self, align_corners: bool, mut row: impl FnMut(usize, [(usize, S); 2])) {
        for channel in 0..self.channels {
            let first = |r: usize| (channel * self.x[0] + r) * self.x[1];
            for r in 0..self.y[0] {
                let Neighbours { low, high, weights: [upper, lower] } = self.neighbours(align_corners, 0, r);
                row((channel * self.y[0] + r) * self.y[1], [(first(low), upper), (first(high), lower)]);
            }
        }
    }
}

/// The entries before and after a place on an axis, and their weights.
struct Neighbours<S> {
    low: usize,
    high: usize,
    weights: [S; 2],
}

/// y = Σ weight · x over the neighbours
#[inline(always)]
pub(super) fn forward<S: Vectors>(lanes: usize, shape: &Upsample, x: &[S], y: &mut [S]) {
    shape.check(lanes, x, y);
    S::dispatch(lanes, Forward { lanes, shape, x, y });
}

/// Forward: y += weight · x   so   dx += weight · dy
#[inline(always)]
pub(super) fn gradient<S: Vectors>(lanes: usize, shape: &Upsample, dy: &[S], dx: &mut [S]) {
    shape.check(lanes, dx, dy);
    S::dispatch(lanes, Gradient { lanes, shape, dy, dx });
}

struct Forward<'a, S> {
    lanes: usize,
    shape: &'a Upsample,
    x: &'a [S],
    y: &'a mut [S],
}

struct Gradient<'a, S> {
    lanes: usize,
    shape: &'a Upsample,
    dy: &'a [S],
    dx: &'a mut [S],
}

impl<S: Vectors> Kernel<S> for Forward<'_, S> {
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(self, _simd: I) {
        if self.lanes == 1 {
            forward_body::<S, 1>(self.shape, entries(self.x), entries(self.y));
        } else {
            forward_body::<S, LANES>(self.shape, entries(self.x), entries(self.y));
        }
    }
}

impl<S: Vectors> Kernel<S> for Gradient<'_, S> {
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(self, _simd: I) {
        if self.lanes == 1 {
            gradient_body::<S, 1>(self.shape, entries(self.dy), entries(self.dx));
        } else {
            gradient_body::<S, LANES>(self.shape, entries(self.dy), entries(self.dx));
        }
    }
}

#[inline(always)]
fn forward_body<S: Vectors, const L: usize>(shape: &Upsample, x: &[[S; L]], y: &mut [[S; L]]) {
    match shape.mode {
        UpsampleMode::Nearest => nearest(shape, x, y),
        UpsampleMode::Bilinear { align_corners } => shape.each_row::<S>(align_corners, |first, rows| {
            for (c, y) in y[first..first + shape.y[1]].iter_mut().enumerate() {
                let columns = shape.neighbours::<S>(align_corners, 1, c);
                let mut sum = [S::ZERO; L];
                for (row, row_weight) in rows {
                    for (column, weight) in [columns.low, columns.high].into_iter().zip(columns.weights) {
                        add(&mut sum, row_weight * weight, &x[row + column]);
                    }
                }
                *y = sum;
            }
        }),
    }
}

#[inline(always)]
fn gradient_body<S: Vectors, const L: usize>(shape: &Upsample, dy: &[[S; L]], dx: &mut [[S; L]]) {
    match shape.mode {
        UpsampleMode::Nearest => nearest_gradient(shape, dy, dx),
        UpsampleMode::Bilinear { align_corners } => {
            dx.fill([S::ZERO; L]);
            shape.each_row::<S>(align_corners, |first, rows| {
                // What goes to the column `at` of both rows, and to the next one: dx is touched once a column of x, not
                // once an entry of y. The first column of y begins at 0, and none moves on by more than 1.
                let (mut at, mut here, mut next) = (0, [S::ZERO; L], [S::ZERO; L]);
                for (c, dy) in dy[first..first + shape.y[1]].iter().enumerate() {
                    let columns = shape.neighbours::<S>(align_corners, 1, c);
                    if columns.low > at {
                        for (row, weight) in rows {
                            add(&mut dx[row + at], weight, &here);
                        }
                        (at, here, next) = (columns.low, next, [S::ZERO; L]);
                    }
                    add(&mut here, columns.weights[0], dy);
                    add(&mut next, columns.weights[1], dy);
                }
                let last = (at + 1).min(shape.x[1] - 1);
                for (row, weight) in rows {
                    add(&mut dx[row + at], weight, &here);
                    add(&mut dx[row + last], weight, &next);
                }
            });
        }
    }
}

/// sum += weight · x, each lane by itself
#[inline(always)]
fn add<S: Vectors, const L: usize>(sum: &mut [S; L], weight: S, x: &[S; L]) {
    for (sum, &x) in sum.iter_mut().zip(x) {
        *sum += weight * x;
    }
}

/// y[c][r][q] = x[c][r / KH][q / KW] with KH·KW entries of y for each of x
#[inline(always)]
fn nearest<S: Vectors, const L: usize>(shape: &Upsample, x: &[[S; L]], y: &mut [[S; L]]) {
    let [rows, columns] = [shape.y[0] / shape.x[0], shape.y[1] / shape.x[1]];
    let mut y = y.iter_mut();
    for x in x.chunks_exact(shape.x[1]) {
        for _ in 0..rows {
            for x in x {
                y.by_ref().take(columns).for_each(|y| *y = *x);
            }
        }
    }
}

/// Forward: y = x at KH·KW entries   so   dx = Σ dy over them
#[inline(always)]
fn nearest_gradient<S: Vectors, const L: usize>(shape: &Upsample, dy: &[[S; L]], dx: &mut [[S; L]]) {
    let [rows, columns] = [shape.y[0] / shape.x[0], shape.y[1] / shape.x[1]];
    let width = shape.y[1];
    for (r, dx) in dx.chunks_exact_mut(shape.x[1]).enumerate() {
        for (c, dx) in dx.iter_mut().enumerate() {
            let mut sum = [S::ZERO; L];
            for row in r * rows..(r + 1) * rows {
                for dy in &dy[row * width + c * columns..row * width + (c + 1) * columns] {
                    add(&mut sum, S::ONE, dy);
                }
            }
            *dx = sum;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::Kernels;
    use crate::kernels::tests::{add, assert_sums, random};

    extern crate std;
    use std::vec;

    /// PyTorch's formulas, in f64: the entries of x around entry `n` of y on one axis, with their weights.
    fn around(mode: UpsampleMode, x: usize, y: usize, n: usize) -> [(usize, f64); 2] {
        let scale = x as f64 / y as f64;
        let place = match mode {
            // the tolerance makes up for rounded thirds and the like
            UpsampleMode::Nearest => (n as f64 * scale + 1e-9).floor(),
            UpsampleMode::Bilinear { align_corners: true } if y == 1 => 0.0,
            UpsampleMode::Bilinear { align_corners: true } => n as f64 * ((x - 1) as f64 / (y - 1) as f64),
            UpsampleMode::Bilinear { align_corners: false } => (scale * (n as f64 + 0.5) - 0.5).max(0.0),
        };
        let low = (0..x).rfind(|&i| i as f64 <= place).unwrap();
        let high = place - low as f64;
        [(low, 1.0 - high), ((low + 1).min(x - 1), high)]
    }

    #[test]
    fn upsampling_equals_plain_loops() {
        let modes = [
            UpsampleMode::Nearest,
            UpsampleMode::Bilinear { align_corners: false },
            UpsampleMode::Bilinear { align_corners: true },
        ];
        let sizes = [([3, 5], [6, 10]), ([4, 3], [4, 12]), ([1, 1], [3, 5]), ([1, 1], [1, 1]), ([2, 7], [10, 7])];
        for (mode, (x_size, y_size)) in modes.into_iter().flat_map(|mode| sizes.map(|sizes| (mode, sizes))) {
            let shape = Upsample { channels: 3, mode, x: x_size, y: y_size };
            for lanes in [1, LANES] {
                let (nx, ny) = (3 * x_size[0] * x_size[1], 3 * y_size[0] * y_size[1]);
                let (x, dy) = (random(nx * lanes, 1), random(ny * lanes, 2));
                let (mut want_y, mut want_dx) = (vec![(0.0, 0.0, 0); ny * lanes], vec![(0.0, 0.0, 0); nx * lanes]);
                for yi in 0..ny {
                    let (channel, r, c) = (yi / y_size[1] / y_size[0], yi / y_size[1] % y_size[0], yi % y_size[1]);
                    for (row, row_weight) in around(mode, x_size[0], y_size[0], r) {
                        for (column, column_weight) in around(mode, x_size[1], y_size[1], c) {
                            let xi = (channel * x_size[0] + row) * x_size[1] + column;
                            #[allow(clippy::cast_possible_truncation, reason = "one rounding of a weight")]
                            let weight = (row_weight * column_weight) as f32;
                            for l in 0..lanes {
                                add(&mut want_y[yi * lanes + l], x[xi * lanes + l], weight);
                                add(&mut want_dx[xi * lanes + l], dy[yi * lanes + l], weight);
                            }
                        }
                    }
                }
                let (mut y, mut dx) = (vec![f32::NAN; ny * lanes], vec![f32::NAN; nx * lanes]);
                f32::upsample(lanes, &shape, &x, &mut y);
                f32::upsample_gradient(lanes, &shape, &dy, &mut dx);
                assert_sums("y", &y, &want_y);
                assert_sums("dx", &dx, &want_dx);
            }
        }
    }
}
