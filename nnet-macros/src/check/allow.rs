//! `#[allow(nnet::..)]`: the lints that a layer, a block or the network may break. Other `allow`s go to the field.

use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Path, Token, parse_quote};

use super::{Layer, Node};
use crate::errors::Errors;
use crate::lint::{LINTS, Lint};
use crate::nearest::nearest;
use crate::parse;

const LEVELS: &[&str] = &["allow", "expect", "warn", "deny", "forbid"];

/// The lints that are allowed, and the other attributes.
pub fn take(attributes: Vec<Attribute>, errors: &mut Errors) -> (Vec<Lint>, Vec<Attribute>) {
    let mut allowed = Vec::new();
    let others = attributes.into_iter().filter_map(|attribute| others(attribute, &mut allowed, errors)).collect();
    (allowed, others)
}

/// What is left of an attribute without the lints of this macro.
fn others(attribute: Attribute, allowed: &mut Vec<Lint>, errors: &mut Errors) -> Option<Attribute> {
    let level = attribute.path().get_ident().map(ToString::to_string).unwrap_or_default();
    let parse = Punctuated::<Meta, Token![,]>::parse_terminated;
    let is_level = LEVELS.contains(&level.as_str());
    let Some(list) = is_level.then(|| attribute.parse_args_with(parse).ok()).flatten() else { return Some(attribute) };
    let (own, mut rest): (Vec<_>, Vec<_>) = list.into_iter().partition(|meta| is_own(meta.path()));
    if own.is_empty() {
        return Some(attribute);
    }
    if level != "allow" {
        let message =
            format!("lints of a network are errors; `#[{level}]` has no meaning, only `#[allow(nnet::..)]` has");
        errors.over(&attribute, message);
        return None;
    }
    for meta in &own {
        let name = parse::text(meta.path());
        match LINTS.iter().find(|(known, _)| name.strip_prefix("nnet::") == Some(known)) {
            Some((_, lint)) => allowed.push(*lint),
            None => errors.over(meta, unknown_lint(&name)),
        }
    }
    // A reason belongs to what it is given for.
    let is_reason = |meta: &Meta| meta.path().is_ident("reason");
    if rest.iter().all(is_reason) {
        rest.clear();
    }
    (!rest.is_empty()).then(|| parse_quote!(#[allow(#(#rest),*)]))
}

fn is_own(path: &Path) -> bool {
    path.segments.len() > 1 && path.segments.first().is_some_and(|first| first.ident == "nnet")
}

fn unknown_lint(name: &str) -> String {
    let known: Vec<_> = LINTS.iter().map(|(name, _)| format!("nnet::{name}")).collect();
    let known: Vec<_> = known.iter().map(String::as_str).collect();
    match nearest(name, &known) {
        Some(near) => format!("unknown lint `{name}` (did you mean `{near}`?)"),
        None => format!("unknown lint `{name}`, expected one of {}", known.join(", ")),
    }
}

/// Allows lints in a layer, and in all layers inside.
pub fn grant(layer: &mut Layer, allowed: &[Lint]) {
    if allowed.is_empty() {
        return;
    }
    layer.allowed.extend(allowed);
    let (inner, shortcut) = match &mut layer.node {
        Node::Unknown(_) | Node::Kind(_) => return,
        Node::Sequence(inner) | Node::Join { arms: inner, .. } | Node::Repeat { body: inner, .. } => (inner, None),
        Node::Residual { body, shortcut } => (body, shortcut.as_deref_mut()),
    };
    for layer in inner.iter_mut().chain(shortcut) {
        grant(layer, allowed);
    }
}
