//! Lints: networks that fit together, but that nobody means. Each one can be allowed where it is meant:
//! `#[allow(nnet::two_activations)]` before the layer, before a block, or before the network.

use quote::ToTokens;
use syn::Ident;

use crate::errors::Errors;
use crate::flow::{Flow, Gives};
use crate::infer::{Draft, Layer, Operation, Role, Value};
use crate::layer::{Activation, Kind, Loss};
use crate::size::{self, Shape, Size};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lint {
    SoftmaxBeforeCrossEntropy,
    ActivationBeforeCrossEntropy,
    NllWithoutLogSoftmax,
    DropoutBeforeLoss,
    TwoActivations,
    BiasBeforeBatchNorm,
    ConstantResult,
}

/// Every lint, with its name behind `nnet::`.
pub const LINTS: &[(&str, Lint)] = &[
    ("softmax_before_cross_entropy", Lint::SoftmaxBeforeCrossEntropy),
    ("activation_before_cross_entropy", Lint::ActivationBeforeCrossEntropy),
    ("nll_without_log_softmax", Lint::NllWithoutLogSoftmax),
    ("dropout_before_loss", Lint::DropoutBeforeLoss),
    ("two_activations", Lint::TwoActivations),
    ("bias_before_batch_norm", Lint::BiasBeforeBatchNorm),
    ("constant_result", Lint::ConstantResult),
];

impl Lint {
    fn name(self) -> &'static str {
        LINTS.iter().find(|(_, lint)| *lint == self).map_or("", |(name, _)| name)
    }
}

/// Reports what is suspicious in a network without other mistakes: of each layer at most one thing.
pub fn lint(draft: &Draft, errors: &mut Errors) {
    let operations = &draft.operations;
    let mut findings: Vec<_> =
        draft.loss.iter().filter_map(|(loss, word)| before_loss(operations, loss, word)).collect();
    for at in 0..operations.len() {
        let found = constant(operations, at)
            .or_else(|| bias_before_batch_norm(operations, at))
            .or_else(|| two_activations(operations, at));
        findings.extend(found);
    }
    let mut reported = Vec::new();
    for finding in findings {
        let Some(operation) = operations.get(finding.at) else { continue };
        // A repeated layer is written once.
        let place = written(operation);
        if !operation.allowed.contains(&finding.lint) && !reported.contains(&place) {
            reported.push(place);
            finding.report(draft, operation, errors);
        }
    }
}

/// Something suspicious.
struct Finding {
    lint: Lint,
    /// The operation that it is about.
    at: usize,
    /// The argument at fault, if it is not the whole layer.
    argument: &'static str,
    /// Where to report it if not at the layer.
    word: Option<Ident>,
    verdict: &'static str,
    /// What is wrong, and the cure.
    message: String,
}

impl Finding {
    fn new(lint: Lint, at: usize, verdict: &'static str, message: String) -> Self {
        Self { lint, at, argument: "", word: None, verdict, message }
    }

    fn report(&self, draft: &Draft, operation: &Operation, errors: &mut Errors) {
        let mut flow = Flow::new(&draft.name);
        flow.push(0, "input", "", draft.input.map_or(Gives::Unknown, |input| Gives::Shape(input, None)));
        for before in draft.operations.iter().take(self.at) {
            flow.push(0, &before.label, &before.declaration, Gives::Shape(before.output, None));
        }
        let verdict = Gives::Text(self.verdict.to_owned());
        let (place, table) = if let Some(word) = &self.word {
            flow.push(0, &operation.label, &operation.declaration, Gives::Shape(operation.output, None));
            (word.to_token_stream(), flow.broken_at(0, "loss", &word.to_string(), verdict))
        } else {
            let table = flow.broken_at(0, &operation.label, &operation.declaration, verdict);
            (operation.places.argument(self.argument).clone(), table)
        };
        let owner = if self.word.is_some() { "loss" } else { name(operation) };
        let lint = self.lint.name();
        let allow = format!("if it is meant, write `#[allow(nnet::{lint})]` before `{}`", name(operation));
        errors.over(place, table.under(&format!("{owner}: {}\n{allow}", self.message)));
    }
}

/// What the last layer gives, and what the loss wants.
fn before_loss(operations: &[Operation], loss: &Loss, word: &Ident) -> Option<Finding> {
    let at = giver(operations, operations.len())?;
    let operation = operations.get(at)?;
    let kind = operation.layer().map(|layer| &layer.kind);
    if let Some(Kind::Dropout { .. } | Kind::Dropout2d { .. }) = kind {
        return Some(dropout(operations, at));
    }
    let Some(Kind::Activation(activation)) = kind else { return raw_scores(operation, at, loss, word) };
    let layer = type_name(operation);
    let found = |lint, verdict, message| Some(Finding::new(lint, at, verdict, message));
    match (loss, activation) {
        (Loss::CrossEntropy, Activation::Softmax | Activation::LogSoftmax) => {
            let cure =
                if *activation == Activation::Softmax { "`LogSoftmax` with `loss = nll`" } else { "`loss = nll`" };
            let gives = over_features(activation);
            let message = format!(
                "`cross_entropy` wants scores and applies LogSoftmax to them, but {layer} gives {gives}; remove `{layer}`, or use {cure}"
            );
            found(Lint::SoftmaxBeforeCrossEntropy, "loss wants scores", message)
        }
        (Loss::CrossEntropy, _) => {
            let range = range(activation)?;
            let message = format!(
                "`cross_entropy` wants scores of any size and sign, but {layer} gives {range}; remove `{layer}`"
            );
            found(Lint::ActivationBeforeCrossEntropy, "loss wants scores", message)
        }
        (Loss::NegativeLogLikelihood, Activation::LogSoftmax) => None,
        (Loss::NegativeLogLikelihood, Activation::Softmax) => {
            let message =
                "`nll` wants logarithms of probabilities, but Softmax gives probabilities; write `LogSoftmax`";
            found(Lint::NllWithoutLogSoftmax, "loss wants logarithms", message.to_owned())
        }
        _ => raw_scores(operation, at, loss, word),
    }
}

/// A loss of logarithms of probabilities, behind something else.
fn raw_scores(operation: &Operation, at: usize, loss: &Loss, word: &Ident) -> Option<Finding> {
    if *loss != Loss::NegativeLogLikelihood || operation.is_by_path() {
        return None;
    }
    let message = format!(
        "`nll` wants logarithms of probabilities, but `{}` gives scores; put `LogSoftmax` behind it, or use `loss = cross_entropy`",
        operation.label
    );
    let finding = Finding::new(Lint::NllWithoutLogSoftmax, at, "wants logarithms", message);
    Some(Finding { word: Some(word.clone()), ..finding })
}

fn dropout(operations: &[Operation], at: usize) -> Finding {
    let learns = |operation: &&Operation| operation.layer().is_some_and(|layer| layer.kind.has_parameters());
    let last = operations.iter().take(at).rfind(learns);
    let cure = last.map_or("remove it".to_owned(), |layer| format!("put it before `{}`, or remove it", layer.label));
    let message = format!("with {} last, the loss sees outputs that chance made 0; {cure}", type_name(&operations[at]));
    Finding::new(Lint::DropoutBeforeLoss, at, "nothing behind it", message)
}

/// A layer whose result does not depend on its input.
fn constant(operations: &[Operation], at: usize) -> Option<Finding> {
    let operation = operations.get(at)?;
    let entries = size::entries(operation.input);
    let one = entries == Some(Size::ONE);
    let (argument, message) = match &operation.layer()?.kind {
        Kind::Activation(Activation::Softmax) if one => {
            ("", "Softmax of one number is always 1; give each class an output, or write `Sigmoid`")
        }
        Kind::Activation(Activation::LogSoftmax) if one => {
            ("", "LogSoftmax of one number is always 0; give each class an output")
        }
        Kind::LayerNorm { .. } if one => ("", "LayerNorm of one number always gives its own bias; remove it"),
        Kind::GroupNorm { groups, .. } if entries == Some(*groups) => {
            ("groups", "GroupNorm of groups of one number always gives its own bias; write fewer groups")
        }
        Kind::Dropout { p: 1.0 } | Kind::Dropout2d { p: 1.0 } => {
            ("p", "with p = 1 every number becomes 0 in training; write a p below 1")
        }
        _ => return None,
    };
    let finding = Finding::new(Lint::ConstantResult, at, "is constant", message.to_owned());
    Some(Finding { argument, ..finding })
}

/// A bias that the batch norm behind it takes away again.
fn bias_before_batch_norm(operations: &[Operation], at: usize) -> Option<Finding> {
    let operation = operations.get(at)?;
    let has_bias = |layer: &Layer| layer.parameters.iter().any(|parameter| parameter.role == Role::Bias);
    let is_affine = operation.layer().is_some_and(|layer| layer.kind.is_affine() && has_bias(layer));
    let norm = only_reader(operations, at + 1)?;
    if !is_affine || !norm.meets() {
        return None;
    }
    let message = format!(
        "the bias has no effect, for `{}` right behind it subtracts the mean of each {}; write `bias = false`",
        norm.label,
        if matches!(norm.input, Shape::Flat(_)) { "feature" } else { "channel" },
    );
    let finding = Finding::new(Lint::BiasBeforeBatchNorm, at, "has a bias", message);
    Some(Finding { argument: "bias", ..finding })
}

/// An activation right behind another that nothing else reads.
fn two_activations(operations: &[Operation], at: usize) -> Option<Finding> {
    let second = operations.get(at)?;
    let before = giver(operations, *second.inputs.first()?)?;
    let first = operations.get(before)?;
    if !is_activation(first) || !is_activation(second) || !is_only_way(operations, before, at) {
        return None;
    }
    let (f, g) = (&first.layer()?.kind, &second.layer()?.kind);
    let (layer, label) = (type_name(second), &first.label);
    let message = match (f, g) {
        _ if keeps(f, g) => format!("{layer} right behind `{label}` changes nothing; remove one of them"),
        _ => {
            format!(
                "{layer} stands right behind another activation, `{label}`; remove one of them, or put a layer between"
            )
        }
    };
    Some(Finding::new(Lint::TwoActivations, at, "second activation", message))
}

fn is_activation(operation: &Operation) -> bool {
    operation.layer().is_some_and(|layer| matches!(layer.kind, Kind::Activation(_) | Kind::PRelu { .. }))
}

/// Whether `second` leaves all numbers that `first` gives as they are.
fn keeps(first: &Kind, second: &Kind) -> bool {
    use Activation::{HardSigmoid, LeakyRelu, LogSoftmax, Relu, Relu6, Sigmoid, Softmax, Softplus};
    let Kind::Activation(first) = first else { return false };
    let is_share = matches!(first, Sigmoid | HardSigmoid | Softmax);
    match second {
        Kind::Activation(Relu | LeakyRelu { .. }) | Kind::PRelu { .. } => {
            is_share || matches!(first, Relu | Relu6 | Softplus { .. })
        }
        Kind::Activation(Relu6) => is_share || *first == Relu6,
        Kind::Activation(LogSoftmax) => *first == LogSoftmax,
        _ => false,
    }
}

/// What an activation's numbers are, if they have bounds.
fn range(activation: &Activation) -> Option<&'static str> {
    use Activation::{
        Elu, Gelu, HardSigmoid, HardSwish, LeakyRelu, LogSoftmax, Mish, Relu, Relu6, Selu, Sigmoid, Silu, Softmax,
        Softplus, Softsign, Tanh,
    };
    Some(match activation {
        LeakyRelu { .. } => return None,
        Relu | Softplus { .. } => "none below 0",
        Relu6 => "only those from 0 to 6",
        Sigmoid | HardSigmoid => "only those from 0 to 1",
        Tanh | Softsign => "only those from -1 to 1",
        Elu { .. } | Selu | Gelu | Silu | Mish | HardSwish => "none far below 0",
        Softmax | LogSoftmax => over_features(activation),
    })
}

fn over_features(activation: &Activation) -> &'static str {
    if *activation == Activation::Softmax { "probabilities" } else { "logarithms of probabilities" }
}

/// The operation that gives a value; `Flatten` passes on what is before it.
fn giver(operations: &[Operation], value: Value) -> Option<usize> {
    let at = value.checked_sub(1)?;
    let operation = operations.get(at)?;
    let is_view = operation.layer().is_some_and(|layer| layer.kind == Kind::Flatten);
    if is_view { giver(operations, *operation.inputs.first()?) } else { Some(at) }
}

fn only_reader(operations: &[Operation], value: Value) -> Option<&Operation> {
    let mut readers = operations.iter().filter(|operation| operation.inputs.contains(&value));
    readers.next().filter(|_| readers.next().is_none())
}

/// Whether all that reads `first`, perhaps through a `Flatten`, is `second`.
fn is_only_way(operations: &[Operation], first: usize, second: usize) -> bool {
    let mut value = operations.get(second).and_then(|operation| operation.inputs.first().copied());
    while let Some(at) = value.filter(|value| only_reader(operations, *value).is_some()) {
        if at == first + 1 {
            return true;
        }
        value =
            operations.get(at - 1).and_then(|operation| operation.inputs.first().copied()).filter(|value| *value > 0);
    }
    false
}

/// The name that the user knows it by.
fn name(operation: &Operation) -> &str {
    written(operation).last().copied().unwrap_or_default()
}

/// Where it is written, the same for all rounds of a `repeat`.
fn written(operation: &Operation) -> Vec<&str> {
    operation.label.split('.').filter(|word| word.parse::<usize>().is_err()).collect()
}

/// `Softmax`
fn type_name(operation: &Operation) -> String {
    operation.layer().map_or_else(String::new, |layer| {
        layer.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default()
    })
}

#[cfg(test)]
mod tests;
