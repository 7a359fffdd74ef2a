//! Shapes from layer to layer by the rules of `nnet_core::shape`, and what follows from them: parameters and work.
//!
//! The tree of blocks becomes a list of operations, each with the values that it reads, and a tree of structures whose
//! fields they are. After a mistake the shape is unknown until a contract states it again, so that one mistake is one
//! error.

mod blocks;
mod cure;
mod measure;
mod network;
mod report;
mod types;

use std::collections::HashSet;

use measure::Totals;
pub use network::{Content, Draft, Field, Layer, Module, Network, Operation, Parameter, Role, Segment, Value, Work};
use nnet_core::shape::{Shape, ShapeError};
use syn::Ident;

use crate::check::{self, Checked, Node};
use crate::errors::Errors;
use crate::flow::Flow;
use crate::init::{Following, init};
use crate::layer::{Init, Kind, Scheme};

/// A length that most windows fit in.
const LONG: usize = 1_000;

/// What is kept of an operation is called by its name and one of these.
const DERIVED: &[&str] = &["", "_statistics", "_tape", "_scratch"];

pub fn infer(checked: Checked, errors: &mut Errors) -> Draft {
    let Checked { attributes, visibility, name, input, output, layers, loss } = checked;
    let mut walk = Walk {
        flow: Flow::new(&name, input),
        totals: Totals::default(),
        operations: Vec::new(),
        is_whole: true,
        locals: HashSet::from(["output_gradient".to_owned()]),
        place: Vec::new(),
        depth: 0,
        module: Module { words: Vec::new(), fields: Vec::new() },
        errors,
    };
    let end = walk.sequence(&layers, Flowing { value: 0, shape: input }, None);
    if let (Some(shape), Some(header)) = (end.shape, &output) {
        walk.compare_with_header(shape, header);
    }
    let Walk { mut operations, is_whole, module: mut root, errors, .. } = walk;
    for operation in &mut operations {
        operation.name_proof(&name);
    }
    types::check(&name, &mut root, errors);
    let output = output.map(|output| output.shape);
    Draft { attributes, visibility, name, input, output, operations, root, loss, is_whole }
}

/// A value on its way, and its shape if it is known.
#[derive(Clone, Copy)]
struct Flowing {
    value: Value,
    shape: Option<Shape>,
}

/// What is known on the walk through the layers.
struct Walk<'a> {
    flow: Flow,
    totals: Totals,
    operations: Vec<Operation>,
    is_whole: bool,
    locals: HashSet<String>,
    place: Vec<Segment>,
    /// How many blocks there are around the layer.
    depth: usize,
    /// That which layers are fields of.
    module: Module,
    errors: &'a mut Errors,
}

impl Walk<'_> {
    fn sequence(&mut self, layers: &[check::Layer], x: Flowing, then: Option<&Following>) -> Flowing {
        let mut x = x;
        for (position, layer) in layers.iter().enumerate() {
            let rest = layers.get(position + 1..).unwrap_or_default();
            x = self.layer(layer, x, &Following { layers: rest, then });
        }
        x
    }

    fn layer(&mut self, layer: &check::Layer, x: Flowing, following: &Following) -> Flowing {
        let begin = self.flow.len();
        let is_block = !matches!(layer.node, Node::Kind(_) | Node::Unknown(_));
        if is_block {
            self.flow.open(self.depth, &layer.name.to_string(), &layer.declaration);
        }
        let found = match &layer.node {
            Node::Unknown(likely) => {
                match likely {
                    Some(kind) => self.guess(layer, kind),
                    None if layer.is_named => self.unknown_field(layer),
                    None => {}
                }
                None
            }
            Node::Kind(kind) => self.leaf(layer, kind, x, following),
            Node::Sequence(layers) => Some(self.block(layer, |walk| walk.sequence(layers, x, Some(following)))),
            Node::Residual { body, shortcut } => {
                Some(self.block(layer, |walk| walk.residual(layer, body, shortcut.as_deref(), x, following)))
            }
            Node::Join { join, arms } => Some(self.block(layer, |walk| walk.join(layer, *join, arms, x, following))),
            Node::Repeat { count, body } => Some(self.repeat(layer, *count, body, x)),
        };
        let shape = self.after(layer, found.and_then(|found| found.shape));
        if is_block {
            self.flow.close(begin);
        }
        self.is_whole &= found.is_some_and(|found| found.shape.is_some());
        Flowing { value: found.map_or(0, |found| found.value), shape }
    }

    fn leaf(&mut self, layer: &check::Layer, kind: &Kind, x: Flowing, following: &Following) -> Option<Flowing> {
        let begins = init(layer.init, following);
        let measured = x.shape.and_then(|shape| {
            let measured = measure::layer(layer, kind, shape, begins, &mut self.totals);
            measured.map(|(found, output)| (found, shape, output)).map_err(|error| self.report(error, layer)).ok()
        });
        match measured {
            Some((found, shape, output)) if self.may_freeze(layer, kind, x.value) => {
                Some(self.add_layer(layer, found, x.value, shape, output))
            }
            _ => {
                self.guess(layer, kind);
                None
            }
        }
    }

    fn add_layer(&mut self, layer: &check::Layer, found: Layer, x: Value, input: Shape, output: Shape) -> Flowing {
        if found.kind.has_parameters() {
            let content = Content::Layer(self.operations.len());
            let (name, attributes) = (layer.name.clone(), layer.attributes.clone());
            self.module.fields.push(Field { name, attributes, content, is_known: true });
        }
        self.push(Work::Layer(Box::new(found)), vec![x], layer, input, output)
    }

    /// A layer of which nothing is known has a field in the stub, if it has a name.
    fn unknown_field(&mut self, layer: &check::Layer) {
        let (name, attributes) = (layer.name.clone(), layer.attributes.clone());
        let content = Content::Layer(self.operations.len());
        self.module.fields.push(Field { name, attributes, content, is_known: false });
    }

    /// A layer that is broken, or behind a mistake, has a field in the stub, if it has parameters.
    fn guess(&mut self, layer: &check::Layer, kind: &Kind) {
        let (kind, n) = kind.plain();
        let shapes = [Shape::Flat(n), Shape::Sequence([n, LONG]), Shape::Map([n, LONG, LONG])];
        let begins = Init { scheme: Scheme::XavierUniform, gain: 1.0 };
        let found = shapes.into_iter().find_map(|x| {
            let measured = measure::layer(layer, &kind, x, begins, &mut Totals::default());
            measured.ok().map(|(found, output)| (found, x, output))
        });
        if let Some((found, x, output)) = found {
            let before = self.module.fields.len();
            self.add_layer(layer, found, 0, x, output);
            self.module.fields.iter_mut().skip(before).for_each(|field| field.is_known = false);
        }
    }

    fn push(&mut self, work: Work, inputs: Vec<Value>, layer: &check::Layer, input: Shape, output: Shape) -> Flowing {
        let mut place = self.place.clone();
        let is_block = !matches!(work, Work::Layer(_));
        // A block with a name is at the end of the place already.
        if !(is_block && layer.is_named) {
            place.push(Segment::Field(layer.name.clone()));
        }
        let label = place.iter().map(Segment::text).collect::<Vec<_>>().join(".");
        let local = self.local(&label, &layer.name);
        let declaration = layer.declaration.clone();
        let (places, allowed) = (layer.places.clone(), layer.allowed.clone());
        let operation = Operation { work, inputs, input, output, place, label, local, declaration, places, allowed };
        self.operations.push(operation);
        Flowing { value: self.operations.len(), shape: Some(output) }
    }

    /// A name for locals that no other operation has.
    fn local(&mut self, label: &str, name: &Ident) -> Ident {
        // `r#` has been reported.
        let wanted = label.replace('.', "_").replace("r#", "");
        let numbered = (2..).map(|number| format!("{wanted}_{number}"));
        let free = std::iter::once(wanted.clone()).chain(numbered).find(|name| self.is_free(name)).unwrap_or(wanted);
        self.locals.extend(DERIVED.iter().map(|suffix| format!("{free}{suffix}")));
        Ident::new(&free, name.span())
    }

    fn is_free(&self, name: &str) -> bool {
        let is_area = name.strip_prefix("area_").is_some_and(|rest| rest.len() == 1);
        !is_area && DERIVED.iter().all(|suffix| !self.locals.contains(&format!("{name}{suffix}")))
    }
}

/// A limit error, where a sum is known or not.
fn limited(sum: Option<usize>) -> Result<usize, ShapeError> {
    sum.filter(|sum| *sum <= measure::LIMIT).ok_or(ShapeError::Overflow)
}

#[cfg(test)]
mod tests;
