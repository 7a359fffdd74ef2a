//! Vectors along one sample: neighbouring entries instead of neighbouring samples, so rows have ends.

use core::ops::Range;

use super::Simd;
use crate::scalar::Scalar;

/// Vectors of which some lanes may be left out.
pub(crate) trait Row: Simd {
    /// Which lanes of a vector take part.
    type Mask: Copy;

    /// The lanes in `lanes`, of which those behind the last are none.
    fn mask(self, lanes: Range<usize>) -> Self::Mask;
    /// 0 in the lanes left out.
    ///
    /// # Safety
    /// For each lane in `mask` its scalar, counted from `from`, is valid for reading.
    unsafe fn load_masked(self, from: *const Self::Scalar, mask: Self::Mask) -> Self::Vector;
    /// Writes nothing in the lanes left out.
    ///
    /// # Safety
    /// For each lane in `mask` its scalar, counted from `to`, is valid for writing.
    unsafe fn store_masked(self, to: *mut Self::Scalar, mask: Self::Mask, value: Self::Vector);
    /// Lane by lane `x` where it is larger than `so_far` or no number, else `so_far`.
    fn larger(self, so_far: Self::Vector, x: Self::Vector) -> Self::Vector;
    /// Of the lanes of `first` and then `second` those with even and those with odd numbers.
    fn split_pairs(self, first: Self::Vector, second: Self::Vector) -> [Self::Vector; 2];
}

/// An algorithm on one sample with its arguments, to be run on any vectors of `S` that can leave out lanes.
pub(crate) trait RowKernel<S: Scalar> {
    fn run<I: Row<Scalar = S>>(self, simd: I);
}
