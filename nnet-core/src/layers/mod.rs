//! Layers: each file holds one, in the order equation, shape, parameters, forward, backward, tests.
//!
//! A layer with parameters is a structure of them, `repr(C)`, so that a network of layers is one flat row of
//! numbers. All other layers are values that hold their arguments. `network!` calls them with nested arrays whose
//! dimensions rustc checks again; they can be called by hand as well.

mod activation;
mod conv2d;
mod linear;
mod pool2d;
mod softmax;

#[cfg(test)]
pub(crate) mod tests;

pub use activation::{Gelu, LeakyRelu, Relu, Sigmoid, Tanh};
pub use conv2d::Conv2d;
pub use linear::Linear;
pub use pool2d::{AvgPool2d, GlobalAvgPool2d, MaxPool2d};
pub(crate) use softmax::largest_and_sum;
pub use softmax::{LogSoftmax, Softmax};

/// Any shape to one dimension, the last one fastest. It moves nothing: a flat view of a nested array is the array.
#[derive(Clone, Copy, Debug)]
pub struct Flatten;
