//! The table in the network's documentation: layers, shapes, parameters, work, memory.

use nnet_core::shape::Shape;

use crate::infer::{Layer, Network};
use crate::plan::Plan;
use crate::table::{Align, align, thousands};

/// Bytes of the number type that a network has unless told otherwise.
const F32: usize = size_of::<f32>();

/// The documentation of the network's type, after the user's own.
pub fn network(network: &Network, plan: &Plan) -> String {
    let mut rows = vec![["layer", "", "output", "parameters", "MACs"].map(str::to_owned)];
    rows.push(["input".to_owned(), String::new(), network.input.to_string(), String::new(), String::new()]);
    rows.extend(network.layers.iter().map(row));
    let (parameters, macs) = (network.parameter_count(), network.macs());
    rows.push(["total".to_owned(), String::new(), String::new(), thousands(parameters), thousands(macs)]);
    let columns = [Align::Left, Align::Left, Align::Left, Align::Right, Align::Right];
    let table = align(columns, &rows).join("\n");
    let weights = thousands(parameters * F32);
    let scratch = thousands((plan.scratch.a + plan.scratch.b) * F32);
    let training = thousands((plan.tape.entries + parameters) * F32);
    format!(
        "```text\n{table}\n```\n\nBytes with `f32`: {weights} of parameters; besides these, \
         {scratch} to predict, {training} (gradients and tape) to train on one sample."
    )
}

fn row(layer: &Layer) -> [String; 5] {
    [
        layer.name.to_string(),
        layer.declaration.clone(),
        layer.output.to_string(),
        count(layer.parameter_count()),
        count(layer.macs),
    ]
}

/// A number, or nothing for 0.
fn count(number: usize) -> String {
    if number == 0 { String::new() } else { thousands(number) }
}

/// The documentation of a layer's field.
pub fn field(layer: &Layer) -> String {
    let Layer { declaration, input, output, macs, .. } = layer;
    let parameters = thousands(layer.parameter_count());
    format!("`{declaration}`: `{input}` → `{output}`, {parameters} parameters, {} MACs", thousands(*macs))
}

/// `[1, 28, 28]` as its sizes.
pub fn sizes(shape: Shape) -> Vec<usize> {
    match shape {
        Shape::Flat(n) => vec![n],
        Shape::Map(sizes) => sizes.to_vec(),
    }
}
