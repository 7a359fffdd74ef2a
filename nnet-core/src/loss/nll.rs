//! Negative log-likelihood of log-probabilities o and a class c: −o_c.

use super::{Loss, begin};
use crate::element::{Element, lane, lane_mut};
use crate::scalar::Scalar;

/// Negative log-likelihood on log-probabilities, such as `LogSoftmax` gives; the target is a class.
#[derive(Clone, Copy, Debug)]
pub struct NegativeLogLikelihood;

impl<S: Scalar> Loss<S, usize> for NegativeLogLikelihood {
    const CLASSIFIES: bool = true;

    fn forward<E: Element<Scalar = S>>(&self, y: &[E], targets: &[usize]) -> S {
        let mut total = S::ZERO;
        for (l, &class) in targets.iter().enumerate() {
            let likelihood = lane(y, l).nth(class);
            total -= likelihood.unwrap_or_else(|| panic!("class {class} of {}", y.len()));
        }
        total
    }

    fn backward<E: Element<Scalar = S>>(&self, y: &[E], targets: &[usize], scale: S, dy: &mut [E]) -> S {
        begin(y, targets, dy);
        for (l, &class) in targets.iter().enumerate() {
            if let Some(dy) = lane_mut(dy, l).nth(class) {
                *dy = -scale;
            }
        }
        self.forward(y, targets)
    }

    fn accepts(&self, target: &usize, outputs: usize) -> bool {
        *target < outputs
    }

    fn class(&self, target: &usize) -> Option<usize> {
        Some(*target)
    }
}
