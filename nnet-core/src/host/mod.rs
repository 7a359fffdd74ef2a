//! The host side, which needs `std`: threads, training loops, data sets, weight files.
//!
//! * [`Trainer`] fits a network over batches and threads; its results do not depend on the number of threads;
//! * [`Predictor`] predicts many samples at once;
//! * [`Dataset`] is where samples come from, [`idx`] reads the files of MNIST;
//! * [`weights`] reads and writes safetensors files.

mod dataset;
pub mod idx;
pub mod int8;
mod interleave;
mod names;
mod pool;
mod predictor;
mod trainer;
pub mod weights;

pub use dataset::{DataError, Dataset, Normalized};
pub use predictor::Predictor;
pub use trainer::{Confusion, EpochReport, Evaluation, Event, TrainError, Trainer};
