//! Losses: one number for how far an output is from its target, and the gradient of it.
//!
//! The loss of a sample is what PyTorch gives for a batch of that one sample; a batch's is the mean over samples.

mod cross_entropy;
mod nll;
mod regression;

pub use cross_entropy::CrossEntropy;
pub use nll::NegativeLogLikelihood;
pub use regression::{Huber, MeanAbsoluteError, MeanSquaredError};

use crate::element::Element;
use crate::scalar::Scalar;

/// A loss over targets of type `T`.
pub trait Loss<S: Scalar, T>: Copy + Send + Sync + 'static {
    /// Whether a target is a class.
    const CLASSIFIES: bool;

    /// The sum of the losses of the samples in the first `targets.len()` lanes of `y`.
    ///
    /// # Panics
    ///
    /// If there are more targets than lanes, or a target does not fit the output.
    fn forward<E: Element<Scalar = S>>(&self, y: &[E], targets: &[T]) -> S;

    /// As [`forward`](Loss::forward), and writes `scale` times the gradient with respect to `y` to `dy`,
    /// 0 in the lanes without a target.
    ///
    /// # Panics
    ///
    /// As [`forward`](Loss::forward), or if `y` and `dy` differ in length.
    fn backward<E: Element<Scalar = S>>(&self, y: &[E], targets: &[T], scale: S, dy: &mut [E]) -> S;

    /// Whether `target` fits an output of `outputs` entries.
    fn accepts(&self, target: &T, outputs: usize) -> bool;

    /// The class that a target stands for, if it stands for one.
    fn class(&self, target: &T) -> Option<usize>;
}

/// Checks the lengths that every loss relies on, and clears `dy`.
fn begin<E: Element, T>(y: &[E], targets: &[T], dy: &mut [E]) {
    assert_eq!(y.len(), dy.len(), "the gradient has the length of the output");
    assert!(targets.len() <= E::LANES, "{} targets for {} lanes", targets.len(), E::LANES);
    dy.fill(E::ZERO);
}

/// The class with the largest output in lane `lane`; the first of equals, and any if an output is NaN.
///
/// ```
/// assert_eq!(nnet_core::loss::argmax(&[0.1_f32, 0.7, 0.2], 0), 1);
/// ```
///
/// # Panics
///
/// If `lane` is not below [`Element::LANES`] or `y` is empty.
#[must_use]
pub fn argmax<E: Element>(y: &[E], lane: usize) -> usize {
    let mut entries = crate::element::lane(y, lane).enumerate();
    let mut best = entries.next().expect("an output has an entry");
    for entry in entries {
        if entry.1 > best.1 {
            best = entry;
        }
    }
    best.0
}

#[cfg(test)]
mod tests;
