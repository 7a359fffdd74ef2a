//! Activations, number by number, in place.

use crate::element::LANES;
use crate::simd::{Kernel, Simd, Vectors};

#[cfg(test)]
mod tests;

/// A function of one number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Function {
    /// max(x, 0).
    Relu,
    /// min(max(x, 0), 6).
    Relu6,
    /// x above 0, slope·x below; the slope is not negative.
    LeakyRelu(f64),
    /// scale·x above 0, scale·alpha·(eˣ − 1) below; neither is negative.
    Elu {
        /// −f(−∞), before scaling.
        alpha: f64,
        /// Factor on the whole.
        scale: f64,
    },
    /// 1 / (1 + e⁻ˣ).
    Sigmoid,
    /// (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ).
    Tanh,
    /// x / (1 + |x|).
    Softsign,
    /// min(max(x + 3, 0), 6) / 6.
    HardSigmoid,
    /// x·Φ(x), Φ the distribution function of the standard normal.
    Gelu,
    /// x / (1 + e⁻ˣ).
    Silu,
    /// x·tanh(ln(1 + eˣ)).
    Mish,
    /// ln(1 + e^(beta·x)) / beta, and x where beta·x exceeds the threshold.
    Softplus {
        /// Steepness at 0.
        beta: f64,
        /// Where the function becomes x.
        threshold: f64,
    },
    /// x·min(max(x + 3, 0), 6) / 6.
    HardSwish,
}

impl Function {
    /// Whether its gradient follows from its output, without its input.
    pub(super) const fn has_slope_of_output(self) -> bool {
        !matches!(self, Self::Gelu | Self::Silu | Self::Mish | Self::Softplus { .. } | Self::HardSwish)
    }
}

/// y ← max(y, 0): the commonest function has code of its own, so that a program that needs no other holds no other.
pub(super) fn relu<S: Vectors>(y: &mut [S]) {
    S::dispatch(LANES, Relu { y });
}

struct Relu<'a, S> {
    y: &'a mut [S],
}

impl<S: Vectors> Kernel<S> for Relu<'_, S> {
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(self, _simd: I) {
        for y in self.y {
            // NaN fails the comparison and passes through.
            *y = if *y < S::ZERO { S::ZERO } else { *y };
        }
    }
}

/// y ← f(y)
pub(super) fn forward<S: Vectors>(function: Function, y: &mut [S]) {
    S::dispatch(LANES, Forward { function, y });
}

/// dy ← dy where y > 0, which is where x > 0, and else 0
pub(super) fn relu_gradient<S: Vectors>(y: &[S], dy: &mut [S]) {
    assert_eq!(y.len(), dy.len(), "the gradient has the length of the activation");
    S::dispatch(LANES, ReluGradient { y, dy });
}

struct ReluGradient<'a, S> {
    y: &'a [S],
    dy: &'a mut [S],
}

impl<S: Vectors> Kernel<S> for ReluGradient<'_, S> {
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(self, _simd: I) {
        for (dy, &y) in self.dy.iter_mut().zip(self.y) {
            *dy = if y > S::ZERO { *dy } else { S::ZERO };
        }
    }
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

/// min(max(x, 0), 6); NaN fails both comparisons and passes through.
#[inline(always)]
fn relu6<S: Vectors>(x: S) -> S {
    let six = S::from_f64(6.0);
    let x = if x < S::ZERO { S::ZERO } else { x };
    if x > six { six } else { x }
}

/// min(max(x + 3, 0), 6) / 6
#[inline(always)]
fn hard_sigmoid<S: Vectors>(x: S) -> S {
    relu6(x + S::from_f64(3.0)) / S::from_f64(6.0)
}

/// ln(1 + eˣ) = max(x, 0) + ln(1 + e^(−|x|)), which does not overflow.
#[inline(always)]
fn softplus<S: Vectors>(x: S) -> S {
    let above = if x < S::ZERO { S::ZERO } else { x };
    above + (-x.abs()).exp().ln_1p()
}

/// n and δ with tanh(ln(1 + eˣ)) = n / (n + δ), from ((1 + eˣ)² − 1) / ((1 + eˣ)² + 1); and e = e^(−|x|).
///
/// Above 0 both are multiplied by e^(−2x), so that nothing overflows; every term is positive, so nothing cancels.
#[inline(always)]
fn mish_parts<S: Vectors>(x: S) -> (S, S, S) {
    let two = S::from_f64(2.0);
    let e = (-x.abs()).exp();
    if x < S::ZERO { (e * (e + two), two, e) } else { (S::ONE + two * e, two * e * e, e) }
}

#[inline(always)]
fn mish<S: Vectors>(x: S) -> S {
    let (n, delta, _) = mish_parts(x);
    x * (n / (n + delta))
}

/// (x·t)′ = t + x·(1 − t²)·σ for t = n/d, d = n + δ, where 1 − t² = δ·(n + d) / d² and σ = 1 / (1 + e⁻ˣ)
#[inline(always)]
fn mish_slope<S: Vectors>(x: S) -> S {
    let (n, delta, e) = mish_parts(x);
    let d = n + delta;
    let sigmoid = (if x < S::ZERO { e } else { S::ONE }) / (S::ONE + e);
    (n + x * (sigmoid * delta * ((n + d) / d))) / d
}

/// (x·σ)′ = σ·(1 + x·(1 − σ))
#[inline(always)]
fn silu_slope<S: Vectors>(x: S) -> S {
    let sigmoid = x.sigmoid();
    sigmoid * (S::ONE + x * (S::ONE - sigmoid))
}

/// 0 up to −3, 1 from 3 on, x/3 + 1/2 between.
#[inline(always)]
fn hard_swish_slope<S: Vectors>(x: S) -> S {
    let three = S::from_f64(3.0);
    let slope = x / three + S::from_f64(0.5);
    let slope = if x <= -three { S::ZERO } else { slope };
    if x >= three { S::ONE } else { slope }
}

/// `dx` between 0 and `bound`, 0 outside and at both.
#[inline(always)]
fn between<S: Vectors>(y: S, bound: S, dx: S) -> S {
    let dx = if y <= S::ZERO { S::ZERO } else { dx };
    if y >= bound { S::ZERO } else { dx }
}

impl<S: Vectors> Kernel<S> for Forward<'_, S> {
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(self, simd: I) {
        if self.function == Function::Relu {
            return Relu { y: self.y }.run(simd);
        }
        let y = self.y.iter_mut();
        match self.function {
            Function::Relu => {}
            Function::Relu6 => y.for_each(|y| *y = relu6(*y)),
            Function::LeakyRelu(slope) => {
                let slope = S::from_f64(slope);
                y.for_each(|y| *y = if *y < S::ZERO { slope * *y } else { *y });
            }
            Function::Elu { alpha, scale } => {
                let (scale, below) = (S::from_f64(scale), S::from_f64(alpha * scale));
                y.for_each(|y| *y = if *y > S::ZERO { scale * *y } else { below * y.exp_m1() });
            }
            Function::Sigmoid => y.for_each(|y| *y = y.sigmoid()),
            Function::Tanh => y.for_each(|y| *y = y.tanh()),
            Function::Softsign => y.for_each(|y| *y /= S::ONE + y.abs()),
            Function::HardSigmoid => y.for_each(|y| *y = hard_sigmoid(*y)),
            Function::Gelu => y.for_each(|y| *y = *y * normal_distribution(*y)),
            Function::Silu => y.for_each(|y| *y *= y.sigmoid()),
            Function::Mish => y.for_each(|y| *y = mish(*y)),
            Function::Softplus { beta, threshold } => {
                let (beta, threshold) = (S::from_f64(beta), S::from_f64(threshold));
                y.for_each(|y| *y = if beta * *y > threshold { *y } else { softplus(beta * *y) / beta });
            }
            Function::HardSwish => y.for_each(|y| *y *= hard_sigmoid(*y)),
        }
    }
}

impl<S: Vectors> Kernel<S> for Gradient<'_, S> {
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(self, simd: I) {
        if self.function == Function::Relu {
            return ReluGradient { y: self.kept, dy: self.dy }.run(simd);
        }
        let pairs = self.dy.iter_mut().zip(self.kept);
        match self.function {
            Function::Relu => {}
            Function::Relu6 => pairs.for_each(|(dy, &y)| *dy = between(y, S::from_f64(6.0), *dy)),
            Function::LeakyRelu(slope) => {
                let slope = S::from_f64(slope);
                pairs.for_each(|(dy, &y)| *dy = if y > S::ZERO { *dy } else { slope * *dy });
            }
            // forward: y = below·(eˣ − 1)   so   below·eˣ = y + below
            Function::Elu { alpha, scale } => {
                let (scale, below) = (S::from_f64(scale), S::from_f64(alpha * scale));
                pairs.for_each(|(dy, &y)| *dy *= if y > S::ZERO { scale } else { y + below });
            }
            Function::Sigmoid => pairs.for_each(|(dy, &y)| *dy *= y * (S::ONE - y)),
            Function::Tanh => pairs.for_each(|(dy, &y)| *dy *= S::ONE - y * y),
            // 1 / (1 + |x|)² = (1 − |y|)²
            Function::Softsign => pairs.for_each(|(dy, &y)| *dy *= (S::ONE - y.abs()) * (S::ONE - y.abs())),
            Function::HardSigmoid => {
                pairs.for_each(|(dy, &y)| *dy = between(y, S::ONE, *dy / S::from_f64(6.0)));
            }
            // (x·Φ)′ = Φ + x·φ
            Function::Gelu => pairs.for_each(|(dy, &x)| *dy *= normal_distribution(x) + x * normal_density(x)),
            Function::Silu => pairs.for_each(|(dy, &x)| *dy *= silu_slope(x)),
            Function::Mish => pairs.for_each(|(dy, &x)| *dy *= mish_slope(x)),
            Function::Softplus { beta, threshold } => {
                let (beta, threshold) = (S::from_f64(beta), S::from_f64(threshold));
                pairs.for_each(|(dy, &x)| *dy *= if beta * x > threshold { S::ONE } else { (beta * x).sigmoid() });
            }
            Function::HardSwish => pairs.for_each(|(dy, &x)| *dy *= hard_swish_slope(x)),
        }
    }
}
