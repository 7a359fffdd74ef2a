//! What the walk makes: a list of operations, and a tree of structures whose fields they are.

use proc_macro2::Span;
use syn::{Attribute, Ident, Path, Visibility};

use super::deferred::Deferred;
use crate::ast::Parameters;
use crate::check::{Limit, Places};
use crate::layer::{Init, Kind, Loss};
use crate::lint::Lint;
use crate::size::{Shape, Size, sum};
use crate::weights::Weights;

/// A network that fits together.
#[derive(Clone)]
pub struct Network {
    pub attributes: Vec<Attribute>,
    /// Those of the attributes that all types of the network have.
    pub derives: Vec<Attribute>,
    pub visibility: Visibility,
    pub name: Ident,
    pub parameters: Parameters,
    pub input: Shape,
    pub output: Shape,
    pub operations: Vec<Operation>,
    pub deferred: Deferred,
    pub root: Module,
    pub loss: Option<(Loss, Ident)>,
    /// Limits on its figures.
    pub budget: Vec<Limit>,
    /// The file of its weights.
    pub weights: Option<Weights>,
    /// The word of `quantize = int8;`.
    pub quantize: Option<Ident>,
}

/// A network of which some part may be unknown.
pub struct Draft {
    pub attributes: Vec<Attribute>,
    pub visibility: Visibility,
    pub name: Ident,
    pub parameters: Parameters,
    pub input: Option<Shape>,
    pub output: Option<Shape>,
    /// Those that are known.
    pub operations: Vec<Operation>,
    pub deferred: Deferred,
    pub root: Module,
    pub loss: Option<(Loss, Ident)>,
    /// Limits on its figures.
    pub budget: Vec<Limit>,
    /// The file of its weights.
    pub weights: Option<Weights>,
    /// The word of `quantize = int8;`.
    pub quantize: Option<Ident>,
    pub is_whole: bool,
}

/// A value: 0 is the network's input, and operation i gives value i + 1.
pub type Value = usize;

/// A layer at work, or arms that come together.
#[derive(Clone)]
pub struct Operation {
    pub work: Work,
    /// One for a layer, one an arm for a join.
    pub inputs: Vec<Value>,
    /// That of the first input.
    pub input: Shape,
    pub output: Shape,
    /// Where its field is.
    pub place: Vec<Segment>,
    /// Its place as PyTorch writes it, such as `block1.conv2`.
    pub label: String,
    /// Its place as one name that no other has, for locals and fields of the tape.
    pub local: Ident,
    /// `Conv2d(6, kernel = 5)`
    pub declaration: String,
    /// Where it is written.
    pub places: Places,
    /// What it may be although it is suspicious.
    pub allowed: Vec<Lint>,
}

#[derive(Clone)]
pub enum Work {
    Layer(Box<Layer>),
    /// The shapes are equal.
    Add,
    /// Along the first dimension; the shapes of all inputs.
    Concat(Vec<Shape>),
}

#[derive(Clone)]
pub struct Layer {
    /// The layer's type with the user's span.
    pub path: Path,
    pub kind: Kind,
    pub init: Init,
    /// Whether its parameters stay as they are in training.
    pub frozen: bool,
    pub parameters: Vec<Parameter>,
    /// Multiply-accumulates for one sample.
    pub macs: Size,
    /// The constant that says that a layer by path is one.
    pub proof: Option<Ident>,
}

/// One tensor of a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    pub role: Role,
    pub shape: Vec<Size>,
    pub entries: Size,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Role {
    Weight,
    Bias,
    RunningMean,
    RunningVariance,
}

/// A step on the way to a field.
#[derive(Clone)]
pub enum Segment {
    Field(Ident),
    Index(usize),
}

/// A structure of parameters: the network's, or that of a block.
#[derive(Clone)]
pub struct Module {
    /// The words that its type's name is made of, after the network's.
    pub words: Vec<String>,
    pub fields: Vec<Field>,
}

#[derive(Clone)]
pub struct Field {
    pub name: Ident,
    pub attributes: Vec<Attribute>,
    pub content: Content,
    /// Not if it is a layer that is broken, or behind a mistake.
    pub is_known: bool,
}

#[derive(Clone)]
pub enum Content {
    /// The layer of an operation, in repeated blocks that of the first.
    Layer(usize),
    Block(Module),
    Blocks(usize, Module),
}

impl Field {
    /// The structure, if it is a block.
    pub fn block(&self) -> Option<&Module> {
        match &self.content {
            Content::Layer(_) => None,
            Content::Block(block) | Content::Blocks(_, block) => Some(block),
        }
    }
}

impl Role {
    /// Whether it is learned by gradients.
    pub fn is_learned(self) -> bool {
        matches!(self, Role::Weight | Role::Bias)
    }
}

impl Layer {
    /// Numbers that it learns, or would learn if it were not frozen.
    pub fn parameter_count(&self) -> Size {
        let learned = self.parameters.iter().filter(|parameter| parameter.role.is_learned());
        total(learned.map(|parameter| parameter.entries))
    }

    /// Numbers that it holds.
    pub fn entries(&self) -> Size {
        total(self.parameters.iter().map(|parameter| parameter.entries))
    }

    /// The sizes that its type has.
    pub fn type_sizes(&self) -> Vec<Size> {
        let sizes = self.parameters.iter().flat_map(|parameter| parameter.shape.iter().copied());
        match self.kind {
            Kind::LayerNorm { .. } => self.parameters.iter().map(|parameter| parameter.entries).collect(),
            _ => sizes.collect(),
        }
    }

    /// Whether gradients change it.
    pub fn learns(&self) -> bool {
        self.kind.has_parameters() && !self.frozen
    }
}

impl Operation {
    pub fn layer(&self) -> Option<&Layer> {
        if let Work::Layer(layer) = &self.work { Some(layer) } else { None }
    }

    /// Whether its samples wait for each other in training.
    pub fn meets(&self) -> bool {
        self.layer().is_some_and(|layer| layer.kind.meets(layer.frozen))
    }

    /// Gives a layer by path the name of its proof.
    pub fn name_proof(&mut self, network: &Ident) {
        let name = format!("__{network}_{}", self.local).replace("r#", "");
        let proof = Ident::new(&name, Span::mixed_site());
        let is_by_path = self.is_by_path();
        if let Work::Layer(layer) = &mut self.work {
            layer.proof = is_by_path.then_some(proof);
        }
    }

    pub fn is_by_path(&self) -> bool {
        self.layer().is_some_and(|layer| matches!(layer.kind, Kind::ByPath { .. }))
    }
}

impl Network {
    pub fn layers(&self) -> impl Iterator<Item = &Layer> {
        self.operations.iter().filter_map(Operation::layer)
    }

    pub fn operation(&self, position: usize) -> Option<&Operation> {
        self.operations.get(position)
    }

    pub fn parameter_count(&self) -> Size {
        total(self.layers().map(Layer::parameter_count))
    }

    /// Numbers that it holds, those of layers by path left out.
    pub fn entries(&self) -> Size {
        total(self.layers().map(Layer::entries))
    }

    pub fn macs(&self) -> Size {
        total(self.layers().map(|layer| layer.macs))
    }

    /// The shape of a value.
    pub fn shape(&self, value: Value) -> Shape {
        value.checked_sub(1).and_then(|giver| self.operations.get(giver)).map_or(self.input, |giver| giver.output)
    }

    /// Whether sizes of some layers are known to rustc only.
    pub fn has_paths(&self) -> bool {
        self.operations.iter().any(Operation::is_by_path)
    }
}

impl Draft {
    /// The attributes that all types of the network have.
    pub fn derives(&self) -> Vec<Attribute> {
        self.attributes.iter().filter(|attribute| attribute.path().is_ident("derive")).cloned().collect()
    }

    /// The network, if nothing of it is unknown.
    pub fn complete(&self) -> Option<Network> {
        Some(Network {
            attributes: self.attributes.clone(),
            derives: self.derives(),
            visibility: self.visibility.clone(),
            name: self.name.clone(),
            parameters: self.parameters.clone(),
            input: self.input?,
            output: self.output?,
            operations: self.is_whole.then(|| self.operations.clone())?,
            deferred: self.deferred.clone(),
            root: self.root.clone(),
            loss: self.loss.clone(),
            budget: self.budget.clone(),
            weights: self.weights.clone(),
            quantize: self.quantize.clone(),
        })
    }
}

/// A sum whose limit inference has seen to.
fn total(sizes: impl IntoIterator<Item = Size>) -> Size {
    sum(sizes).unwrap_or(Size::Known(usize::MAX))
}

impl Segment {
    pub fn text(&self) -> String {
        match self {
            Segment::Field(name) => name.to_string(),
            Segment::Index(index) => index.to_string(),
        }
    }
}
