//! The budget: figures of the network compared with their limits, and who decides each.
//!
//! A figure is a sum of shares. Where the macro knows all of them it compares here; with layers by path rustc does, by
//! the same function (`generate/budget.rs`).

mod peak;
mod training;

use nnet_core::network::Measure;
use nnet_core::network::budget::{self, Claim, complaint};
use proc_macro2::TokenStream;

use crate::check::Limit;
use crate::errors::Errors;
use crate::generate::words::layer_type;
use crate::infer::{Layer, Network, Operation};
use crate::layer::Kind;
use crate::plan::Plan;
use crate::size::Size;
use crate::table::thousands;

/// Bytes of the number type that limits of memory are for.
const F32: usize = size_of::<f32>();

/// A part of a figure.
pub struct Share {
    /// The layer that it is due to.
    pub name: String,
    /// The layer's declaration, or what of it this is.
    pub what: String,
    /// How much it is, without what rustc alone can express.
    pub size: Size,
    /// Expressions for the rest.
    pub unknown: Vec<TokenStream>,
    /// What makes it smaller, if something does.
    pub cure: &'static str,
}

/// Reports each limit that is exceeded, if the macro knows all sizes.
pub fn check(network: &Network, plan: &Plan, errors: &mut Errors) {
    for limit in &network.budget {
        let parts = shares(network, plan, limit.measure);
        let Some(figure) = sum(&parts) else { continue };
        let decided = if limit.measure == Measure::Ram { peak::decided(network, plan, figure) } else { String::new() };
        if let Some(message) = exceeded(network, limit, figure, &decided, &parts) {
            errors.over(&limit.tokens, message);
        }
    }
}

fn exceeded(network: &Network, limit: &Limit, figure: usize, decided: &str, parts: &[Share]) -> Option<String> {
    let mut shares = Vec::new();
    for Share { name, what, size, cure, .. } in parts {
        shares.push(budget::Share { name, what, figure: size.known()?, cure });
    }
    let name = network.name.to_string();
    let Limit { measure, value, written, .. } = limit;
    let claim = Claim { network: &name, measure: *measure, figure, limit: *value, written, decided, shares: &shares };
    complaint(&claim).map(|text| text.as_str().to_owned())
}

/// The limits, and what is known of what they limit, for the documentation; nothing without a budget.
pub fn described(network: &Network, plan: &Plan) -> String {
    let each = network.budget.iter().map(|limit| {
        let (key, value, unit) = (limit.measure.key(), thousands(limit.value), limit.measure.unit());
        match sum(&shares(network, plan, limit.measure)) {
            Some(figure) => format!("`{key}` {} of {value}{unit}", thousands(figure)),
            None => format!("`{key}` at most {value}{unit}"),
        }
    });
    let each: Vec<_> = each.collect();
    if each.is_empty() { String::new() } else { format!("\n\nBudget: {}.", each.join(", ")) }
}

/// The sum of some shares, if the macro knows it.
pub fn sum(shares: &[Share]) -> Option<usize> {
    shares.iter().map(|share| share.size.known().filter(|_| share.unknown.is_empty())).sum()
}

/// What a figure is the sum of.
pub fn shares(network: &Network, plan: &Plan, measure: Measure) -> Vec<Share> {
    match measure {
        Measure::Ram => peak::shares(network, plan),
        Measure::TrainingRam => training::shares(network, plan, true),
        Measure::InPlaceTrainingRam => training::shares(network, plan, false),
        _ => network.operations.iter().filter_map(|operation| layer_share(operation, measure)).collect(),
    }
}

/// What a layer adds to the weights or the work.
fn layer_share(operation: &Operation, measure: Measure) -> Option<Share> {
    let layer = operation.layer()?;
    let (name, what) = (operation.label.clone(), operation.declaration.clone());
    if operation.is_by_path() {
        let kind = layer_type(layer, &code!(::core::primitive::f32));
        let unknown = match measure {
            Measure::Flash => code!(::core::mem::size_of::<#kind>()),
            Measure::Macs => code!(<#kind as ::nnet::__private::Layer>::MACS),
            _ => code!(::nnet::__private::learned(<#kind as ::nnet::__private::Layer>::PARAMETERS)),
        };
        return Some(Share { name, what, size: Size::Known(0), unknown: vec![unknown], cure: "" });
    }
    let size = match measure {
        Measure::Flash => bytes(layer.entries()),
        Measure::Macs => layer.macs,
        _ => layer.parameter_count(),
    };
    Some(Share { name, what, size, unknown: Vec::new(), cure: cure(layer, measure) })
}

/// The bytes of so many numbers.
fn bytes(numbers: Size) -> Size {
    // Inference has limited their sum.
    numbers.times(Size::Known(F32)).unwrap_or(numbers)
}

/// What makes a layer's share smaller.
fn cure(layer: &Layer, measure: Measure) -> &'static str {
    let is_learned = matches!(measure, Measure::Flash | Measure::Parameters);
    match &layer.kind {
        Kind::Linear { .. } => "fewer features, of it or before it",
        Kind::Conv2d(_) | Kind::Conv1d(_) | Kind::ConvTranspose2d { .. } if is_learned => {
            "fewer channels, a smaller kernel or `groups`"
        }
        Kind::Conv2d(_) | Kind::Conv1d(_) => "fewer channels, a larger stride or `groups`",
        Kind::ConvTranspose2d { .. } => "fewer channels, a smaller kernel or `groups`",
        _ => "",
    }
}

/// What makes the output of a layer smaller.
fn smaller_output(operation: &Operation) -> &'static str {
    match operation.layer().map(|layer| &layer.kind) {
        Some(Kind::Conv2d(_) | Kind::Conv1d(_)) => "fewer channels or a larger stride",
        Some(Kind::ConvTranspose2d { .. }) => "fewer channels",
        Some(Kind::Linear { .. }) => "fewer features",
        _ => "",
    }
}

#[cfg(test)]
mod tests;
