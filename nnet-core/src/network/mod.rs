//! What `network!` generates: a network is its parameters, and straight-line code over them.
//!
//! [`Network`] predicts, [`Differentiable`] goes forward and back over a batch, [`Train`] adds a loss. [`Layer`] is
//! what a network takes as a layer by its path: another network, or a type of your own.

#[doc(hidden)]
pub mod baked;
#[doc(hidden)]
pub mod budget;
#[doc(hidden)]
pub mod by_path;
mod differentiable;
mod fold;
mod layer;
mod table;
mod train;

pub use budget::{Limit, Measure};
pub use differentiable::{Differentiable, Direction, Meeting};
pub use fold::Fold;
pub use layer::Layer;
#[doc(hidden)]
pub use table::learned;
pub use table::{BufferInfo, LayerInfo, ParameterInfo, ParameterKind, Summary};
pub(crate) use table::{Learning, learning};
pub use train::Train;

use crate::element::Element;
use crate::flat::Flat;
use crate::random::Random;
use crate::tensor::Tensor;

/// A network declared by `network!`.
///
/// The type holds the parameters, and the running statistics of batch norms; nothing else.
/// Every method works on one sample (`E` = the scalar) or on a group of 16 (`E` = [`Lanes`](crate::Lanes)).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a network",
    note = "declare one with `network!`; of a `Box` of one, pass the network itself: `&*network`"
)]
pub trait Network: Flat {
    /// The input of one sample or group.
    type Input<E: Element<Scalar = Self::Scalar>>: Tensor<Element = E>;
    /// The output of one sample or group.
    type Output<E: Element<Scalar = Self::Scalar>>: Tensor<Element = E>;
    /// What [`predict`](Network::predict) works in: areas that the layers write in turn.
    type Scratch<E: Element<Scalar = Self::Scalar>>: Flat<Scalar = Self::Scalar>;

    /// The name in the declaration.
    const NAME: &'static str;
    /// The shape of one input sample.
    const INPUT_SHAPE: &'static [usize];
    /// The shape of one output sample.
    const OUTPUT_SHAPE: &'static [usize];
    /// The layers in the order of the declaration.
    const LAYERS: &'static [LayerInfo];
    /// The parameter tensors in the order of their memory; names and shapes are those of PyTorch's `state_dict`.
    const PARAMETERS: &'static [ParameterInfo];

    /// How many parameters the network has, frozen ones included and running statistics left out.
    const PARAMETER_COUNT: usize = learned(Self::PARAMETERS);
    /// Bytes of the parameters and the running statistics.
    const WEIGHT_BYTES: usize = size_of::<Self>();
    /// Bytes that predicting one sample needs besides the parameters: [`Scratch`](Network::Scratch).
    const INFERENCE_BYTES: usize = size_of::<Self::Scratch<Self::Scalar>>();
    /// Multiply-accumulates of one prediction, the padding counted.
    const MACS: usize = table::total_macs(Self::LAYERS);
    /// The plan of [`Scratch`](Network::Scratch): what stands in its areas, and from which layer to which.
    const BUFFERS: &'static [BufferInfo] = &[];
    /// [`Differentiable::TRAINING_BYTES`] and [`Differentiable::IN_PLACE_TRAINING_BYTES`], for the summary.
    #[doc(hidden)]
    const TRAINING: Option<[usize; 2]> = None;
    /// The limits that the declaration sets, for the summary.
    #[doc(hidden)]
    const BUDGET: &'static [Limit] = &[];

    /// Fills the parameters with their initial random values.
    fn init(&mut self, random: &mut Random);

    /// The output for `x`; keeps nothing. Dropout does nothing here, and batch norms use their running statistics.
    ///
    /// For real time: it allocates nothing, takes no lock, and has nothing to refuse, since the types fix all shapes. On a
    /// Cortex-M, convolutions, linear layers, pools and rectifiers do the same number of instructions for any `x`,
    /// infinities and NaN among them (`firmware/run` counts them); what needs `exp` or `tanh` differs by some.
    fn predict<'s, E: Element<Scalar = Self::Scalar>>(
        &self,
        x: &Self::Input<E>,
        scratch: &'s mut Self::Scratch<E>,
    ) -> &'s Self::Output<E>;

    /// The table of layers, printable.
    #[must_use]
    fn summary() -> Summary {
        Summary {
            name: Self::NAME,
            input: Self::INPUT_SHAPE,
            layers: Self::LAYERS,
            scalar_bytes: size_of::<Self::Scalar>(),
            parameter_count: Self::PARAMETER_COUNT,
            weight_bytes: Self::WEIGHT_BYTES,
            inference_bytes: Self::INFERENCE_BYTES,
            training_bytes: Self::TRAINING.map(|[with_gradients, _]| with_gradients),
            in_place_training_bytes: Self::TRAINING.map(|[_, in_place]| in_place),
            macs: Self::MACS,
            budget: Self::BUDGET,
            buffers: Self::BUFFERS,
        }
    }
}
