//! Where the groups of a batch meet: statistics of lanes become those of the batch.
//!
//! Sums run over groups in order, then over lanes in order, in `f64`: the bits do not depend on who computed the
//! groups.

use crate::element::{Element, LANES};
use crate::network::Direction;
use crate::scalar::Scalar;

/// The groups of a batch, and how to find the statistics of one.
struct Batch<'a, X, F> {
    groups: &'a mut [X],
    samples: usize,
    statistics: F,
}

impl<X, F> Batch<'_, X, F> {
    /// Σ `term` over the lanes in use; its argument is the lane's numbers in rows `first` and `first + 1` of channel
    /// `c`.
    #[inline(always)]
    fn sum<E, const C: usize>(&mut self, c: usize, first: usize, term: impl Fn([f64; 2]) -> f64) -> f64
    where
        E: Element,
        F: Fn(&mut X) -> &mut [[E; C]; 4],
    {
        // A sum a lane, so that the compiler may add vectors.
        let mut sums = [0.0; LANES];
        for (g, group) in self.groups.iter_mut().enumerate() {
            let rows = (self.statistics)(group);
            let lanes = E::LANES.min(self.samples - g * E::LANES);
            let row = |r: usize| &E::scalars(&rows[r][c..=c])[..lanes];
            for ((sum, &a), &b) in sums.iter_mut().zip(row(first)).zip(row(first + 1)) {
                *sum += term([a.to_f64(), b.to_f64()]);
            }
        }
        sums.iter().sum()
    }

    /// Writes `values` to rows `first` and `first + 1` of channel `c`, in all lanes of all groups.
    #[inline(always)]
    fn write<E, const C: usize>(&mut self, c: usize, first: usize, values: [f64; 2])
    where
        E: Element,
        F: Fn(&mut X) -> &mut [[E; C]; 4],
    {
        for group in &mut *self.groups {
            let rows = (self.statistics)(group);
            for (row, value) in rows[first..].iter_mut().zip(values) {
                E::scalars_mut(&mut row[c..=c]).fill(E::Scalar::from_f64(value));
            }
        }
    }

    fn check<E: Element>(&self, plane: usize) {
        assert!(self.samples > 0 && plane > 0, "statistics of at least one number");
        assert_eq!(self.groups.len(), self.samples.div_ceil(E::LANES), "as many groups as the samples fill");
    }
}

/// [`meet_forward`] or [`meet_backward`].
///
/// # Panics
///
/// As these.
pub fn meet<E: Element, X, const C: usize>(
    direction: Direction,
    groups: &mut [X],
    samples: usize,
    plane: usize,
    statistics: impl Fn(&mut X) -> &mut [[E; C]; 4],
) {
    match direction {
        Direction::Forward => meet_forward(groups, samples, plane, statistics),
        Direction::Backward => meet_backward(groups, samples, plane, statistics),
    }
}

/// Makes of the means and squared deviations of the lanes, in rows 0 and 1, mean and variance of the batch.
///
/// The batch has `samples` samples with `plane` entries a channel; all groups but the last are full. Lanes of equally
/// many entries have as mean the mean of their means, and as squared deviations the sum of theirs and of those of their
/// means (Chan, Golub, LeVeque, 1983). The variance is divided by n.
///
/// # Panics
///
/// If there are no samples, or not as many groups as they fill.
pub fn meet_forward<E: Element, X, const C: usize>(
    groups: &mut [X],
    samples: usize,
    plane: usize,
    statistics: impl Fn(&mut X) -> &mut [[E; C]; 4],
) {
    let mut batch = Batch { groups, samples, statistics };
    batch.check::<E>(plane);
    let (samples, plane) = (samples as f64, plane as f64);
    for c in 0..C {
        let mean = batch.sum(c, 0, |[mean, _]| mean) / samples;
        let squares = batch.sum(c, 0, |[of_lane, squares]| squares + plane * ((of_lane - mean) * (of_lane - mean)));
        batch.write(c, 0, [mean, squares / (samples * plane)]);
    }
}

/// Makes of the sums Σ dy and Σ dy·x̂ of the lanes, in rows 2 and 3, their means over the batch.
///
/// The arguments are those of [`meet_forward`].
///
/// # Panics
///
/// As [`meet_forward`].
pub fn meet_backward<E: Element, X, const C: usize>(
    groups: &mut [X],
    samples: usize,
    plane: usize,
    statistics: impl Fn(&mut X) -> &mut [[E; C]; 4],
) {
    let mut batch = Batch { groups, samples, statistics };
    batch.check::<E>(plane);
    let n = samples as f64 * plane as f64;
    for c in 0..C {
        let sums = [batch.sum(c, 2, |[dy, _]| dy), batch.sum(c, 2, |[_, product]| product)];
        batch.write(c, 2, sums.map(|sum| sum / n));
    }
}
