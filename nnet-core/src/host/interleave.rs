//! Samples side by side: group[entry][lane] = value(samples[lane][entry]).

use crate::element::{LANES, Lanes};
use crate::scalar::Scalar;

/// Entries of each sample that are moved together: of `f32` a cache line, which is then done with. Sample after sample
/// would come back to each line of the group 16 times, and entry after entry to each line of the samples, which can be
/// more than fit the cache: the lines of samples with a power of two of entries compete for the same places.
const BLOCK: usize = 16;

/// Writes up to 16 samples to the lanes of `group`, one number an entry, and leaves the lanes left over as they are.
///
/// # Panics
///
/// If a sample has fewer entries than the group, or there are more than 16.
pub(super) fn interleave<'a, V: Copy + 'a, S: Scalar>(
    samples: impl ExactSizeIterator<Item = &'a [V]>,
    value: impl Fn(V) -> S,
    group: &mut [Lanes<S>],
) {
    let (used, length) = (samples.len(), group.len());
    let mut lanes = [&[][..]; LANES];
    assert!(used <= LANES, "{used} samples for {LANES} lanes");
    lanes.iter_mut().zip(samples).for_each(|(lane, sample)| *lane = &sample[..length]);
    if used < LANES {
        for (lane, sample) in lanes[..used].iter().enumerate() {
            group.iter_mut().zip(*sample).for_each(|(entry, &v)| entry.0[lane] = value(v));
        }
        return;
    }
    let (blocks, rest) = group.as_chunks_mut::<BLOCK>();
    let lanes = lanes.map(<[V]>::as_chunks::<BLOCK>);
    for (number, block) in blocks.iter_mut().enumerate() {
        let lanes = lanes.map(|(blocks, _)| &blocks[number]);
        for (i, entry) in block.iter_mut().enumerate() {
            *entry = Lanes(lanes.map(|lane| value(lane[i])));
        }
    }
    for (i, entry) in rest.iter_mut().enumerate() {
        *entry = Lanes(lanes.map(|(_, rest)| value(rest[i])));
    }
}

#[cfg(test)]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use super::*;
    use crate::element::set_lane;

    /// Against one sample after the other, with NaN in all lanes to begin with.
    fn check<S: Scalar>() {
        for length in [0, 1, 15, 16, 17, 31, 48, 100] {
            let values: Vec<u8> = (0..LANES * length).map(|i| u8::try_from(i * 37 % 251).expect("below 251")).collect();
            let value = |v: u8| S::from_f64(f64::from(v) / 3.0);
            let nan = Lanes([S::from_f64(f64::NAN); LANES]);
            for used in 0..=LANES {
                let sample = |lane: usize| &values[lane * length..][..length];
                let (mut got, mut want) = (vec![nan; length], vec![nan; length]);
                interleave((0..used).map(sample), value, &mut got);
                for lane in 0..used {
                    let sample: Vec<S> = sample(lane).iter().map(|&v| value(v)).collect();
                    set_lane(&mut want, lane, &sample);
                }
                for (entry, (got, want)) in got.iter().zip(&want).enumerate() {
                    let bits = |group: &Lanes<S>| group.0.map(|x| x.to_f64().to_bits());
                    assert_eq!(bits(got), bits(want), "entry {entry} of {length}, {used} samples");
                }
            }
        }
    }

    #[test]
    fn samples_of_any_length_and_number_go_to_their_lanes() {
        check::<f32>();
        check::<f64>();
    }

    #[test]
    #[should_panic(expected = "17 samples for 16 lanes")]
    fn more_samples_than_lanes_are_refused() {
        interleave([[1.0_f32].as_slice(); 17].into_iter(), |x| x, &mut [Lanes([0.0; LANES])]);
    }
}
