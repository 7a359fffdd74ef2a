//! Why training stopped.

use core::{error, fmt};
use std::string::String;
use std::vec::Vec;

use super::super::dataset::DataError;

/// Why a network cannot be trained or evaluated on some data.
///
/// ```
/// use nnet_core::host::TrainError;
///
/// let error = TrainError::Class { sample: 12, class: 10, classes: 10 };
/// assert_eq!(
///     error.to_string(),
///     "sample 12 is of class 10, but the network has 10 outputs, for the classes below 10; \
///      correct the target, or declare more outputs"
/// );
/// ```
#[derive(Debug)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the line above a variant explains its fields")]
pub enum TrainError {
    /// The data set does not fit the network.
    Data(DataError),
    /// There is nothing to train on or to evaluate.
    NoSamples,
    /// A step was asked for on sample `index` of a data set with `samples`.
    NoSuchSample { index: usize, samples: usize },
    /// The target of sample number `sample` is a `class` that is not below `classes`, the number of outputs.
    Class { sample: usize, class: usize, classes: usize },
    /// The target of sample number `sample` does not fit the network's `outputs`.
    Target { sample: usize, outputs: usize },
    /// The loss of a batch is not a finite number; epoch and batch are counted from 1. The network has the parameters
    /// from before this step, which are not finite themselves if the gradients of the step before it overflowed.
    Diverged { epoch: u64, batch: u64, rate: f64 },
    /// A batch of `samples`, where a batch norm over single values needs the `smallest`, having no variance of one.
    SmallBatch { samples: usize, smallest: usize },
    /// The last batch of an epoch of `samples` in batches of `batch_size` would be such a one, of `last` samples.
    SmallLastBatch { samples: usize, batch_size: usize, last: usize, smallest: usize },
    /// No block, layer or tensor of `network` is called `name`; these are `similar`.
    NoSuchName { network: &'static str, name: String, similar: Vec<String> },
    /// All that is called `name` is frozen in the declaration of `network`, or a running statistic.
    NeverLearns { network: &'static str, name: String },
    /// An output for one of the samples `first` to `last` is not a number.
    NotANumber { first: usize, last: usize },
}

impl fmt::Display for TrainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Data(error) => error.fmt(f),
            Self::NoSamples => f.write_str("no samples; give at least one"),
            Self::NoSuchSample { index, samples } => {
                write!(f, "sample {index} of {samples}; count from 0")
            }
            Self::Class { sample, class, classes } => {
                write!(f, "sample {sample} is of class {class}, but the network has {classes} outputs, ")?;
                write!(f, "for the classes below {classes}; correct the target, or declare more outputs")
            }
            Self::Target { sample, outputs } => {
                write!(f, "the target of sample {sample} does not fit the network's {outputs} outputs; ")?;
                f.write_str("give a target for each output, within the range of the loss")
            }
            Self::Diverged { epoch, batch, rate } => {
                write!(f, "epoch {epoch}, batch {batch}: the loss is no longer a finite number; lower the ")?;
                f.write_str("learning rate, ")?;
                // A rate that diverges at once may have hundreds of digits.
                if rate.abs() < 1e6 { write!(f, "{rate}") } else { write!(f, "{rate:e}") }?;
                f.write_str(", or warm it up, and check that all inputs are finite")
            }
            Self::SmallBatch { samples, smallest } => {
                write!(f, "a batch of {samples}, but a batch norm over single values needs at least {smallest} ")?;
                f.write_str("samples; give more of them")
            }
            Self::SmallLastBatch { samples, batch_size, last, smallest } => {
                write!(f, "{samples} samples in batches of {batch_size} leave {last} for the last batch, but a ")?;
                write!(f, "batch norm over single values needs at least {smallest}; choose another batch size")
            }
            Self::NoSuchName { network, name, similar } => {
                write!(f, "`{}` is no block, layer or tensor of `{network}` that learns", name.escape_debug())?;
                for (i, name) in similar.iter().enumerate() {
                    write!(f, "{}`{name}`", if i == 0 { "; similar are " } else { ", " })?;
                }
                Ok(())
            }
            Self::NeverLearns { network, name } => {
                write!(f, "`{name}` of `{network}` never learns, being frozen in the declaration or a running ")?;
                f.write_str("statistic; name parameters that have a gradient")
            }
            Self::NotANumber { first, last } => {
                write!(f, "an output for one of the samples {first} to {last} is not a number; ")?;
                f.write_str("check that these inputs and the network's parameters are finite")
            }
        }
    }
}

impl error::Error for TrainError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            // Its text is this error's own text.
            Self::Data(error) => error.source(),
            _ => None,
        }
    }
}

impl From<DataError> for TrainError {
    fn from(error: DataError) -> Self {
        Self::Data(error)
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    #[test]
    fn a_huge_rate_is_short() {
        for (rate, want) in [(0.5, "rate, 0.5, or"), (1e6, "rate, 1e6, or"), (2.5e300, "rate, 2.5e300, or")] {
            let text = TrainError::Diverged { epoch: 1, batch: 2, rate }.to_string();
            assert!(text.contains(want), "{text}");
        }
    }
}
