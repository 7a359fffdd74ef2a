//! Shapes from layer to layer by the rules of `nnet_core::shape`, and what follows from them: parameters and work.
//!
//! The tree of blocks becomes a list of operations, each with the values that it reads, and a tree of structures whose
//! fields they are. After a mistake the shape is unknown until a contract states it again, so that one mistake is one
//! error.

mod blocks;
mod cure;
mod deferred;
mod follow;
mod measure;
mod network;
mod report;
mod types;

use std::collections::HashSet;

pub use deferred::{Check, Constant, Deferred, Inferred, Piece, Rule, Wrong};
use follow::follow;
use measure::Totals;
pub use network::{Content, Draft, Field, Layer, Module, Network, Operation, Parameter, Role, Segment, Value, Work};
use nnet_core::shape::ShapeError;
use syn::Ident;

use crate::check::{self, Checked, Node, Stated};
use crate::errors::Errors;
use crate::flow::{Flow, Gives};
use crate::init::{Following, init};
use crate::layer::{Init, Kind, Scheme};
use crate::size::{self, Needs, Shape, Size};

/// A length that most windows fit in.
const LONG: Size = Size::Known(1_000);

/// What is kept of an operation is called by its name and one of these.
const DERIVED: &[&str] = &["", "_statistics", "_tape", "_scratch"];

pub fn infer(checked: Checked, errors: &mut Errors) -> Draft {
    let Checked { attributes, visibility, name, parameters, input, output, layers, loss, budget, weights, quantize } =
        checked;
    let mut walk = Walk {
        flow: Flow::new(&name),
        deferred: Deferred::default(),
        totals: Totals::default(),
        operations: Vec::new(),
        is_whole: true,
        locals: HashSet::from(["output_gradient".to_owned()]),
        place: Vec::new(),
        depth: 0,
        module: Module { words: Vec::new(), fields: Vec::new() },
        errors,
    };
    let begin = walk.begin(input.as_ref());
    let end = walk.sequence(&layers, begin, None);
    if let Some(header) = &output {
        walk.compare_with_header(end, header);
        walk.check_classes(loss.as_ref(), header);
    }
    let Walk { mut operations, deferred, is_whole, module: mut root, errors, .. } = walk;
    for operation in &mut operations {
        operation.name_proof(&name);
    }
    types::check(&name, &mut root, errors);
    let [input, output] = [input, output].map(|stated| stated.map(|stated| stated.shape));
    Draft {
        attributes,
        visibility,
        name,
        parameters,
        input,
        output,
        operations,
        deferred,
        root,
        loss,
        budget,
        weights,
        quantize,
        is_whole,
    }
}

/// A value on its way, and its shape if it is known.
#[derive(Clone, Copy)]
struct Flowing {
    value: Value,
    shape: Option<Shape>,
    /// Where rustc finds it, if it has sizes that only rustc knows.
    inferred: Option<Inferred>,
}

impl Flowing {
    const UNKNOWN: Self = Self { value: 0, shape: None, inferred: None };

    /// What stands behind a layer in the flow. Parameters of the network have no numbers.
    fn gives(&self) -> Gives {
        let Some(shape) = self.shape else { return Gives::Unknown };
        let is_constant = shape.sizes().iter().all(|size| size.needs() == Needs::Constants);
        Gives::Shape(shape, self.inferred.filter(|_| is_constant))
    }
}

/// What is known on the walk through the layers.
struct Walk<'a> {
    flow: Flow,
    totals: Totals,
    operations: Vec<Operation>,
    deferred: Deferred,
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
    /// The network's input.
    fn begin(&mut self, input: Option<&Stated>) -> Flowing {
        let inferred = input.and_then(|input| self.stated("input", input));
        let begin = Flowing { value: 0, shape: input.map(|input| input.shape), inferred };
        self.flow.push(0, "input", "", begin.gives());
        begin
    }

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
            self.flow.push(self.depth, &layer.name.to_string(), &layer.declaration, Gives::Nothing);
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
        let after = self.after(layer, found);
        if is_block {
            self.flow.close(begin);
        }
        self.is_whole &= found.is_some_and(|found| found.shape.is_some());
        after
    }

    fn leaf(&mut self, layer: &check::Layer, kind: &Kind, x: Flowing, following: &Following) -> Option<Flowing> {
        let begins = init(layer.init, following);
        let measured = x.shape.and_then(|shape| {
            let (output, inferred) = self.follow(layer, kind, shape, x.inferred)?;
            let measured = measure::layer(layer, kind, shape, output, begins, &mut self.totals);
            let found = measured.map_err(|error| self.report(error, layer, x.shape)).ok()?;
            let fits = self.suits_types(layer, found.type_sizes());
            fits.then_some((found, shape, output, inferred))
        });
        match measured {
            Some((found, shape, output, inferred)) if self.may_freeze(layer, kind, x.value) => {
                Some(Flowing { inferred, ..self.add_layer(layer, found, x.value, shape, output) })
            }
            _ => {
                self.guess(layer, kind);
                None
            }
        }
    }

    /// The shape that a layer gives, and where rustc finds it if it has sizes that only rustc knows.
    fn follow(
        &mut self,
        layer: &check::Layer,
        kind: &Kind,
        x: Shape,
        from: Option<Inferred>,
    ) -> Option<(Shape, Option<Inferred>)> {
        let sources = follow(kind, x).map_err(|error| self.report(error, layer, Some(x))).ok()?;
        if size::known(x).is_some() && kind.sizes().iter().all(|size| size.is_known()) {
            return Some((size::map(sources, |source| source.size().unwrap_or(Size::ONE)), None));
        }
        if !self.suits_types(layer, sources.sizes().iter().map(|source| source.in_type())) {
            return None;
        }
        let guess = size::map(sources, |source| source.size().unwrap_or(Size::ONE));
        let (channels, x) = (x.channels(), from.unwrap_or(Inferred::Stated(x)));
        let kind = match kind {
            // Whether a parameter can be divided shows where it has a value.
            Kind::GroupNorm { groups, .. } if groups.needs().max(channels.needs()) > Needs::Constants => {
                Kind::PRelu { per_channel: true }
            }
            kind => kind.clone(),
        };
        let found = self.constant(&layer.name.to_string(), Rule::Layer { kind: Box::new(kind), x, guess });
        self.check_rule(layer, found);
        let path = self.deferred.path(found).cloned();
        let mut axis = 0..;
        let output = size::map(sources, |source| {
            let axis = Size::Known(axis.next().unwrap_or_default());
            source.size().unwrap_or_else(|| Size::derived(code!(#path.size(#axis)), &[]))
        });
        Some((output, Some(found)))
    }

    /// Whether types may have these sizes; if not, a parameter of the network is in them, and that is reported.
    fn suits_types(&mut self, layer: &check::Layer, sizes: impl IntoIterator<Item = Size>) -> bool {
        let Some(size) = sizes.into_iter().find(|size| !size.suits_types()) else { return true };
        let parameter = size::parameter_in(&size).map_or_else(String::new, |parameter| parameter.to_string());
        let wanted = match size.to_string() {
            unknown if unknown == "?" => "a type whose size follows from".to_owned(),
            expression => format!("a type of size `{expression}`, which is calculated from"),
        };
        let other = match &layer.node {
            Node::Kind(Kind::Flatten) => "use `GlobalAvgPool2d` instead, or ",
            Node::Kind(kind) if kind.sizes().contains(&size) => "make all of it a parameter of its own, or ",
            _ => "",
        };
        let message = format!(
            "would need {wanted} the parameter `{parameter}`, and stable Rust does not calculate with parameters in \
             types; {other}make `{parameter}` a constant"
        );
        self.report_text(layer, &message);
        false
    }

    /// A constant for a shape that is stated, if some of its sizes have names.
    fn stated(&mut self, name: &str, stated: &Stated) -> Option<Inferred> {
        if size::known(stated.shape).is_some() {
            return None;
        }
        let inferred = self.constant(name, Rule::Stated(stated.shape));
        self.check_stated(name, inferred, &stated.tokens);
        Some(inferred)
    }

    fn constant(&mut self, name: &str, rule: Rule) -> Inferred {
        let (name, path) = size::constant(name);
        self.deferred.constants.push(Constant { name, path, rule });
        Inferred::Constant(self.deferred.constants.len() - 1)
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
            let output = size::map(follow(&kind, x).ok()?, |source| source.size().unwrap_or(Size::ONE));
            let measured = measure::layer(layer, &kind, x, output, begins, &mut Totals::default());
            measured.ok().map(|found| (found, x, output))
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
        Flowing { value: self.operations.len(), shape: Some(output), inferred: None }
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
