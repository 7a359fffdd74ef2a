//! Evaluation: the mean loss over a data set, and for classifiers how often which class was taken for which.

use core::fmt;
use core::ops::Range;
use std::vec;
use std::vec::Vec;

use super::crew::{Crew, Totals};
use super::error::TrainError;
use super::float;
use super::group::{Data, Worker, classifies, outputs};
use crate::element::LANES;
use crate::network::Train;

/// Samples that a thread takes at a time. The loss is summed by chunks, so a change of it changes the last bits.
const CHUNK: usize = 4 * LANES;
/// The most classes that confusions are counted for: 8 MiB for each thread.
const MOST_CLASSES: usize = 1024;

/// What a network makes of a data set.
///
/// ```
/// use nnet_core::host::Evaluation;
///
/// let evaluation = Evaluation { samples: 200, loss: 0.25, accuracy: Some(0.935), confusion: None };
/// assert_eq!(evaluation.to_string(), "loss 0.25000, accuracy 93.50 %");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// The number of samples.
    pub samples: usize,
    /// The mean loss.
    pub loss: f64,
    /// The share of samples classified correctly, for classifiers.
    pub accuracy: Option<f64>,
    /// Which class was taken for which, for classifiers of up to 1024 classes.
    pub confusion: Option<Confusion>,
}

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "loss {:.5}", self.loss)?;
        self.accuracy.map_or(Ok(()), |share| write!(f, ", accuracy {:.2} %", 100.0 * share))
    }
}

/// How many samples of each class were taken for which class; a table with `{}`.
///
/// ```
/// use nnet_core::host::Confusion;
///
/// let mut confusion = Confusion::new(2);
/// for (class, predicted) in [(0, 0), (0, 1), (1, 1), (1, 1)] {
///     confusion.record(class, predicted);
/// }
/// assert_eq!(confusion.count(0, 1), 1);
/// assert_eq!((confusion.recall(0), confusion.recall(1)), (Some(0.5), Some(1.0)));
/// assert_eq!(
///     confusion.to_string(),
///     "true \\ predicted  0  1  recall\n\
///      \x20              0  1  1   50.0 %\n\
///      \x20              1  0  2  100.0 %\n"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confusion {
    classes: usize,
    /// `[true][predicted]`
    counts: Vec<u64>,
}

impl Confusion {
    /// No samples of `classes` classes.
    #[must_use]
    pub fn new(classes: usize) -> Self {
        Self { classes, counts: vec![0; classes * classes] }
    }

    /// Counts one sample of class `class` that was taken for `predicted`.
    ///
    /// # Panics
    ///
    /// If one of them is not below [`classes`](Confusion::classes).
    pub fn record(&mut self, class: usize, predicted: usize) {
        let place = self.place(class, predicted);
        self.counts[place] += 1;
    }

    /// The number of classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// How many samples of class `class` were taken for `predicted`.
    ///
    /// # Panics
    ///
    /// If one of them is not below [`classes`](Confusion::classes).
    #[must_use]
    pub fn count(&self, class: usize, predicted: usize) -> u64 {
        self.counts[self.place(class, predicted)]
    }

    /// The share of the samples of class `class` that were taken for it; `None` if there are none.
    ///
    /// # Panics
    ///
    /// If `class` is not below [`classes`](Confusion::classes).
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "numbers of samples are far below 2^53")]
    pub fn recall(&self, class: usize) -> Option<f64> {
        let right = self.count(class, class);
        let all = self.row(class).iter().sum::<u64>();
        (all > 0).then(|| right as f64 / all as f64)
    }

    fn place(&self, class: usize, predicted: usize) -> usize {
        let largest = class.max(predicted);
        assert!(largest < self.classes, "class {largest} of {}", self.classes);
        class * self.classes + predicted
    }

    fn row(&self, class: usize) -> &[u64] {
        &self.counts[class * self.classes..][..self.classes]
    }
}

/// One row for each true class, one column for each predicted one.
impl fmt::Display for Confusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const CORNER: &str = "true \\ predicted";
        let digits = |number: u64| number.checked_ilog10().unwrap_or(0) as usize + 1;
        let widest = self.counts.iter().copied().max().unwrap_or(0).max(self.classes as u64);
        let (label, width) = (CORNER.len(), digits(widest) + 2);
        f.write_str(CORNER)?;
        (0..self.classes).try_for_each(|predicted| write!(f, "{predicted:width$}"))?;
        f.write_str("  recall\n")?;
        for class in 0..self.classes {
            write!(f, "{class:label$}")?;
            self.row(class).iter().try_for_each(|count| write!(f, "{count:width$}"))?;
            match self.recall(class) {
                Some(share) => writeln!(f, "{:7.1} %", 100.0 * share)?,
                None => writeln!(f, "{:>8}", "–")?,
            }
        }
        Ok(())
    }
}

/// Neighbouring samples, for one thread at a time.
struct Chunk {
    samples: Range<usize>,
    totals: Totals,
    error: Option<TrainError>,
}

impl<N: Train> Crew<N> {
    /// Evaluates `network` on `data`, which is not empty.
    pub fn evaluate<D: Data<N> + ?Sized>(&mut self, network: &N, data: &D) -> Result<Evaluation, TrainError> {
        let (samples, classes) = (data.len(), outputs::<N>());
        let counted = classifies::<N>() && classes <= MOST_CLASSES;
        for worker in &mut self.workers {
            worker.confusions.clear();
            worker.confusions.resize(if counted { classes * classes } else { 0 }, 0);
        }
        let chunk =
            |begin| Chunk { samples: begin..samples.min(begin + CHUNK), totals: Totals::default(), error: None };
        let mut chunks: Vec<Chunk> = (0..samples).step_by(CHUNK).map(chunk).collect();
        self.pool.for_each(&mut self.workers, &mut chunks, |worker, chunk| chunk.run(network, data, worker));
        let mut totals = Totals::default();
        for chunk in chunks {
            chunk.error.map_or(Ok(()), Err)?;
            totals = totals.add(chunk.totals.loss, chunk.totals.correct);
        }
        Ok(Evaluation {
            samples,
            loss: totals.loss / float(samples),
            accuracy: classifies::<N>().then(|| float(totals.correct) / float(samples)),
            confusion: counted.then(|| self.confusion(classes)),
        })
    }

    fn confusion(&self, classes: usize) -> Confusion {
        let mut confusion = Confusion::new(classes);
        for worker in &self.workers {
            confusion.counts.iter_mut().zip(&worker.confusions).for_each(|(sum, count)| *sum += count);
        }
        confusion
    }
}

impl Chunk {
    /// Evaluates group after group, up to the first error.
    fn run<N: Train, D: Data<N> + ?Sized>(&mut self, network: &N, data: &D, worker: &mut Worker<N>) {
        for begin in self.samples.clone().step_by(LANES) {
            let group = begin..self.samples.end.min(begin + LANES);
            let outcome = worker.group.gather(data, group.clone(), &mut worker.sample);
            let outcome = outcome.and_then(|()| {
                worker.evaluate(network).ok_or(TrainError::NotANumber { first: group.start, last: group.end - 1 })
            });
            match outcome {
                Ok((loss, correct)) => self.totals = self.totals.add(loss, correct),
                Err(error) => {
                    self.error = Some(error);
                    return;
                }
            }
        }
    }
}
