//! The checks that every layer goes through: of its gradients, and of descent in place.

use crate::flat::Flat;
use crate::random::Random;
use crate::tensor::Tensor;

/// Numbers in [−1, 1) that follow from `seed`.
pub(crate) fn fill(values: &mut [f64], seed: u64) {
    let mut random = Random::new(seed);
    values.fill_with(|| 2.0 * random.uniform() - 1.0);
}

/// Compares `backward` with central differences of Σ dyₖ·yₖ for a random dy, parameters and input, and checks that
/// parameter gradients add and input gradients are written.
///
/// The step is h = ε^(1/3). Truncation costs about h² and rounding ε/h ≈ h² of the size of the sum; a hundred times
/// that allows for third derivatives and long sums, and is still below 10⁻⁷.
pub(crate) fn check_gradients<P, X, Y>(
    parameters: &mut P,
    x: &mut X,
    forward: impl Fn(&P, &X, &mut Y),
    backward: impl Fn(&P, &X, &Y, &mut P, &mut X),
) where
    P: Flat<Scalar = f64>,
    X: Tensor<Element = f64>,
    Y: Tensor<Element = f64>,
{
    let h = libm::cbrt(f64::EPSILON);
    let (mut dy, mut gradients, mut dx) = (Y::ZERO, P::ZERO, X::ZERO);
    fill(dy.as_flat_mut(), 99);
    gradients.as_scalars_mut().fill(1.0);
    dx.as_flat_mut().fill(f64::NAN);
    backward(parameters, x, &dy, &mut gradients, &mut dx);

    let value = |parameters: &P, x: &X| -> (f64, f64) {
        let mut y = Y::ZERO;
        y.as_flat_mut().fill(f64::NAN);
        forward(parameters, x, &mut y);
        let products = y.as_flat().iter().zip(dy.as_flat()).map(|(y, dy)| y * dy);
        (products.clone().sum(), products.map(f64::abs).sum())
    };
    let tolerance = 100.0 * h * h * (1.0 + value(parameters, x).1);
    for k in 0..gradients.as_scalars().len() {
        let mut at = |d: f64| {
            parameters.as_scalars_mut()[k] += d;
            let value = value(parameters, x).0;
            parameters.as_scalars_mut()[k] -= d;
            value
        };
        let (got, want) = (gradients.as_scalars()[k] - 1.0, (at(h) - at(-h)) / (2.0 * h));
        assert!((got - want).abs() <= tolerance, "parameter {k}: got {got}, want {want}, tolerance {tolerance}");
    }
    for k in 0..X::LENGTH {
        let mut at = |d: f64| {
            x.as_flat_mut()[k] += d;
            let value = value(parameters, x).0;
            x.as_flat_mut()[k] -= d;
            value
        };
        let (got, want) = (dx.as_flat()[k], (at(h) - at(-h)) / (2.0 * h));
        assert!((got - want).abs() <= tolerance, "input {k}: got {got}, want {want}, tolerance {tolerance}");
    }
}

/// Checks that `descend` gives the same dx as `backward`, and leaves kept · parameters + gradients; bit by bit, for in
/// `f64` every gradient here is one sum, which begins at the parameter as it is shrunk.
pub(crate) fn check_descent<P, X, Y>(
    parameters: &mut P,
    x: &X,
    backward: impl Fn(&P, &X, &Y, &mut P, Option<&mut X>),
    descend: impl Fn(&mut P, f64, &X, &Y, Option<&mut X>),
) where
    P: Flat<Scalar = f64>,
    X: Tensor<Element = f64>,
    Y: Tensor<Element = f64>,
{
    let (mut dy, mut dx, mut want_dx) = (Y::ZERO, X::ZERO, X::ZERO);
    fill(dy.as_flat_mut(), 98);
    for kept in [1.0, 0.75] {
        let mut want = P::ZERO;
        for (w, parameter) in want.as_scalars_mut().iter_mut().zip(parameters.as_scalars()) {
            *w = kept * *parameter;
        }
        want_dx.as_flat_mut().fill(f64::NAN);
        dx.as_flat_mut().fill(f64::NAN);
        backward(parameters, x, &dy, &mut want, Some(&mut want_dx));
        descend(parameters, kept, x, &dy, Some(&mut dx));
        assert_eq!(parameters.as_scalars(), want.as_scalars(), "kept {kept}");
        assert_eq!(dx.as_flat(), want_dx.as_flat(), "kept {kept}");
        backward(parameters, x, &dy, &mut want, None);
        descend(parameters, 1.0, x, &dy, None);
        assert_eq!(parameters.as_scalars(), want.as_scalars(), "without dx");
    }
}
