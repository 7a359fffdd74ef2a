//! The signatures of the layers: order and defaults of their arguments are PyTorch's, without the input's size.

use proc_macro2::TokenStream;
use syn::Ident;

use super::arguments::{Arguments, Parameter};
use crate::ast::Call;
use crate::errors::Errors;
use crate::layer::{Activation, Kind};
use crate::nearest::unknown;
use crate::parse;

const CONV2D: &[Parameter] =
    &[("out", None), ("kernel", None), ("stride", Some("1")), ("padding", Some("0")), ("bias", Some("true"))];
const POOL2D: &[Parameter] = &[("kernel", None), ("stride", Some("kernel")), ("padding", Some("0"))];
const LINEAR: &[Parameter] = &[("out", None), ("bias", Some("true"))];

/// Every layer, with its parameters.
const LAYERS: &[(&str, &[Parameter])] = &[
    ("Conv2d", CONV2D),
    ("MaxPool2d", POOL2D),
    ("AvgPool2d", POOL2D),
    ("GlobalAvgPool2d", &[]),
    ("Linear", LINEAR),
    ("Flatten", &[]),
    ("Relu", &[]),
    ("LeakyRelu", &[("slope", Some("0.01"))]),
    ("Sigmoid", &[]),
    ("Tanh", &[]),
    ("Gelu", &[]),
    ("Softmax", &[]),
    ("LogSoftmax", &[]),
];

type ArgumentPlaces = Vec<(&'static str, TokenStream)>;

/// The layer's kind if it is whole, and where its arguments are written.
pub fn check(name: &Ident, call: &Call, errors: &mut Errors) -> (Option<Kind>, ArgumentPlaces) {
    let kind_name = parse::text(&call.path);
    let Some((_, parameters)) = LAYERS.iter().find(|(known, _)| *known == kind_name) else {
        let names: Vec<_> = LAYERS.iter().map(|(known, _)| *known).collect();
        errors.over(&call.path, unknown("layer", &kind_name, &names));
        return (None, Vec::new());
    };
    let arguments = Arguments::bind(&name.to_string(), call, parameters, errors);
    let places = arguments.places();
    (kind(&kind_name, &arguments, errors), places)
}

fn kind(name: &str, arguments: &Arguments, errors: &mut Errors) -> Option<Kind> {
    let activation = match name {
        "Conv2d" => return conv2d(arguments, errors),
        "MaxPool2d" => return arguments.window(None, errors).map(|window| Kind::MaxPool2d { window }),
        "AvgPool2d" => return arguments.window(None, errors).map(|window| Kind::AvgPool2d { window }),
        "GlobalAvgPool2d" => return arguments.is_whole().then_some(Kind::GlobalAvgPool2d),
        "Linear" => return linear(arguments, errors),
        "Flatten" => return arguments.is_whole().then_some(Kind::Flatten),
        "Relu" => Activation::Relu,
        "LeakyRelu" => {
            let not_negative = |slope| Some(slope).filter(|slope| *slope >= 0.0);
            let slope = arguments.number("slope", Some(0.01), "of at least 0", not_negative, errors)?;
            Activation::LeakyRelu { slope }
        }
        "Sigmoid" => Activation::Sigmoid,
        "Tanh" => Activation::Tanh,
        "Gelu" => Activation::Gelu,
        "Softmax" => Activation::Softmax,
        "LogSoftmax" => Activation::LogSoftmax,
        _ => return None,
    };
    arguments.is_whole().then_some(Kind::Activation(activation))
}

fn conv2d(arguments: &Arguments, errors: &mut Errors) -> Option<Kind> {
    let out = arguments.size("out", errors);
    let window = arguments.window(Some([1, 1]), errors);
    let bias = arguments.flag("bias", true, errors);
    Some(Kind::Conv2d { out: out?, window: window?, bias: bias? })
}

fn linear(arguments: &Arguments, errors: &mut Errors) -> Option<Kind> {
    let out = arguments.size("out", errors);
    let bias = arguments.flag("bias", true, errors);
    Some(Kind::Linear { out: out?, bias: bias? })
}
