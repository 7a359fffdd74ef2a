//! Layers: each file holds one, in the order equation, shape, parameters, forward, backward, tests.
//!
//! A layer with parameters is a structure of them, `repr(C)`, so that a network of layers is one flat row of
//! numbers. All other layers are values that hold their arguments. `network!` calls them with nested arrays whose
//! dimensions rustc checks again; they can be called by hand as well.

mod activation;
mod adaptive_pool;
mod batch_norm;
mod combine;
mod conv1d;
mod conv2d;
mod conv_transpose2d;
mod dropout;
mod group_norm;
mod layer_norm;
mod linear;
mod pool1d;
mod pool2d;
mod pooled;
mod prelu;
mod softmax;
mod upsample2d;
mod zero_pad2d;

#[cfg(test)]
pub(crate) mod tests;

pub use activation::{
    Elu, Gelu, HardSigmoid, HardSwish, LeakyRelu, Mish, Relu, Relu6, Selu, Sigmoid, Silu, Softplus, Softsign, Tanh,
};
pub use adaptive_pool::{AdaptiveAvgPool1d, AdaptiveAvgPool2d};
pub use batch_norm::{BatchNorm, BatchNormGradients, meet, meet_backward, meet_forward};
pub use combine::{add, copy, read_part, write_part};
pub use conv_transpose2d::ConvTranspose2d;
pub use conv1d::Conv1d;
pub use conv2d::Conv2d;
pub use dropout::{Dropout, Dropout2d};
pub use group_norm::GroupNorm;
pub use layer_norm::LayerNorm;
pub use linear::Linear;
pub use pool1d::{AvgPool1d, MaxPool1d};
pub use pool2d::{AvgPool2d, GlobalAvgPool2d, MaxPool2d};
pub use pooled::{Pointwise, SideBySide};
pub use prelu::PRelu;
pub(crate) use softmax::largest_and_sum;
pub use softmax::{LogSoftmax, Softmax};
pub use upsample2d::{Upsample2d, UpsampleMode};
pub use zero_pad2d::ZeroPad2d;

use crate::scalar::Scalar;

/// Parameters ← `kept` · parameters: what weight decay leaves of them, before a step of descent is added.
#[inline]
pub(crate) fn shrink<S: Scalar>(kept: S, parameters: &mut [S]) {
    if kept != S::ONE {
        S::scale(kept, parameters);
    }
}

/// Any shape to one dimension, the last one fastest. It moves nothing: a flat view of a nested array is the array.
#[derive(Clone, Copy, Debug)]
pub struct Flatten;
