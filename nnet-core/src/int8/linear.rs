//! Linear layer of bytes: y = rescaled(W·x + b), W stored row by row.
#![allow(unsafe_code, reason = "the inner loops read through pointers")]

use super::network::{flat, flat_mut};
use super::{Bytes, Rescale, dot};

/// A fully connected layer, and the rectifier behind it if there is one: bytes below its zero point do not exist.
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct LinearInt8<const OUT: usize, const IN: usize> {
    /// b: `[OUT]`, in steps of scale of x · scale of w, less the zero point of x times the sum of the row.
    pub bias: [i32; OUT],
    /// See [`Rescale`]: `[OUT]`.
    pub multiplier: [i32; OUT],
    /// See [`Rescale`]: `[OUT]`.
    pub shift: [u8; OUT],
    /// Those of x and y.
    pub zero_points: [i8; 2],
    /// w: `[OUT, IN]`.
    pub weight: [[i8; IN]; OUT],
}

/// How many rows go through x together.
const BLOCK: usize = 6;

impl<const OUT: usize, const IN: usize> LinearInt8<OUT, IN> {
    /// Zero everywhere.
    pub const ZERO: Self =
        Self { bias: [0; OUT], multiplier: [0; OUT], shift: [0; OUT], zero_points: [0; 2], weight: [[0; IN]; OUT] };

    /// x: `[IN]`  →  y: `[OUT]`
    #[inline]
    pub fn predict<X: Bytes, Y: Bytes>(&self, x: &X, y: &mut Y) {
        const { assert!(size_of::<X>() == IN && size_of::<Y>() == OUT, "x has IN bytes, and y OUT") };
        let (x, y, mut o) = (flat(x), flat_mut(y), 0);
        while o + BLOCK <= OUT {
            self.block::<BLOCK>(o, x, y);
            o += BLOCK;
        }
        while o + 2 <= OUT {
            self.block::<2>(o, x, y);
            o += 2;
        }
        while o < OUT {
            self.block::<1>(o, x, y);
            o += 1;
        }
    }

    /// y[o .. o + N]
    #[inline]
    fn block<const N: usize>(&self, o: usize, x: &[i8], y: &mut [i8]) {
        if o + N > OUT || x.len() != IN || y.len() != OUT {
            return;
        }
        let mut sums = [0; N];
        sums.copy_from_slice(&self.bias[o..o + N]);
        let w = self.weight.as_flattened().as_ptr().wrapping_add(o * IN);
        // SAFETY: the rows `o .. o + N` are among the `OUT` rows of `IN` bytes, and x has `IN`, as looked at above.
        unsafe { dot::rows::<N, IN>(&mut sums, w, x.as_ptr()) };
        for (n, sum) in (o..).zip(sums) {
            let rescale = Rescale { multiplier: self.multiplier[n], shift: self.shift[n] };
            y[n] = rescale.apply(sum, self.zero_points[1]);
        }
    }
}
