//! Activations, number by number, in place.

use crate::element::LANES;
use crate::simd::{Kernel, Simd, Vectors};

/// A function of one number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Function {
    /// max(x, 0).
    Relu,
    /// x above 0, slope·x below; the slope is not negative.
    LeakyRelu(f64),
    /// 1 / (1 + e⁻ˣ).
    Sigmoid,
    /// (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ).
    Tanh,
    /// x·Φ(x), Φ the distribution function of the standard normal.
    Gelu,
}

/// y ← f(y)
pub(super) fn forward<S: Vectors>(function: Function, y: &mut [S]) {
    S::dispatch(LANES, Forward { function, y });
}

/// dy ← f′·dy
pub(super) fn gradient<S: Vectors>(function: Function, kept: &[S], dy: &mut [S]) {
    assert_eq!(kept.len(), dy.len(), "the gradient has the length of the activation");
    S::dispatch(LANES, Gradient { function, kept, dy });
}

struct Forward<'a, S> {
    function: Function,
    y: &'a mut [S],
}

struct Gradient<'a, S> {
    function: Function,
    kept: &'a [S],
    dy: &'a mut [S],
}

/// Φ(x) = erfc(−x / √2) / 2, which unlike (1 + erf) / 2 keeps its digits far below 0.
fn normal_distribution<S: Vectors>(x: S) -> S {
    S::from_f64(0.5) * (x * S::from_f64(-core::f64::consts::FRAC_1_SQRT_2)).erfc()
}

/// φ(x) = e^(−x²/2) / √(2π).
fn normal_density<S: Vectors>(x: S) -> S {
    // 1/√(2π) = (2/√π) / (2√2)
    const SCALE: f64 = core::f64::consts::FRAC_2_SQRT_PI * core::f64::consts::FRAC_1_SQRT_2 * 0.5;
    S::from_f64(SCALE) * (S::from_f64(-0.5) * x * x).exp()
}

impl<S: Vectors> Kernel<S> for Forward<'_, S> {
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(self, _simd: I) {
        let y = self.y.iter_mut();
        match self.function {
            // NaN fails the comparison and passes through.
            Function::Relu => y.for_each(|y| *y = if *y < S::ZERO { S::ZERO } else { *y }),
            Function::LeakyRelu(slope) => {
                let slope = S::from_f64(slope);
                y.for_each(|y| *y = if *y < S::ZERO { slope * *y } else { *y });
            }
            Function::Sigmoid => y.for_each(|y| *y = y.sigmoid()),
            Function::Tanh => y.for_each(|y| *y = y.tanh()),
            Function::Gelu => y.for_each(|y| *y = *y * normal_distribution(*y)),
        }
    }
}

impl<S: Vectors> Kernel<S> for Gradient<'_, S> {
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(self, _simd: I) {
        let pairs = self.dy.iter_mut().zip(self.kept);
        match self.function {
            // y > 0 if and only if x > 0
            Function::Relu => pairs.for_each(|(dy, &y)| *dy = if y > S::ZERO { *dy } else { S::ZERO }),
            Function::LeakyRelu(slope) => {
                let slope = S::from_f64(slope);
                pairs.for_each(|(dy, &y)| *dy = if y > S::ZERO { *dy } else { slope * *dy });
            }
            Function::Sigmoid => pairs.for_each(|(dy, &y)| *dy *= y * (S::ONE - y)),
            Function::Tanh => pairs.for_each(|(dy, &y)| *dy *= S::ONE - y * y),
            // (x·Φ)′ = Φ + x·φ
            Function::Gelu => pairs.for_each(|(dy, &x)| *dy *= normal_distribution(x) + x * normal_density(x)),
        }
    }
}
