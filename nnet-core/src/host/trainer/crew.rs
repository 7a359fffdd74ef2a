//! The threads of a trainer and the memory they work in: gradients of a batch, and the update from them.
//!
//! With G groups in a batch there are min(G, [`SLOTS`]) slots, and slot s takes the groups s, s + slots, …
//! gradient = (slot 0 + slot 1) + …, in this order, whatever thread worked on which.

use std::boxed::Box;
use std::iter::repeat_with;
use std::vec::Vec;

use super::super::pool::Pool;
use super::error::TrainError;
use super::float;
use super::group::{Data, Worker};
use crate::element::LANES;
use crate::flat::{Flat, zeroed};
use crate::network::Train;
use crate::optim::{Optimizer, split_moments};
use crate::scalar::Scalar;

/// The most gradients that a batch is spread over, and so the most threads that train at once.
pub(super) const SLOTS: usize = 8;
/// Parameters in one range of an update: with two moments, 64 KiB of `f32`.
const RANGE: usize = 4096;

pub(super) struct Crew<N: Train> {
    pub pool: Pool,
    pub workers: Vec<Worker<N>>,
    /// Those of the largest batch so far.
    slots: Vec<Slot<N>>,
    /// How many the last batch used.
    used: usize,
}

/// A gradient in the making, and what came up on the way.
struct Slot<N> {
    number: usize,
    gradient: Box<N>,
    totals: Totals,
    /// What stopped it, and at which group.
    error: Option<(usize, TrainError)>,
}

/// Sums over the samples of a batch.
#[derive(Clone, Copy, Default)]
pub(super) struct Totals {
    pub loss: f64,
    pub correct: usize,
}

/// How to step.
pub(super) struct Update<'a, O> {
    pub optimizer: &'a O,
    /// Counted from 1.
    pub step: u64,
    pub rate: f64,
}

/// A part of the parameters, with the first slot's gradient and the moments of the same part.
struct Range<'a, S> {
    begin: usize,
    w: &'a mut [S],
    g: &'a mut [S],
    m: &'a mut [S],
    v: &'a mut [S],
}

impl<N: Train> Crew<N> {
    pub fn new(threads: usize) -> Self {
        let pool = Pool::new(threads);
        let workers = repeat_with(Worker::new).take(pool.threads()).collect();
        Self { pool, workers, slots: Vec::new(), used: 0 }
    }

    /// The slots' gradients of the mean loss over the samples `indices`, at `network` as it is.
    ///
    /// Of several samples with a wrong target the first is reported.
    pub fn accumulate<D: Data<N> + ?Sized>(
        &mut self,
        network: &N,
        data: &D,
        indices: &[usize],
    ) -> Result<Totals, TrainError> {
        let used = indices.len().div_ceil(LANES).min(SLOTS);
        self.used = used;
        for number in self.slots.len()..used {
            self.slots.push(Slot::new(number));
        }
        let scale = N::Scalar::from_f64(1.0 / float(indices.len()));
        let slots = &mut self.slots[..used];
        self.pool.for_each(&mut self.workers, slots, |worker, slot| {
            let groups = indices.chunks(LANES).enumerate().skip(slot.number).step_by(used);
            slot.run(groups, network, data, scale, worker);
        });
        let errors = slots.iter_mut().filter_map(|slot| slot.error.take());
        if let Some((_, error)) = errors.min_by_key(|(group, _)| *group) {
            return Err(error);
        }
        let add = |sum: Totals, slot: &Slot<N>| sum.add(slot.totals.loss, slot.totals.correct);
        Ok(slots.iter().fold(Totals::default(), add))
    }

    /// Sums the slots' gradients into the first, and steps.
    pub fn update<O: Optimizer<N::Scalar>>(
        &mut self,
        network: &mut N,
        moments: &mut O::Moments<N>,
        update: &Update<'_, O>,
    ) {
        let &Update { optimizer, step, rate } = update;
        let Some((first, others)) = self.slots[..self.used].split_first_mut() else { return };
        let others = &*others;
        let mut ranges = ranges(network, &mut *first.gradient, moments);
        self.pool.for_each(&mut self.workers, &mut ranges, |_, Range { begin, w, g, m, v }| {
            for other in others {
                let other = &other.gradient.as_scalars()[*begin..][..g.len()];
                g.iter_mut().zip(other).for_each(|(g, &other)| *g += other);
            }
            optimizer.update(step, rate, w, g, m, v);
        });
    }

    /// The sum that the last update used.
    pub fn gradients(&self) -> Option<&N> {
        self.slots.first().map(|slot| &*slot.gradient)
    }
}

impl<N: Train> Slot<N> {
    fn new(number: usize) -> Self {
        Self { number, gradient: zeroed(), totals: Totals::default(), error: None }
    }

    /// The gradient of the given groups; stops at the first wrong target.
    fn run<'i, D: Data<N> + ?Sized>(
        &mut self,
        groups: impl Iterator<Item = (usize, &'i [usize])>,
        network: &N,
        data: &D,
        scale: N::Scalar,
        worker: &mut Worker<N>,
    ) {
        self.gradient.clear();
        self.totals = Totals::default();
        for (group, indices) in groups {
            if let Err(error) = worker.gather(data, indices.iter().copied()) {
                self.error = Some((group, error));
                return;
            }
            let (loss, correct) = worker.accumulate(network, scale, &mut self.gradient);
            self.totals = self.totals.add(loss, correct);
        }
    }
}

impl Totals {
    pub fn add(self, loss: f64, correct: usize) -> Self {
        Self { loss: self.loss + loss, correct: self.correct + correct }
    }
}

/// All parameters in pieces; a moment that the optimizer does not have is empty in each.
fn ranges<'a, N: Flat>(
    network: &'a mut N,
    gradient: &'a mut N,
    moments: &'a mut impl Flat<Scalar = N::Scalar>,
) -> Vec<Range<'a, N::Scalar>> {
    let w = network.as_scalars_mut();
    let (m, v) = split_moments(moments.as_scalars_mut(), w.len());
    let (mut m, mut v) = (pieces(m), pieces(v));
    let mut range = |(number, (w, g))| {
        let (m, v) = (m.next().unwrap_or_default(), v.next().unwrap_or_default());
        Range { begin: number * RANGE, w, g, m, v }
    };
    let both = w.chunks_mut(RANGE).zip(gradient.as_scalars_mut().chunks_mut(RANGE));
    both.enumerate().map(&mut range).collect()
}

fn pieces<S>(row: &mut [S]) -> impl Iterator<Item = &mut [S]> {
    row.chunks_mut(RANGE)
}
