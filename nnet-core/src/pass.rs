//! A pass of training: what a group of samples knows besides the parameters, its place in the batch and the key of
//! its randomness.

use crate::random::Random;

/// What a training pass knows besides the parameters: where dropout draws from, the position in the batch of the
/// first sample of this group, and how many lanes are in use.
///
/// ```
/// use nnet_core::Pass;
///
/// // step 7 of a training with seed 1: the group of samples 32 to 36 of a batch of 37
/// let pass = Pass::new(1, 7).group(32, 5);
/// assert_eq!(pass.samples(), 5);
/// // a single sample, alone or in a group, is known by its position
/// let sample = Pass::new(1, 7).group(33, 1);
/// assert_eq!(sample.samples(), 1);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Pass {
    key: u64,
    first: usize,
    samples: usize,
}

/// 64 bits that all depend on all of `z` (the finalizer of SplitMix64).
const fn mix(z: u64) -> u64 {
    Random::new(z).next_u64()
}

impl Pass {
    /// The pass of step `step` in a training with `seed`, from the first sample of the batch on, all lanes in use.
    #[must_use]
    pub const fn new(seed: u64, step: u64) -> Self {
        Self { key: mix(mix(seed).wrapping_add(step)), first: 0, samples: usize::MAX }
    }

    /// The same pass for a group of `samples` samples, of which the first is number `first` of the batch.
    #[must_use]
    pub const fn group(self, first: usize, samples: usize) -> Self {
        Self { key: self.key, first, samples }
    }

    /// The same pass with `samples` lanes in use.
    #[must_use]
    pub const fn with_samples(self, samples: usize) -> Self {
        Self { samples, ..self }
    }

    /// The same group in a network that is layer `layer` of this one: it draws other numbers.
    #[must_use]
    pub const fn nested(self, layer: u64) -> Self {
        // Turned around, so that no layer of this network has the key of a nested one.
        Self { key: mix(mix(!self.key).wrapping_add(layer)), first: self.first, samples: self.samples }
    }

    /// How many lanes are in use; [`usize::MAX`] stands for all of them.
    #[must_use]
    pub const fn samples(&self) -> usize {
        self.samples
    }

    /// The key of the sample in lane `lane` at layer `layer`; it follows from the sample's position in the batch,
    /// however the batch is cut into groups.
    pub(crate) const fn sample_key(&self, layer: u64, lane: usize) -> u64 {
        let position = self.first.wrapping_add(lane) as u64;
        mix(mix(self.key.wrapping_add(layer)).wrapping_add(position))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_differ_by_seed_step_layer_position_and_nesting() {
        let pass = Pass::new(1, 1);
        let all = [
            pass.sample_key(0, 0),
            Pass::new(2, 1).sample_key(0, 0),
            Pass::new(1, 2).sample_key(0, 0),
            Pass::new(2, 0).sample_key(0, 0),
            pass.sample_key(1, 0),
            pass.sample_key(0, 1),
            pass.nested(0).sample_key(0, 0),
            pass.nested(1).sample_key(0, 0),
            pass.nested(0).nested(0).sample_key(0, 0),
        ];
        for (i, key) in all.iter().enumerate() {
            assert!(!all[..i].contains(key), "key {i} of {all:x?}");
        }
    }

    #[test]
    fn a_sample_has_its_key_in_every_group() {
        let pass = Pass::new(3, 4);
        assert_eq!(pass.group(32, 5).sample_key(9, 3), pass.group(35, 1).sample_key(9, 0));
        assert_eq!(pass.group(32, 5).nested(2).sample_key(9, 3), pass.nested(2).group(35, 1).sample_key(9, 0));
    }
}
