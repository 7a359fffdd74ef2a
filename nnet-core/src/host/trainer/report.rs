//! What a trainer tells while it runs.

use core::fmt;

use super::evaluation::Evaluation;

/// News from [`Trainer::fit`](super::Trainer::fit).
///
/// ```
/// use nnet_core::host::Event;
///
/// fn progress(event: &Event) -> String {
///     match event {
///         Event::Batch { epoch, batch, batches, loss } => format!("{epoch}: {batch}/{batches} {loss:.3}"),
///         Event::Epoch(report) => report.to_string(),
///         _ => String::new(),
///     }
/// }
///
/// assert_eq!(progress(&Event::Batch { epoch: 1, batch: 3, batches: 938, loss: 2.0 }), "1: 3/938 2.000");
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A step was done.
    Batch {
        /// The epoch, counted from 1.
        epoch: u64,
        /// The batch, counted from 1.
        batch: usize,
        /// Batches in an epoch.
        batches: usize,
        /// The mean loss of the batch before the step.
        loss: f64,
    },
    /// An epoch was done, with its evaluation.
    Epoch(&'a EpochReport),
}

/// One pass over the training data; one line with `{}`.
///
/// ```
/// use nnet_core::host::EpochReport;
///
/// let report = EpochReport {
///     epoch: 3,
///     loss: 0.0451,
///     accuracy: Some(0.9861),
///     test: None,
///     rate: 0.05,
///     seconds: 2.0,
///     samples_per_second: 30_000.0,
/// };
/// assert_eq!(report.to_string(), "epoch 3: loss 0.04510, accuracy 98.61 %; 2.0 s, 30000 samples/s");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct EpochReport {
    /// The number of the epoch, counted from 1.
    pub epoch: u64,
    /// The mean loss over the training samples, each taken before the step on its batch.
    pub loss: f64,
    /// The share of the training samples classified correctly, each before the step on its batch; for classifiers.
    pub accuracy: Option<f64>,
    /// The evaluation on the test data after the epoch, if there are any.
    pub test: Option<Evaluation>,
    /// The learning rate of the last step.
    pub rate: f64,
    /// How long the training took, without the evaluation.
    pub seconds: f64,
    /// Training samples a second, without the evaluation.
    pub samples_per_second: f64,
}

impl fmt::Display for EpochReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "epoch {}: loss {:.5}", self.epoch, self.loss)?;
        if let Some(share) = self.accuracy {
            write!(f, ", accuracy {:.2} %", 100.0 * share)?;
        }
        if let Some(test) = &self.test {
            write!(f, "; test {test}")?;
        }
        write!(f, "; {:.1} s, {:.0} samples/s", self.seconds, self.samples_per_second)
    }
}
