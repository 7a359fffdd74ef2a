//! Tensors are nested arrays: `[E; N]` is flat, `[[[E; W]; H]; C]` is a map of C channels.
//!
//! Every dimension is a number in the type, an array needs no import, and rustc's own message for a wrong
//! one counts in decimals: "expected an array with a size of 28, found one with a size of 27".

use core::fmt::Debug;

use crate::element::{Element, LANES, Lanes};
use crate::scalar::Scalar;

/// A nested array of [`Element`]s: a tensor of any rank, row-major, with its shape in its type.
///
/// ```
/// use nnet_core::Tensor;
///
/// let mut map = [[[0.0_f32; 4]; 3]; 2];
/// map[1][2][3] = 5.0;
/// assert_eq!(map.as_flat()[23], 5.0);
/// assert_eq!(<[[[f32; 4]; 3]; 2]>::LENGTH, 24);
/// ```
pub trait Tensor: Copy + Debug + PartialEq + Send + Sync + 'static {
    /// What one entry holds.
    type Element: Element;
    /// The number of entries.
    const LENGTH: usize;
    /// Zero in every entry.
    const ZERO: Self;

    /// Tensors behind one another as one row of entries.
    fn flatten(tensors: &[Self]) -> &[Self::Element];

    /// Tensors behind one another as one row of entries, to write.
    fn flatten_mut(tensors: &mut [Self]) -> &mut [Self::Element];

    /// As many whole tensors as a row of entries holds.
    fn unflatten(entries: &[Self::Element]) -> &[Self];

    /// As many whole tensors as a row of entries holds, to write.
    fn unflatten_mut(entries: &mut [Self::Element]) -> &mut [Self];

    /// All entries, the last dimension fastest.
    #[inline]
    fn as_flat(&self) -> &[Self::Element] {
        Self::flatten(core::slice::from_ref(self))
    }

    /// All entries, the last dimension fastest, to write.
    #[inline]
    fn as_flat_mut(&mut self) -> &mut [Self::Element] {
        Self::flatten_mut(core::slice::from_mut(self))
    }

    /// The first [`LENGTH`](Tensor::LENGTH) of `entries` in this shape, without a copy.
    ///
    /// # Panics
    ///
    /// If there are fewer.
    #[inline]
    fn view(entries: &[Self::Element]) -> &Self {
        &Self::unflatten(entries)[0]
    }

    /// The first [`LENGTH`](Tensor::LENGTH) of `entries` in this shape, to write.
    ///
    /// # Panics
    ///
    /// If there are fewer.
    #[inline]
    fn view_mut(entries: &mut [Self::Element]) -> &mut Self {
        &mut Self::unflatten_mut(entries)[0]
    }
}

macro_rules! entry_is_a_tensor {
    ($([$($generics:tt)*] $element:ty, $zero:expr;)*) => {$(
        impl<$($generics)*> Tensor for $element {
            type Element = $element;
            const LENGTH: usize = 1;
            const ZERO: Self = $zero;

            #[inline]
            fn flatten(tensors: &[Self]) -> &[Self] {
                tensors
            }

            #[inline]
            fn flatten_mut(tensors: &mut [Self]) -> &mut [Self] {
                tensors
            }

            #[inline]
            fn unflatten(entries: &[Self]) -> &[Self] {
                entries
            }

            #[inline]
            fn unflatten_mut(entries: &mut [Self]) -> &mut [Self] {
                entries
            }
        }
    )*};
}
entry_is_a_tensor! {
    [] f32, 0.0;
    [] f64, 0.0;
    [S: Scalar] Lanes<S>, Lanes([S::ZERO; LANES]);
}

impl<T: Tensor, const N: usize> Tensor for [T; N] {
    type Element = T::Element;
    const LENGTH: usize = N * T::LENGTH;
    const ZERO: Self = [T::ZERO; N];

    #[inline]
    fn flatten(tensors: &[Self]) -> &[T::Element] {
        T::flatten(tensors.as_flattened())
    }

    #[inline]
    fn flatten_mut(tensors: &mut [Self]) -> &mut [T::Element] {
        T::flatten_mut(tensors.as_flattened_mut())
    }

    #[inline]
    fn unflatten(entries: &[T::Element]) -> &[Self] {
        T::unflatten(entries).as_chunks().0
    }

    #[inline]
    fn unflatten_mut(entries: &mut [T::Element]) -> &mut [Self] {
        T::unflatten_mut(entries).as_chunks_mut().0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flat_and_nested_views_agree() {
        let mut flat: [f64; 60] = core::array::from_fn(|i| i as f64);
        let map = <[[[f64; 5]; 4]; 3]>::view(&flat);
        assert_eq!(map[2][1][3], 48.0);
        assert_eq!(map.as_flat(), &flat);
        <[[f64; 2]; 3]>::view_mut(&mut flat)[2][1] = -1.0;
        assert_eq!(flat[5], -1.0);
    }

    #[test]
    #[should_panic(expected = "out of bounds")]
    fn a_view_of_too_few_entries_is_refused() {
        let _ = <[[f32; 4]; 4]>::view(&[0.0; 15]);
    }
}
