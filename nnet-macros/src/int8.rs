//! `quantize = int8;`: which networks there are in bytes, and why others are not.

use crate::errors::Errors;
use crate::infer::{Network, Operation, Work};
use crate::layer::{Activation, Kind};
use crate::plan::{ForwardStep as Step, of_bytes};
use crate::size::is_padded;

/// What can stand in a network of bytes.
const KNOWN: &str = "Conv1d, Conv2d, Linear, Relu, Relu6 behind these, MaxPool, AvgPool without padding, GlobalAvgPool2d, \
                     Flatten and Dropout, one after the other";

/// Reports every layer that has no form in bytes. `network` is the folded one, if there are batch norms.
pub fn check(network: &Network, errors: &mut Errors) {
    let Some(word) = &network.quantize else { return };
    if let [first, ..] = &network.parameters.0[..] {
        let message = format!(
            "`quantize = int8` needs a network of known sizes, but it has the parameter `{first}`; quantize a network \
             without parameters"
        );
        errors.at(word.span(), message);
        return;
    }
    let steps = of_bytes(network).steps;
    // Rectifiers that the layer before them does not take over.
    let alone =
        |at: usize| steps.iter().any(|step| matches!(step, Step::InPlace { operation, .. } if *operation == at));
    for (at, operation) in network.operations.iter().enumerate() {
        if let Some(why) = refusal(operation, alone(at)) {
            errors.over(&operation.places.layer, format!("{}: {why}\nint8 has {KNOWN}", operation.label));
        }
    }
}

fn refusal(operation: &Operation, is_alone: bool) -> Option<String> {
    let layer = match &operation.work {
        Work::Layer(layer) => layer,
        Work::Add => return Some("`quantize = int8` has no sums of arms".to_owned()),
        Work::Concat(_) => return Some("`quantize = int8` has no arms behind one another".to_owned()),
    };
    let word = layer.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
    match &layer.kind {
        Kind::Conv2d(_)
        | Kind::Conv1d(_)
        | Kind::Linear { .. }
        | Kind::MaxPool2d { .. }
        | Kind::MaxPool1d { .. }
        | Kind::GlobalAvgPool2d
        | Kind::Flatten
        | Kind::Dropout { .. }
        | Kind::Dropout2d { .. }
        | Kind::Activation(Activation::Relu) => None,
        Kind::AvgPool2d { window, .. } | Kind::AvgPool1d { window, .. } => {
            is_padded(window).then(|| format!("`quantize = int8` has no {word} with padding"))
        }
        Kind::Activation(Activation::Relu6) => {
            is_alone.then(|| "`quantize = int8` has Relu6 behind a convolution or linear layer only".to_owned())
        }
        Kind::Activation(Activation::Softmax | Activation::LogSoftmax) => {
            Some(format!("`quantize = int8` has no {word}; leave it out: the greatest score is the same without it"))
        }
        Kind::BatchNorm { .. } => {
            Some("`quantize = int8` has no BatchNorm but right behind a convolution or linear layer".to_owned())
        }
        _ => Some(format!("`quantize = int8` has no {word}")),
    }
}
