//! The threads of a trainer and the memory they work in: gradients of a batch, and the update from them.
//!
//! With G groups in a batch there are min(G, [`SLOTS`]) slots, and slot s takes the groups s, s + slots, …
//! gradient = (slot 0 + slot 1) + …, in this order, whatever thread worked on which.
//!
//! Outer products stay in ledgers until the batch is through: [`ledger`](super::ledger). Their sum goes over the groups in
//! their order, row by row of dw, so any number of threads gives the same bits as well.
//!
//! A step with M meetings each way is a row of 2M + 1 legs: the stages 0 to M of forward, then M to 0 of backward, the
//! last of forward and the first of backward in one leg. All slots run a leg, then the caller's thread alone holds the
//! meeting that follows. M = 0 is one leg, in which a group is done before the next begins.

use core::mem;
use core::ops::Range;
use std::boxed::Box;
use std::iter::repeat_with;
use std::vec::Vec;

use super::super::pool::Pool;
use super::error::TrainError;
use super::float;
use super::freezing::Run;
use super::group::{Data, Group, Worker};
use super::ledger::{Ledger, Product};
use super::pieces::pieces;
use super::work::{Work, work};
use crate::element::LANES;
use crate::flat::{Flat, zeroed};
use crate::network::{Direction, Meeting, Train};
use crate::optim::{Optimizer, split_moments};
use crate::pass::Pass;
use crate::scalar::Scalar;
use crate::tensor::Tensor;

/// The most gradients that a batch is spread over, and so the most threads that train at once.
pub(super) const SLOTS: usize = 8;
/// The most groups whose outer products a slot keeps before they are added up: so the inputs of 1,024 samples, 64 at a time,
/// stay in a cache. With meetings all groups of a batch are there at the same time, each with a tape.
const ROUND: usize = 8;
/// Pieces that one thread has stepped through before another has woken up and fetched its share.
const ALONE: usize = 64;

pub(super) struct Crew<N: Train> {
    pub pool: Pool,
    pub workers: Vec<Worker<N>>,
    /// Those of the largest batch so far.
    slots: Vec<Slot<N>>,
    /// How many the last batch used.
    used: usize,
    /// The sums of outer products of the last batch, sorted by their place in the gradient.
    products: Vec<Product>,
    /// Whether sums of earlier rounds are in the first slot's gradient.
    summed: bool,
}

/// A gradient in the making, and what came up on the way.
struct Slot<N: Train> {
    number: usize,
    gradient: Box<N::Gradients>,
    /// Whether the gradient is zero, but where sums of outer products go: the update leaves all but the first so, while they
    /// are in the cache.
    clean: bool,
    /// Of the groups of a round, those of the largest batch so far.
    ledgers: Vec<Ledger<N::Scalar>>,
    /// How many of them hold what the last round kept.
    kept: usize,
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

impl<N: Train> Crew<N> {
    pub fn new(threads: usize) -> Self {
        let pool = Pool::new(threads);
        let workers = repeat_with(Worker::new).take(pool.threads()).collect();
        Self { pool, workers, slots: Vec::new(), used: 0, products: Vec::new(), summed: false }
    }

    /// The slots' gradients of the mean loss over the batch, at `network` as it is.
    ///
    /// Of several samples with a wrong target the first is reported.
    pub fn accumulate<D: Data<N> + ?Sized>(&mut self, network: &N, batch: &Batch<'_, D>) -> Result<Totals, TrainError> {
        let groups = batch.indices.len().div_ceil(LANES);
        self.used = groups.min(SLOTS);
        for number in self.slots.len()..self.used {
            self.slots.push(Slot::new(number));
        }
        self.summed = false;
        let rounds = if N::MEETINGS == 0 { groups.div_ceil(SLOTS * ROUND) } else { 1 };
        for round in 0..rounds {
            if round > 0 {
                self.sum_products();
            }
            self.round(network, batch, round)?;
        }
        let add = |sum: Totals, slot: &Slot<N>| sum.add(slot.totals.loss, slot.totals.correct);
        Ok(self.slots[..self.used].iter().fold(Totals::default(), add))
    }

    /// All legs of the groups of round number `round`.
    fn round<D: Data<N> + ?Sized>(
        &mut self,
        network: &N,
        batch: &Batch<'_, D>,
        round: usize,
    ) -> Result<(), TrainError> {
        let Self { pool, workers, slots, used, products, .. } = self;
        let (slots, samples) = (&mut slots[..*used], batch.indices.len());
        let places = if N::MEETINGS == 0 { round * ROUND..(round + 1) * ROUND } else { 0..usize::MAX };
        for number in 0..=2 * N::MEETINGS {
            let leg = Leg { number, slots: *used, places: places.clone(), products };
            pool.for_each(workers, slots, |worker, slot| slot.run(network, batch, &leg, worker));
            // Targets are looked at in the first leg only.
            let errors = slots.iter_mut().filter_map(|slot| slot.error.take());
            if let Some((_, error)) = errors.min_by_key(|(group, _)| *group) {
                return Err(error);
            }
            if let Some(meeting) = meeting_after::<N>(number) {
                N::meet(meeting, &mut in_order(slots, samples), samples, |group| group.tape());
            }
        }
        // All groups go back the same way.
        let first = slots.first().and_then(|slot| slot.ledgers.first());
        products.clear();
        products.extend_from_slice(first.map_or(&[], Ledger::products));
        products.sort_unstable_by_key(|product| product.dw.start);
        Ok(())
    }

    /// Adds up the outer products of a round that is not the last.
    fn sum_products(&mut self) {
        let Self { pool, workers, slots, used, products, summed } = self;
        let (mut gradients, groups) = split(&mut slots[..*used]);
        let Some(first) = gradients.first_mut() else { return };
        let all = |product: &Product| Run { parameters: 0..0, gradients: product.dw.clone(), learns: false };
        let pieces = pieces(&products.iter().map(all).collect::<Vec<_>>(), products);
        let mut work = work::<N::Scalar>(&pieces, &mut [], first, &mut [], [&mut [], &mut []]);
        pool.for_each(workers, &mut work, |_, work| work.gradient(&groups, !*summed));
        *summed = true;
    }

    /// Moves the running statistics of `network` towards those of the last batch, of `samples` samples.
    pub fn track(&mut self, network: &mut N, samples: usize) {
        // All groups have met, so the first knows as much as any. Without meetings there are none, and nothing to track.
        if let Some(group) = self.slots.first_mut().and_then(|slot| slot.groups.first_mut()) {
            network.track(group.tape(), samples);
        }
    }

    /// Sums the slots' gradients into the first, with the outer products, and steps; `runs` are all of the gradient, in
    /// order.
    pub fn update<O: Optimizer<N::Scalar>>(
        &mut self,
        network: &mut N,
        moments: &mut O::Moments<N::Gradients>,
        runs: &[Run],
        update: &Update<'_, O>,
    ) {
        let &Update { optimizer, step, rate } = update;
        let Self { pool, workers, slots, used, products, summed } = self;
        let slots = &mut slots[..*used];
        let (mut gradients, groups) = split(slots);
        let Some((first, others)) = gradients.split_first_mut() else { return };
        let (m, v) = split_moments(moments.as_scalars_mut(), first.len());
        let pieces = pieces(runs, products);
        let mut work = work(&pieces, network.as_scalars_mut(), first, others, [m, v]);
        let step = |work: &mut Work<'_, _>| {
            work.gradient(&groups, !*summed);
            let Work { w, g, m, v, .. } = work;
            if !w.is_empty() {
                optimizer.update(step, rate, w, g, m, v);
            }
        };
        // The other threads have slept all through a batch of one slot.
        if *used == 1 && work.len() <= ALONE {
            for work in &mut work {
                step(work);
            }
        } else {
            pool.for_each(workers, &mut work, |_, work| step(work));
        }
        for slot in slots.iter_mut().skip(1) {
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

/// The slots' gradients, and the factors of the groups in their order.
type GradientsAndFactors<'a, S> = (Vec<&'a mut [S]>, Vec<&'a [S]>);

fn split<N: Train>(slots: &mut [Slot<N>]) -> GradientsAndFactors<'_, N::Scalar> {
    let parts = slots.iter_mut().map(|slot| (slot.gradient.as_scalars_mut(), &slot.ledgers[..slot.kept]));
    let (gradients, ledgers): (Vec<_>, Vec<_>) = parts.unzip();
    let places = ledgers.first().map_or(0, |ledgers| ledgers.len());
    let at = |place: usize| ledgers.iter().filter_map(move |ledgers| ledgers.get(place)).map(Ledger::factors);
    (gradients, (0..places).flat_map(at).collect())
}

/// A part of a step: the groups of these places, of each of so many slots.
struct Leg<'a> {
    number: usize,
    slots: usize,
    places: Range<usize>,
    /// The outer products of the last batch, which the gradient still has.
    products: &'a [Product],
}

impl<N: Train> Slot<N> {
    fn new(number: usize) -> Self {
        Self {
            number,
            gradient: zeroed(),
            clean: true,
            ledgers: Vec::new(),
            kept: 0,
            groups: Vec::new(),
            totals: Totals::default(),
            error: None,
        }
    }

    /// Runs a leg of this slot's groups; stops at the first wrong target.
    fn run<D: Data<N> + ?Sized>(&mut self, network: &N, batch: &Batch<'_, D>, leg: &Leg<'_>, worker: &mut Worker<N>) {
        let Leg { number: leg, slots, places, products } = leg;
        let leg = *leg;
        if leg == 0 {
            self.kept = 0;
            if places.start == 0 {
                self.begin(products);
            }
        }
        let Worker { group: of_thread, sample, .. } = worker;
        let scale = N::Scalar::from_f64(1.0 / float(batch.indices.len()));
        let groups = batch.indices.chunks(LANES).enumerate().skip(self.number).step_by(*slots);
        for (place, (number, indices)) in groups.skip(places.start).take(places.len()).enumerate() {
            let group = if N::MEETINGS == 0 { &mut *of_thread } else { kept(&mut self.groups, place, Group::new) };
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
                kept(&mut self.ledgers, place, Ledger::new).clear();
                self.kept = place + 1;
            }
            if leg >= N::MEETINGS {
                let products = &mut self.ledgers[place].entries(&*self.gradient);
                group.backward_stage(network, 2 * N::MEETINGS - leg, &pass, &mut self.gradient, products);
            }
        }
    }

    /// Forgets the last batch.
    fn begin(&mut self, products: &[Product]) {
        self.totals = Totals::default();
        if mem::take(&mut self.clean) {
            return;
        }
        let gradient = self.gradient.as_scalars_mut();
        let mut at = 0;
        for product in products {
            gradient[at..product.dw.start].fill(Tensor::ZERO);
            at = product.dw.end;
        }
        gradient[at..].fill(Tensor::ZERO);
    }
}

/// Number `place` of what a slot has for each of its groups, which is there or the next to come.
fn kept<T>(all: &mut Vec<T>, place: usize, new: impl Fn() -> T) -> &mut T {
    if place == all.len() {
        all.push(new());
    }
    &mut all[place]
}

impl Totals {
    pub fn add(self, loss: f64, correct: usize) -> Self {
        Self { loss: self.loss + loss, correct: self.correct + correct }
    }
}
