//! Random numbers: a small seeded generator whose output is the same on every platform.

/// A 64-bit generator: the SplitMix64 sequence (Steele, Lea, Flood, "Fast splittable pseudorandom number
/// generators", 2014). Not for cryptography.
///
/// ```
/// use nnet_core::Random;
///
/// let (mut a, mut b) = (Random::new(1), Random::new(1));
/// assert_eq!(a.next_u64(), b.next_u64());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Random {
    state: u64,
}

impl Random {
    /// A generator whose whole sequence follows from `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next 64 random bits.
    #[inline]
    pub const fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.state ^ (self.state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform in [0, 1), a multiple of 2⁻⁵³.
    #[inline]
    #[allow(clippy::cast_precision_loss, reason = "53 bits are exact")]
    pub fn uniform(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// Standard normal (Box and Muller, 1958; the cosine half).
    pub fn normal(&mut self) -> f64 {
        // 1 - u is in (0, 1], so the logarithm is finite.
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.uniform()));
        radius * libm::cos(core::f64::consts::TAU * self.uniform())
    }

    /// Uniform in `0..bound`, without bias.
    ///
    /// # Panics
    ///
    /// If `bound` is 0.
    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "the high word of the product is below bound")]
    pub fn below(&mut self, bound: usize) -> usize {
        assert!(bound > 0, "no number is below 0");
        let bound = bound as u64;
        // Lemire, "Fast random integer generation in an interval", 2019.
        let excess = bound.wrapping_neg() % bound;
        loop {
            let product = u128::from(self.next_u64()) * u128::from(bound);
            if product as u64 >= excess {
                return (product >> 64) as usize;
            }
        }
    }

    /// Puts `items` into a random order (Fisher and Yates), every order as likely as any other.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_the_published_one() {
        let mut random = Random::new(1_234_567);
        assert_eq!(random.next_u64(), 6_457_827_717_110_365_317);
        assert_eq!(random.next_u64(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn moments_are_those_of_the_distributions() {
        let mut random = Random::new(3);
        let n = 100_000;
        let (mut uniform, mut normal, mut square) = (0.0, 0.0, 0.0);
        for _ in 0..n {
            uniform += random.uniform();
            let z = random.normal();
            normal += z;
            square += z * z;
        }
        // Five standard errors of each mean: deviations 1/√12, 1 and √2.
        let error = 5.0 / libm::sqrt(f64::from(n));
        assert!((uniform / f64::from(n) - 0.5).abs() < 0.289 * error);
        assert!((normal / f64::from(n)).abs() < error);
        assert!((square / f64::from(n) - 1.0).abs() < 1.415 * error);
    }

    #[test]
    fn below_covers_its_range() {
        let mut random = Random::new(9);
        let mut seen = [0_u32; 7];
        for _ in 0..7000 {
            seen[random.below(7)] += 1;
        }
        assert!(seen.iter().all(|&n| (850..1150).contains(&n)), "{seen:?}");
    }

    #[test]
    fn a_shuffle_is_a_permutation() {
        let mut items: [usize; 50] = core::array::from_fn(|i| i);
        Random::new(5).shuffle(&mut items);
        assert_ne!(items, core::array::from_fn(|i| i));
        items.sort_unstable();
        assert_eq!(items, core::array::from_fn(|i| i));
    }
}
