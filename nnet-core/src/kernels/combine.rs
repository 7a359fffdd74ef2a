//! Sums of tensors.

use crate::element::LANES;
use crate::simd::{Kernel, Simd, Vectors};

/// to ← to + from
pub(super) fn add<S: Vectors>(from: &[S], to: &mut [S]) {
    assert_eq!(from.len(), to.len(), "what is added has the shape of the sum");
    S::dispatch(LANES, Add { from, to });
}

struct Add<'a, S> {
    from: &'a [S],
    to: &'a mut [S],
}

impl<S: Vectors> Kernel<S> for Add<'_, S> {
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(self, _simd: I) {
        self.to.iter_mut().zip(self.from).for_each(|(to, &from)| *to += from);
    }
}
