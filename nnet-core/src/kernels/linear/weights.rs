//! Weight gradients of linear layers: outer products of what comes back and what went in, summed over samples.
//!
//! Vectors run along the inputs, so that nothing is summed across a vector. For that x is turned around, from an entry of
//! 16 samples after the other to inputs side by side, [`CHUNK`] of them for each sample: `[IN / 64][16][64]`, the last
//! chunk as narrow as it may be.
#![allow(unsafe_code, reason = "tiles read and write through pointers; each function checks the lengths first")]

use core::ops::Range;

use super::super::tile::{blocks, keep_rolled};
use crate::element::LANES;
use crate::simd::{Kernel, Simd, Vectors};
use crate::tensor::Tensor;

/// Inputs that lie side by side.
const CHUNK: usize = 64;

/// Forward: y[o] += w[o][i] · x[i]   so   dw[o][i] += Σ dy[o] · x[i] over lanes
#[inline(always)]
pub(in super::super) fn gradient<S: Vectors>(lanes: usize, x: &[S], dy: &[S], dw: &mut [S]) {
    assert_eq!(x.len() % lanes, 0, "x: whole entries");
    assert_eq!(dy.len() % lanes, 0, "dy: whole entries");
    assert_eq!(Some(dw.len()), (x.len() / lanes).checked_mul(dy.len() / lanes), "dw: [OUT, IN]");
    if dw.is_empty() {
        return;
    }
    if lanes == LANES {
        chunk_by_chunk(x, dy, dw);
    } else {
        outer_product(x, dy, dw);
    }
}

/// dw[o][i] += dy[o] · x[i], one sample.
fn outer_product<S: Vectors>(x: &[S], dy: &[S], dw: &mut [S]) {
    #[cfg(all(target_arch = "arm", target_abi = "eabihf"))]
    let done = super::super::vfp::outer_product(x, dy, dw);
    #[cfg(not(all(target_arch = "arm", target_abi = "eabihf")))]
    let done = 0;
    for (dw, &slope) in dw.chunks_exact_mut(x.len()).zip(dy) {
        for (dw, &x) in dw.iter_mut().zip(x).skip(done) {
            *dw += slope * x;
        }
    }
}

/// dw[o][i] += Σ_l dy[o][l] · x[i][l], one group, of which a chunk is turned around at a time.
fn chunk_by_chunk<S: Vectors>(x: &[S], dy: &[S], dw: &mut [S]) {
    let inputs = x.len() / LANES;
    let mut turned = [S::ZERO; LANES * CHUNK];
    for (number, chunk) in x.chunks(LANES * CHUNK).enumerate() {
        let width = chunk.len() / LANES;
        let turned = &mut turned[..Factors::<S>::turned_length(width)];
        turn(chunk, turned);
        let columns = number * CHUNK..number * CHUNK + width;
        let (x, dy) = (&[&*turned][..], &[dy][..]);
        S::dispatch(LANES, Products { x, dy, x_at: 0, dy_at: 0, columns, inputs, is_first: false, dw });
    }
}

/// turned ← x of a group, turned around.
pub(in super::super) fn turn<S: Vectors>(x: &[S], turned: &mut [S]) {
    assert_eq!(x.len() % LANES, 0, "x: whole entries of a group");
    assert_eq!(turned.len(), Factors::<S>::turned_length(x.len() / LANES), "turned: whole vectors");
    S::dispatch(LANES, Turn { x: x.as_chunks().0, turned });
}

struct Turn<'a, S> {
    x: &'a [[S; LANES]],
    turned: &'a mut [S],
}

impl<S: Vectors> Kernel<S> for Turn<'_, S> {
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(self, simd: I) {
        for (x, turned) in self.x.chunks(CHUNK).zip(self.turned.chunks_mut(LANES * CHUNK)) {
            turn_chunk(simd, x, turned);
        }
    }
}

/// turned[l][i] = x[i][l], for one chunk.
#[inline(always)]
fn turn_chunk<I: Simd>(simd: I, x: &[[I::Scalar; LANES]], turned: &mut [I::Scalar]) {
    let width = turned.len() / LANES;
    assert!(x.len() <= width);
    let whole = x.len() - x.len() % I::WIDTH;
    for begin in (0..whole).step_by(I::WIDTH) {
        for part in (0..LANES).step_by(I::WIDTH) {
            let mut rows = [simd.splat(Tensor::ZERO); LANES];
            for (row, x) in rows.iter_mut().zip(&x[begin..begin + I::WIDTH]) {
                // SAFETY: WIDTH divides LANES, so an entry has WIDTH scalars from `part` on.
                *row = unsafe { simd.load(x.as_ptr().wrapping_add(part)) };
            }
            transpose(simd, &mut rows);
            for (lane, row) in rows.iter().enumerate().take(I::WIDTH) {
                let turned = &mut turned[(part + lane) * width + begin..][..I::WIDTH];
                // SAFETY: `turned` has WIDTH scalars.
                unsafe { simd.store(turned.as_mut_ptr(), *row) };
            }
        }
    }
    for (lane, row) in turned.chunks_exact_mut(width).enumerate() {
        for (i, turned) in row.iter_mut().enumerate().skip(whole) {
            *turned = x.get(i).map_or(Tensor::ZERO, |x| x[lane]);
        }
    }
}

/// The first WIDTH of `rows` as columns. Interleaving row k with row k + WIDTH/2, for all k, turns each index pair
/// (row, column), read as one binary number, by one digit; log₂ WIDTH times exchanges the two.
#[inline(always)]
fn transpose<I: Simd>(simd: I, rows: &mut [I::Vector; LANES]) {
    for _ in 0..I::WIDTH.ilog2() {
        let from = *rows;
        for k in 0..I::WIDTH / 2 {
            [rows[2 * k], rows[2 * k + 1]] = simd.interleave(from[k], from[k + I::WIDTH / 2]);
        }
    }
}

/// The factors of a batch's outer products: those of a group are a slice, in which x, turned around, begins at `x`, and dy,
/// from the row on that is asked for, at `dy`.
#[derive(Clone, Copy, Debug)]
pub struct Factors<'a, S> {
    pub groups: &'a [&'a [S]],
    pub x: usize,
    pub dy: usize,
    pub inputs: usize,
}

impl<S> Factors<'_, S> {
    /// Scalars of `inputs` entries of a group that are turned around: whole vectors, zeros behind the last input.
    #[must_use]
    pub const fn turned_length(inputs: usize) -> usize {
        LANES * inputs.next_multiple_of(LANES)
    }
}

/// dw[o][i] = Σ dy[o] · x[i] over the groups, in their order, and their lanes; added to what is there if it is not the
/// `first` sum.
pub(in super::super) fn sum_of_products<S: Vectors>(is_first: bool, factors: &Factors<'_, S>, dw: &mut [S]) {
    let &Factors { groups, x: x_at, dy: dy_at, inputs } = factors;
    S::dispatch(LANES, Products { x: groups, dy: groups, x_at, dy_at, columns: 0..inputs, inputs, is_first, dw });
}

/// dw[o][c] += Σ dy[o][l] · x[c][l] over groups and lanes, for these columns of whole rows.
struct Products<'a, S> {
    /// Of each group; the columns, turned around, begin at `x_at`, the rows at `dy_at`.
    x: &'a [&'a [S]],
    dy: &'a [&'a [S]],
    x_at: usize,
    dy_at: usize,
    columns: Range<usize>,
    /// Of a whole row.
    inputs: usize,
    /// Whether what is in dw does not count.
    is_first: bool,
    dw: &'a mut [S],
}

impl<S: Vectors> Kernel<S> for Products<'_, S> {
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(self, simd: I) {
        let Self { x, dy, x_at, dy_at, columns, inputs, is_first, dw } = self;
        assert!(inputs > 0 && dw.len().is_multiple_of(inputs), "dw: whole rows");
        assert!(columns.start <= columns.end && columns.end <= inputs, "columns of a row");
        let rows = dw.len() / inputs;
        for start in columns.clone().step_by(CHUNK) {
            let width = CHUNK.min(columns.end - start);
            let x_at = x_at + LANES * (start - columns.start);
            blocks!(I::BLOCK, rows, |first, A| {
                let (dy_at, dw) = (dy_at + LANES * first, &mut dw[first * inputs + start..]);
                Block::<S, A> { x, dy, x_at, dy_at, width, inputs, is_first, dw }.add(simd);
            });
        }
    }
}

/// A rows by one chunk; `dw` begins at the first of both.
struct Block<'a, S, const A: usize> {
    x: &'a [&'a [S]],
    dy: &'a [&'a [S]],
    x_at: usize,
    dy_at: usize,
    /// Of the chunk, without what it is filled up with.
    width: usize,
    inputs: usize,
    is_first: bool,
    dw: &'a mut [S],
}

impl<S: Vectors, const A: usize> Block<'_, S, A> {
    #[inline(always)]
    fn add<I: Simd<Scalar = S>>(&mut self, simd: I) {
        let mut done = 0;
        while done < self.width {
            let vectors = (self.width - done) / I::WIDTH;
            done += I::WIDTH
                * match vectors {
                    4.. if I::REGISTERS >= 32 => self.vectors::<I, 4>(simd, done),
                    2.. => self.vectors::<I, 2>(simd, done),
                    1 => self.vectors::<I, 1>(simd, done),
                    _ => self.rest::<I>(simd, done),
                };
        }
    }

    /// `B` whole vectors of inputs from `from`; returns B.
    #[inline(always)]
    fn vectors<I: Simd<Scalar = S>, const B: usize>(&mut self, simd: I, from: usize) -> usize {
        let mut acc = [[simd.splat(S::ZERO); B]; A];
        if !self.is_first {
            for (a, row) in acc.iter_mut().enumerate() {
                let dw = &self.dw[a * self.inputs + from..][..B * I::WIDTH];
                for (b, acc) in row.iter_mut().enumerate() {
                    // SAFETY: `dw` has B vectors.
                    *acc = unsafe { simd.load(dw.as_ptr().wrapping_add(b * I::WIDTH)) };
                }
            }
        }
        let acc = self.sum::<I, B>(simd, from, acc);
        for (a, row) in acc.into_iter().enumerate() {
            let dw = &mut self.dw[a * self.inputs + from..][..B * I::WIDTH];
            for (b, value) in row.into_iter().enumerate() {
                // SAFETY: `dw` has B vectors.
                unsafe { simd.store(dw.as_mut_ptr().wrapping_add(b * I::WIDTH), value) };
            }
        }
        B
    }

    /// The inputs from `from` on, fewer than a vector; returns 1.
    #[inline(always)]
    fn rest<I: Simd<Scalar = S>>(&mut self, simd: I, from: usize) -> usize {
        let acc = self.sum::<I, 1>(simd, from, [[simd.splat(S::ZERO)]; A]);
        for (a, [value]) in acc.into_iter().enumerate() {
            let mut entries = [S::ZERO; LANES];
            // SAFETY: a vector is at most LANES scalars.
            unsafe { simd.store(entries.as_mut_ptr(), value) };
            let dw = &mut self.dw[a * self.inputs..][from..self.width];
            for (dw, entry) in dw.iter_mut().zip(entries) {
                *dw = if self.is_first { entry } else { *dw + entry };
            }
        }
        1
    }

    #[inline(always)]
    fn sum<I: Simd<Scalar = S>, const B: usize>(
        &self,
        simd: I,
        from: usize,
        mut acc: [[I::Vector; B]; A],
    ) -> [[I::Vector; B]; A] {
        let width = self.width.next_multiple_of(LANES);
        assert!(from + B * I::WIDTH <= width);
        for (x, dy) in self.x.iter().zip(self.dy) {
            let x = &x[self.x_at..][..LANES * width];
            let dy = &dy[self.dy_at..][..LANES * A];
            for lane in 0..LANES {
                keep_rolled();
                let mut columns = [simd.splat(S::ZERO); B];
                for (b, column) in columns.iter_mut().enumerate() {
                    // SAFETY: `x` has LANES rows of `width` scalars, and `from + B·WIDTH ≤ width`, as asserted above.
                    *column = unsafe { simd.load(x.as_ptr().wrapping_add(lane * width + from + b * I::WIDTH)) };
                }
                for (a, row) in acc.iter_mut().enumerate() {
                    let slope = simd.splat(dy[a * LANES + lane]);
                    for (acc, column) in row.iter_mut().zip(columns) {
                        *acc = simd.mul_add(slope, column, *acc);
                    }
                }
            }
        }
        acc
    }
}
