//! The table in the network's documentation: layers, shapes, parameters, work, memory.

use crate::budget;
use crate::generate::memory;
use crate::infer::{Layer, Network, Operation};
use crate::plan::Plan;
use crate::size::{Size, sum};
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
    if let (false, Some(parameters), Some(macs)) = (network.has_paths(), parameters.known(), macs.known()) {
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
    let learning = network.layers().filter(|layer| layer.learns()).map(Layer::parameter_count);
    let (Some(entries), Some(learned)) = (network.entries().known(), sum(learning).and_then(Size::known)) else {
        return String::new();
    };
    let [weights, scratch, training, in_place] =
        [entries, scratch, tape + learned, tape].map(|entries| thousands(entries * F32));
    let text = format!("\n\nBytes with `f32`: {weights} of parameters; besides these, {scratch} to predict");
    if !is_trained {
        return format!("{text}.");
    }
    format!("{text}, {training} (gradients and tape) to train on one sample, or {in_place} (tape) in place.")
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

/// A number, or how it is calculated; nothing for 0, or what there is no word for.
fn count(size: Size) -> String {
    match size {
        Size::Known(0) => String::new(),
        Size::Known(number) => thousands(number),
        named @ Size::Named(_) => Some(named.to_string()).filter(|text| text != "?").unwrap_or_default(),
    }
}

/// The documentation of a layer's field.
pub fn field(operation: &Operation, layer: &Layer) -> String {
    let Operation { declaration, input, output, .. } = operation;
    if operation.is_by_path() {
        return format!("`{declaration}`: `{input}` → `{output}`");
    }
    let frozen = if layer.frozen { ", frozen" } else { "" };
    let figure = |size: Size, what: &str| match count(size) {
        text if text.is_empty() && size.is_known() => format!(", 0 {what}"),
        text if text.is_empty() => String::new(),
        text => format!(", {text} {what}"),
    };
    let (parameters, macs) =
        (figure(layer.parameter_count(), &format!("parameters{frozen}")), figure(layer.macs, "MACs"));
    format!("`{declaration}`: `{input}` → `{output}`{parameters}{macs}")
}
