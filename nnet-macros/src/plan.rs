//! Memory: where each value and each gradient lives, and which are kept for backward.
//!
//! A value is called by the layer that wrote it. Activations overwrite their input where nothing needs it any more;
//! `Flatten` is another view of the same numbers.

mod backward;
mod forward;

pub use backward::{Backward, Gradient, Step as BackwardStep, Target};
pub use forward::{Action, Forward, Step as ForwardStep};
use nnet_core::shape::Shape;

use crate::infer::{Layer, Network};

/// All that `generate` needs to know about memory.
pub struct Plan {
    pub predict: Forward,
    pub train: Forward,
    pub backward: Backward,
    pub scratch: Areas,
    pub tape: Tape,
}

/// One of the two work areas.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Area {
    A,
    B,
}

/// Where a layer writes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Place {
    Area(Area),
    /// The field of the tape with the layer's name.
    Field,
}

/// A value that a layer reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// The network's input.
    Input,
    /// What the layer at this position wrote, or viewed.
    Of(usize),
}

/// How many entries each work area holds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Areas {
    pub a: usize,
    pub b: usize,
}

/// What training keeps and works in.
pub struct Tape {
    /// The layers whose buffers backward reads, or that are the output.
    pub fields: Vec<usize>,
    pub areas: Areas,
    /// Entries of all fields, the output gradient and the areas.
    pub entries: usize,
}

pub fn plan(network: &Network) -> Plan {
    let layers = &network.layers;
    let predict = forward::plan(layers, &vec![false; layers.len()]);
    let train = forward::plan(layers, &forward::needed_by_backward(layers));
    let backward = backward::plan(layers, &train);
    let fields = train.fields();
    let areas = train.areas.max(backward.areas);
    let kept: usize = fields.iter().filter_map(|field| layers.get(*field)).map(|layer| entries(layer.output)).sum();
    let entries = kept + entries(network.output) + areas.a + areas.b;
    Plan { scratch: predict.areas, predict, train, backward, tape: Tape { fields, areas, entries } }
}

impl Area {
    pub fn other(self) -> Self {
        match self {
            Area::A => Area::B,
            Area::B => Area::A,
        }
    }
}

impl Areas {
    /// Makes room for a tensor.
    fn fit(&mut self, area: Area, shape: Shape) {
        let size = match area {
            Area::A => &mut self.a,
            Area::B => &mut self.b,
        };
        *size = entries(shape).max(*size);
    }

    fn max(self, other: Self) -> Self {
        Self { a: self.a.max(other.a), b: self.b.max(other.b) }
    }
}

/// The entries of a shape that was inferred, which are known to fit.
pub fn entries(shape: Shape) -> usize {
    shape.entries().unwrap_or_default()
}

/// The position of the first layer that learns: backward ends there, unless the input's gradient is asked for.
fn first_with_parameters(layers: &[Layer]) -> Option<usize> {
    layers.iter().position(|layer| layer.kind.has_parameters())
}

#[cfg(test)]
mod tests;
