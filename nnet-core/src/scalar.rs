//! Scalars: the number types a network can be made of, `f32` and `f64`.

use core::fmt::{Debug, Display};
use core::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use crate::element::Element;
use crate::kernels::Kernels;

/// A floating-point number: `f32` or `f64`.
///
/// The elementary functions come from `libm` for `f64`, and for `f32` from branch-free code that the
/// compiler turns into vector instructions, so that a result does not depend on the platform's C library.
pub trait Scalar:
    Element<Scalar = Self>
    + Kernels
    + PartialOrd
    + Debug
    + Display
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
{
    /// 1.
    const ONE: Self;
    /// The distance from 1 to the next larger number.
    const EPSILON: Self;
    /// −∞, the neutral element of the maximum.
    const NEG_INFINITY: Self;

    /// The nearest number of this type.
    fn from_f64(value: f64) -> Self;
    /// The same value as an `f64`, exact.
    fn to_f64(self) -> f64;
    /// eˣ, within 1.5 units in the last place; results below the smallest normal number are 0.
    #[must_use]
    fn exp(self) -> Self;
    /// The natural logarithm.
    #[must_use]
    fn ln(self) -> Self;
    /// √x.
    #[must_use]
    fn sqrt(self) -> Self;
    /// The hyperbolic tangent.
    #[must_use]
    fn tanh(self) -> Self;
    /// The complement of the Gauss error function, 2/√π ∫ exp(−t²) dt from x on.
    #[must_use]
    fn erfc(self) -> Self;
    /// |x|.
    #[must_use]
    fn abs(self) -> Self;
    /// 1 / (1 + e⁻ˣ), without overflow for any x.
    #[inline]
    #[must_use]
    fn sigmoid(self) -> Self {
        // e^(-|x|) is in (0, 1], so neither branch can overflow.
        let e = (-self.abs()).exp();
        let small = e / (Self::ONE + e);
        if self < Self::ZERO { small } else { Self::ONE - small }
    }
}

impl Scalar for f32 {
    const ONE: Self = 1.0;
    const EPSILON: Self = f32::EPSILON;
    const NEG_INFINITY: Self = f32::NEG_INFINITY;

    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "rounding to the nearest f32 is what is asked for")]
    fn from_f64(value: f64) -> Self {
        value as f32
    }

    #[inline]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    #[inline(always)]
    fn exp(self) -> Self {
        exp_f32(self)
    }

    #[inline]
    fn ln(self) -> Self {
        libm::logf(self)
    }

    // Both are correctly rounded: the same bits, but only the first is one instruction everywhere.
    #[cfg(feature = "std")]
    #[inline]
    fn sqrt(self) -> Self {
        f32::sqrt(self)
    }

    #[cfg(not(feature = "std"))]
    #[inline]
    fn sqrt(self) -> Self {
        libm::sqrtf(self)
    }

    #[inline(always)]
    fn tanh(self) -> Self {
        tanh_f32(self)
    }

    #[inline]
    fn erfc(self) -> Self {
        libm::erfcf(self)
    }

    #[inline(always)]
    fn abs(self) -> Self {
        f32::abs(self)
    }
}

impl Scalar for f64 {
    const ONE: Self = 1.0;
    const EPSILON: Self = f64::EPSILON;
    const NEG_INFINITY: Self = f64::NEG_INFINITY;

    #[inline]
    fn from_f64(value: f64) -> Self {
        value
    }

    #[inline]
    fn to_f64(self) -> f64 {
        self
    }

    #[inline]
    fn exp(self) -> Self {
        libm::exp(self)
    }

    #[inline]
    fn ln(self) -> Self {
        libm::log(self)
    }

    #[inline]
    fn sqrt(self) -> Self {
        libm::sqrt(self)
    }

    #[inline]
    fn tanh(self) -> Self {
        libm::tanh(self)
    }

    #[inline]
    fn erfc(self) -> Self {
        libm::erfc(self)
    }

    #[inline]
    fn abs(self) -> Self {
        f64::abs(self)
    }
}

/// eˣ = 2ⁿ·eʳ with n = round(x / ln 2) and |r| ≤ ln(2)/2, eʳ by its Taylor polynomial of degree 7
/// (truncation error below 2⁻²⁷·eʳ). No branch, so a loop over it becomes vector code.
#[inline(always)]
fn exp_f32(x: f32) -> f32 {
    // ln 2 in two parts: the first has few bits, so n * LN2_HIGH is exact.
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    // Adding 1.5·2²³ leaves the nearest integer in the low bits.
    const ROUND: f32 = 12_582_912.0;

    // Outside this range the result is 0 or infinite; NaN passes both comparisons unchanged.
    let overflow = x > 88.722_84;
    let underflow = x < -87.336_54;
    let n = (x * core::f32::consts::LOG2_E + ROUND) - ROUND;
    let r = (x - n * LN2_HIGH) - n * LN2_LOW;
    let mut p = 1.0 / 5040.0;
    for c in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        p = p * r + c;
    }
    // 2ⁿ in two factors, so that n = 128 stays finite.
    let half = (n * 0.5 + ROUND) - ROUND;
    let y = p * power_of_two(half) * power_of_two(n - half);
    let y = if underflow { 0.0 } else { y };
    if overflow { f32::INFINITY } else { y }
}

/// 2ⁿ for an integer −126 ≤ n ≤ 127 held in a float; any finite bits otherwise.
#[inline(always)]
fn power_of_two(n: f32) -> f32 {
    // 12582912.0 = 1.5·2²³ has the integer part in its low bits: 0x4B40_0000 + n.
    let bits = (n + 12_582_912.0).to_bits().wrapping_sub(0x4B40_0000);
    f32::from_bits(bits.wrapping_add(127) << 23)
}

/// tanh x = x·P(x²) near 0, else sign(x)·(1 − 2 / (e^(2|x|) + 1)).
#[inline(always)]
fn tanh_f32(x: f32) -> f32 {
    let a = f32::abs(x);
    // Past 10 the result is 1 within rounding; the bound keeps e^(2a) finite.
    let bounded = if a > 10.0 { 10.0 } else { a };
    let large = 1.0 - 2.0 / (exp_f32(2.0 * bounded) + 1.0);
    let large = if x < 0.0 { -large } else { large };
    // Taylor series of tanh to degree 11: below 2⁻²⁴ relative for |x| < 0.35.
    let s = x * x;
    let mut p = -1382.0 / 155_925.0;
    for c in [62.0 / 2835.0, -17.0 / 315.0, 2.0 / 15.0, -1.0 / 3.0, 1.0] {
        p = p * s + c;
    }
    let small = x * p;
    let y = if a < 0.35 { small } else { large };
    if x.is_nan() { x } else { y }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units_in_last_place(got: f32, want: f64) -> f64 {
        let want32 = f32::from_f64(want);
        let unit = f64::from(f32::from_bits(want32.abs().to_bits() + 1)) - f64::from(want32.abs());
        (f64::from(got) - want).abs() / unit
    }

    /// `n` neighbouring floats from `from` on.
    fn neighbours(from: f32, n: u32) -> impl Iterator<Item = f32> {
        (0..n).map(move |i| f32::from_bits(from.to_bits() + i))
    }

    #[test]
    fn exp_is_within_one_and_a_half_units_over_its_range() {
        let grid = (-87_330..88_720).map(|i| i as f32 * 1e-3);
        // up to the largest finite result, and the smallest normal one
        let ends = neighbours(88.722_5, 44).chain(neighbours(-87.336_54, 1));
        for x in grid.chain(ends) {
            let error = units_in_last_place(x.exp(), libm::exp(f64::from(x)));
            assert!(error <= 1.5, "exp({x}): {error} units");
        }
        assert_eq!(Scalar::exp(0.0_f32), 1.0);
        for large in [88.722_85, 1000.0, f32::INFINITY] {
            assert_eq!(Scalar::exp(large), f32::INFINITY);
        }
        for small in [-87.336_56, -1000.0, f32::NEG_INFINITY] {
            assert_eq!(Scalar::exp(small), 0.0);
        }
        assert!(Scalar::exp(f32::NAN).is_nan());
    }

    #[test]
    fn tanh_is_within_two_and_a_half_units_and_odd() {
        let grid = (1..12_000).map(|i| i as f32 * 1e-3);
        // on both sides of the two seams
        let seams = neighbours(0.349_99, 1000).chain(neighbours(9.999_9, 200));
        for x in grid.chain(seams) {
            let error = units_in_last_place(x.tanh(), libm::tanh(f64::from(x)));
            assert!(error <= 2.5, "tanh({x}): {error} units");
            assert_eq!(Scalar::tanh(-x), -Scalar::tanh(x));
        }
        assert_eq!(Scalar::tanh(f32::INFINITY), 1.0);
        assert_eq!(Scalar::tanh(f32::NEG_INFINITY), -1.0);
        assert!(Scalar::tanh(f32::NAN).is_nan());
    }

    #[test]
    fn sigmoid_is_within_three_units() {
        for x in (-87_000..20_000).map(|i| i as f32 * 1e-3) {
            let error = units_in_last_place(Scalar::sigmoid(x), 1.0 / (1.0 + libm::exp(-f64::from(x))));
            assert!(error <= 3.0, "sigmoid({x}): {error} units");
        }
    }

    #[test]
    fn sigmoid_saturates_without_overflow() {
        assert_eq!(Scalar::sigmoid(-200.0_f32), 0.0);
        assert_eq!(Scalar::sigmoid(200.0_f32), 1.0);
        assert_eq!(Scalar::sigmoid(0.0_f64), 0.5);
    }
}
