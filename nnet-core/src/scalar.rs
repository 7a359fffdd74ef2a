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
    /// eˣ − 1, which unlike the difference keeps its digits near 0; within 3 units in the last place.
    #[must_use]
    fn exp_m1(self) -> Self;
    /// The natural logarithm.
    #[must_use]
    fn ln(self) -> Self;
    /// ln(1 + x), which unlike the logarithm of the sum keeps its digits near 0; within 2 units in the last place.
    #[must_use]
    fn ln_1p(self) -> Self;
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

    #[inline(always)]
    fn exp_m1(self) -> Self {
        exp_m1_f32(self)
    }

    #[inline]
    fn ln(self) -> Self {
        libm::logf(self)
    }

    #[inline(always)]
    fn ln_1p(self) -> Self {
        ln_1p_f32(self)
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
    fn exp_m1(self) -> Self {
        libm::expm1(self)
    }

    #[inline]
    fn ln(self) -> Self {
        libm::log(self)
    }

    #[inline]
    fn ln_1p(self) -> Self {
        libm::log1p(self)
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

/// ln 2 in two parts: the first has few bits, so n · `LN2_HIGH` is exact for the exponents n of `f32`.
const LN2_HIGH: f32 = 0.693_359_4;
const LN2_LOW: f32 = -2.121_944_4e-4;
/// 1.5·2²³: adding it leaves the nearest integer in the low bits.
const ROUND: f32 = 12_582_912.0;

/// eˣ = 2ⁿ·eʳ with n = round(x / ln 2) and |r| ≤ ln(2)/2, eʳ by its Taylor polynomial of degree 7
/// (truncation error below 2⁻²⁷·eʳ). No branch, so a loop over it becomes vector code.
#[inline(always)]
fn exp_f32(x: f32) -> f32 {
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

/// eˣ − 1 = 2ⁿ·(eʳ − 1) + (2ⁿ − 1) with n and r as in [`exp_f32`], eʳ − 1 by its Taylor polynomial of degree 8
/// (truncation error below 2⁻³⁰·r). n is 0 near 0, where the result is the polynomial.
#[inline(always)]
fn exp_m1_f32(x: f32) -> f32 {
    // Below this the result is −1 within rounding; NaN passes both comparisons unchanged.
    let overflow = x > 88.722_84;
    let x = if x < -20.0 { -20.0 } else { x };
    let n = (x * core::f32::consts::LOG2_E + ROUND) - ROUND;
    let r = (x - n * LN2_HIGH) - n * LN2_LOW;
    let mut p = 1.0 / 40320.0;
    for c in [1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0] {
        p = p * r + c;
    }
    // Twice half of it, so that n = 128 stays finite.
    let half = power_of_two(n - 1.0);
    let y = 2.0 * (half * (p * r) + (half - 0.5));
    if overflow { f32::INFINITY } else { y }
}

/// ln(1 + x) = n·ln 2 + ln m with m = (1 + x)/2ⁿ between √½ and √2, and for f = m − 1, s = f/(2 + f):
/// ln m = 2·atanh s = f − f²/2 + s·(f²/2 + R), R = 2s²/3 + 2s⁴/5 + … to s⁸ (truncation error below 2⁻²⁸ of the result).
/// The rounding of 1 + x is made up for by its quotient with 1 + x.
#[inline(always)]
#[allow(clippy::cast_possible_wrap, reason = "the exponent is below 2⁹")]
fn ln_1p_f32(x: f32) -> f32 {
    let u = 1.0 + x;
    let lost = if x > 1.0 { 1.0 - (u - x) } else { x - (u - 1.0) };
    // 0x3F80_0000 are the bits of 1, 0x3F35_04F3 those of √½.
    let bits = u.to_bits().wrapping_add(0x3F80_0000 - 0x3F35_04F3);
    let n = ((bits >> 23) as i32 - 127) as f32;
    let f = f32::from_bits((bits & 0x007F_FFFF) + 0x3F35_04F3) - 1.0;
    let s = f / (2.0 + f);
    let square = s * s;
    let mut p = 2.0 / 9.0;
    for c in [2.0 / 7.0, 2.0 / 5.0, 2.0 / 3.0] {
        p = p * square + c;
    }
    let half = 0.5 * f * f;
    let y = n * LN2_HIGH + (f - (half - (s * (half + p * square) + (n * LN2_LOW + lost / u))));
    // ln 0, the logarithms that do not exist, and what stays as it is: ∞, NaN and, for its sign, 0.
    let y = if x > -1.0 { y } else { f32::NAN };
    let y = if x == -1.0 { f32::NEG_INFINITY } else { y };
    if x < f32::INFINITY && x != 0.0 { y } else { x }
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
    fn exp_m1_is_within_three_units_over_its_range() {
        let grid = (-30_000..88_720).map(|i| i as f32 * 1e-3);
        // near 0, on both sides of the seams at ± ln 2 / 2, and up to the largest finite result
        let near_0 = (1..60_000).flat_map(|i| [1e-5 * i as f32, -1e-5 * i as f32, 1e-30 * i as f32]);
        let seams = neighbours(0.346_5, 4000).chain(neighbours(-0.346_5, 4000)).chain(neighbours(88.722_5, 44));
        for x in grid.chain(near_0).chain(seams).filter(|&x| x != 0.0) {
            let error = units_in_last_place(Scalar::exp_m1(x), libm::expm1(f64::from(x)));
            assert!(error <= 3.0, "exp_m1({x}): {error} units");
        }
        assert_eq!(Scalar::exp_m1(0.0_f32), 0.0);
        for large in [88.722_85, 1000.0, f32::INFINITY] {
            assert_eq!(Scalar::exp_m1(large), f32::INFINITY);
        }
        for small in [-1000.0, f32::MIN, f32::NEG_INFINITY] {
            assert_eq!(Scalar::exp_m1(small), -1.0);
        }
        assert!(Scalar::exp_m1(f32::NAN).is_nan());
    }

    #[test]
    fn ln_1p_is_within_two_units_over_its_range() {
        let grid = (-99_999..1_000_000).map(|i| i as f32 * 1e-5);
        // every power of two, around the seam √2 − 1, and down to −1
        let powers = (1..254_u32).map(|exponent| f32::from_bits((exponent << 23) | 0x35_04F3));
        let seams = neighbours(0.414_2, 4000).chain(neighbours(-0.999_999_9, 2)).chain(neighbours(0.999_99, 400));
        for x in grid.chain(powers.clone()).chain(powers.filter(|&x| x < 0.5).map(|x| -x)).chain(seams) {
            if x != 0.0 {
                let error = units_in_last_place(Scalar::ln_1p(x), libm::log1p(f64::from(x)));
                assert!(error <= 2.0, "ln_1p({x}): {error} units");
            }
        }
        assert_eq!(Scalar::ln_1p(0.0_f32), 0.0);
        assert_eq!(Scalar::ln_1p(f32::INFINITY), f32::INFINITY);
        assert_eq!(Scalar::ln_1p(-1.0_f32), f32::NEG_INFINITY);
        for none in [-1.000_001, f32::NEG_INFINITY, f32::NAN] {
            assert!(Scalar::ln_1p(none).is_nan(), "ln_1p({none})");
        }
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
