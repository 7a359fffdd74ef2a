//! Dropout: y = x·m / (1 − p) in training, m of 0 with probability p and else 1; y = x in prediction (Srivastava and
//! others, 2014).
//!
//! Shape: any, unchanged. The mask is not kept: it follows from the pass, the layer, the sample's position in the batch
//! and the entry, so backward draws it again, and it does not depend on how the batch is cut into groups.

#[cfg(test)]
mod tests;

use crate::element::{Element, LANES};
use crate::kernels::{Kernels, Mask};
use crate::pass::Pass;
use crate::tensor::Tensor;

/// Drops each entry by itself.
#[derive(Clone, Copy, Debug)]
pub struct Dropout {
    /// The probability of 0, in 0 to 1.
    pub p: f64,
}

/// Drops whole channels, whose entries are too alike to be dropped one by one (Tompson and others, 2015).
#[derive(Clone, Copy, Debug)]
pub struct Dropout2d {
    /// The probability of 0, in 0 to 1.
    pub p: f64,
}

/// Applies the mask with one draw for each `plane` entries.
fn apply<T: Tensor>(p: f64, pass: &Pass, layer: u64, plane: usize, y: &mut T) {
    let mut keys = [[0; LANES]; 2];
    for l in 0..T::Element::LANES {
        let key = pass.sample_key(layer, l);
        #[allow(clippy::cast_possible_truncation, reason = "the two words of the key")]
        let words = [key as u32, (key >> 32) as u32];
        [keys[0][l], keys[1][l]] = words;
    }
    let y = T::Element::scalars_mut(y.as_flat_mut());
    <T::Element as Element>::Scalar::dropout(T::Element::LANES, &Mask { p, plane, keys }, y);
}

impl Dropout {
    /// y ← 0 or y / (1 − p)
    ///
    /// `layer` tells the dropouts of a network apart.
    ///
    /// # Panics
    ///
    /// If p is not in 0 to 1.
    #[inline]
    pub fn forward<T: Tensor>(self, pass: &Pass, layer: u64, y: &mut T) {
        apply(self.p, pass, layer, 1, y);
    }

    /// Forward: y = m·x   so   dx = m·dy with the same mask; dy becomes dx
    ///
    /// # Panics
    ///
    /// If p is not in 0 to 1.
    #[inline]
    pub fn backward<T: Tensor>(self, pass: &Pass, layer: u64, dy: &mut T) {
        apply(self.p, pass, layer, 1, dy);
    }
}

impl Dropout2d {
    /// y ← 0 or y / (1 − p), channel by channel
    ///
    /// `layer` tells the dropouts of a network apart.
    ///
    /// # Panics
    ///
    /// If p is not in 0 to 1.
    #[inline]
    pub fn forward<T: Tensor, const C: usize>(self, pass: &Pass, layer: u64, y: &mut [T; C]) {
        apply(self.p, pass, layer, T::LENGTH, y);
    }

    /// Forward: y = m·x   so   dx = m·dy with the same mask; dy becomes dx
    ///
    /// # Panics
    ///
    /// If p is not in 0 to 1.
    #[inline]
    pub fn backward<T: Tensor, const C: usize>(self, pass: &Pass, layer: u64, dy: &mut [T; C]) {
        apply(self.p, pass, layer, T::LENGTH, dy);
    }
}
