//! Cross-entropy of logits o and a class c: ln Σₖ eᵒᵏ − o_c, with gradient softmax(o) − 1_c.

use super::{Loss, begin};
use crate::element::{Element, lane, lane_mut};
use crate::layers::largest_and_sum;
use crate::scalar::Scalar;

/// Softmax and negative log-likelihood in one, on logits; the target is a class.
///
/// The largest logit is subtracted first, so no logit is too large.
#[derive(Clone, Copy, Debug)]
pub struct CrossEntropy;

fn logit_of_class<S: Scalar>(mut logits: impl Iterator<Item = S>, class: usize, outputs: usize) -> S {
    logits.nth(class).unwrap_or_else(|| panic!("class {class} of {outputs}"))
}

impl<S: Scalar> Loss<S, usize> for CrossEntropy {
    const CLASSIFIES: bool = true;

    fn forward<E: Element<Scalar = S>>(&self, y: &[E], targets: &[usize]) -> S {
        let mut total = S::ZERO;
        for (l, &class) in targets.iter().enumerate() {
            let (largest, sum) = largest_and_sum(lane(y, l));
            total += sum.ln() + (largest - logit_of_class(lane(y, l), class, y.len()));
        }
        total
    }

    fn backward<E: Element<Scalar = S>>(&self, y: &[E], targets: &[usize], scale: S, dy: &mut [E]) -> S {
        begin(y, targets, dy);
        let mut total = S::ZERO;
        for (l, &class) in targets.iter().enumerate() {
            let (largest, sum) = largest_and_sum(lane(y, l));
            total += sum.ln() + (largest - logit_of_class(lane(y, l), class, y.len()));
            for (k, (dy, o)) in lane_mut(dy, l).zip(lane(y, l)).enumerate() {
                let probability = (o - largest).exp() / sum;
                *dy = scale * if k == class { probability - S::ONE } else { probability };
            }
        }
        total
    }

    fn accepts(&self, target: &usize, outputs: usize) -> bool {
        *target < outputs
    }

    fn class(&self, target: &usize) -> Option<usize> {
        Some(*target)
    }
}
