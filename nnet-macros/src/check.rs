//! Arguments against signatures: each layer becomes a typed [`Kind`], or stays unknown with its error reported.

mod allow;
mod arguments;
mod attributes;
mod budget;
mod itself;
mod layers;
mod loss;
mod names;

pub use budget::Limit;
pub use layers::nearest_layer;
pub use names::is_type_parameter;
use nnet_core::shape::ShapeError;
use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use std::vec::IntoIter;

use syn::{Attribute, Ident, Path, Visibility};

use crate::ast::{self, BlockKind, Declaration, Dimensions, Parameters};
use crate::errors::Errors;
use crate::layer::{Kind, Loss, Scheme};
use crate::lint::Lint;
use crate::size::{self, Shape, Size};
use crate::weights::Weights;

/// A declaration whose words are understood.
pub struct Checked {
    pub attributes: Vec<Attribute>,
    pub visibility: Visibility,
    pub name: Ident,
    pub parameters: Parameters,
    pub input: Option<Stated>,
    pub output: Option<Stated>,
    pub layers: Vec<Layer>,
    pub loss: Option<(Loss, Ident)>,
    pub budget: Vec<Limit>,
    pub weights: Option<Weights>,
    pub quantize: Option<Ident>,
}

/// A shape that the user states.
pub struct Stated {
    pub shape: Shape,
    pub tokens: TokenStream,
}

pub struct Layer {
    pub name: Ident,
    /// Whether the user gave the name.
    pub is_named: bool,
    /// For its field.
    pub attributes: Vec<Attribute>,
    /// Whether it, or a block around it, is `#[frozen]`.
    pub frozen: bool,
    /// What it may be although it is suspicious.
    pub allowed: Vec<Lint>,
    /// The layer's type, or the word of a block, as the user wrote it.
    pub path: Path,
    /// `Conv2d(6, kernel = 5)`
    pub declaration: String,
    pub node: Node,
    pub init: Option<RequestedInit>,
    pub contract: Option<Stated>,
    pub places: Places,
}

pub enum Node {
    /// Broken, and reported; perhaps it is one of this kind, with other sizes.
    Unknown(Option<Kind>),
    Kind(Kind),
    Sequence(Vec<Layer>),
    /// The shortcut is a layer or a sequence.
    Residual {
        body: Vec<Layer>,
        shortcut: Option<Box<Layer>>,
    },
    Join {
        join: Join,
        arms: Vec<Layer>,
    },
    Repeat {
        count: usize,
        body: Vec<Layer>,
    },
}

/// How the arms of a block come together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Join {
    Add,
    Concat,
}

impl Layer {
    /// The last word of its type, with the user's span.
    pub fn type_name(&self) -> &Ident {
        // A path has at least one segment.
        self.path.segments.last().map_or(&self.name, |segment| &segment.ident)
    }
}

/// `#[init(scheme(gain = ..))]`
#[derive(Clone, Copy)]
pub struct RequestedInit {
    pub scheme: Scheme,
    pub gain: Option<f64>,
}

/// Where to report errors in a layer.
#[derive(Clone, Default)]
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
    let Declaration { attributes, visibility, name, parameters, input, output, mut layers, body, .. } = declaration;
    let Declaration { loss, budget, weights, quantize, .. } = declaration;
    itself::refuse(&name, &mut layers, errors);
    names::check_network(&name, errors);
    let parameters = names::check_parameters(&name, parameters, errors);
    size::belong_to(&name, &parameters);
    let (allowed, attributes) = allow::take(attributes, errors);
    attributes::check_network(&attributes, errors);
    let input = input.and_then(|input| dimensions("input", input, errors));
    let output = output.and_then(|output| dimensions("output", output, errors));
    if layers.is_empty() {
        errors.at(body, format_args!("{name} has no layers; add one, such as `Linear(10)`"));
    }
    let mut layers = scope(layers, false, errors);
    for layer in &mut layers {
        allow::grant(layer, &allowed);
    }
    let loss = loss.map(|call| loss::check(&call, output.as_ref().map(|output| output.shape), errors));
    let budget = budget::check(budget, &name, &parameters, errors);
    let weights = weights.map(|path| Weights::read(&name, &parameters, &path, errors));
    Checked { attributes, visibility, name, parameters, input, output, layers, loss, budget, weights, quantize }
}

/// The layers of a structure of their own.
fn scope(layers: Vec<ast::Layer>, frozen: bool, errors: &mut Errors) -> Vec<Layer> {
    let mut names = names::assign(&layers, errors).into_iter();
    self::layers(layers, &mut names, frozen, errors)
}

/// Layers whose names come from the structure that they are fields of.
fn layers(layers: Vec<ast::Layer>, names: &mut IntoIter<Ident>, frozen: bool, errors: &mut Errors) -> Vec<Layer> {
    layers.into_iter().map(|written| layer(written, names, frozen, errors)).collect()
}

fn layer(written: ast::Layer, names: &mut IntoIter<Ident>, frozen: bool, errors: &mut Errors) -> Layer {
    let ast::Layer { attributes, name, node, contract, .. } = written;
    let is_named = name.is_some();
    // There is a name for each layer; the other is never used.
    let name = names.next().or(name).unwrap_or_else(|| Ident::new("layer", Span::call_site()));
    let contract = contract.and_then(|contract| dimensions(&name.to_string(), contract, errors));
    let unknown = Ident::new("Unknown", Span::call_site());
    let mut layer = Layer {
        name,
        is_named,
        attributes: Vec::new(),
        frozen,
        allowed: Vec::new(),
        path: unknown.into(),
        declaration: String::new(),
        node: Node::Unknown(None),
        init: None,
        contract,
        places: Places::default(),
    };
    let (allowed, attributes) = allow::take(attributes, errors);
    match node {
        None => {}
        Some(ast::Node::Call(call)) => leaf(&mut layer, attributes, call, errors),
        Some(ast::Node::Block(block)) => branch(&mut layer, attributes, block, names, errors),
    }
    allow::grant(&mut layer, &allowed);
    layer
}

fn leaf(layer: &mut Layer, attributes: Vec<Attribute>, call: ast::Call, errors: &mut Errors) {
    let (kind, arguments) = layers::check(&layer.name, &call, layer.contract.as_ref(), errors);
    let found = attributes::check_layer(&layer.name, attributes, kind.as_ref(), errors);
    layer.attributes = found.kept;
    layer.frozen |= found.frozen;
    layer.init = found.init;
    layer.declaration = arguments::written(&call);
    layer.path = call.path;
    layer.node = match kind {
        Some(kind) => Node::Kind(kind),
        None => Node::Unknown(layers::likely(&mut layer.path)),
    };
    layer.places = Places { layer: call.tokens, arguments };
}

fn branch(
    layer: &mut Layer,
    attributes: Vec<Attribute>,
    block: ast::Block,
    names: &mut IntoIter<Ident>,
    errors: &mut Errors,
) {
    let ast::Block { word, kind, tokens } = block;
    let has_field = layer.is_named || matches!(kind, BlockKind::Repeat { .. });
    let found = attributes::check_block(&layer.name, attributes, has_field, errors);
    layer.attributes = found.kept;
    layer.frozen |= found.frozen;
    layer.declaration = word.as_ref().map_or_else(String::new, ToString::to_string);
    let frozen = layer.frozen;
    let mut inside = |list, errors: &mut Errors| {
        if has_field { scope(list, frozen, errors) } else { layers(list, names, frozen, errors) }
    };
    layer.node = match kind {
        BlockKind::Sequence(list) => Node::Sequence(inside(list, errors)),
        BlockKind::Residual { mut body, shortcut } => {
            // The shortcut's name belongs to the same structure as those of the body.
            let has_shortcut = shortcut.is_some();
            body.extend(shortcut.map(|shortcut| *shortcut));
            let mut body = inside(body, errors);
            let shortcut = if has_shortcut { body.pop().map(Box::new) } else { None };
            Node::Residual { body, shortcut }
        }
        BlockKind::Concat(arms) => Node::Join { join: Join::Concat, arms: inside(arms, errors) },
        BlockKind::Add(arms) => Node::Join { join: Join::Add, arms: inside(arms, errors) },
        BlockKind::Repeat { count, body } => {
            let body = inside(body, errors);
            layer.declaration = format!("repeat({})", arguments::text(&count));
            let count = arguments::integer(&count)
                .and_then(|count| arguments::nonzero(Size::Known(count)).map(|_| count))
                .unwrap_or_else(|why| {
                    errors.over(&count, format_args!("{}: the number of repeats {why}", layer.name));
                    1
                });
            Node::Repeat { count, body }
        }
    };
    check_arms(layer, &tokens, errors);
    if let Some(word) = word {
        layer.path = word.into();
    }
    layer.places = Places { layer: tokens, arguments: Vec::new() };
}

/// A join of fewer than two arms, and a block without layers, is a mistake.
fn check_arms(layer: &Layer, tokens: &TokenStream, errors: &mut Errors) {
    let why = match &layer.node {
        Node::Join { join, arms } if arms.len() < 2 => {
            let word = if *join == Join::Add { "add" } else { "concat" };
            format!("`{word}` needs at least two arms: `{word} {{ a: {{ .. }}, b: {{ .. }} }}`")
        }
        Node::Residual { body, .. } | Node::Repeat { body, .. } if body.is_empty() => {
            "the block has no layers; add one, such as `Relu`".to_owned()
        }
        _ => return,
    };
    errors.over(tokens, format_args!("{}: {why}", layer.name));
}

/// `[n]`, `[channels, length]` or `[channels, height, width]`
fn dimensions(owner: &str, written: Dimensions, errors: &mut Errors) -> Option<Stated> {
    let Dimensions { sizes, tokens } = written;
    let mut values = Vec::new();
    for size in &sizes {
        match arguments::size(size) {
            Ok(value) => values.push(value),
            Err(why) => errors.over(size, format_args!("{owner}: a dimension {why}")),
        }
    }
    if values.len() < sizes.len() {
        return None;
    }
    let shape = match values[..] {
        [n] => Shape::Flat(n),
        [channels, length] => Shape::Sequence([channels, length]),
        [channels, height, width] => Shape::Map([channels, height, width]),
        _ => {
            let found = values.len();
            let message = format!(
                "{owner}: a shape is `[n]`, `[channels, length]` or `[channels, height, width]`, found {found} dimension{}",
                if found == 1 { "" } else { "s" }
            );
            errors.over(&tokens, message);
            return None;
        }
    };
    if let Some(Err(error)) = size::known(shape).map(nnet_core::shape::Shape::entries) {
        errors.over(zero_or_all(&values, &sizes, &tokens, error), format_args!("{owner}: {error}"));
        return None;
    }
    Some(Stated { shape, tokens })
}

/// The size that is 0, or the whole shape.
fn zero_or_all(values: &[Size], sizes: &[syn::Expr], tokens: &TokenStream, error: ShapeError) -> TokenStream {
    let zero = values.iter().zip(sizes).find(|(value, _)| **value == Size::Known(0));
    match (error, zero) {
        (ShapeError::Zero { .. }, Some((_, size))) => size.to_token_stream(),
        _ => tokens.clone(),
    }
}

#[cfg(test)]
mod tests;
