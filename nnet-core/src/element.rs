//! Elements: what one entry of a tensor holds, one number or the same entry of 16 samples.

use crate::scalar::Scalar;
use crate::tensor::Tensor;

/// Samples in a lane group.
pub const LANES: usize = 16;

/// The same tensor entry of [`LANES`] samples, side by side.
///
/// 16 `f32` are 64 bytes: one AVX-512 register, two AVX registers, four NEON or SSE registers.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub struct Lanes<S>(pub [S; LANES]);

/// What one entry of a tensor holds: a [`Scalar`], or the [`Lanes`] of a group of samples.
///
/// A layer works on tensors of either, by the same code. The trait is sealed.
pub trait Element: Tensor<Element = Self> + sealed::Sealed {
    /// The number type.
    type Scalar: Scalar;
    /// How many samples an entry holds: 1 or [`LANES`].
    const LANES: usize;

    /// The entries as numbers, [`LANES`](Element::LANES) of them for each entry.
    fn scalars(entries: &[Self]) -> &[Self::Scalar];

    /// The entries as numbers, to write.
    fn scalars_mut(entries: &mut [Self]) -> &mut [Self::Scalar];
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
    impl<S: crate::Scalar> Sealed for super::Lanes<S> {}
}

macro_rules! elements {
    ($($scalar:ty),*) => {$(
        impl Element for $scalar {
            type Scalar = $scalar;
            const LANES: usize = 1;

            #[inline]
            fn scalars(entries: &[Self]) -> &[$scalar] {
                entries
            }

            #[inline]
            fn scalars_mut(entries: &mut [Self]) -> &mut [$scalar] {
                entries
            }
        }
    )*};
}
elements!(f32, f64);

impl<S: Scalar> Element for Lanes<S> {
    type Scalar = S;
    const LANES: usize = LANES;

    #[inline]
    fn scalars(entries: &[Self]) -> &[S] {
        crate::flat::lanes_as_scalars(entries)
    }

    #[inline]
    fn scalars_mut(entries: &mut [Self]) -> &mut [S] {
        crate::flat::lanes_as_scalars_mut(entries)
    }
}

/// Writes `sample`, one number an entry, into lane `lane` of `group`.
///
/// # Panics
///
/// If the lengths differ or `lane` is not below [`Element::LANES`].
pub fn set_lane<E: Element>(group: &mut [E], lane: usize, sample: &[E::Scalar]) {
    assert_eq!(group.len(), sample.len(), "a sample has as many entries as its group");
    assert!(lane < E::LANES, "lane {lane} of {}", E::LANES);
    for (entry, &value) in E::scalars_mut(group).chunks_exact_mut(E::LANES).zip(sample) {
        entry[lane] = value;
    }
}

/// Copies lane `lane` of `group` to `sample`, one number an entry.
///
/// # Panics
///
/// If the lengths differ or `lane` is not below [`Element::LANES`].
pub fn get_lane<E: Element>(group: &[E], lane: usize, sample: &mut [E::Scalar]) {
    assert_eq!(group.len(), sample.len(), "a sample has as many entries as its group");
    assert!(lane < E::LANES, "lane {lane} of {}", E::LANES);
    for (entry, value) in E::scalars(group).chunks_exact(E::LANES).zip(sample) {
        *value = entry[lane];
    }
}

/// Entry by entry, the numbers of lane `lane`.
pub(crate) fn lane<E: Element>(group: &[E], lane: usize) -> impl Iterator<Item = E::Scalar> + Clone {
    assert!(lane < E::LANES, "sample {lane} of a group of {}", E::LANES);
    E::scalars(group)[lane..].iter().step_by(E::LANES).copied()
}

/// Entry by entry, the numbers of lane `lane`, to write.
pub(crate) fn lane_mut<E: Element>(group: &mut [E], lane: usize) -> impl Iterator<Item = &mut E::Scalar> {
    assert!(lane < E::LANES, "sample {lane} of a group of {}", E::LANES);
    E::scalars_mut(group)[lane..].iter_mut().step_by(E::LANES)
}
