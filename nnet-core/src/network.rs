//! What `network!` generates: a network is its parameters, and straight-line code over them.

use core::fmt;

use crate::element::Element;
use crate::flat::Flat;
use crate::loss::Loss;
use crate::optim::{Optimizer, OptimizerState};
use crate::random::Random;
use crate::tensor::Tensor;

/// A network declared by `network!`.
///
/// The type holds the parameters and nothing else; its gradients are a value of the same type.
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
    /// What [`predict`](Network::predict) works in: two areas that the layers write alternately.
    type Scratch<E: Element<Scalar = Self::Scalar>>: Flat<Scalar = Self::Scalar>;
    /// What [`forward`](Network::forward) keeps for [`backward`](Network::backward), and what that works in.
    type Tape<E: Element<Scalar = Self::Scalar>>: Flat<Scalar = Self::Scalar>;

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

    /// How many numbers the network learns.
    const PARAMETER_COUNT: usize = size_of::<Self>() / size_of::<Self::Scalar>();
    /// Bytes of the parameters.
    const WEIGHT_BYTES: usize = size_of::<Self>();
    /// Bytes that predicting one sample needs besides the parameters: [`Scratch`](Network::Scratch).
    const INFERENCE_BYTES: usize = size_of::<Self::Scratch<Self::Scalar>>();
    /// Bytes that training on one sample needs besides the parameters and the optimizer's state:
    /// the gradients and [`Tape`](Network::Tape).
    const TRAINING_BYTES: usize = size_of::<Self>() + size_of::<Self::Tape<Self::Scalar>>();
    /// Multiply-accumulates of one prediction, the padding counted.
    const MACS: usize = total_macs(Self::LAYERS);

    /// Fills the parameters with their initial random values.
    fn init(&mut self, random: &mut Random);

    /// The output for `x`; keeps nothing. Dropout and other training-only layers do nothing here.
    fn predict<'s, E: Element<Scalar = Self::Scalar>>(
        &self,
        x: &Self::Input<E>,
        scratch: &'s mut Self::Scratch<E>,
    ) -> &'s Self::Output<E>;

    /// The output for `x`, with all that [`backward`](Network::backward) needs left in `tape`.
    fn forward<'t, E: Element<Scalar = Self::Scalar>>(
        &self,
        x: &Self::Input<E>,
        tape: &'t mut Self::Tape<E>,
    ) -> &'t Self::Output<E>;

    /// The output of the last [`forward`](Network::forward), and the place of the gradient with respect to it,
    /// which [`backpropagate`](Network::backpropagate) starts from.
    fn output_and_gradient<E: Element<Scalar = Self::Scalar>>(
        tape: &mut Self::Tape<E>,
    ) -> (&Self::Output<E>, &mut Self::Output<E>);

    /// Goes back from the output gradient in `tape`: adds to `gradients`, and writes `dx` if it is asked for.
    ///
    /// `x` is the input of the last [`forward`](Network::forward). The output gradient is used up.
    fn backpropagate<E: Element<Scalar = Self::Scalar>>(
        &self,
        x: &Self::Input<E>,
        tape: &mut Self::Tape<E>,
        gradients: &mut Self,
        dx: Option<&mut Self::Input<E>>,
    );

    /// Adds to `gradients` what the output gradient `dy` gives; the lanes of a group are summed.
    #[inline]
    fn backward<E: Element<Scalar = Self::Scalar>>(
        &self,
        x: &Self::Input<E>,
        dy: &Self::Output<E>,
        tape: &mut Self::Tape<E>,
        gradients: &mut Self,
    ) {
        *Self::output_and_gradient(tape).1 = *dy;
        self.backpropagate(x, tape, gradients, None);
    }

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
            training_bytes: Self::TRAINING_BYTES,
            macs: Self::MACS,
        }
    }
}

/// A network whose declaration names a loss.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a network that can be trained",
    note = "a network can be trained if its declaration ends with a loss, such as `loss = cross_entropy;`"
)]
pub trait Train: Network {
    /// What a sample should give: a class for the likelihood losses, an output for the others.
    type Target: Clone + Send + Sync + 'static;
    /// The loss.
    type Loss: Loss<Self::Scalar, Self::Target>;
    /// The loss with its arguments.
    const LOSS: Self::Loss;

    /// Forward, loss and backward for the samples in the first `targets.len()` lanes of `x`:
    /// adds `scale` times their gradient to `gradients` and returns the sum of their losses.
    ///
    /// The other lanes must hold finite numbers, best zeros: an infinity there, times its gradient of 0, is a NaN.
    /// With `scale` = 1/batch over all groups of a batch, `gradients` ends as the gradient of the mean loss.
    ///
    /// # Panics
    ///
    /// If there are more targets than lanes, or a class is not below the number of outputs.
    fn accumulate<E: Element<Scalar = Self::Scalar>>(
        &self,
        x: &Self::Input<E>,
        targets: &[Self::Target],
        scale: Self::Scalar,
        tape: &mut Self::Tape<E>,
        gradients: &mut Self,
    ) -> Self::Scalar {
        self.forward(x, tape);
        let (y, dy) = Self::output_and_gradient(tape);
        let loss = Self::LOSS.backward(y.as_flat(), targets, scale, dy.as_flat_mut());
        self.backpropagate(x, tape, gradients, None);
        loss
    }

    /// One step of training on one sample; returns the loss before the step. `gradients` need not be cleared.
    ///
    /// For a batch call [`accumulate`](Train::accumulate) for each sample, then [`OptimizerState::step`].
    ///
    /// # Panics
    ///
    /// If a class is not below the number of outputs.
    fn train_step<O: Optimizer<Self::Scalar>>(
        &mut self,
        x: &Self::Input<Self::Scalar>,
        target: &Self::Target,
        tape: &mut Self::Tape<Self::Scalar>,
        gradients: &mut Self,
        optimizer: &O,
        state: &mut OptimizerState<O, Self>,
    ) -> Self::Scalar {
        gradients.clear();
        let one = <Self::Scalar as crate::Scalar>::ONE;
        let loss = self.accumulate(x, core::slice::from_ref(target), one, tape, gradients);
        state.step(optimizer, self, gradients);
        loss
    }
}

/// One layer of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerInfo {
    /// The name in the declaration, or the kind and the position of a layer without one.
    pub name: &'static str,
    /// The layer as declared, such as `Conv2d(6, kernel = 5)`.
    pub declaration: &'static str,
    /// The shape of its output for one sample.
    pub output: &'static [usize],
    /// How many numbers it learns.
    pub parameters: usize,
    /// Multiply-accumulates for one sample.
    pub macs: usize,
}

/// One parameter tensor of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParameterInfo {
    /// The name, such as `conv1.weight`.
    pub name: &'static str,
    /// The shape, such as `[6, 1, 5, 5]`.
    pub shape: &'static [usize],
    /// Where it begins in [`Flat::as_scalars`].
    pub offset: usize,
    /// What it is.
    pub kind: ParameterKind,
}

/// What a parameter tensor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParameterKind {
    /// Multiplies the input.
    Weight,
    /// Is added.
    Bias,
}

impl ParameterInfo {
    /// The number of entries.
    #[must_use]
    pub const fn len(&self) -> usize {
        let mut product = 1;
        let mut i = 0;
        while i < self.shape.len() {
            product *= self.shape[i];
            i += 1;
        }
        product
    }

    /// Whether there are no entries, which `network!` never makes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

const fn total_macs(layers: &[LayerInfo]) -> usize {
    let mut total = 0;
    let mut i = 0;
    while i < layers.len() {
        total += layers[i].macs;
        i += 1;
    }
    total
}

/// The table of a network's layers; print it with `{}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The network's name.
    pub name: &'static str,
    /// The shape of one input sample.
    pub input: &'static [usize],
    /// Its layers.
    pub layers: &'static [LayerInfo],
    /// Bytes of one number.
    pub scalar_bytes: usize,
    /// [`Network::PARAMETER_COUNT`].
    pub parameter_count: usize,
    /// [`Network::WEIGHT_BYTES`].
    pub weight_bytes: usize,
    /// [`Network::INFERENCE_BYTES`].
    pub inference_bytes: usize,
    /// [`Network::TRAINING_BYTES`].
    pub training_bytes: usize,
    /// [`Network::MACS`].
    pub macs: usize,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |text: fn(&LayerInfo) -> usize| self.layers.iter().map(text).max().unwrap_or(0);
        let name = width(|layer| layer.name.len()).max("input".len()).max(self.name.len());
        let declaration = width(|layer| layer.declaration.len());
        writeln!(
            f,
            "{:name$}  {:declaration$}  {:>14}  {:>12}  {:>14}",
            self.name, "", "output", "parameters", "MACs"
        )?;
        writeln!(f, "{:name$}  {:declaration$}  {:>14}", "input", "", Dimensions(self.input))?;
        for layer in self.layers {
            let (parameters, macs) = (Thousands(layer.parameters), Thousands(layer.macs));
            let LayerInfo { name: layer_name, declaration: text, output, .. } = layer;
            let output = Dimensions(output);
            writeln!(f, "{layer_name:name$}  {text:declaration$}  {output:>14}  {parameters:>12}  {macs:>14}")?;
        }
        let (parameters, macs) = (Thousands(self.parameter_count), Thousands(self.macs));
        writeln!(f, "{:name$}  {:declaration$}  {:>14}  {parameters:>12}  {macs:>14}", "total", "", "")?;
        writeln!(
            f,
            "bytes with f{}, one sample: weights {}; to predict {} more; to train {} more (gradients and tape)",
            8 * self.scalar_bytes,
            Thousands(self.weight_bytes),
            Thousands(self.inference_bytes),
            Thousands(self.training_bytes)
        )
    }
}

/// `[6, 28, 28]`, padded as a whole.
struct Dimensions<'a>(&'a [usize]);

/// `416,520`, padded as a whole.
struct Thousands(usize);

impl fmt::Display for Dimensions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Text::default();
        for (i, dimension) in self.0.iter().enumerate() {
            fmt::write(&mut text, format_args!("{}{dimension}", if i == 0 { "[" } else { ", " }))?;
        }
        fmt::write(&mut text, format_args!("]"))?;
        f.pad(text.as_str())
    }
}

impl fmt::Display for Thousands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut scale = 1;
        while self.0 / scale >= 1000 {
            scale *= 1000;
        }
        let mut text = Text::default();
        fmt::write(&mut text, format_args!("{}", self.0 / scale))?;
        while scale > 1 {
            scale /= 1000;
            fmt::write(&mut text, format_args!(",{:03}", self.0 / scale % 1000))?;
        }
        f.pad(text.as_str())
    }
}

/// A short text without an allocator; what does not fit is an error.
#[derive(Default)]
struct Text {
    bytes: [u8; 32],
    length: usize,
}

impl Text {
    fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes[..self.length]).unwrap_or("")
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        let room = self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}
