//! Softmax: pₖ = exp(xₖ − m) / Σⱼ exp(xⱼ − m) with m = max x, and its logarithm xₖ − m − ln Σⱼ exp(xⱼ − m).
//!
//! Shape: [`crate::shape::over_features`].

use crate::element::{Element, lane, lane_mut};
use crate::scalar::Scalar;
use crate::tensor::Tensor;

/// Probabilities from logits, over all features.
#[derive(Clone, Copy, Debug)]
pub struct Softmax;

/// The logarithms of the probabilities, over all features.
#[derive(Clone, Copy, Debug)]
pub struct LogSoftmax;

/// m, the largest of some logits, and Σ exp(x − m), which is at least 1.
pub(crate) fn largest_and_sum<S: Scalar>(logits: impl Iterator<Item = S> + Clone) -> (S, S) {
    let largest = logits.clone().fold(S::NEG_INFINITY, |m, x| if x > m { x } else { m });
    (largest, logits.fold(S::ZERO, |sum, x| sum + (x - largest).exp()))
}

impl Softmax {
    /// y ← softmax(y)
    pub fn forward<E: Element, const N: usize>(self, y: &mut [E; N]) {
        for l in 0..E::LANES {
            let (largest, sum) = largest_and_sum(lane(y, l));
            for y in lane_mut(y, l) {
                *y = (*y - largest).exp() / sum;
            }
        }
    }

    /// Forward: y = softmax(x)   so   dxₖ = yₖ·(dyₖ − Σⱼ yⱼ·dyⱼ); dy becomes dx, `kept` is the output
    pub fn backward<E: Element, const N: usize>(self, kept: &[E; N], dy: &mut [E; N]) {
        for l in 0..E::LANES {
            let mean = lane(dy, l).zip(lane(kept, l)).fold(E::Scalar::ZERO, |sum, (dy, y)| sum + y * dy);
            for (dy, y) in lane_mut(dy, l).zip(lane(kept, l)) {
                *dy = y * (*dy - mean);
            }
        }
    }
}

impl LogSoftmax {
    /// y ← ln softmax(y)
    pub fn forward<E: Element, const N: usize>(self, y: &mut [E; N]) {
        for l in 0..E::LANES {
            let (largest, sum) = largest_and_sum(lane(y, l));
            let logarithm = sum.ln();
            for y in lane_mut(y, l) {
                *y = (*y - largest) - logarithm;
            }
        }
    }

    /// Forward: y = ln softmax(x)   so   dxₖ = dyₖ − exp(yₖ)·Σⱼ dyⱼ; dy becomes dx, `kept` is the output
    pub fn backward<E: Element, const N: usize>(self, kept: &[E; N], dy: &mut [E; N]) {
        for l in 0..E::LANES {
            let sum = lane(dy, l).fold(E::Scalar::ZERO, |sum, dy| sum + dy);
            for (dy, y) in lane_mut(dy, l).zip(lane(kept, l)) {
                *dy -= y.exp() * sum;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::tests::{check_gradients, fill};

    #[test]
    fn values_by_hand() {
        let mut y = [0.0, libm::log(3.0)];
        Softmax.forward(&mut y);
        assert!((y[0] - 0.25).abs() < 1e-15 && (y[1] - 0.75).abs() < 1e-15);
        let mut y = [0.0, libm::log(3.0)];
        LogSoftmax.forward(&mut y);
        assert!((y[0] + libm::log(4.0)).abs() < 1e-15);
    }

    #[test]
    fn huge_logits_neither_overflow_nor_vanish() {
        let mut y = [1000.0_f32, 0.0, 1000.0];
        Softmax.forward(&mut y);
        assert_eq!(y, [0.5, 0.0, 0.5]);
        let mut y = [1000.0_f32, -1000.0];
        LogSoftmax.forward(&mut y);
        assert_eq!(y, [0.0, -2000.0]);
    }

    #[test]
    fn gradients_agree_with_central_differences() {
        let mut x = [0.0_f64; 6];
        fill(&mut x, 5);
        check_gradients::<[f64; 0], _, [f64; 6]>(
            &mut [],
            &mut x,
            |_, x, y| {
                *y = *x;
                Softmax.forward(y);
            },
            |_, x, dy, _, dx| {
                let mut y = *x;
                Softmax.forward(&mut y);
                *dx = *dy;
                Softmax.backward(&y, dx);
            },
        );
        check_gradients::<[f64; 0], _, [f64; 6]>(
            &mut [],
            &mut x,
            |_, x, y| {
                *y = *x;
                LogSoftmax.forward(y);
            },
            |_, x, dy, _, dx| {
                let mut y = *x;
                LogSoftmax.forward(&mut y);
                *dx = *dy;
                LogSoftmax.backward(&y, dx);
            },
        );
    }
}
