//! Flat memory: networks, gradients, tapes and scratch are plain rows of one number type.
//!
//! Optimizers, files, reductions and checks all work on [`Flat::as_scalars`]; this is the one place where a
//! structure becomes a slice.
#![allow(unsafe_code, reason = "the one place where a structure becomes a slice of its numbers")]

use core::slice;

use crate::element::{LANES, Lanes};
use crate::scalar::Scalar;

/// A structure that is nothing but numbers of one type, behind one another.
///
/// `network!` implements it for the structures that it declares.
///
/// # Safety
///
/// The type is `repr(C)` (or an array), and its memory is a row of `Self::Scalar` without padding:
/// every field is itself `Flat`, or an array of elements, over that scalar, and all fields have one alignment.
pub unsafe trait Flat: Sized + Send + Sync + 'static {
    /// The number type.
    type Scalar: Scalar;
    /// Zero everywhere. Meant for `static`s. On the heap a large value is made by `zeroed`; `Box::new` of it goes
    /// over the stack.
    const ZERO: Self;

    /// All numbers, in the order of declaration.
    #[inline]
    fn as_scalars(&self) -> &[Self::Scalar] {
        // SAFETY: by the trait's contract the memory of `self` is this many scalars without padding, and the
        // slice borrows `self`.
        unsafe { slice::from_raw_parts((&raw const *self).cast(), count::<Self>()) }
    }

    /// All numbers, in the order of declaration, to write.
    #[inline]
    fn as_scalars_mut(&mut self) -> &mut [Self::Scalar] {
        // SAFETY: as in `as_scalars`; any value of a float is valid, and the slice borrows `self` alone.
        unsafe { slice::from_raw_parts_mut((&raw mut *self).cast(), count::<Self>()) }
    }

    /// Sets every number to zero.
    #[inline]
    fn clear(&mut self) {
        self.as_scalars_mut().fill(<Self::Scalar as crate::tensor::Tensor>::ZERO);
    }
}

const fn count<T: Flat>() -> usize {
    size_of::<T>() / size_of::<T::Scalar>()
}

// SAFETY: an array has the memory of its entries behind one another, and no padding between them.
unsafe impl<T: Flat, const N: usize> Flat for [T; N] {
    type Scalar = T::Scalar;
    const ZERO: Self = [T::ZERO; N];
}

// SAFETY: one scalar, by definition.
unsafe impl Flat for f32 {
    type Scalar = f32;
    const ZERO: Self = 0.0;
}

// SAFETY: one scalar, by definition.
unsafe impl Flat for f64 {
    type Scalar = f64;
    const ZERO: Self = 0.0;
}

/// No numbers at all: the scratch or tape of a [`Layer`](crate::Layer) that needs none.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Nothing<S>([S; 0]);

// SAFETY: no numbers, aligned as the scalars that it has none of.
unsafe impl<S: Scalar> Flat for Nothing<S> {
    type Scalar = S;
    const ZERO: Self = Self([]);
}

/// A zeroed value on the heap that never was on the stack.
///
/// ```
/// use nnet_core::{Flat, zeroed};
///
/// let big: Box<[[f32; 4096]; 4096]> = zeroed();
/// assert_eq!(big.as_scalars().len(), 4096 * 4096);
/// ```
#[cfg(feature = "std")]
#[must_use]
pub fn zeroed<T: Flat>() -> std::boxed::Box<T> {
    use std::alloc::{Layout, alloc_zeroed, handle_alloc_error};

    let layout = Layout::new::<T>();
    let memory = if layout.size() == 0 {
        core::ptr::NonNull::<T>::dangling().as_ptr().cast()
    } else {
        // SAFETY: the size of the layout is not zero, as checked above.
        unsafe { alloc_zeroed(layout) }
    };
    if memory.is_null() {
        handle_alloc_error(layout);
    }
    // SAFETY: the memory comes from the global allocator with the layout of `T`, or is dangling for a `T` without
    // size, and zero bytes are a valid `T`: a row of floats.
    unsafe { std::boxed::Box::from_raw(memory.cast()) }
}

#[inline]
pub(crate) fn lanes_as_scalars<S: Scalar>(groups: &[Lanes<S>]) -> &[S] {
    const { assert!(size_of::<Lanes<S>>() == LANES * size_of::<S>()) };
    // SAFETY: by the assertion above a group is LANES scalars without padding; the slice borrows `groups`.
    unsafe { slice::from_raw_parts(groups.as_ptr().cast(), groups.len() * LANES) }
}

#[inline]
pub(crate) fn lanes_as_scalars_mut<S: Scalar>(groups: &mut [Lanes<S>]) -> &mut [S] {
    const { assert!(size_of::<Lanes<S>>() == LANES * size_of::<S>()) };
    // SAFETY: by the assertion above a group is LANES scalars without padding; the slice borrows `groups` alone.
    unsafe { slice::from_raw_parts_mut(groups.as_mut_ptr().cast(), groups.len() * LANES) }
}

// SAFETY: a lane group is LANES scalars without padding (asserted in `lanes_as_scalars`).
unsafe impl<S: Scalar> Flat for Lanes<S> {
    type Scalar = S;
    const ZERO: Self = Lanes([S::ZERO; LANES]);
}
