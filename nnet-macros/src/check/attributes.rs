//! Attributes: `#[init(..)]` is the macro's, documentation and the rest go to the layer's field.

use syn::parse::ParseStream;
use syn::{Attribute, Ident};

use super::RequestedInit;
use super::arguments::{Arguments, Parameter};
use crate::ast::Call;
use crate::errors::Errors;
use crate::layer::{Kind, Scheme};
use crate::nearest::unknown;
use crate::parse;

const SCHEMES: &[&str] = &["xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal"];
const SCHEME: &[Parameter] = &[("gain", Some("that of the next activation"))];

/// Words that the language may need, and attributes that could remove a layer unseen.
const REFUSED: &[&str] = &["frozen", "cfg", "cfg_attr"];

pub fn check_network(attributes: &[Attribute], errors: &mut Errors) {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("repr")) {
        errors.over(attribute, "a network is `repr(C)` already; remove this attribute");
    }
}

/// The attributes for the layer's field, and how it begins.
pub fn check_layer(
    name: &Ident,
    attributes: Vec<Attribute>,
    kind: Option<&Kind>,
    errors: &mut Errors,
) -> (Vec<Attribute>, Option<RequestedInit>) {
    let mut init = None;
    let mut kept = Vec::new();
    let is_field = kind.is_none_or(Kind::has_parameters);
    for attribute in attributes {
        let word = attribute.path().get_ident().map(ToString::to_string).unwrap_or_default();
        if word == "doc" {
            kept.push(attribute);
        } else if REFUSED.contains(&word.as_str()) {
            errors.over(&attribute, format_args!("{name}: {}", unknown("attribute", &word, &["init"])));
        } else if !is_field {
            let message = format_args!("{name}: it has no parameters, so `#[{word}]` has no meaning; remove it");
            errors.over(&attribute, message);
        } else if word != "init" {
            kept.push(attribute);
        } else if init.is_some() {
            errors.over(&attribute, format_args!("{name}: `#[init]` is given twice; remove one"));
        } else {
            init = Some(requested(name, &attribute, errors));
        }
    }
    (kept, init.flatten())
}

fn requested(name: &Ident, attribute: &Attribute, errors: &mut Errors) -> Option<RequestedInit> {
    match attribute.parse_args_with(|input: ParseStream| parse::call(input, errors)) {
        Ok(call) => call.and_then(|call| scheme(name, &call, errors)),
        Err(error) => {
            errors.push(error);
            None
        }
    }
}

fn scheme(name: &Ident, call: &Call, errors: &mut Errors) -> Option<RequestedInit> {
    let word = parse::text(&call.path);
    let scheme = match word.as_str() {
        "xavier_uniform" => Scheme::XavierUniform,
        "xavier_normal" => Scheme::XavierNormal,
        "kaiming_uniform" => Scheme::KaimingUniform,
        "kaiming_normal" => Scheme::KaimingNormal,
        other => {
            errors.over(&call.path, format_args!("{name}: {}", unknown("initialisation", other, SCHEMES)));
            return None;
        }
    };
    let arguments = Arguments::bind(&name.to_string(), call, SCHEME, errors);
    let positive = |gain| if gain > 0.0 { Some(Some(gain)) } else { None };
    let gain = arguments.number("gain", Some(None), "above 0", positive, errors)?;
    Some(RequestedInit { scheme, gain })
}
