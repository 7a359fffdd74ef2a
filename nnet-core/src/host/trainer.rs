//! Training on a host: batches over threads, for each network declared with a loss.
//!
//! A batch is cut into lane groups, and the groups are dealt to at most [`SLOTS`](crew::SLOTS) gradients by a rule
//! that knows their number only; the gradients are then summed in one order. So the same seed gives the same bits on
//! any number of threads.

mod crew;
mod error;
mod evaluation;
mod freezing;
mod group;
mod ledger;
mod pieces;
mod report;
mod work;

use core::convert::Infallible;
use std::boxed::Box;
use std::mem;
use std::ops::ControlFlow;
use std::thread;
use std::time::Instant;
use std::vec::Vec;

pub use self::error::TrainError;
pub use self::evaluation::{Confusion, Evaluation};
pub use self::report::{EpochReport, Event};

use self::crew::{Batch, Crew, Update};
use self::freezing::Plan;
use self::group::{Data, Place, classifies};
use super::dataset::{Dataset, shuffle};
use crate::flat::zeroed;
use crate::network::Train;
use crate::optim::{Constant, Optimizer, Schedule};
use crate::pass::Pass;

/// Fits a network to data: the parameters, the optimizer with its memory, and the threads.
///
/// Memory, besides the parameters: the optimizer's moments, a gradient for each 16 samples of a batch (at most 8, of which only
/// the first has the weights of linear layers), what linear layers took in and what came back to them for each sample of a
/// batch (at most 1,024), and a tape for each thread; with batch norms that learn, whose statistics are those of the whole
/// batch, a tape for each 16 samples of a batch and no such limit. It is allocated at the first use.
///
/// ```ignore
/// use std::ops::ControlFlow;
///
/// let mut network = zeroed::<LeNet>();
/// network.init(&mut Random::new(1));
/// let mut trainer = Trainer::new(network, Sgd::new(0.05).momentum(0.9)).batch_size(64).seed(1);
/// trainer.fit(4, &train, Some(&test), |event| {
///     if let Event::Epoch(report) = event {
///         println!("{report}");
///     }
///     ControlFlow::Continue(())
/// })?;
/// weights::save(trainer.network(), "lenet.safetensors")?;
/// ```
pub struct Trainer<N: Train, O: Optimizer<N::Scalar>> {
    network: Box<N>,
    optimizer: O,
    moments: Box<O::Moments<N::Gradients>>,
    plan: Plan,
    schedule: Box<dyn Schedule>,
    batch_size: usize,
    threads: usize,
    seed: u64,
    /// Epochs begun and steps done.
    epoch: u64,
    step: u64,
    order: Vec<usize>,
    crew: Option<Crew<N>>,
}

impl<N: Train, O: Optimizer<N::Scalar>> Trainer<N, O> {
    /// A trainer of `network`, whose parameters are initialised already: batches of 64, all threads that the system
    /// offers, seed 0, a constant learning rate.
    #[must_use]
    pub fn new(network: Box<N>, optimizer: O) -> Self {
        Self {
            network,
            optimizer,
            moments: zeroed(),
            plan: Plan::new::<N>(),
            schedule: Box::new(Constant),
            batch_size: 64,
            threads: thread::available_parallelism().map_or(1, usize::from),
            seed: 0,
            epoch: 0,
            step: 0,
            order: Vec::new(),
            crew: None,
        }
    }

    /// Sets how many samples a step takes; the last of an epoch takes what is left. Multiples of 16 are fastest, and
    /// 16 for each thread keeps all of up to 8 threads at work.
    ///
    /// # Panics
    ///
    /// If it is 0.
    #[must_use]
    pub fn batch_size(mut self, samples: usize) -> Self {
        assert!(samples > 0, "a batch of 0 samples: give at least 1");
        self.batch_size = samples;
        self
    }

    /// Sets the number of threads, the caller's included; 0 counts as 1, more than 256 as 256. It changes no result.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self.crew = None;
        self
    }

    /// Sets what the order of the samples follows from, together with the number of the epoch, and what dropout draws
    /// from, together with the number of the step.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets what multiplies the optimizer's learning rate, step by step.
    #[must_use]
    pub fn schedule(mut self, schedule: impl Schedule + 'static) -> Self {
        self.schedule = Box::new(schedule);
        self
    }

    /// Trains for `epochs` passes over `train`, each followed by an evaluation on `test`, if given.
    ///
    /// `watch` is called after each batch and each epoch; breaking out of it ends the training with the reports so
    /// far, an epoch that was cut short having none. A second call goes on where the first ended: the numbers of
    /// epochs and steps, and the optimizer's memory, stay.
    ///
    /// Data sets of two types fit as `fit::<dyn Dataset<_, _>>(…)`.
    ///
    /// # Errors
    ///
    /// If a data set is empty or does not fit the network, or the last batch of an epoch would have too few samples for
    /// a batch norm ([`TrainError::SmallLastBatch`]), or the loss is no longer a finite number. The network then has the
    /// parameters and running statistics that the last good step left.
    pub fn fit<D: Dataset<N::Input<N::Scalar>, N::Target> + ?Sized>(
        &mut self,
        epochs: usize,
        train: &D,
        test: Option<&D>,
        mut watch: impl FnMut(&Event<'_>) -> ControlFlow<()>,
    ) -> Result<Vec<EpochReport>, TrainError> {
        test.map_or(Ok(()), check::<N, D>)?;
        let mut reports = Vec::new();
        for _ in 0..epochs {
            let ControlFlow::Continue(mut report) = self.epoch(train, &mut watch)? else { break };
            report.test = test.map(|test| self.evaluate(test)).transpose()?;
            let answer = watch(&Event::Epoch(&report));
            reports.push(report);
            if answer.is_break() {
                break;
            }
        }
        Ok(reports)
    }

    /// Trains for one pass over `data`.
    ///
    /// # Errors
    ///
    /// As [`fit`](Trainer::fit).
    pub fn train_epoch<D: Dataset<N::Input<N::Scalar>, N::Target> + ?Sized>(
        &mut self,
        data: &D,
    ) -> Result<EpochReport, TrainError> {
        let watch = |_: &Event<'_>| ControlFlow::<Infallible>::Continue(());
        let ControlFlow::Continue(report) = self.epoch(data, watch)?;
        Ok(report)
    }

    /// One step on the samples `indices` of `data`; gives their mean loss before the step.
    ///
    /// # Errors
    ///
    /// If there are no samples, or too few for a batch norm, one is not in `data` or does not fit the network, or the loss
    /// is not a finite number ([`TrainError::Diverged`], with `batch` counting all steps). The network is then as it was.
    pub fn step<D: Dataset<N::Input<N::Scalar>, N::Target> + ?Sized>(
        &mut self,
        data: &D,
        indices: &[usize],
    ) -> Result<f64, TrainError> {
        check::<N, D>(data)?;
        let samples = data.len();
        if indices.is_empty() {
            return Err(TrainError::NoSamples);
        }
        if let Some(&index) = indices.iter().find(|&&index| index >= samples) {
            return Err(TrainError::NoSuchSample { index, samples });
        }
        if indices.len() < N::SMALLEST_BATCH {
            return Err(TrainError::SmallBatch { samples: indices.len(), smallest: N::SMALLEST_BATCH });
        }
        let place = Place { epoch: self.epoch, batch: self.step + 1 };
        Ok(self.batch(data, indices, place)?.0)
    }

    /// The mean loss of the network on `data`, and for classifiers the accuracy and the confusions.
    ///
    /// # Errors
    ///
    /// If `data` is empty or does not fit the network, or an output is not a number.
    pub fn evaluate<D: Dataset<N::Input<N::Scalar>, N::Target> + ?Sized>(
        &mut self,
        data: &D,
    ) -> Result<Evaluation, TrainError> {
        check::<N, D>(data)?;
        let threads = self.threads;
        self.crew.get_or_insert_with(|| Crew::new(threads)).evaluate(&self.network, data)
    }

    /// The network as it is now.
    #[must_use]
    pub fn network(&self) -> &N {
        &self.network
    }

    /// The network as it is now, to change.
    pub fn network_mut(&mut self) -> &mut N {
        &mut self.network
    }

    /// The network, without the trainer.
    #[must_use]
    pub fn into_network(self) -> Box<N> {
        self.network
    }

    /// The optimizer.
    #[must_use]
    pub fn optimizer(&self) -> &O {
        &self.optimizer
    }

    /// Sets the optimizer's learning rate, which the schedule multiplies.
    pub fn set_rate(&mut self, rate: f64) {
        self.optimizer.set_rate(rate);
    }

    /// The optimizer, to change between steps.
    pub fn optimizer_mut(&mut self) -> &mut O {
        &mut self.optimizer
    }

    /// The gradient of the mean loss of the last batch, if there was one; of frozen parameters too, if they are not
    /// declared so.
    #[must_use]
    pub fn gradients(&self) -> Option<&N::Gradients> {
        self.crew.as_ref().and_then(Crew::gradients)
    }

    /// How many steps were done.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.step
    }

    /// One pass over `data`, unless `watch` breaks out.
    fn epoch<D: Data<N> + ?Sized, B>(
        &mut self,
        data: &D,
        watch: impl FnMut(&Event<'_>) -> ControlFlow<B>,
    ) -> Result<ControlFlow<B, EpochReport>, TrainError> {
        check::<N, D>(data)?;
        check_last_batch(data.len(), self.batch_size, N::SMALLEST_BATCH)?;
        self.epoch += 1;
        let mut order = mem::take(&mut self.order);
        shuffle(&mut order, data.len(), self.seed, self.epoch);
        let outcome = self.pass(data, &order, watch);
        self.order = order;
        outcome
    }

    fn pass<D: Data<N> + ?Sized, B>(
        &mut self,
        data: &D,
        order: &[usize],
        mut watch: impl FnMut(&Event<'_>) -> ControlFlow<B>,
    ) -> Result<ControlFlow<B, EpochReport>, TrainError> {
        let (epoch, begin) = (self.epoch, Instant::now());
        let batches = order.len().div_ceil(self.batch_size);
        let (mut total, mut correct) = (0.0, 0);
        for (number, indices) in order.chunks(self.batch_size).enumerate() {
            let place = Place { epoch, batch: number as u64 + 1 };
            let (loss, hits) = self.batch(data, indices, place)?;
            total += loss * float(indices.len());
            correct += hits;
            let event = Event::Batch { epoch, batch: number + 1, batches, loss };
            if let ControlFlow::Break(answer) = watch(&event) {
                return Ok(ControlFlow::Break(answer));
            }
        }
        let (samples, seconds) = (float(order.len()), begin.elapsed().as_secs_f64());
        Ok(ControlFlow::Continue(EpochReport {
            epoch,
            loss: total / samples,
            accuracy: classifies::<N>().then(|| float(correct) / samples),
            test: None,
            rate: self.optimizer.rate() * self.schedule.factor(self.step - 1),
            seconds,
            samples_per_second: samples / seconds,
        }))
    }

    /// One step on samples that are known to exist: the mean loss, and how many were classified correctly.
    fn batch<D: Data<N> + ?Sized>(
        &mut self,
        data: &D,
        indices: &[usize],
        place: Place,
    ) -> Result<(f64, usize), TrainError> {
        let threads = self.threads;
        let crew = self.crew.get_or_insert_with(|| Crew::new(threads));
        let batch = Batch { data, indices, pass: Pass::new(self.seed, self.step) };
        let totals = crew.accumulate(&self.network, &batch)?;
        let loss = totals.loss / float(indices.len());
        let rate = self.optimizer.rate() * self.schedule.factor(self.step);
        if !loss.is_finite() {
            return Err(TrainError::Diverged { epoch: place.epoch, batch: place.batch, rate });
        }
        self.step += 1;
        let update = Update { optimizer: &self.optimizer, step: self.step, rate };
        crew.track(&mut self.network, indices.len());
        crew.update(&mut *self.network, &mut *self.moments, self.plan.runs(), &update);
        Ok((loss, totals.correct))
    }
}

fn check<N: Train, D: Data<N> + ?Sized>(data: &D) -> Result<(), TrainError> {
    data.check()?;
    if data.is_empty() { Err(TrainError::NoSamples) } else { Ok(()) }
}

/// Refuses an epoch whose last batch would have fewer samples than a batch norm needs; the others are no smaller.
fn check_last_batch(samples: usize, batch_size: usize, smallest: usize) -> Result<(), TrainError> {
    let last = match samples % batch_size {
        0 => batch_size,
        rest => rest,
    };
    if last < smallest { Err(TrainError::SmallLastBatch { samples, batch_size, last, smallest }) } else { Ok(()) }
}

#[allow(clippy::cast_precision_loss, reason = "numbers of samples are far below 2^53")]
fn float(samples: usize) -> f64 {
    samples as f64
}

#[cfg(test)]
pub(super) mod tests;
