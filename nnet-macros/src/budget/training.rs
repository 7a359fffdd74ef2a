//! The memory of training: gradients, unless it is in place, what the tape keeps of each layer, and work areas, which are
//! due to the layer whose value or gradient is the largest in them.

use super::{Share, bytes, smaller_output};
use crate::budget::peak::name;
use crate::generate::words::layer_type;
use crate::infer::{Network, Operation, Value};
use crate::layer::Kind;
use crate::plan::{BackwardStep, ForwardStep, Operand, Plan, Room, Storage, entries, only_predicts};
use crate::size::{self, Size};
use crate::table::thousands;

/// Named parts of a layer's share, in numbers.
type Parts = Vec<(&'static str, Size)>;

/// A share for each value's giver, the input's first; training in place has no gradients.
pub fn shares(network: &Network, plan: &Plan, has_gradients: bool) -> Vec<Share> {
    let mut parts: Vec<Parts> = vec![Vec::new(); network.operations.len() + 1];
    let none = Size::Known(0);
    let mut put = |value: Value, part, size| {
        if let Some(parts) = parts.get_mut(value).filter(|_| size != none) {
            parts.push((part, size));
        }
    };
    for (at, layer) in network.operations.iter().enumerate().filter_map(|(at, it)| Some((at, it.layer()?))) {
        put(at + 1, "gradients", if has_gradients && layer.learns() { layer.parameter_count() } else { none });
    }
    for at in &plan.tape.fields {
        put(at + 1, "output", entries(network.shape(at + 1)));
    }
    for at in &plan.tape.statistics {
        put(
            at + 1,
            "statistics",
            network.operation(*at).and_then(|norm| norm.output.channels().times(Size::Known(4))).unwrap_or(none),
        );
    }
    put(network.operations.len(), "output gradient", entries(network.output));
    for (area, room) in plan.tape.areas.iter().enumerate() {
        put(largest(network, plan, area, room), "work area", room.entries().unwrap_or(none));
    }
    parts.iter().enumerate().map(|(value, parts)| share(network, value, parts, has_gradients)).collect()
}

fn share(network: &Network, value: Value, parts: &Parts, has_gradients: bool) -> Share {
    let operation = value.checked_sub(1).and_then(|at| network.operation(at));
    let inner = operation.filter(|operation| operation.is_by_path());
    let part = |(part, size): &(&str, Size)| match bytes(*size) {
        Size::Known(size) => format!("{part} {}", thousands(size)),
        Size::Named(_) => (*part).to_owned(),
    };
    let mut what: Vec<_> = parts.iter().map(part).collect();
    what.extend(inner.map(|operation| format!("inside {}", operation.declaration)));
    Share {
        name: name(network, value).to_owned(),
        what: what.join(", "),
        size: size::sum(parts.iter().map(|(_, size)| bytes(*size))).unwrap_or(Size::Known(0)),
        unknown: inner.map_or_else(Vec::new, |operation| inside(operation, has_gradients)),
        cure: operation.map_or("", |operation| cure(operation, parts)),
    }
}

/// What makes a layer's share smaller: that which makes its largest part smaller.
fn cure(operation: &Operation, parts: &Parts) -> &'static str {
    match parts.iter().max_by_key(|(_, size)| size.known()) {
        Some(("gradients", _)) => match operation.layer().map(|layer| &layer.kind) {
            Some(Kind::Linear { .. }) => "fewer features, of it or before it, or `#[frozen]`",
            Some(kind) if kind.is_affine() => "fewer channels, a smaller kernel or `#[frozen]`",
            _ => "`#[frozen]`",
        },
        _ => smaller_output(operation),
    }
}

/// The gradients and the tape of a layer by path.
fn inside(operation: &Operation, has_gradients: bool) -> Vec<proc_macro2::TokenStream> {
    let Some(layer) = operation.layer() else { return Vec::new() };
    let kind = layer_type(layer, &code!(::core::primitive::f32));
    let memory = if only_predicts(operation) { code!(Scratch) } else { code!(Tape) };
    let tape = code!(::core::mem::size_of::<<#kind as ::nnet::__private::Layer>::#memory<::core::primitive::f32>>());
    let gradients = code!(::core::mem::size_of::<<#kind as ::nnet::__private::Layer>::Gradients>());
    if has_gradients && layer.learns() { vec![gradients, tape] } else { vec![tape] }
}

/// The first value that, itself or its gradient, fills a work area.
fn largest(network: &Network, plan: &Plan, area: usize, room: &Room) -> Value {
    let values = plan.train.steps.iter().flat_map(|step| match *step {
        ForwardStep::Through { x, y, .. } => [Some(x), Some(y)],
        ForwardStep::InPlace { y, .. } => [Some(y), None],
        ForwardStep::Copy { from, to } | ForwardStep::Add { from, to } | ForwardStep::Part { from, to, .. } => {
            [Some(from), Some(to)]
        }
        ForwardStep::Statistics { .. } | ForwardStep::Meet { .. } => [None; 2],
    });
    let gradients = plan.backward.steps.iter().flat_map(|asked| match asked.step {
        BackwardStep::Through { dy, dx, .. } => [Some(dy), dx],
        BackwardStep::Over { dy, .. } | BackwardStep::InPlace { dy, .. } | BackwardStep::Sums { dy, .. } => {
            [Some(dy), None]
        }
        BackwardStep::Copy { from, to } | BackwardStep::Add { from, to } | BackwardStep::Part { from, to, .. } => {
            [Some(from), Some(to)]
        }
        BackwardStep::Meet { .. } | BackwardStep::Learn { .. } => [None; 2],
    });
    let fills =
        |operand: &Operand| operand.storage == Storage::Area(area) && room.may_be_for(network.shape(operand.value));
    values.chain(gradients).flatten().find(fills).map_or(0, |operand| operand.value)
}
