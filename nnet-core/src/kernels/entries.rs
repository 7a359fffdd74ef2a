//! Slices of scalars as slices of entries, 1 or [`LANES`](crate::LANES) scalars each.

/// Scalars as entries of L of them, shared or mutable.
pub(super) trait Entries<const L: usize> {
    type Entries;
    fn entries(self) -> Self::Entries;
}

impl<'a, S, const L: usize> Entries<L> for &'a [S] {
    type Entries = &'a [[S; L]];
    #[inline(always)]
    fn entries(self) -> &'a [[S; L]] {
        self.as_chunks().0
    }
}

impl<'a, S, const L: usize> Entries<L> for &'a mut [S] {
    type Entries = &'a mut [[S; L]];
    #[inline(always)]
    fn entries(self) -> &'a mut [[S; L]] {
        self.as_chunks_mut().0
    }
}

#[inline(always)]
pub(super) fn entries<const L: usize, T: Entries<L>>(slice: T) -> T::Entries {
    slice.entries()
}
