//! The layers' names: those that are written, and those made from kind and position.

use std::collections::HashMap;

use proc_macro2::Span;
use syn::Ident;

use crate::ast::Layer;
use crate::errors::Errors;
use crate::layer::default_name;

/// What a tape has besides the layers' values.
const RESERVED: &[&str] = &["output_gradient", "area_a", "area_b"];

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

/// A name for each layer. Those that collide are reported.
pub fn assign(layers: &[Layer], errors: &mut Errors) -> Vec<Ident> {
    let mut positions: HashMap<String, usize> = HashMap::new();
    let mut names = Vec::new();
    // Written names first, so that a collision is reported there.
    let defaults: HashMap<String, usize> = layers
        .iter()
        .enumerate()
        .filter(|(_, layer)| layer.name.is_none())
        .map(|(position, layer)| (name_of(layer, position).to_string(), position))
        .collect();
    for (position, layer) in layers.iter().enumerate() {
        let name = name_of(layer, position);
        if layer.name.is_some() {
            let text = name.to_string();
            if let Some(why) = refusal(&text, &positions, &defaults) {
                errors.at(name.span(), format_args!("{text}: {why}; choose another name"));
            }
            positions.entry(text).or_insert(position);
        }
        names.push(name);
    }
    names
}

fn name_of(layer: &Layer, position: usize) -> Ident {
    if let Some(name) = &layer.name {
        return name.clone();
    }
    match layer.call.as_ref().and_then(|call| call.path.segments.last()) {
        Some(segment) => {
            let kind = segment.ident.to_string();
            Ident::new(&default_name(kind.trim_start_matches("r#"), position), segment.ident.span())
        }
        None => Ident::new(&default_name("Unknown", position), Span::call_site()),
    }
}

fn refusal(name: &str, written: &HashMap<String, usize>, defaults: &HashMap<String, usize>) -> Option<String> {
    if name.starts_with("r#") || syn::parse_str::<Ident>(name).is_err() {
        Some("a keyword cannot be a layer's name".to_owned())
    } else if name.starts_with("__") {
        Some("names that begin with `__` are the macro's own".to_owned())
    } else if RESERVED.contains(&name) {
        Some("the tape has a field of this name".to_owned())
    } else if let Some(position) = written.get(name) {
        Some(format!("the layer at position {position} has this name already"))
    } else {
        defaults.get(name).map(|position| format!("the unnamed layer at position {position} is called so"))
    }
}
