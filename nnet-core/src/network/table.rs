//! What a network says of itself: its layers, its tensors, and both as a table.

use core::fmt;
use core::ops::Range;

use super::budget::Limit;
use crate::text::Text;

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

/// A value in a work area of `predict`, while layers need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BufferInfo {
    /// The layer that gives it.
    pub name: &'static str,
    /// Its shape for one sample.
    pub shape: &'static [usize],
    /// The number of the area.
    pub area: usize,
    /// The layer that begins to write it, counted as in [`Network::LAYERS`](super::Network::LAYERS).
    pub begin: usize,
    /// The last layer that reads it; for the output, the number of layers.
    pub end: usize,
}

/// One parameter tensor of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParameterInfo {
    /// The name, such as `conv1.weight`.
    pub name: &'static str,
    /// The shape, such as `[6, 1, 5, 5]`.
    pub shape: &'static [usize],
    /// Where it begins in [`Flat::as_scalars`](crate::Flat::as_scalars).
    pub offset: usize,
    /// What it is.
    pub kind: ParameterKind,
    /// Where its gradient begins in the gradients; `None` for running statistics and frozen parameters.
    pub gradient: Option<usize>,
}

/// What a parameter tensor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParameterKind {
    /// Multiplies the input.
    Weight,
    /// Is added.
    Bias,
    /// The mean of a batch norm's input in training, which `predict` uses.
    RunningMean,
    /// The variance of a batch norm's input in training, which `predict` uses.
    RunningVariance,
}

impl ParameterKind {
    /// Whether it is learned by gradients, as running statistics are not.
    #[must_use]
    pub const fn is_learned(self) -> bool {
        matches!(self, Self::Weight | Self::Bias)
    }
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

pub(super) const fn total_macs(layers: &[LayerInfo]) -> usize {
    let mut total = 0;
    let mut i = 0;
    while i < layers.len() {
        total += layers[i].macs;
        i += 1;
    }
    total
}

/// How many numbers are learned, or would be if nothing were frozen.
#[doc(hidden)]
#[must_use]
pub const fn learned(parameters: &[ParameterInfo]) -> usize {
    let mut total = 0;
    let mut i = 0;
    while i < parameters.len() {
        if parameters[i].kind.is_learned() {
            total += parameters[i].len();
        }
        i += 1;
    }
    total
}

/// Neighbouring parameters that learn: where they lie in the network, and their gradients in the gradients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Learning {
    pub parameters: Range<usize>,
    pub gradients: Range<usize>,
}

/// The parameters that learn and that `keep` accepts, in as few ranges as possible.
pub(crate) fn learning<'p>(
    parameters: &'p [ParameterInfo],
    keep: impl Fn(&ParameterInfo) -> bool + 'p,
) -> impl Iterator<Item = Learning> + 'p {
    let mut rest = parameters.iter().filter(move |parameter| keep(parameter)).filter_map(place).peekable();
    core::iter::from_fn(move || {
        let mut range = rest.next()?;
        let follows = |range: &Learning, next: &Learning| {
            range.parameters.end == next.parameters.start && range.gradients.end == next.gradients.start
        };
        while let Some(next) = rest.next_if(|next| follows(&range, next)) {
            range.parameters.end = next.parameters.end;
            range.gradients.end = next.gradients.end;
        }
        Some(range)
    })
}

fn place(parameter: &ParameterInfo) -> Option<Learning> {
    let (begin, gradient) = (parameter.offset, parameter.gradient?);
    Some(Learning { parameters: begin..begin + parameter.len(), gradients: gradient..gradient + parameter.len() })
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
    /// [`Network::PARAMETER_COUNT`](super::Network::PARAMETER_COUNT).
    pub parameter_count: usize,
    /// [`Network::WEIGHT_BYTES`](super::Network::WEIGHT_BYTES).
    pub weight_bytes: usize,
    /// [`Network::INFERENCE_BYTES`](super::Network::INFERENCE_BYTES).
    pub inference_bytes: usize,
    /// [`Differentiable::TRAINING_BYTES`](super::Differentiable::TRAINING_BYTES), if the network can be trained.
    pub training_bytes: Option<usize>,
    /// [`Differentiable::IN_PLACE_TRAINING_BYTES`](super::Differentiable::IN_PLACE_TRAINING_BYTES), likewise.
    pub in_place_training_bytes: Option<usize>,
    /// [`Network::MACS`](super::Network::MACS).
    pub macs: usize,
    /// The limits that the declaration sets, and what they limit.
    pub budget: &'static [Limit],
    /// The plan of the memory of `predict`.
    pub buffers: &'static [BufferInfo],
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
        write!(
            f,
            "bytes with f{}, one sample: weights {}; to predict {} more",
            8 * self.scalar_bytes,
            Thousands(self.weight_bytes),
            Thousands(self.inference_bytes),
        )?;
        if let Some(bytes) = self.training_bytes {
            write!(f, "; to train {} more (gradients and tape)", Thousands(bytes))?;
        }
        if let Some(bytes) = self.in_place_training_bytes {
            write!(f, ", or in place {} (tape)", Thousands(bytes))?;
        }
        writeln!(f)?;
        for (i, Limit { measure, limit, figure }) in self.budget.iter().enumerate() {
            let (begin, key, unit) = (if i == 0 { "budget with f32: " } else { ", " }, measure.key(), measure.unit());
            write!(f, "{begin}{key} {} of {}{unit}", Thousands(*figure), Thousands(*limit))?;
        }
        if !self.budget.is_empty() {
            writeln!(f)?;
        }
        self.write_memory(f)
    }
}

impl Summary {
    /// Each buffer of `predict` with its area, its bytes and its lifetime, and the layer that needs the most at once.
    fn write_memory(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.buffers.is_empty() {
            return Ok(());
        }
        let layer = |at: usize| self.layers.get(at).map_or("the end", |layer| layer.name);
        let width = |title: &str, text: &dyn Fn(&BufferInfo) -> usize| {
            self.buffers.iter().map(text).max().unwrap_or(0).max(title.len())
        };
        let name = width("to predict", &|buffer| buffer.name.len());
        let begin = width("from", &|buffer| layer(buffer.begin).len());
        writeln!(f, "\n{:name$}  {:>14}  {:>12}  area  {:begin$}  to", "to predict", "buffer", "bytes", "from")?;
        for buffer in self.buffers {
            let BufferInfo { name: value, shape, area, begin: first, end } = *buffer;
            let (shape, bytes) = (Dimensions(shape), Thousands(self.bytes(buffer)));
            let (first, last) = (layer(first), layer(end));
            writeln!(f, "{value:name$}  {shape:>14}  {bytes:>12}  {area:>4}  {first:begin$}  {last}")?;
        }
        let Some((peak, bytes)) = self.peak() else { return Ok(()) };
        writeln!(f, "{:name$}  {:>14}  {:>12}        {}", "most at once", "", Thousands(bytes), layer(peak))
    }

    /// The layer that needs the most bytes of the work areas at once, and these; of equal ones the first.
    fn peak(&self) -> Option<(usize, usize)> {
        let needed = |at: usize| {
            let live = self.buffers.iter().filter(move |buffer| (buffer.begin..=buffer.end).contains(&at));
            live.map(|buffer| self.bytes(buffer)).sum::<usize>()
        };
        (0..self.layers.len()).rev().map(|at| (at, needed(at))).max_by_key(|(_, bytes)| *bytes)
    }

    fn bytes(&self, buffer: &BufferInfo) -> usize {
        buffer.shape.iter().product::<usize>() * self.scalar_bytes
    }
}

/// `[6, 28, 28]`, padded as a whole.
struct Dimensions<'a>(&'a [usize]);

/// `416,520`, padded as a whole.
struct Thousands(usize);

impl fmt::Display for Dimensions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(Text::<64>::new().sizes(self.0).as_str())
    }
}

impl fmt::Display for Thousands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(Text::<32>::new().thousands(self.0).as_str())
    }
}
