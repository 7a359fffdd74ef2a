//! Linear layers on one sample: each output is a product of two rows, summed over vectors and then across one.

use crate::simd::{Row, RowKernel, Vectors};

/// y[o] = b[o] + Σᵢ w[o][i] · x[i]; no bias if `b` is empty. The lengths are those of `forward`.
pub(super) struct Dots<'a, S> {
    pub w: &'a [S],
    pub b: &'a [S],
    pub x: &'a [S],
    pub y: &'a mut [S],
}

impl<S: Vectors> RowKernel<S> for Dots<'_, S> {
    #[inline(always)]
    fn run<I: Row<Scalar = S>>(mut self, simd: I) {
        let mut first = 0;
        while first < self.y.len() {
            first += match self.y.len() - first {
                8.. => self.outputs::<I, 8>(simd, first),
                4.. => self.outputs::<I, 4>(simd, first),
                2.. => self.outputs::<I, 2>(simd, first),
                _ => self.outputs::<I, 1>(simd, first),
            };
        }
    }
}

impl<S: Vectors> Dots<'_, S> {
    /// Outputs `first..first + A`; returns A.
    #[inline(always)]
    fn outputs<I: Row<Scalar = S>, const A: usize>(&mut self, simd: I, first: usize) -> usize {
        let inputs = self.x.len();
        let w = &self.w[first * inputs..][..A * inputs];
        let mut acc = [simd.splat(S::ZERO); A];
        for start in (0..inputs).step_by(I::WIDTH) {
            let mask = simd.mask(0..inputs - start);
            // SAFETY: the mask leaves the inputs from `start` on.
            let x = unsafe { simd.load_masked(self.x.as_ptr().wrapping_add(start), mask) };
            for (a, acc) in acc.iter_mut().enumerate() {
                // SAFETY: `w` has A rows of `inputs`, and the mask leaves those of row `a` from `start` on.
                let w = unsafe { simd.load_masked(w.as_ptr().wrapping_add(a * inputs + start), mask) };
                *acc = simd.mul_add(w, x, *acc);
            }
        }
        for (a, (y, acc)) in self.y[first..].iter_mut().zip(acc).enumerate() {
            *y = simd.sum(acc) + self.b.get(first + a).copied().unwrap_or(S::ZERO);
        }
        A
    }
}
