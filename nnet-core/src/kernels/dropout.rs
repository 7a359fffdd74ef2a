//! Dropout: each entry times 0 or 1 / (1 − p), by random bits that follow from the sample and the entry.

use super::norm::parts;
use crate::element::LANES;
use crate::simd::{Kernel, Simd, Vectors};

/// Which entries of a lane group are dropped.
#[derive(Clone, Copy, Debug)]
pub struct Mask {
    /// The probability of 0.
    pub p: f64,
    /// Entries that share one draw: 1, or those of a channel.
    pub plane: usize,
    /// The keys of the samples, in two words.
    pub keys: [[u32; LANES]; 2],
}

/// y ← y · (0 or 1 / (1 − p))
#[inline(always)]
pub(super) fn apply<S: Vectors>(lanes: usize, mask: &Mask, y: &mut [S]) {
    assert!((0.0..=1.0).contains(&mask.p), "a probability is between 0 and 1");
    assert!(mask.plane > 0 && y.len().is_multiple_of(mask.plane * lanes), "y: [C, ..]");
    // Vectors run over lanes, or over the entries of one sample: both use the best ones.
    S::dispatch(LANES, Apply { lanes, mask, y });
}

/// 31 random bits from an entry's number plus the first word of its sample's key, and the second word: the finalizer
/// `lowbias32` (Wellons, "Prospecting for hash functions", 2018), the second word put in half way, so that no two
/// samples run through the same sequence.
#[inline(always)]
const fn draw(z: u32, key: u32) -> u32 {
    let z = (z ^ (z >> 16)).wrapping_mul(0x7FEB_352D) ^ key;
    let z = (z ^ (z >> 15)).wrapping_mul(0x846C_A68B);
    // Without the sign bit, which costs vectors without unsigned comparison another instruction.
    (z ^ (z >> 16)) >> 1
}

/// Scalars drawn at a time: a long loop over arrays is what the compiler makes vectors of.
const BLOCK: usize = 4 * LANES;

/// The factors on the scalars of some entries, the next ones with each call.
struct Factors<S> {
    /// For each scalar of a block, the sum of its entry's number and its sample's key, and the other word of the key.
    words: [[u32; BLOCK]; 2],
    /// Entries in a block.
    entries: u32,
    threshold: u32,
    scale: S,
}

impl<S: Vectors> Factors<S> {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "p is in 0..=1, a block is small")]
    fn new(lanes: usize, mask: &Mask) -> Self {
        let mut words = [[0; BLOCK]; 2];
        for k in 0..BLOCK {
            words[0][k] = mask.keys[0][k % lanes].wrapping_add((k / lanes) as u32);
            words[1][k] = mask.keys[1][k % lanes];
        }
        Self {
            words,
            entries: (BLOCK / lanes) as u32,
            threshold: (mask.p * f64::from(1_u32 << 31)) as u32,
            // Nothing is kept of p = 1, and 0 in place of the infinite scale keeps it free of NaN.
            scale: if mask.p < 1.0 { S::from_f64(1.0 / (1.0 - mask.p)) } else { S::ZERO },
        }
    }

    #[inline(always)]
    fn next(&mut self) -> [S; BLOCK] {
        let mut factors = [S::ZERO; BLOCK];
        for k in 0..BLOCK {
            let bits = draw(self.words[0][k], self.words[1][k]);
            factors[k] = if bits < self.threshold { S::ZERO } else { self.scale };
            self.words[0][k] = self.words[0][k].wrapping_add(self.entries);
        }
        factors
    }
}

struct Apply<'a, S> {
    lanes: usize,
    mask: &'a Mask,
    y: &'a mut [S],
}

impl<S: Vectors> Kernel<S> for Apply<'_, S> {
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(self, simd: I) {
        let Self { lanes, mask, y } = self;
        let mut factors = Factors::new(lanes, mask);
        if mask.plane == 1 {
            for y in y.chunks_mut(BLOCK) {
                for (y, factor) in y.iter_mut().zip(factors.next()) {
                    *y *= factor;
                }
            }
            return;
        }
        for channels in y.chunks_mut(BLOCK / lanes * mask.plane * lanes) {
            let factors = factors.next();
            for (y, factor) in channels.chunks_exact_mut(mask.plane * lanes).zip(factors.chunks_exact(lanes)) {
                scale_plane(simd, lanes, factor, y);
            }
        }
    }
}

/// y ← factor · y, for the entries of a channel.
#[inline(always)]
fn scale_plane<I: Simd>(simd: I, lanes: usize, factor: &[I::Scalar], y: &mut [I::Scalar]) {
    if lanes == 1 {
        for y in y {
            *y *= factor[0];
        }
        return;
    }
    for part in parts(simd, lanes) {
        let factor = part.load(factor);
        for y in y.chunks_exact_mut(lanes) {
            part.store(y, part.mul(part.load(y), factor));
        }
    }
}
