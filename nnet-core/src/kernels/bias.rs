//! Sums over positions and samples: the gradient of a bias.
#![allow(unsafe_code, reason = "loads through pointers")]

use crate::element::LANES;
use crate::simd::{Kernel, Simd, Vectors};

/// Sums side by side: an addition takes as long as four begin.
const SUMS: usize = 4;

/// Forward: y[o] += b[o]   so   db[o] += Σ dy[o] over positions and lanes
#[inline(always)]
pub(super) fn gradient<S: Vectors>(lanes: usize, dy: &[S], db: &mut [S]) {
    if db.is_empty() {
        return;
    }
    assert_eq!(dy.len() % (db.len() * lanes), 0, "dy: [OUT, ..]");
    if lanes == 1 {
        return of_one(dy, db);
    }
    S::dispatch(lanes, Gradient { dy, db });
}

/// One sample, in one order on all targets.
fn of_one<S: Vectors>(dy: &[S], db: &mut [S]) {
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

struct Gradient<'a, S> {
    dy: &'a [S],
    db: &'a mut [S],
}

impl<S: Vectors> Kernel<S> for Gradient<'_, S> {
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(self, simd: I) {
        let one = simd.splat(S::ONE);
        let plane = self.dy.len() / self.db.len();
        for (db, dy) in self.db.iter_mut().zip(self.dy.chunks_exact(plane)) {
            let mut sums = [simd.splat(S::ZERO); SUMS];
            let chunks = dy.chunks_exact(SUMS * I::WIDTH);
            for vector in chunks.remainder().chunks_exact(I::WIDTH) {
                // SAFETY: a chunk of WIDTH scalars.
                sums[0] = simd.mul_add(unsafe { simd.load(vector.as_ptr()) }, one, sums[0]);
            }
            for chunk in chunks {
                for (at, sum) in sums.iter_mut().enumerate() {
                    // SAFETY: the chunk has WIDTH scalars for each sum.
                    let vector = unsafe { simd.load(chunk.as_ptr().wrapping_add(at * I::WIDTH)) };
                    *sum = simd.mul_add(vector, one, *sum);
                }
            }
            let [a, b, c, d] = sums;
            *db += simd.sum(simd.mul_add(simd.mul_add(a, one, b), one, simd.mul_add(c, one, d)));
        }
    }
}
