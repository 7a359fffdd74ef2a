//! Arguments against signatures: each layer becomes a typed [`Kind`], or stays unknown with its error reported.

mod arguments;
mod attributes;
mod layers;
mod loss;
mod names;

pub use names::is_type_parameter;
use nnet_core::shape::{Shape, ShapeError};
use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::{Attribute, Ident, Visibility};

use crate::ast::{self, Declaration, Dimensions};
use crate::errors::Errors;
use crate::layer::{Kind, Loss, Scheme};

/// A declaration whose words are understood.
pub struct Checked {
    pub attributes: Vec<Attribute>,
    pub visibility: Visibility,
    pub name: Ident,
    pub input: Option<Shape>,
    pub output: Option<Stated>,
    pub layers: Vec<Layer>,
    pub loss: Option<(Loss, Ident)>,
}

/// A shape that the user states.
pub struct Stated {
    pub shape: Shape,
    pub tokens: TokenStream,
}

pub struct Layer {
    pub name: Ident,
    /// For its field.
    pub attributes: Vec<Attribute>,
    /// The layer's type as the user wrote it, with its span.
    pub type_name: Ident,
    /// `Conv2d(6, kernel = 5)`
    pub declaration: String,
    /// `None` where the layer is broken.
    pub kind: Option<Kind>,
    pub init: Option<RequestedInit>,
    pub contract: Option<Stated>,
    pub places: Places,
}

/// `#[init(scheme(gain = ..))]`
#[derive(Clone, Copy)]
pub struct RequestedInit {
    pub scheme: Scheme,
    pub gain: Option<f64>,
}

/// Where to report errors in a layer.
#[derive(Default)]
pub struct Places {
    pub layer: TokenStream,
    pub arguments: Vec<(&'static str, TokenStream)>,
}

impl Places {
    /// The value of an argument, or the layer if it is not written.
    pub fn argument(&self, name: &str) -> &TokenStream {
        self.arguments.iter().find(|(argument, _)| *argument == name).map_or(&self.layer, |(_, place)| place)
    }
}

pub fn check(declaration: Declaration, errors: &mut Errors) -> Checked {
    let Declaration { attributes, visibility, name, input, output, layers, body, loss } = declaration;
    names::check_network(&name, errors);
    attributes::check_network(&attributes, errors);
    let input = input.and_then(|input| dimensions("input", input, errors)).map(|input| input.shape);
    let output = output.and_then(|output| dimensions("output", output, errors));
    if layers.is_empty() {
        errors.at(body, format_args!("{name} has no layers; add one, such as `Linear(10)`"));
    }
    let names = names::assign(&layers, errors);
    let layers = layers.into_iter().zip(names).map(|(written, name)| layer(written, name, errors)).collect();
    let loss = loss.map(|call| loss::check(&call, output.as_ref().map(|output| output.shape), errors));
    Checked { attributes, visibility, name, input, output, layers, loss }
}

fn layer(written: ast::Layer, name: Ident, errors: &mut Errors) -> Layer {
    let ast::Layer { attributes, call, contract, .. } = written;
    let contract = contract.and_then(|contract| dimensions(&name.to_string(), contract, errors));
    let Some(call) = call else {
        let type_name = Ident::new("Unknown", Span::call_site());
        let (declaration, places) = (String::new(), Places::default());
        return Layer {
            name,
            attributes: Vec::new(),
            type_name,
            declaration,
            kind: None,
            init: None,
            contract,
            places,
        };
    };
    let (kind, arguments) = layers::check(&name, &call, errors);
    let (attributes, init) = attributes::check_layer(&name, attributes, kind.as_ref(), errors);
    let type_name = call.path.segments.last().map_or_else(|| name.clone(), |segment| segment.ident.clone());
    let declaration = arguments::written(&call);
    let places = Places { layer: call.tokens, arguments };
    Layer { name, attributes, type_name, declaration, kind, init, contract, places }
}

/// `[n]` or `[channels, height, width]`
fn dimensions(owner: &str, written: Dimensions, errors: &mut Errors) -> Option<Stated> {
    let Dimensions { sizes, tokens } = written;
    let mut values = Vec::new();
    for size in &sizes {
        match arguments::integer(size) {
            Ok(value) => values.push(value),
            Err(why) => errors.over(size, format_args!("{owner}: a dimension {why}")),
        }
    }
    if values.len() < sizes.len() {
        return None;
    }
    let shape = match values[..] {
        [n] => Shape::Flat(n),
        [channels, height, width] => Shape::Map([channels, height, width]),
        _ => {
            let found = values.len();
            let message = format!(
                "{owner}: a shape is `[n]` or `[channels, height, width]`, found {found} dimension{}",
                if found == 1 { "" } else { "s" }
            );
            errors.over(&tokens, message);
            return None;
        }
    };
    if let Err(error) = shape.entries() {
        errors.over(zero_or_all(&values, &sizes, &tokens, error), format_args!("{owner}: {error}"));
        return None;
    }
    Some(Stated { shape, tokens })
}

/// The size that is 0, or the whole shape.
fn zero_or_all(values: &[usize], sizes: &[syn::Expr], tokens: &TokenStream, error: ShapeError) -> TokenStream {
    let zero = values.iter().zip(sizes).find(|(value, _)| **value == 0);
    match (error, zero) {
        (ShapeError::Zero { .. }, Some((_, size))) => size.to_token_stream(),
        _ => tokens.clone(),
    }
}

#[cfg(test)]
mod tests;
