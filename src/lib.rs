#![doc = include_str!("../README.md")]
#![no_std]

#[cfg(feature = "std")]
extern crate std;

pub use nnet_core::{
    Element, Flat, LANES, Lanes, LayerInfo, Network, ParameterInfo, ParameterKind, Random, Scalar, Summary, Tensor,
    Train, element, init, layers, loss, optim, shape, simd,
};
/// ```
/// use nnet::{Network, network};
///
/// network! {
///     /// Edges of small pictures.
///     pub struct Edges: [1, 8, 8] -> [2] {
///         conv: Conv2d(4, kernel = 3, padding = 1) -> [4, 8, 8],
///         Relu,
///         GlobalAvgPool2d,
///         Linear(2),
///     }
///     loss = cross_entropy;
/// }
///
/// let network = nnet::boxed::<Edges>(1);
/// let mut scratch = nnet::zeroed::<EdgesScratch>();
/// let scores: &[f32; 2] = network.predict(&[[[0.5; 8]; 8]; 1], &mut scratch);
/// assert!(scores[0].is_finite());
/// assert_eq!(network.conv.weight.len(), 4);
/// ```
///
pub use nnet_macros::network;

#[cfg(feature = "std")]
mod boxed;
#[cfg(feature = "std")]
pub use boxed::boxed;
#[cfg(feature = "std")]
pub use nnet_core::{host, zeroed};

/// What the expansion of `network!` names. Not part of the interface.
#[doc(hidden)]
pub mod __private {
    pub use nnet_core::init::Init;
    pub use nnet_core::shape::Window2d;
    pub use nnet_core::{
        Element, Flat, LayerInfo, Network, ParameterInfo, ParameterKind, Random, Scalar, Summary, Tensor, Train,
        layers, loss,
    };

    /// The first entries of an area of scratch memory, in the shape of `T`.
    #[inline]
    pub fn area<T: Tensor>(entries: &mut [T::Element]) -> &mut T {
        T::view_mut(entries)
    }
}
