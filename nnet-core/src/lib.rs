//! The run-time half of `nnet`: tensors, layers, losses, optimizers, kernels.
//!
//! Without features the crate needs neither `std` nor an allocator. The feature `std` adds the choice of the
//! instruction set at run time, and [`host`]: threads, training loops, data and weight files.
//!
//! * [`element`], [`tensor`], [`flat`]: what numbers are and how they lie in memory;
//! * [`shape`]: what a layer accepts and gives, evaluated by the macro;
//! * [`layers`], [`loss`], [`init`], [`optim`]: the parts that a network is made of;
//! * `kernels`, [`simd`]: the loops, written once over a small vector trait;
//! * [`network`], [`pass`]: the trait that `network!` implements, and what a training step gives to it.
#![no_std]

#[cfg(feature = "std")]
extern crate std;

pub mod element;
pub mod flat;
#[cfg(feature = "std")]
pub mod host;
pub mod init;
pub mod int8;
mod kernels;
pub mod layers;
pub mod loss;
pub mod network;
pub mod optim;
pub mod pass;
mod products;
pub mod random;
pub mod scalar;
pub mod shape;
pub mod simd;
pub mod tensor;
#[doc(hidden)]
pub mod text;
pub mod typed;

pub use element::{Element, LANES, Lanes};
#[cfg(feature = "std")]
pub use flat::zeroed;
pub use flat::{Flat, Nothing};
pub use network::{
    BufferInfo, Differentiable, Fold, Layer, LayerInfo, Limit, Measure, Network, ParameterInfo, ParameterKind, Summary,
    Train,
};
pub use pass::Pass;
pub use products::{AtOnce, OuterProducts};
pub use random::Random;
pub use scalar::Scalar;
pub use tensor::Tensor;
