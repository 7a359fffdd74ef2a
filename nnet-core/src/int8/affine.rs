//! What bytes stand for: r = scale · (q − zero point).

/// Scale and zero point of a value.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub struct Affine {
    /// The difference between neighbouring bytes.
    pub scale: [f32; 1],
    /// The byte of 0.
    pub zero_point: [i8; 1],
}

impl Affine {
    /// Zero everywhere.
    pub const ZERO: Self = Self { scale: [0.0], zero_point: [0] };

    /// The nearest byte to `r`; what is beyond the ends becomes an end, NaN the zero point.
    ///
    /// ```
    /// use nnet_core::int8::Affine;
    ///
    /// let half = Affine { scale: [0.5], zero_point: [-28] };
    /// assert_eq!([0.0, 1.2, 1.3, -90.0, 1e9].map(|r| half.quantize(r)), [-28, -26, -25, -128, 127]);
    /// assert_eq!(half.dequantize(-25), 1.5);
    /// ```
    #[must_use]
    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "casts from floats saturate")]
    pub fn quantize(&self, r: f32) -> i8 {
        let steps = r / self.scale[0];
        let nearest = (if steps < 0.0 { steps - 0.5 } else { steps + 0.5 }) as i32;
        nearest.saturating_add(self.zero_point[0].into()).clamp(i8::MIN.into(), i8::MAX.into()) as i8
    }

    /// What `q` stands for.
    #[must_use]
    #[inline]
    pub fn dequantize(&self, q: i8) -> f32 {
        // Both are small, so that the difference is exact.
        self.scale[0] * f32::from(i16::from(q) - i16::from(self.zero_point[0]))
    }
}

/// The least and the greatest number seen in a value, 0 among them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// At most 0.
    pub least: f32,
    /// At least 0.
    pub greatest: f32,
}

impl Range {
    /// Nothing but 0.
    pub const ZERO: Self = Self { least: 0.0, greatest: 0.0 };

    /// Takes in what is seen; the first number that is not finite is given back.
    ///
    /// # Errors
    ///
    /// If a number is an infinity or NaN.
    pub fn see(&mut self, numbers: &[f32]) -> Result<(), f32> {
        for r in numbers {
            if !r.is_finite() {
                return Err(*r);
            }
            self.least = self.least.min(*r);
            self.greatest = self.greatest.max(*r);
        }
        Ok(())
    }

    /// The finest scale, of at least `floor`, with which 256 bytes reach over the range, 0 being one of them.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, reason = "the quotient is between 0 and 255")]
    pub fn affine(&self, floor: f32) -> Affine {
        // Halves, so that their difference is finite.
        let scale = ((self.greatest / 255.0) - (self.least / 255.0)).max(floor).max(f32::MIN_POSITIVE);
        let below = (-self.least / scale + 0.5) as i32;
        Affine { scale: [scale], zero_point: [(below - 128).clamp(-128, 127) as i8] }
    }
}
