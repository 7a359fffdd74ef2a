//! Values by hand, gradients by central differences, extremes and refusals, for every loss.

use super::*;
use crate::element::{LANES, Lanes, get_lane, set_lane};

/// Compares `backward` with central differences; the tolerance is the error of the differences: h² for the
/// truncation and ε/h for the rounding, with h = ε^(1/3), ten times over.
fn check_gradient<T, L: Loss<f64, T>>(loss: L, y: [f64; 4], target: T) {
    let h = libm::cbrt(f64::EPSILON);
    let mut dy = [f64::NAN; 4];
    let targets = [target];
    let value = loss.backward(&y, &targets, 1.0, &mut dy);
    assert_eq!(value, loss.forward(&y, &targets));
    for k in 0..4 {
        let at = |d: f64| {
            let mut moved = y;
            moved[k] += d;
            loss.forward(&moved, &targets)
        };
        let want = (at(h) - at(-h)) / (2.0 * h);
        let error = (dy[k] - want).abs();
        assert!(error <= 10.0 * (h * h + f64::EPSILON / h) * (1.0 + value), "entry {k}: got {}, want {want}", dy[k]);
    }
}

#[test]
fn gradients_agree_with_central_differences() {
    let y = [0.3, -1.2, 2.0, 0.7];
    check_gradient(CrossEntropy, y, 2);
    check_gradient(CrossEntropy, y, 1);
    check_gradient(NegativeLogLikelihood, y, 3);
    let target = [0.5, -1.0, -2.0, 1.0];
    check_gradient(MeanSquaredError, y, target);
    check_gradient(MeanAbsoluteError, y, target);
    check_gradient(Huber { delta: 1.0 }, y, target);
    check_gradient(Huber { delta: 0.25 }, y, target);
}

#[test]
fn values_by_hand() {
    let near =
        |got: f64, want: f64| assert!((got - want).abs() <= 4.0 * f64::EPSILON * want.abs(), "{got}, want {want}");
    near(CrossEntropy.forward(&[0.0; 4], &[1]), libm::log(4.0));
    near(NegativeLogLikelihood.forward(&[-0.5, -2.0], &[1]), 2.0);
    near(MeanSquaredError.forward(&[1.0, 3.0], &[[0.0, 1.0]]), 2.5);
    near(MeanAbsoluteError.forward(&[1.0, 3.0], &[[0.0, 1.0]]), 1.5);
    // |r| = 1 is on the parabola, |r| = 3 on the line: 0.5, and 2·(3 − 1)
    near(Huber { delta: 2.0 }.forward(&[1.0, -3.0], &[[0.0, 0.0]]), 2.25);
}

#[test]
fn the_cross_entropy_gradient_is_softmax_minus_one_hot() {
    let mut dy = [0.0; 2];
    let value = CrossEntropy.backward(&[0.0, libm::log(3.0)], &[0], 1.0, &mut dy);
    assert!((value - libm::log(4.0)).abs() < 1e-15);
    assert!((dy[0] + 0.75).abs() < 1e-15 && (dy[1] - 0.75).abs() < 1e-15);
}

#[test]
fn cross_entropy_survives_huge_logits() {
    let mut dy = [f32::NAN; 3];
    let value = CrossEntropy.backward(&[1000.0_f32, -1000.0, 0.0], &[1], 1.0, &mut dy);
    assert_eq!((value, dy), (2000.0, [1.0, -1.0, 0.0]));
    assert_eq!(CrossEntropy.forward(&[1000.0_f32, -1000.0, 0.0], &[0]), 0.0);
}

#[test]
fn lanes_are_independent_and_empty_ones_have_no_gradient() {
    let samples = [[0.1_f64, 0.9, -0.3], [2.0, 1.0, 0.0]];
    let classes = [2_usize, 0];
    let mut group = [Lanes([9.0; LANES]); 3];
    for (l, sample) in samples.iter().enumerate() {
        set_lane(&mut group, l, sample);
    }
    let mut dy = [Lanes([f64::NAN; LANES]); 3];
    let total = CrossEntropy.backward(&group, &classes, 0.5, &mut dy);
    let mut want_total = 0.0;
    for l in 0..LANES {
        let (mut got, mut want) = ([f64::NAN; 3], [0.0; 3]);
        get_lane(&dy, l, &mut got);
        if l < 2 {
            want_total += CrossEntropy.backward(&samples[l], &classes[l..=l], 0.5, &mut want);
        }
        assert_eq!(got, want, "lane {l}");
    }
    assert_eq!(total, want_total);
}

#[test]
#[should_panic(expected = "class 3 of 3")]
fn a_class_beyond_the_outputs_is_refused() {
    CrossEntropy.forward(&[0.0_f32; 3], &[3]);
}

#[test]
#[should_panic(expected = "2 targets for 1 lanes")]
fn more_targets_than_lanes_are_refused() {
    CrossEntropy.backward(&[0.0_f32; 3], &[1, 2], 1.0, &mut [0.0; 3]);
}

#[test]
fn accepts_and_argmax() {
    assert!(Loss::<f32, usize>::accepts(&CrossEntropy, &2, 3));
    assert!(!Loss::<f32, usize>::accepts(&CrossEntropy, &3, 3));
    assert_eq!(argmax(&[0.5_f32, 0.5, f32::NEG_INFINITY], 0), 0);
    assert_eq!(argmax(&[f32::NAN, 0.5], 0), 0);
}
