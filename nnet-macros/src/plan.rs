//! Memory: where each value and each gradient lives, and which are kept for backward.
//!
//! A buffer is the input, a field of the tape, or for a while a part of a work area. Activations overwrite their input
//! where nothing needs it any more; `Flatten` is another view of the same numbers. Buffers that are never needed at
//! the same time share an area.

mod areas;
mod backward;
mod forward;
mod fused;
mod stays;

pub use areas::Room;
pub use backward::{Backward, Step as BackwardStep};
pub use forward::{Forward, Step as ForwardStep};
pub use stays::{Stay, stays, touched};

use crate::infer::{Layer, Network, Operation, Value};
use crate::layer::{Kind, Reads};
use crate::size::{self, Shape, Size};

/// Of `predict` with bytes.
pub fn of_bytes(network: &Network) -> Forward {
    forward::plan(network, forward::Mode::Int8, &[])
}

/// Of a prediction that keeps every value.
pub fn of_trace(network: &Network) -> Forward {
    forward::plan(network, forward::Mode::Trace, &vec![true; network.operations.len() + 1])
}

/// All that `generate` needs to know about memory.
pub struct Plan {
    pub predict: Forward,
    pub train: Forward,
    pub backward: Backward,
    /// The work areas of `predict`.
    pub scratch: Vec<Room>,
    pub tape: Tape,
}

/// What training keeps and works in.
pub struct Tape {
    /// The operations whose buffers backward reads, or that are the output.
    pub fields: Vec<usize>,
    /// The batch norms, whose statistics are kept.
    pub statistics: Vec<usize>,
    /// The work areas.
    pub areas: Vec<Room>,
}

/// A buffer, called by the value that is in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Operand {
    pub storage: Storage,
    /// The value whose name and shape it goes by.
    pub value: Value,
}

/// Where a value or a gradient lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Storage {
    /// The network's input.
    Input,
    /// The field of the tape with this operation's name and shape.
    Field(usize),
    /// A work area.
    Area(usize),
    /// The field of the tape that backward starts from.
    OutputGradient,
    /// The gradient that the caller asks for.
    Caller,
}

/// Which values train something, and which gradients backward computes.
pub struct Needs {
    /// For each value, whether a layer that learns is before it.
    pub trains: Vec<bool>,
    /// Whether the gradient of the input can be asked for: not if frozen layers come first.
    pub input_gradient: bool,
}

pub fn plan(network: &Network) -> Plan {
    let needs = Needs::of(network);
    let predict = forward::plan(network, forward::Mode::Predict, &[]);
    let train = forward::plan(network, forward::Mode::Train, &needs.kept(network));
    let backward = backward::plan(network, &needs, &train);
    let fields = train.fields.clone();
    let statistics = (0..network.operations.len()).filter(|at| network.operations[*at].meets()).collect();
    let areas = backward.areas.clone();
    Plan { scratch: predict.areas.clone(), predict, train, backward, tape: Tape { fields, statistics, areas } }
}

impl Needs {
    pub fn of(network: &Network) -> Self {
        let mut trains = vec![false];
        for operation in &network.operations {
            let learns = operation.layer().is_some_and(Layer::learns);
            let before = operation.inputs.iter().any(|input| trains.get(*input).copied().unwrap_or_default());
            trains.push(learns || before);
        }
        let is_frozen = |operation: &Operation| operation.layer().is_some_and(|layer| layer.frozen && !layer.learns());
        let first = network.operations.iter().zip(trains.iter().skip(1)).filter(|(_, trains)| !**trains);
        let input_gradient = !first.into_iter().any(|(operation, _)| is_frozen(operation) && has_parameters(operation));
        Self { trains, input_gradient }
    }

    pub fn is_trained(&self, value: Value) -> bool {
        self.trains.get(value).copied().unwrap_or_default()
    }

    /// Whether backward passes through the operation at all.
    pub fn goes_back(&self, operation: usize) -> bool {
        self.is_trained(operation + 1) || self.input_gradient
    }

    /// For each value, whether backward reads it. The output is always kept.
    fn kept(&self, network: &Network) -> Vec<bool> {
        let mut kept = vec![false; network.operations.len() + 1];
        for (at, operation) in network.operations.iter().enumerate().filter(|(at, _)| self.goes_back(*at)) {
            let Some(layer) = operation.layer() else { continue };
            let read = match layer.kind.backward_reads(layer.frozen) {
                Reads::Nothing => continue,
                Reads::Input => operation.inputs.first().copied().unwrap_or_default(),
                Reads::Output => at + 1,
            };
            if let Some(kept) = kept.get_mut(read) {
                *kept = true;
            }
        }
        if let Some(output) = kept.last_mut() {
            *output = true;
        }
        kept
    }
}

fn has_parameters(operation: &Operation) -> bool {
    operation.layer().is_some_and(|layer| layer.kind.has_parameters())
}

/// Whether the layer is a network or a user's own that stays as it is, so that training only predicts with it.
pub fn only_predicts(operation: &Operation) -> bool {
    operation.layer().is_some_and(|layer| layer.frozen && matches!(layer.kind, Kind::ByPath { .. }))
}

/// The entries of a shape that was inferred, which are known to fit.
pub fn entries(shape: Shape) -> Size {
    size::entries(shape).unwrap_or(Size::Known(0))
}

/// Where the entries behind those of a shape begin.
fn behind(offset: Size, shape: Shape) -> Size {
    offset.plus(entries(shape)).unwrap_or(offset)
}

#[cfg(test)]
mod tests;
