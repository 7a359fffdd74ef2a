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

/// Attributes that could remove a layer unseen.
const REFUSED: &[&str] = &["cfg", "cfg_attr"];

pub fn check_network(attributes: &[Attribute], errors: &mut Errors) {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("repr")) {
        errors.over(attribute, "a network is `repr(C)` already; remove this attribute");
    }
}

/// What the attributes of a layer say.
#[derive(Default)]
pub struct Found {
    /// For its field.
    pub kept: Vec<Attribute>,
    pub init: Option<RequestedInit>,
    pub frozen: bool,
}

pub fn check_layer(name: &Ident, attributes: Vec<Attribute>, kind: Option<&Kind>, errors: &mut Errors) -> Found {
    let is_field = kind.is_none_or(Kind::has_parameters);
    let may_begin = kind.is_none_or(Kind::is_affine);
    check(name, attributes, is_field, may_begin, errors)
}

/// The attributes of a block; one that is a field may have any but `#[init]`.
pub fn check_block(name: &Ident, attributes: Vec<Attribute>, is_field: bool, errors: &mut Errors) -> Found {
    let (frozen, others): (Vec<_>, Vec<_>) = attributes.into_iter().partition(is_frozen);
    let mut found = check(name, others, is_field, false, errors);
    for attribute in frozen {
        freeze(name, &attribute, &mut found, errors);
    }
    found
}

fn is_frozen(attribute: &Attribute) -> bool {
    attribute.path().is_ident("frozen")
}

fn freeze(name: &Ident, attribute: &Attribute, found: &mut Found, errors: &mut Errors) {
    if found.frozen {
        errors.over(attribute, format_args!("{name}: `#[frozen]` is given twice; remove one"));
    } else if attribute.meta.require_path_only().is_err() {
        errors.over(attribute, format_args!("{name}: `#[frozen]` has no arguments; write it without parentheses"));
    }
    found.frozen = true;
}

fn check(name: &Ident, attributes: Vec<Attribute>, is_field: bool, may_begin: bool, errors: &mut Errors) -> Found {
    let mut found = Found::default();
    for attribute in attributes {
        let word = attribute.path().get_ident().map(ToString::to_string).unwrap_or_default();
        if word == "doc" {
            found.kept.push(attribute);
        } else if REFUSED.contains(&word.as_str()) {
            let message = "would change the network unseen; declare two networks and put it before their `network!`";
            errors.over(&attribute, format_args!("{name}: `#[{word}]` on a layer {message}"));
        } else if !is_field {
            let message = format_args!("{name}: it has no parameters, so `#[{word}]` has no meaning; remove it");
            errors.over(&attribute, message);
        } else if word == "frozen" {
            freeze(name, &attribute, &mut found, errors);
        } else if word != "init" {
            found.kept.push(attribute);
        } else if !may_begin {
            let message = "has no random weights, so `#[init]` has no meaning; remove it";
            errors.over(&attribute, format_args!("{name}: it {message}"));
        } else if found.init.is_some() {
            errors.over(&attribute, format_args!("{name}: `#[init]` is given twice; remove one"));
        } else {
            found.init = requested(name, &attribute, errors);
        }
    }
    found
}

fn requested(name: &Ident, attribute: &Attribute, errors: &mut Errors) -> Option<RequestedInit> {
    match attribute.parse_args_with(|input: ParseStream| parse::call(input, errors)) {
        Ok(call) => scheme(name, &call, errors),
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
