#![doc = include_str!("../README.md")]
#![no_std]

#[cfg(feature = "std")]
extern crate std;

pub use nnet_core::network::{Direction, Meeting};
pub use nnet_core::{
    AtOnce, BufferInfo, Differentiable, Element, Flat, Fold, LANES, Lanes, Layer, LayerInfo, Limit, Measure, Network,
    Nothing, OuterProducts, ParameterInfo, ParameterKind, Pass, Random, Scalar, Summary, Tensor, Train, element, init,
    int8, layers, loss, optim, shape, simd, typed,
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
/// Blocks, batch norm, and a network inside another:
///
/// ```
/// use nnet::{Network, network};
///
/// network! {
///     /// Features of small pictures.
///     pub struct Features: [1, 8, 8] -> [8] {
///         stem: Conv2d(8, kernel = 3, padding = 1, bias = false), BatchNorm, Relu,
///         blocks: repeat(2) {
///             residual {
///                 conv: Conv2d(8, kernel = 3, padding = "same", bias = false), BatchNorm,
///             },
///             Relu,
///         },
///         mixed: concat { small: Conv2d(4, 1), large: { Conv2d(4, 3, padding = 1), Relu } },
///         GlobalAvgPool2d,
///     }
/// }
///
/// network! {
///     /// Fine-tunes the head only: the features cost no gradient and no tape.
///     pub struct Classifier: [1, 8, 8] -> [2] {
///         #[frozen] features: self::Features -> [8],
///         Dropout(0.2),
///         head: Linear(2),
///     }
///     loss = cross_entropy;
/// }
///
/// # fn main() {
/// let network = nnet::boxed::<Classifier>(1);
/// assert_eq!(network.features.blocks[1].conv.weight.len(), 8);
/// let learns = Classifier::PARAMETERS.iter().filter(|tensor| tensor.gradient.is_some());
/// assert_eq!(learns.map(|tensor| tensor.name).collect::<Vec<_>>(), ["head.weight", "head.bias"]);
/// assert_eq!(size_of::<ClassifierGradients>(), 4 * (2 * 8 + 2));
/// # }
/// ```
///
/// The language:
///
pub use nnet_macros::network;
/// ```
/// use nnet::{Network, network, weights};
///
/// network! {
///     /// Two classes of four features.
///     pub struct Tiny: [4] -> [2] { fc1: Linear(3), Tanh, fc2: Linear(2) }
/// }
///
/// static NET: Tiny = weights!(Tiny, "tests/tiny.safetensors");
///
/// # fn main() {
/// let mut scratch = TinyScratch::ZERO;
/// let scores = NET.predict(&[0.5, -1.0, 0.0, 2.0], &mut scratch);
/// assert!(scores[0] > scores[1]);
/// # }
/// ```
///
/// A file of another network does not compile:
///
/// ```compile_fail,E0080
/// # use nnet::{Network, network, weights};
/// network! { struct Wider: [4] -> [2] { fc1: Linear(5), Tanh, fc2: Linear(2) } }
///
/// static NET: Wider = weights!(Wider, "tests/tiny.safetensors");
/// # fn main() { let _ = NET.fc1.bias; }
/// ```
///
pub use nnet_macros::weights;

#[cfg(feature = "std")]
mod boxed;
#[cfg(feature = "std")]
pub use boxed::{boxed, folded};
#[cfg(feature = "std")]
pub use nnet_core::{host, zeroed};

/// What the expansion of `network!` names. Not part of the interface.
#[doc(hidden)]
pub mod __private {
    pub use nnet_core::init::Init;
    pub use nnet_core::network::baked::{Baked, FileTensor, TensorInfo, Tensors, baked};
    pub use nnet_core::network::budget::{Claim, Limit, Measure, Share, check_budget};
    pub use nnet_core::network::by_path::{
        Part, Proven, check_layer, divided, is_layer, is_sound, is_type, larger, name_bytes, names, placed, table,
        tensors,
    };
    pub use nnet_core::network::{Meeting, learned};
    pub use nnet_core::shape::flow::{Flow, Gives, Piece, Row, refuse_if};
    pub use nnet_core::shape::{Inferred, Shape, Window2d};
    pub use nnet_core::{
        BufferInfo, Differentiable, Element, Flat, Fold, Lanes, Layer, LayerInfo, Network, OuterProducts,
        ParameterInfo, ParameterKind, Pass, Random, Scalar, Summary, Tensor, Train, int8, layers, loss, shape,
    };

    /// The first entries of a work area, in the shape of `T`.
    #[inline]
    pub fn area<T: Tensor, A: Tensor<Element = T::Element>>(area: &mut A) -> &mut T {
        T::view_mut(area.as_flat_mut())
    }

    /// `to` ← `from`.
    #[inline]
    pub fn copy<T: Flat>(from: &T, to: &mut T) {
        to.as_scalars_mut().copy_from_slice(from.as_scalars());
    }

    /// The same numbers in another shape.
    #[inline]
    pub fn reshaped<T: Tensor, U: Tensor<Element = T::Element>>(tensor: &T) -> &U {
        U::view(tensor.as_flat())
    }

    /// The same numbers in another shape, to write.
    #[inline]
    pub fn reshaped_mut<T: Tensor, U: Tensor<Element = T::Element>>(tensor: &mut T) -> &mut U {
        U::view_mut(tensor.as_flat_mut())
    }

    /// The same numbers in another shape, if there are any.
    #[inline]
    #[must_use]
    pub fn viewed<T: Tensor, U: Tensor<Element = T::Element>>(tensor: Option<&mut T>) -> Option<&mut U> {
        tensor.map(|tensor| U::view_mut(tensor.as_flat_mut()))
    }
}
