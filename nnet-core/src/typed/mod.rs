//! Layers by hand.

mod channels;
mod flatten;
mod number;
mod pool;
mod sliding;
mod window;

pub use channels::{Bias, Biases, Connect, Groups};
pub use crate::layers::Linear;
pub use flatten::{Flatten, Flattens};
pub use pool::{AvgPool1d, AvgPool2d, MaxPool1d, MaxPool2d};
pub use sliding::{Conv1d, Conv2d, ConvTranspose2d, Sliding};
pub use window::{Maps, Pools, Spreads, Window};
