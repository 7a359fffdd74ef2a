//! Where branches come together: sums, and tensors as parts of one.

use crate::element::Element;
use crate::kernels::Kernels;
use crate::tensor::Tensor;

/// to ← to + from
#[inline]
pub fn add<T: Tensor>(from: &T, to: &mut T) {
    let (from, to) = (T::Element::scalars(from.as_flat()), T::Element::scalars_mut(to.as_flat_mut()));
    <T::Element as Element>::Scalar::add(from, to);
}

/// to ← from, perhaps called another shape. `*to = *from` would go over the stack in a build without optimization.
///
/// # Panics
///
/// If they have not as many entries.
#[inline]
pub fn copy<A: Tensor, B: Tensor<Element = A::Element>>(from: &A, to: &mut B) {
    to.as_flat_mut().copy_from_slice(from.as_flat());
}

/// to[offset..] ← from, counted in entries.
///
/// # Panics
///
/// If `from` does not lie within `to` from there.
#[inline]
pub fn write_part<A: Tensor, B: Tensor<Element = A::Element>>(from: &A, to: &mut B, offset: usize) {
    assert!(A::LENGTH <= B::LENGTH && offset <= B::LENGTH - A::LENGTH, "the part lies within the whole");
    to.as_flat_mut()[offset..offset + A::LENGTH].copy_from_slice(from.as_flat());
}

/// to ← from[offset..], counted in entries: what [`write_part`] wrote, or the gradient of its input.
///
/// # Panics
///
/// If `to` does not lie within `from` from there.
#[inline]
pub fn read_part<A: Tensor, B: Tensor<Element = A::Element>>(from: &A, offset: usize, to: &mut B) {
    assert!(B::LENGTH <= A::LENGTH && offset <= A::LENGTH - B::LENGTH, "the part lies within the whole");
    to.as_flat_mut().copy_from_slice(&from.as_flat()[offset..offset + B::LENGTH]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::{LANES, Lanes};

    #[test]
    fn sums_by_hand() {
        let mut to = [[1.0_f32, 2.0], [3.0, 4.0]];
        add(&[[10.0, 20.0], [30.0, 40.0]], &mut to);
        assert_eq!(to, [[11.0, 22.0], [33.0, 44.0]]);
        // 37 entries of 16 numbers: whole vectors and what is left
        let from: [_; 37] =
            core::array::from_fn(|i| Lanes(core::array::from_fn::<f32, LANES, _>(|l| (i * 16 + l) as f32)));
        let mut to = [Lanes([0.5_f32; LANES]); 37];
        add(&from, &mut to);
        for (k, &sum) in Element::scalars(&to).iter().enumerate() {
            assert_eq!(sum, k as f32 + 0.5);
        }
    }

    #[test]
    fn a_copy_may_have_another_shape() {
        let mut to = [f32::NAN; 4];
        copy(&[[1.0_f32, 2.0], [3.0, 4.0]], &mut to);
        assert_eq!(to, [1.0, 2.0, 3.0, 4.0]);
    }

    #[test]
    #[should_panic(expected = "length")]
    fn a_copy_of_another_length_is_refused() {
        copy(&[1.0_f32; 3], &mut [0.0_f32; 4]);
    }

    #[test]
    fn parts_come_back_from_where_they_were_written() {
        let (a, b) = ([[1.0_f32, 2.0], [3.0, 4.0]], [5.0_f32, 6.0, 7.0]);
        let mut whole = [f32::NAN; 7];
        write_part(&a, &mut whole, 0);
        write_part(&b, &mut whole, 4);
        assert_eq!(whole, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
        let (mut a, mut b) = ([[f32::NAN; 2]; 2], [f32::NAN; 3]);
        read_part(&whole, 0, &mut a);
        read_part(&whole, 4, &mut b);
        assert_eq!((a, b), ([[1.0, 2.0], [3.0, 4.0]], [5.0, 6.0, 7.0]));
    }

    #[test]
    #[should_panic(expected = "the part lies within the whole")]
    fn a_part_past_the_end_is_refused() {
        write_part(&[0.0_f32; 3], &mut [0.0_f32; 7], 5);
    }

    #[test]
    #[should_panic(expected = "the part lies within the whole")]
    fn a_part_larger_than_the_whole_is_refused() {
        read_part(&[0.0_f32; 3], usize::MAX, &mut [0.0_f32; 7]);
    }
}
