//! The losses, and whether one fits the output.

use proc_macro2::Span;
use syn::Ident;

use super::arguments::{Arguments, Parameter};
use crate::ast::Call;
use crate::errors::Errors;
use crate::layer::Loss;
use crate::nearest::{nearest, unknown};
use crate::parse;
use crate::size::{Shape, Size};

const NAMES: &[&str] = &["cross_entropy", "nll", "mse", "mae", "huber"];
/// Names by which other libraries call a loss.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("CrossEntropyLoss", "cross_entropy"),
    ("CategoricalCrossentropy", "cross_entropy"),
    ("categorical_crossentropy", "cross_entropy"),
    ("sparse_categorical_crossentropy", "cross_entropy"),
    ("softmax_cross_entropy", "cross_entropy"),
    ("NLLLoss", "nll"),
    ("nll_loss", "nll"),
    ("MSELoss", "mse"),
    ("mse_loss", "mse"),
    ("mean_squared_error", "mse"),
    ("l2", "mse"),
    ("L1Loss", "mae"),
    ("l1", "mae"),
    ("l1_loss", "mae"),
    ("mean_absolute_error", "mae"),
    ("HuberLoss", "huber"),
    ("SmoothL1Loss", "huber"),
    ("smooth_l1", "huber"),
];

const HUBER: &[Parameter] = &[("delta", Some("1.0"))];

/// The loss, and the word for it with its span. After an error the likeliest one, for the stub.
pub fn check(call: &Call, output: Option<Shape>, errors: &mut Errors) -> (Loss, Ident) {
    let name = parse::text(&call.path);
    let word =
        call.path.segments.first().map_or_else(|| Ident::new("loss", Span::call_site()), |first| first.ident.clone());
    let likeliest =
        if output.is_none_or(|output| misfit(output).is_none()) { Loss::CrossEntropy } else { Loss::MeanSquaredError };
    if !NAMES.contains(&name.as_str()) {
        let other = OTHER_NAMES.iter().find(|(other, _)| *other == name).map(|(_, known)| *known);
        match other.or_else(|| nearest(&name, NAMES)) {
            Some(known) => errors.over(&call.path, format_args!("unknown loss `{name}` (did you mean `{known}`?)")),
            None => errors.over(&call.path, unknown("loss", &name, NAMES)),
        }
        return (likeliest, word);
    }
    let loss = named(&name, call, errors).unwrap_or(likeliest);
    if loss.classifies()
        && let Some(why) = output.and_then(misfit)
    {
        let needs = "needs one score for each class, [n] with n of at least 2";
        errors.over(&call.path, format_args!("loss: {name} {needs}, but the output is {why}"));
    }
    (loss, word)
}

fn named(name: &str, call: &Call, errors: &mut Errors) -> Option<Loss> {
    let parameters = if name == "huber" { HUBER } else { &[] };
    let arguments = Arguments::bind("loss", call, parameters, errors);
    match name {
        "cross_entropy" => Some(Loss::CrossEntropy),
        "nll" => Some(Loss::NegativeLogLikelihood),
        "mse" => Some(Loss::MeanSquaredError),
        "mae" => Some(Loss::MeanAbsoluteError),
        _ => {
            let positive = |delta| Some(delta).filter(|delta| *delta > 0.0);
            let delta = arguments.number("delta", Some(1.0), "above 0", positive, errors)?;
            Some(Loss::Huber { delta })
        }
    }
}

/// The output and the cure, if it is not one score for each of several classes.
fn misfit(output: Shape) -> Option<String> {
    match output {
        Shape::Sequence(_) | Shape::Map(_) => Some(format!("{output}; end with `Flatten` or a `Linear`, or use `mse`")),
        Shape::Flat(Size::Known(0 | 1)) => Some(format!("{output}; use `mse`, or give each class an output")),
        Shape::Flat(_) => None,
    }
}
