//! The table in the network's documentation: layers, shapes, parameters, work, memory.

use nnet_core::shape::Shape;

use crate::budget;
use crate::generate::memory;
use crate::infer::{Layer, Network, Operation};
use crate::plan::Plan;
use crate::table::{Align, align, thousands};

/// Bytes of the number type that a network has unless told otherwise.
const F32: usize = size_of::<f32>();

/// The documentation of the network's type, after the user's own.
pub fn network(network: &Network, plan: &Plan) -> String {
    described(network, plan, true)
}

/// The same of a network that cannot be trained.
pub fn predictor(network: &Network, plan: &Plan) -> String {
    described(network, plan, false)
}

fn described(network: &Network, plan: &Plan, is_trained: bool) -> String {
    let mut rows = vec![["layer", "", "output", "parameters", "MACs"].map(str::to_owned)];
    rows.push(["input".to_owned(), String::new(), network.input.to_string(), String::new(), String::new()]);
    rows.extend(network.operations.iter().map(row));
    let (parameters, macs) = (network.parameter_count(), network.macs());
    if !network.has_paths() {
        rows.push(["total".to_owned(), String::new(), String::new(), thousands(parameters), thousands(macs)]);
    }
    let columns = [Align::Left, Align::Left, Align::Left, Align::Right, Align::Right];
    let table = align(columns, &rows).join("\n");
    let (bytes, budget) = (bytes(network, plan, is_trained), budget::described(network, plan));
    format!("```text\n{table}\n```{bytes}{budget}")
}

/// The memory, if all of it is known here: sizes of layers by path are not.
fn bytes(network: &Network, plan: &Plan, is_trained: bool) -> String {
    let (false, [Some(scratch), Some(tape)]) = (network.has_paths(), memory::sizes(network, plan)) else {
        return String::new();
    };
    let entries: usize = network.layers().map(Layer::entries).sum();
    let learned = network.layers().filter(|layer| layer.learns()).map(Layer::parameter_count).sum::<usize>();
    let [weights, scratch, training] = [entries, scratch, tape + learned].map(|entries| thousands(entries * F32));
    let text = format!("\n\nBytes with `f32`: {weights} of parameters; besides these, {scratch} to predict");
    if !is_trained {
        return format!("{text}.");
    }
    format!("{text}, {training} (gradients and tape) to train on one sample.")
}

fn row(operation: &Operation) -> [String; 5] {
    let layer = operation.layer().filter(|_| !operation.is_by_path());
    [
        operation.label.clone(),
        operation.declaration.clone(),
        operation.output.to_string(),
        layer.map_or_else(String::new, |layer| count(layer.parameter_count())),
        layer.map_or_else(String::new, |layer| count(layer.macs)),
    ]
}

/// A number, or nothing for 0.
fn count(number: usize) -> String {
    if number == 0 { String::new() } else { thousands(number) }
}

/// The documentation of a layer's field.
pub fn field(operation: &Operation, layer: &Layer) -> String {
    let Operation { declaration, input, output, .. } = operation;
    if operation.is_by_path() {
        return format!("`{declaration}`: `{input}` → `{output}`");
    }
    let (parameters, macs) = (thousands(layer.parameter_count()), thousands(layer.macs));
    let frozen = if layer.frozen { ", frozen" } else { "" };
    format!("`{declaration}`: `{input}` → `{output}`, {parameters} parameters{frozen}, {macs} MACs")
}

/// `[1, 28, 28]` as its sizes.
pub fn sizes(shape: Shape) -> Vec<usize> {
    match shape {
        Shape::Flat(n) => vec![n],
        Shape::Sequence(sizes) => sizes.to_vec(),
        Shape::Map(sizes) => sizes.to_vec(),
    }
}
