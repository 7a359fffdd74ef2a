//! The layers' names: those that are written, and those made from kind and position.
//!
//! A name belongs to a structure: the network's, that of a block with a name, or that of a `repeat`. The layers of a
//! block without a name belong to the structure around it.

use std::collections::HashMap;

use proc_macro2::Span;
use syn::Ident;

use crate::ast::{Block, BlockKind, Layer, Node, Parameters};
use crate::errors::Errors;
use crate::layer::default_name;

/// Whether the generated code has a type parameter of this name.
pub fn is_type_parameter(name: &Ident) -> bool {
    name == "S" || name == "E"
}

pub fn check_network(name: &Ident, errors: &mut Errors) {
    let text = name.to_string();
    if is_type_parameter(name) {
        errors.at(name.span(), format_args!("the name `{text}` is that of a type parameter; choose another"));
    } else if text.starts_with("r#") || text.starts_with("__") {
        errors
            .at(name.span(), format_args!("the name `{text}` cannot be a network's; choose one without `r#` or `__`"));
    }
}

/// The parameters without those whose names others have.
pub fn check_parameters(network: &Ident, parameters: Parameters, errors: &mut Errors) -> Parameters {
    let mut kept: Vec<Ident> = Vec::new();
    for parameter in parameters.0 {
        let whose = if kept.contains(&parameter) {
            "another parameter"
        } else if parameter == *network {
            "the network"
        } else {
            if is_type_parameter(&parameter) {
                let message = format!("the name `{parameter}` is that of a type parameter; choose another");
                errors.at(parameter.span(), message);
            }
            kept.push(parameter);
            continue;
        };
        errors.at(parameter.span(), format_args!("the name `{parameter}` is that of {whose}; choose another"));
    }
    Parameters(kept)
}

/// A name for each layer of a structure, in the order in which they are written. Those that collide are reported.
pub fn assign(layers: &[Layer], errors: &mut Errors) -> Vec<Ident> {
    let mut members = Vec::new();
    collect(layers, None, &mut members);
    let mut written: HashMap<String, (usize, Option<&Block>)> = HashMap::new();
    // Written names first, so that a collision is reported there. Blocks without a name are no fields.
    let defaults: HashMap<String, usize> = members
        .iter()
        .enumerate()
        .filter(|(_, (layer, _))| layer.name.is_none() && !is_open(layer))
        .map(|(position, (layer, _))| (name_of(layer, position).to_string(), position))
        .collect();
    let mut names = Vec::new();
    for (position, (layer, block)) in members.into_iter().enumerate() {
        let name = name_of(layer, position);
        if layer.name.is_some() {
            let text = name.to_string();
            let around = block.or_else(|| written.get(&text).and_then(|(_, block)| *block));
            if let Some(why) = refusal(&text, &written, &defaults) {
                errors.at(name.span(), format_args!("{text}: {why}; {}choose another name", advice(around)));
            }
            written.entry(text).or_insert((position, block));
        }
        names.push(name);
    }
    names
}

/// The layers of a structure, each with the block without a name around it; those of a block are behind the block.
fn collect<'a>(layers: &'a [Layer], around: Option<&'a Block>, members: &mut Vec<(&'a Layer, Option<&'a Block>)>) {
    for layer in layers {
        members.push((layer, around));
        if let Some(Node::Block(block)) = layer.node.as_ref().filter(|_| is_open(layer)) {
            match &block.kind {
                BlockKind::Sequence(inner) | BlockKind::Concat(inner) | BlockKind::Add(inner) => {
                    collect(inner, Some(block), members);
                }
                BlockKind::Residual { body, shortcut } => {
                    collect(body, Some(block), members);
                    collect(shortcut.as_deref().map(std::slice::from_ref).unwrap_or_default(), Some(block), members);
                }
                BlockKind::Repeat { .. } => {}
            }
        }
    }
}

/// Whether it is a block whose layers belong to the structure around it.
fn is_open(layer: &Layer) -> bool {
    let is_repeat = |block: &Block| matches!(block.kind, BlockKind::Repeat { .. });
    layer.name.is_none() && matches!(&layer.node, Some(Node::Block(block)) if !is_repeat(block))
}

fn name_of(layer: &Layer, position: usize) -> Ident {
    if let Some(name) = &layer.name {
        return name.clone();
    }
    let word = match &layer.node {
        Some(Node::Call(call)) => call.path.segments.last().map(|segment| segment.ident.clone()),
        Some(Node::Block(block)) => block.word.clone().or_else(|| Some(Ident::new("block", Span::call_site()))),
        None => None,
    };
    let word = word.unwrap_or_else(|| Ident::new("Unknown", Span::call_site()));
    Ident::new(&default_name(word.to_string().trim_start_matches("r#"), position), word.span())
}

/// What layers of a block without a name could have done instead.
fn advice(around: Option<&Block>) -> String {
    let Some(block) = around else { return String::new() };
    let word = block.word.as_ref().map_or_else(String::new, |word| format!("{word} "));
    format!("give the block around it a name, as in `block1: {word}{{ .. }}`, or ")
}

fn refusal(
    name: &str,
    written: &HashMap<String, (usize, Option<&Block>)>,
    defaults: &HashMap<String, usize>,
) -> Option<String> {
    if name.starts_with("r#") || syn::parse_str::<Ident>(name).is_err() {
        Some("a keyword cannot be a layer's name".to_owned())
    } else if name.starts_with("__") {
        Some("names that begin with `__` are the macro's own".to_owned())
    } else if let Some((position, _)) = written.get(name) {
        Some(format!("the layer at position {position} has this name already"))
    } else {
        defaults.get(name).map(|position| format!("the unnamed layer at position {position} is called so"))
    }
}
