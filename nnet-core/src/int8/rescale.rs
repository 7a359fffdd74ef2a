//! From a sum to a byte: q = zero point + ⌊(h + 2^(shift − 1)) / 2^shift⌋, h = ⌊sum · multiplier / 2³²⌋.
//!
//! Together multiplier · 2^(−32 − shift) is scale of x · scale of w / scale of y: a positive number below 1/4, its 31
//! significant bits held by the multiplier (Jacob et al. 2018, equations 5 and 6).

/// What makes the sums of one output channel bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rescale {
    /// 0, or at least 2³⁰.
    pub multiplier: i32,
    /// 1 to 30.
    pub shift: u8,
}

impl Rescale {
    /// For a factor from 0 to below 1/4; one below 2⁻³² is 0, as is NaN.
    ///
    /// ```
    /// use nnet_core::int8::Rescale;
    ///
    /// let sixth = Rescale::new(1.0 / 6.0);
    /// assert_eq!([6, 10, -10, 12_000].map(|sum| sixth.apply(sum, 0)), [1, 2, -2, 127]);
    /// ```
    #[must_use]
    #[allow(clippy::cast_possible_truncation, reason = "below 2^31")]
    pub fn new(factor: f64) -> Self {
        const LEAST: f64 = (1_u64 << 30) as f64;
        // factor · 2^(32 + shift) grows to 31 bits.
        let (mut multiplier, mut shift) = (factor * (1_u64 << 33) as f64, 1);
        while multiplier < LEAST && shift < 30 {
            multiplier *= 2.0;
            shift += 1;
        }
        let is_normal = multiplier >= LEAST;
        Self { multiplier: if is_normal { (multiplier + 0.5) as i32 } else { 0 }, shift }
    }

    /// The byte of a sum.
    #[inline]
    #[must_use]
    #[allow(clippy::cast_possible_truncation, reason = "the upper half of 64 bits; clamped to a byte")]
    pub fn apply(self, sum: i32, zero_point: i8) -> i8 {
        let upper = ((i64::from(sum) * i64::from(self.multiplier)) >> 32) as i32;
        // Any shift that a file may hold does something: it is taken modulo 32.
        let shift = u32::from(self.shift);
        let half = 1_i32.wrapping_shl(shift) >> 1;
        let y = upper.wrapping_add(half).wrapping_shr(shift).wrapping_add(zero_point.into());
        y.clamp(i8::MIN.into(), i8::MAX.into()) as i8
    }
}
