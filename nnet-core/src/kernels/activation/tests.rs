//! Activations in f32, on the active instruction set, against the same functions in f64.

use super::Function;
use crate::kernels::Kernels;
use crate::kernels::tests::random;

extern crate std;
use std::vec::Vec;

/// The functions whose gradient is found from the output, and those from the input.
const OF_OUTPUT: [Function; 10] = [
    Function::Relu,
    Function::Relu6,
    Function::LeakyRelu(0.1),
    Function::Elu { alpha: 1.0, scale: 1.0 },
    Function::Elu { alpha: 0.3, scale: 2.0 },
    Function::Elu { alpha: 1.673_263_242_354_377_2, scale: 1.050_700_987_355_480_5 },
    Function::Sigmoid,
    Function::Tanh,
    Function::Softsign,
    Function::HardSigmoid,
];
const OF_INPUT: [Function; 7] = [
    Function::Gelu,
    Function::Silu,
    Function::Mish,
    Function::HardSwish,
    Function::Softplus { beta: 1.0, threshold: 20.0 },
    Function::Softplus { beta: 3.0, threshold: 5.0 },
    Function::Softplus { beta: 1.0, threshold: 1e9 },
];

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().copied().map(f64::from).collect()
}

/// Within a few roundings of the result, and where a slope is a difference from 1, of that.
#[test]
fn activations_equal_those_of_f64() {
    let x: Vec<f32> = (-2000..=2000).map(|i| i as f32 * 0.01).collect();
    let dy = random(x.len(), 3);
    let cases = OF_OUTPUT.into_iter().map(|function| (function, false));
    for (function, of_input) in cases.chain(OF_INPUT.into_iter().map(|function| (function, true))) {
        let (mut y, mut want_y) = (x.clone(), wide(&x));
        f32::activation(function, &mut y);
        f64::activation(function, &mut want_y);
        let kept = if of_input { &x } else { &y };
        let (mut dx, mut want_dx) = (dy.clone(), wide(&dy));
        f32::activation_gradient(function, kept, &mut dx);
        f64::activation_gradient(function, &wide(kept), &mut want_dx);
        for k in 0..x.len() {
            // beta·x is rounded before the exponential sees it, which makes its error relative.
            let argument = match function {
                Function::Softplus { beta, .. } if beta != 1.0 => 0.5 * (beta * f64::from(x[k])).abs(),
                _ => 0.0,
            };
            let near = |got: f32, want: f64, scale: f64| {
                (f64::from(got) - want).abs() <= (8.0 + argument) * f64::from(f32::EPSILON) * scale.max(want.abs())
            };
            // Φ by erfc has a relative error that grows with the square of its argument; the sums x + 3 of the hard functions
            // are rounded near 3.
            let scale = match function {
                Function::Gelu | Function::HardSigmoid | Function::HardSwish => 1e-3,
                _ => f64::from(f32::MIN_POSITIVE),
            };
            let (at, got, want) = (x[k], y[k], want_y[k]);
            assert!(near(got, want, scale), "{function:?}({at}): got {got}, want {want}");
            // Slopes grow to 1.8; x times a small difference is rounded like x.
            let (got, want, scale) = (dx[k], want_dx[k], f64::from(dy[k].abs()));
            assert!(near(got, want, scale), "{function:?}'({at}): got {got}, want {want}");
        }
    }
}
