//! The threads of a trainer and the memory they work in: gradients of a batch, and the update from them.
//!
//! With G groups in a batch there are min(G, [`SLOTS`]) slots, and slot s takes the groups s, s + slots, …
//! gradient = (slot 0 + slot 1) + …, in this order, whatever thread worked on which.
//!
//! A step with M meetings each way is a row of 2M + 1 legs: the stages 0 to M of forward, then M to 0 of backward, the
//! last of forward and the first of backward in one leg. All slots run a leg, then the caller's thread alone holds the
//! meeting that follows. M = 0 is one leg, in which a group is done before the next begins.

use core::array::from_fn;
use core::mem;
use core::ops::Range;
use std::boxed::Box;
use std::iter::repeat_with;
use std::vec::Vec;

use super::super::pool::Pool;
use super::error::TrainError;
use super::float;
use super::freezing::Piece;
use super::group::{Data, Group, Worker};
use crate::element::LANES;
use crate::flat::{Flat, zeroed};
use crate::kernels::Kernels;
use crate::network::{Direction, Meeting, Train};
use crate::optim::{Optimizer, split_moments};
use crate::pass::Pass;
use crate::scalar::Scalar;

/// The most gradients that a batch is spread over, and so the most threads that train at once.
pub(super) const SLOTS: usize = 8;
/// Pieces that one thread has stepped through before another has woken up and fetched its share.
const ALONE: usize = 64;

pub(super) struct Crew<N: Train> {
    pub pool: Pool,
    pub workers: Vec<Worker<N>>,
    /// Those of the largest batch so far.
    slots: Vec<Slot<N>>,
    /// How many the last batch used.
    used: usize,
}

/// A gradient in the making, and what came up on the way.
struct Slot<N: Train> {
    number: usize,
    gradient: Box<N::Gradients>,
    /// Whether the gradient is zero everywhere: the update leaves all but the first so, while they are in the cache.
    clean: bool,
    /// Those of the largest batch so far; none without meetings.
    groups: Vec<Group<N>>,
    totals: Totals,
    /// What stopped it, and at which group.
    error: Option<(usize, TrainError)>,
}

/// What to train on.
pub(super) struct Batch<'a, D: ?Sized> {
    pub data: &'a D,
    pub indices: &'a [usize],
    pub pass: Pass,
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

/// A piece of the first slot's gradient, with those of the others, the parameters and the moments of the same piece;
/// parameters and moments are empty if it is frozen, and a moment that the optimizer does not have always is.
struct Work<'a, S> {
    w: &'a mut [S],
    g: &'a mut [S],
    /// As many as there are other slots, and then empty ones.
    others: [&'a mut [S]; SLOTS - 1],
    m: &'a mut [S],
    v: &'a mut [S],
}

impl<N: Train> Crew<N> {
    pub fn new(threads: usize) -> Self {
        let pool = Pool::new(threads);
        let workers = repeat_with(Worker::new).take(pool.threads()).collect();
        Self { pool, workers, slots: Vec::new(), used: 0 }
    }

    /// The slots' gradients of the mean loss over the batch, at `network` as it is.
    ///
    /// Of several samples with a wrong target the first is reported.
    pub fn accumulate<D: Data<N> + ?Sized>(&mut self, network: &N, batch: &Batch<'_, D>) -> Result<Totals, TrainError> {
        let samples = batch.indices.len();
        let used = samples.div_ceil(LANES).min(SLOTS);
        self.used = used;
        for number in self.slots.len()..used {
            self.slots.push(Slot::new(number));
        }
        let slots = &mut self.slots[..used];
        for leg in 0..=2 * N::MEETINGS {
            self.pool.for_each(&mut self.workers, slots, |worker, slot| slot.run(network, batch, used, leg, worker));
            // Targets are looked at in the first leg only.
            let errors = slots.iter_mut().filter_map(|slot| slot.error.take());
            if let Some((_, error)) = errors.min_by_key(|(group, _)| *group) {
                return Err(error);
            }
            if let Some(meeting) = meeting_after::<N>(leg) {
                N::meet(meeting, &mut in_order(slots, samples), samples, |group| group.tape());
            }
        }
        let add = |sum: Totals, slot: &Slot<N>| sum.add(slot.totals.loss, slot.totals.correct);
        Ok(slots.iter().fold(Totals::default(), add))
    }

    /// Moves the running statistics of `network` towards those of the last batch, of `samples` samples.
    pub fn track(&mut self, network: &mut N, samples: usize) {
        // All groups have met, so the first knows as much as any. Without meetings there are none, and nothing to track.
        if let Some(group) = self.slots.first_mut().and_then(|slot| slot.groups.first_mut()) {
            network.track(group.tape(), samples);
        }
    }

    /// Sums the slots' gradients into the first, and steps; `pieces` are all of the gradient, in order.
    pub fn update<O: Optimizer<N::Scalar>>(
        &mut self,
        network: &mut N,
        moments: &mut O::Moments<N::Gradients>,
        pieces: &[Piece],
        update: &Update<'_, O>,
    ) {
        let &Update { optimizer, step, rate } = update;
        let Some((first, others)) = self.slots[..self.used].split_first_mut() else { return };
        let mut work = work(pieces, network, &mut *first.gradient, others, moments);
        let step = |Work { w, g, others, m, v }: &mut Work<'_, _>| {
            for other in others.iter_mut().filter(|other| !other.is_empty()) {
                N::Scalar::drain(other, g);
            }
            if !w.is_empty() {
                optimizer.update(step, rate, w, g, m, v);
            }
        };
        // The other threads have slept all through a batch of one slot.
        if self.used == 1 && work.len() <= ALONE {
            for work in &mut work {
                step(work);
            }
        } else {
            self.pool.for_each(&mut self.workers, &mut work, |_, work| step(work));
        }
        for slot in others {
            slot.clean = true;
        }
    }

    /// The sum that the last update used.
    pub fn gradients(&self) -> Option<&N::Gradients> {
        self.slots.first().map(|slot| &*slot.gradient)
    }
}

/// The meeting at the end of leg number `leg`; none after the last.
fn meeting_after<N: Train>(leg: usize) -> Option<Meeting> {
    if leg < N::MEETINGS {
        return Some(Meeting { direction: Direction::Forward, number: leg });
    }
    let number = (2 * N::MEETINGS - leg).checked_sub(1)?;
    Some(Meeting { direction: Direction::Backward, number })
}

/// The groups of a batch of `samples` in their order, from the slots they were dealt to.
fn in_order<N: Train>(slots: &mut [Slot<N>], samples: usize) -> Vec<&mut Group<N>> {
    let mut dealt: Vec<_> = slots.iter_mut().map(|slot| slot.groups.iter_mut()).collect();
    let used = dealt.len();
    (0..samples.div_ceil(LANES)).filter_map(|number| dealt[number % used].next()).collect()
}

impl<N: Train> Slot<N> {
    fn new(number: usize) -> Self {
        Self { number, gradient: zeroed(), clean: true, groups: Vec::new(), totals: Totals::default(), error: None }
    }

    /// Leg number `leg` of this slot's groups, being one of `slots`; stops at the first wrong target.
    fn run<D: Data<N> + ?Sized>(
        &mut self,
        network: &N,
        batch: &Batch<'_, D>,
        slots: usize,
        leg: usize,
        worker: &mut Worker<N>,
    ) {
        if leg == 0 {
            if !mem::take(&mut self.clean) {
                self.gradient.clear();
            }
            self.totals = Totals::default();
        }
        let Worker { group: of_thread, sample, .. } = worker;
        let scale = N::Scalar::from_f64(1.0 / float(batch.indices.len()));
        let groups = batch.indices.chunks(LANES).enumerate().skip(self.number).step_by(slots);
        for (place, (number, indices)) in groups.enumerate() {
            let group = if N::MEETINGS == 0 { &mut *of_thread } else { kept(&mut self.groups, place) };
            if leg == 0
                && let Err(error) = group.gather(batch.data, indices.iter().copied(), sample)
            {
                self.error = Some((number, error));
                return;
            }
            let pass = batch.pass.group(number * LANES, indices.len());
            if leg <= N::MEETINGS {
                group.forward_stage(network, leg, &pass);
            }
            if leg == N::MEETINGS {
                let (loss, correct) = group.loss(scale);
                self.totals = self.totals.add(loss, correct);
            }
            if leg >= N::MEETINGS {
                group.backward_stage(network, 2 * N::MEETINGS - leg, &pass, &mut self.gradient);
            }
        }
    }
}

/// Group number `place` of a slot, which is there or the next to come.
fn kept<N: Train>(groups: &mut Vec<Group<N>>, place: usize) -> &mut Group<N> {
    if place == groups.len() {
        groups.push(Group::new());
    }
    &mut groups[place]
}

impl Totals {
    pub fn add(self, loss: f64, correct: usize) -> Self {
        Self { loss: self.loss + loss, correct: self.correct + correct }
    }
}

/// The memory of all `pieces`.
fn work<'a, N: Train>(
    pieces: &[Piece],
    network: &'a mut N,
    gradient: &'a mut N::Gradients,
    others: &'a mut [Slot<N>],
    moments: &'a mut impl Flat<Scalar = N::Scalar>,
) -> Vec<Work<'a, N::Scalar>> {
    let g = gradient.as_scalars_mut();
    let (m, v) = split_moments(moments.as_scalars_mut(), g.len());
    let [mut w, mut g, mut m, mut v] = [network.as_scalars_mut(), g, m, v].map(Row::new);
    let mut slots = others.iter_mut();
    let mut others: [_; SLOTS - 1] =
        from_fn(|_| Row::new(slots.next().map_or(&mut [], |slot| slot.gradient.as_scalars_mut())));
    let take = |piece: &Piece| {
        let Piece { parameters, gradients, learns } = piece.clone();
        let (g, others) = (g.take(&gradients), others.each_mut().map(|row| row.take(&gradients)));
        if learns {
            Work { w: w.take(&parameters), g, others, m: m.take(&gradients), v: v.take(&gradients) }
        } else {
            Work { w: &mut [], g, others, m: &mut [], v: &mut [] }
        }
    };
    pieces.iter().map(take).collect()
}

/// A row of numbers, of which pieces are taken from the front to the back.
struct Row<'a, S> {
    rest: &'a mut [S],
    /// Where the rest begins; none for a row that is empty to begin with.
    begin: Option<usize>,
}

impl<'a, S> Row<'a, S> {
    fn new(rest: &'a mut [S]) -> Self {
        let begin = (!rest.is_empty()).then_some(0);
        Self { rest, begin }
    }

    /// The numbers in `range`, which is behind all taken before; nothing of an empty row.
    fn take(&mut self, range: &Range<usize>) -> &'a mut [S] {
        let Some(begin) = &mut self.begin else { return &mut [] };
        let (gap, length) = (range.start - *begin, range.len());
        *begin = range.end;
        let rest = &mut mem::take(&mut self.rest)[gap..];
        let (taken, rest) = rest.split_at_mut(length);
        self.rest = rest;
        taken
    }
}
