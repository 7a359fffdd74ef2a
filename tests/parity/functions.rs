//! Losses and activations one by one, on inputs that include the extremes.

use nnet::layers::{
    Elu, Gelu, HardSigmoid, HardSwish, LeakyRelu, LogSoftmax, Mish, Relu, Relu6, Selu, Sigmoid, Silu, Softmax,
    Softplus, Softsign, Tanh,
};
use nnet::loss::{CrossEntropy, Huber, Loss, MeanAbsoluteError, MeanSquaredError, NegativeLogLikelihood};
use nnet::{Scalar, Tensor};

use crate::reference::{ActivationCase, LossCase, Reference, check_tensor, check_values};
use crate::{DOUBLE, SINGLE, to_f64};

fn numbers<S: Scalar>(values: &[f64]) -> Vec<S> {
    values.iter().copied().map(S::from_f64).collect()
}

/// The mean of the losses of the rows, and its gradient, against the reference.
fn check_loss<S: Scalar, T, L: Loss<S, T>>(name: &str, case: &LossCase, loss: L, targets: &[T], tolerance: f64) {
    let input: Vec<S> = numbers(case.input.values());
    let rows = case.input.shape()[0];
    let mut gradient = vec![S::NEG_INFINITY; input.len()];
    let mut total = 0.0;
    let row_length = input.len() / rows;
    let pairs = input.chunks_exact(row_length).zip(gradient.chunks_exact_mut(row_length));
    for ((y, dy), target) in pairs.zip(targets) {
        let scale = S::from_f64(1.0 / rows as f64);
        total += loss.backward(y, std::slice::from_ref(target), scale, dy).to_f64();
    }
    check_values(name, &[case.value], &[total / rows as f64], tolerance);
    check_tensor(&format!("{name} gradient"), &case.gradient, &to_f64(&gradient), tolerance);
}

fn check_losses<S: Scalar>(tolerance: f64)
where
    [S; 5]: Tensor<Element = S>,
{
    for (name, case) in &Reference::load().losses {
        let classes = case.labels.as_deref().unwrap_or_default();
        let target: Vec<S> = case.target.as_ref().map(|target| numbers(target.values())).unwrap_or_default();
        let tensors = target.as_chunks::<5>().0;
        match case.loss.as_str() {
            "cross_entropy" => check_loss::<S, _, _>(name, case, CrossEntropy, classes, tolerance),
            "nll" => check_loss::<S, _, _>(name, case, NegativeLogLikelihood, classes, tolerance),
            "mse" => check_loss::<S, _, _>(name, case, MeanSquaredError, tensors, tolerance),
            "mae" => check_loss::<S, _, _>(name, case, MeanAbsoluteError, tensors, tolerance),
            "huber" => {
                let delta = case.delta.expect("a huber loss has a delta");
                check_loss::<S, _, _>(name, case, Huber { delta }, tensors, tolerance);
            }
            other => panic!("loss {other}"),
        }
    }
}

#[test]
fn losses() {
    check_losses::<f32>(SINGLE);
    check_losses::<f64>(DOUBLE);
}

/// The activation named in the case, forward and backward: y and dx.
fn run<S: Scalar, const N: usize>(name: &str, case: &ActivationCase) -> (Vec<f64>, Vec<f64>)
where
    [S; N]: Tensor<Element = S>,
{
    let x: [S; N] = numbers(&case.x).try_into().expect("N inputs");
    let mut dy: [S; N] = numbers(&case.dy).try_into().expect("N gradients");
    let mut y = x;
    macro_rules! apply {
        ($layer:expr, $kept:expr) => {{
            $layer.forward(&mut y);
            $layer.backward($kept, &mut dy);
        }};
    }
    match name {
        "relu" => apply!(Relu, &y),
        "leaky_relu" => apply!(LeakyRelu { slope: 0.01 }, &y),
        "sigmoid" => apply!(Sigmoid, &y),
        "tanh" => apply!(Tanh, &y),
        "gelu" => apply!(Gelu, &x),
        "relu6" => apply!(Relu6, &y),
        "elu" => apply!(Elu { alpha: 0.7 }, &y),
        "selu" => apply!(Selu, &y),
        "silu" => apply!(Silu, &x),
        "mish" => apply!(Mish, &x),
        "softplus" => apply!(Softplus { beta: 0.5, threshold: 5.0 }, &x),
        "softsign" => apply!(Softsign, &y),
        "hard_sigmoid" => apply!(HardSigmoid, &y),
        "hard_swish" => apply!(HardSwish, &x),
        "softmax" | "softmax_far" => apply!(Softmax, &y),
        "log_softmax" | "log_softmax_far" => apply!(LogSoftmax, &y),
        other => panic!("activation {other}"),
    }
    (to_f64(&y), to_f64(&dy))
}

fn check_activations<S: Scalar>(tolerance: f64) {
    for (name, case) in &Reference::load().activations {
        let (y, dx) = if case.x.len() == 33 { run::<S, 33>(name, case) } else { run::<S, 10>(name, case) };
        check_tensor(name, &case.y, &y, tolerance);
        if name.contains("softmax") {
            // dy minus its mean: the rounding is that of dy, however small the difference
            let bound = tolerance * case.dy.iter().fold(0.0_f64, |most, dy| dy.abs().max(most));
            for (got, want) in dx.iter().zip(case.dx.values()) {
                assert!((got - want).abs() <= bound, "{name} gradient: got {got}, want {want}");
            }
        } else {
            check_tensor(&format!("{name} gradient"), &case.dx, &dx, tolerance);
        }
    }
}

#[test]
fn activations() {
    check_activations::<f32>(SINGLE);
    check_activations::<f64>(DOUBLE);
}
