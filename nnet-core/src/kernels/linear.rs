//! Linear layers: matrix-vector products over lanes, and outer products summed over them.
#![allow(unsafe_code, reason = "tiles read and write through pointers; each function checks the lengths first")]

mod row;

use self::row::Dots;
use super::tile::{Sums, blocks, tile};
use crate::element::LANES;
use crate::simd::{Kernel, Simd, Vectors};

/// y[o] = b[o] + Σᵢ w[o][i] · x[i]
pub(super) fn forward<S: Vectors>(lanes: usize, w: &[S], b: &[S], x: &[S], y: &mut [S]) {
    let (inputs, outputs) = (x.len() / lanes, y.len() / lanes);
    assert!(b.is_empty() || b.len() == outputs, "b: [OUT]");
    let product = Product::new(lanes, inputs, 1, w, b, x, y);
    if lanes > 1 {
        return S::dispatch(lanes, product);
    }
    let Product { w, b, x, y, .. } = product;
    if let Err(Dots { y, .. }) = S::dispatch_row(Dots { w, b, x, y }) {
        S::dispatch(lanes, Product::new(lanes, inputs, 1, w, b, x, y));
    }
}

/// Forward: y[o] += w[o][i] · x[i]   so   dx[i] = Σₒ w[o][i] · dy[o]
pub(super) fn input_gradient<S: Vectors>(lanes: usize, w: &[S], dy: &[S], dx: &mut [S]) {
    let inputs = dx.len() / lanes;
    S::dispatch(lanes, Product::new(lanes, 1, inputs, w, &[], dy, dx));
}

/// Forward: y[o] += b[o]   so   db[o] += Σ dy[o] over positions and lanes
pub(super) fn bias_gradient<S: Vectors>(dy: &[S], db: &mut [S]) {
    if db.is_empty() {
        return;
    }
    assert_eq!(dy.len() % db.len(), 0, "dy: [OUT, ..]");
    // With LANES sums side by side the compiler adds vectors; they are added up once.
    let positions = dy.len() / db.len();
    for (db, dy) in db.iter_mut().zip(dy.chunks_exact(positions)) {
        let mut sums = [S::ZERO; LANES];
        let (groups, rest) = dy.as_chunks::<LANES>();
        for group in groups {
            for (sum, &value) in sums.iter_mut().zip(group) {
                *sum += value;
            }
        }
        for &value in rest {
            sums[0] += value;
        }
        *db += sums.into_iter().fold(S::ZERO, |total, sum| total + sum);
    }
}

/// y[o] = b[o] + Σᵢ w[o·w_output + i·w_input] · x[i]
struct Product<'a, S> {
    lanes: usize,
    w_output: usize,
    w_input: usize,
    w: &'a [S],
    b: &'a [S],
    x: &'a [S],
    y: &'a mut [S],
}

impl<'a, S: Vectors> Product<'a, S> {
    fn new(lanes: usize, w_output: usize, w_input: usize, w: &'a [S], b: &'a [S], x: &'a [S], y: &'a mut [S]) -> Self {
        assert_eq!(x.len() % lanes, 0, "x: whole entries");
        assert_eq!(y.len() % lanes, 0, "y: whole entries");
        assert_eq!(Some(w.len()), (x.len() / lanes).checked_mul(y.len() / lanes), "w: [OUT, IN]");
        Self { lanes, w_output, w_input, w, b, x, y }
    }

    /// Outputs `first..first + A`, the vectors that begin at scalar `part` of each entry; returns A.
    #[inline(always)]
    fn outputs<I: Simd<Scalar = S>, const A: usize>(&mut self, simd: I, part: usize, first: usize) -> usize {
        let outputs = self.y.len() / self.lanes;
        assert!(first + A <= outputs);
        let mut acc = [[simd.splat(S::ZERO)]; A];
        if !self.b.is_empty() {
            for (acc, &b) in acc.iter_mut().zip(&self.b[first..first + A]) {
                *acc = [simd.splat(b)];
            }
        }
        let sums = Sums {
            extents: [1, 1, self.x.len() / self.lanes],
            w_step: [0, 0, self.w_input.cast_signed()],
            x_step: [0, 0, self.lanes.cast_signed()],
            w_output: self.w_output.cast_signed(),
            x_column: 0,
        };
        let w = self.w[first * self.w_output..].as_ptr();
        let x = self.x.as_ptr().wrapping_add(part);
        // SAFETY: w is [OUT, IN] or its transpose by `new`, `first + A ≤ OUT` as asserted, and x has IN entries.
        let acc = unsafe { tile::<I, A, 1>(simd, &sums, w, x, acc) };
        for (a, [value]) in acc.into_iter().enumerate() {
            let y = &mut self.y[(first + a) * self.lanes + part..][..I::WIDTH];
            // SAFETY: `y` has WIDTH scalars.
            unsafe { simd.store(y.as_mut_ptr(), value) };
        }
        A
    }
}

impl<S: Vectors> Kernel<S> for Product<'_, S> {
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(mut self, simd: I) {
        let (lanes, outputs) = (self.lanes, self.y.len() / self.lanes);
        for part in (0..lanes).step_by(I::WIDTH) {
            let mut first = 0;
            while first < outputs {
                first += match outputs - first {
                    16.. if I::REGISTERS >= 32 => self.outputs::<I, 16>(simd, part, first),
                    8.. if I::BLOCK > 4 => self.outputs::<I, 8>(simd, part, first),
                    4.. => self.outputs::<I, 4>(simd, part, first),
                    2.. => self.outputs::<I, 2>(simd, part, first),
                    _ => self.outputs::<I, 1>(simd, part, first),
                };
            }
        }
    }
}

/// Forward: y[o] += w[o][i] · x[i]   so   dw[o][i] += Σ dy[o] · x[i] over lanes
pub(super) fn weight_gradient<S: Vectors>(lanes: usize, x: &[S], dy: &[S], dw: &mut [S]) {
    assert_eq!(x.len() % lanes, 0, "x: whole entries");
    assert_eq!(dy.len() % lanes, 0, "dy: whole entries");
    assert_eq!(Some(dw.len()), (x.len() / lanes).checked_mul(dy.len() / lanes), "dw: [OUT, IN]");
    if dw.is_empty() {
        return;
    }
    if lanes == LANES {
        S::dispatch(lanes, OuterProducts { x: x.as_chunks().0, dy: dy.as_chunks().0, dw });
    } else {
        outer_product(x, dy, dw);
    }
}

/// dw[o][i] += dy[o] · x[i], one sample.
fn outer_product<S: Vectors>(x: &[S], dy: &[S], dw: &mut [S]) {
    for (dw, &slope) in dw.chunks_exact_mut(x.len()).zip(dy) {
        for (dw, &x) in dw.iter_mut().zip(x) {
            *dw += slope * x;
        }
    }
}

/// Inputs that are turned around at a time.
const CHUNK: usize = 64;

/// dw[o][i] += Σ_l dy[o][l] · x[i][l]. Vectors run along i, so that nothing is summed across a vector: 64 inputs
/// at a time are turned around to lie side by side for each lane.
struct OuterProducts<'a, S> {
    x: &'a [[S; LANES]],
    dy: &'a [[S; LANES]],
    dw: &'a mut [S],
}

impl<S: Vectors> Kernel<S> for OuterProducts<'_, S> {
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(self, simd: I) {
        let Self { x, dy, dw } = self;
        let inputs = x.len();
        let mut turned = [[S::ZERO; CHUNK]; LANES];
        for start in (0..inputs).step_by(CHUNK) {
            let chunk = &x[start..inputs.min(start + CHUNK)];
            for (i, x) in chunk.iter().enumerate() {
                for (turned, &x) in turned.iter_mut().zip(x) {
                    turned[i] = x;
                }
            }
            blocks!(I::BLOCK, dy.len(), |first, A| {
                let dy: &[[S; LANES]; A] = dy[first..].first_chunk().expect("a block lies within the outputs");
                let mut block = Block { turned: &turned, dy, dw: &mut dw[first * inputs + start..], inputs };
                block.add(simd, chunk.len());
            });
        }
    }
}

/// A outputs by up to [`CHUNK`] inputs; `dw` begins at the first of both.
struct Block<'a, S, const A: usize> {
    turned: &'a [[S; CHUNK]; LANES],
    dy: &'a [[S; LANES]; A],
    dw: &'a mut [S],
    inputs: usize,
}

impl<S: Vectors, const A: usize> Block<'_, S, A> {
    #[inline(always)]
    fn add<I: Simd<Scalar = S>>(&mut self, simd: I, width: usize) {
        let mut done = 0;
        while done < width {
            let vectors = (width - done) / I::WIDTH;
            done += I::WIDTH
                * match vectors {
                    4.. if I::REGISTERS >= 32 => self.vectors::<I, 4>(simd, done),
                    2.. => self.vectors::<I, 2>(simd, done),
                    1 => self.vectors::<I, 1>(simd, done),
                    _ => self.rest::<I>(simd, done, width),
                };
        }
    }

    /// `B` whole vectors of inputs from `from`; returns B.
    #[inline(always)]
    fn vectors<I: Simd<Scalar = S>, const B: usize>(&mut self, simd: I, from: usize) -> usize {
        let mut acc = [[simd.splat(S::ZERO); B]; A];
        for (a, row) in acc.iter_mut().enumerate() {
            let dw = &self.dw[a * self.inputs + from..][..B * I::WIDTH];
            for (b, acc) in row.iter_mut().enumerate() {
                // SAFETY: `dw` has B vectors.
                *acc = unsafe { simd.load(dw.as_ptr().wrapping_add(b * I::WIDTH)) };
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

    /// The inputs `from..width`, fewer than a vector; returns 1.
    #[inline(always)]
    fn rest<I: Simd<Scalar = S>>(&mut self, simd: I, from: usize, width: usize) -> usize {
        let acc = self.sum::<I, 1>(simd, from, [[simd.splat(S::ZERO)]; A]);
        for (a, [value]) in acc.into_iter().enumerate() {
            let mut entries = [S::ZERO; LANES];
            // SAFETY: a vector is at most LANES scalars.
            unsafe { simd.store(entries.as_mut_ptr(), value) };
            let dw = &mut self.dw[a * self.inputs..][from..width];
            for (dw, entry) in dw.iter_mut().zip(entries) {
                *dw += entry;
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
        assert!(from + B * I::WIDTH <= CHUNK);
        for (lane, turned) in self.turned.iter().enumerate() {
            let mut x = [simd.splat(S::ZERO); B];
            for (b, x) in x.iter_mut().enumerate() {
                // SAFETY: `from + B·WIDTH ≤ CHUNK`, as asserted above.
                *x = unsafe { simd.load(turned.as_ptr().wrapping_add(from + b * I::WIDTH)) };
            }
            for (row, dy) in acc.iter_mut().zip(self.dy) {
                let slope = simd.splat(dy[lane]);
                for (acc, x) in row.iter_mut().zip(x) {
                    *acc = simd.mul_add(slope, x, *acc);
                }
            }
        }
        acc
    }
}
