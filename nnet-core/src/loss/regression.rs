//! Regression losses: the mean over an output's n entries of a function of the residual r = y − target.

use super::{Loss, begin};
use crate::element::{Element, lane, lane_mut};
use crate::scalar::Scalar;
use crate::tensor::Tensor;

/// Mean of r².
#[derive(Clone, Copy, Debug)]
pub struct MeanSquaredError;

/// Mean of |r|, with gradient 0 at r = 0.
#[derive(Clone, Copy, Debug)]
pub struct MeanAbsoluteError;

/// Mean of r²/2 where |r| ≤ δ, and δ·(|r| − δ/2) beyond (Huber, 1964; PyTorch's `HuberLoss`).
#[derive(Clone, Copy, Debug)]
pub struct Huber {
    /// Where the parabola turns into a line; above 0.
    pub delta: f64,
}

/// The loss of one residual and its derivative.
trait Residual: Copy + Send + Sync + 'static {
    fn value_and_slope<S: Scalar>(self, r: S) -> (S, S);
}

impl Residual for MeanSquaredError {
    fn value_and_slope<S: Scalar>(self, r: S) -> (S, S) {
        (r * r, r + r)
    }
}

impl Residual for MeanAbsoluteError {
    fn value_and_slope<S: Scalar>(self, r: S) -> (S, S) {
        (r.abs(), sign(r))
    }
}

impl Residual for Huber {
    fn value_and_slope<S: Scalar>(self, r: S) -> (S, S) {
        let (delta, half) = (S::from_f64(self.delta), S::from_f64(0.5));
        if r.abs() <= delta { (half * r * r, r) } else { (delta * (r.abs() - half * delta), delta * sign(r)) }
    }
}

/// −1, 0 or 1; NaN for NaN.
fn sign<S: Scalar>(r: S) -> S {
    if r > S::ZERO {
        S::ONE
    } else if r < S::ZERO {
        -S::ONE
    } else {
        r
    }
}

#[allow(clippy::cast_precision_loss, reason = "lengths of outputs are far below 2^53")]
fn one_over<S: Scalar>(length: usize) -> S {
    S::ONE / S::from_f64(length as f64)
}

macro_rules! losses {
    ($($loss:ty),*) => {$(
        impl<T: Tensor> Loss<<T::Element as Element>::Scalar, T> for $loss
        where
            T: Tensor<Element: Scalar>,
        {
            const CLASSIFIES: bool = false;

            fn forward<E: Element<Scalar = <T::Element as Element>::Scalar>>(&self, y: &[E], targets: &[T]) -> E::Scalar {
                forward(*self, y, targets)
            }

            fn backward<E: Element<Scalar = <T::Element as Element>::Scalar>>(
                &self,
                y: &[E],
                targets: &[T],
                scale: E::Scalar,
                dy: &mut [E],
            ) -> E::Scalar {
                backward(*self, y, targets, scale, dy)
            }

            fn accepts(&self, _target: &T, outputs: usize) -> bool {
                outputs == T::LENGTH
            }

            fn class(&self, _target: &T) -> Option<usize> {
                None
            }
        }
    )*};
}
losses!(MeanSquaredError, MeanAbsoluteError, Huber);

fn forward<R: Residual, E: Element, T: Tensor>(residual: R, y: &[E], targets: &[T]) -> E::Scalar
where
    T::Element: Element<Scalar = E::Scalar>,
{
    assert_eq!(y.len(), T::LENGTH, "a target has as many entries as the output");
    let mut total = E::Scalar::ZERO;
    for (l, target) in targets.iter().enumerate() {
        for (y, &target) in lane(y, l).zip(T::Element::scalars(target.as_flat())) {
            total += residual.value_and_slope(y - target).0;
        }
    }
    total * one_over(y.len())
}

fn backward<R: Residual, E: Element, T: Tensor>(
    residual: R,
    y: &[E],
    targets: &[T],
    scale: E::Scalar,
    dy: &mut [E],
) -> E::Scalar
where
    T::Element: Element<Scalar = E::Scalar>,
{
    assert_eq!(y.len(), T::LENGTH, "a target has as many entries as the output");
    begin(y, targets, dy);
    let share = scale * one_over(y.len());
    let mut total = E::Scalar::ZERO;
    for (l, target) in targets.iter().enumerate() {
        let target = T::Element::scalars(target.as_flat());
        for ((dy, y), &target) in lane_mut(dy, l).zip(lane(y, l)).zip(target) {
            let (value, slope) = residual.value_and_slope(y - target);
            *dy = share * slope;
            total += value;
        }
    }
    total * one_over(y.len())
}
