//! Shapes from layer to layer by the rules of `nnet_core::shape`, and what follows from them: parameters and work.
//!
//! After a mistake the shape is unknown until a contract states it again, so that one mistake is one error.

use nnet_core::shape::{self, Shape, ShapeError};
use syn::{Attribute, Ident, Visibility};

use crate::check::{self, Checked, Stated};
use crate::errors::Errors;
use crate::flow::Flow;
use crate::init::init;
use crate::layer::{Init, Kind, Loss};

/// A network that fits together.
pub struct Network {
    pub attributes: Vec<Attribute>,
    pub visibility: Visibility,
    pub name: Ident,
    pub input: Shape,
    pub output: Shape,
    pub layers: Vec<Layer>,
    pub loss: Option<(Loss, Ident)>,
}

/// A network of which some part may be unknown.
pub struct Draft {
    pub attributes: Vec<Attribute>,
    pub visibility: Visibility,
    pub name: Ident,
    pub input: Option<Shape>,
    pub output: Option<Shape>,
    pub layers: Vec<Option<Layer>>,
    pub loss: Option<(Loss, Ident)>,
}

#[derive(Clone)]
pub struct Layer {
    pub name: Ident,
    pub attributes: Vec<Attribute>,
    /// The layer's type with the user's span.
    pub type_name: Ident,
    /// `Conv2d(6, kernel = 5)`
    pub declaration: String,
    pub kind: Kind,
    pub init: Init,
    pub input: Shape,
    pub output: Shape,
    /// Weight, then bias.
    pub parameters: Vec<Parameter>,
    /// Multiply-accumulates for one sample.
    pub macs: usize,
}

/// One tensor that a layer learns.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    pub role: Role,
    pub shape: Vec<usize>,
    /// Where it begins among the network's parameters.
    pub offset: usize,
    pub entries: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Role {
    Weight,
    Bias,
}

impl Layer {
    pub fn parameter_count(&self) -> usize {
        self.parameters.iter().map(|parameter| parameter.entries).sum()
    }
}

impl Network {
    pub fn parameter_count(&self) -> usize {
        self.layers.iter().map(Layer::parameter_count).sum()
    }

    pub fn macs(&self) -> usize {
        self.layers.iter().map(|layer| layer.macs).sum()
    }
}

impl Draft {
    /// The network, if nothing of it is unknown.
    pub fn complete(&self) -> Option<Network> {
        Some(Network {
            attributes: self.attributes.clone(),
            visibility: self.visibility.clone(),
            name: self.name.clone(),
            input: self.input?,
            output: self.output?,
            layers: self.layers.iter().cloned().collect::<Option<_>>()?,
            loss: self.loss.clone(),
        })
    }
}

/// Sums over the layers so far, which must fit in memory.
#[derive(Default)]
struct Totals {
    parameters: usize,
    values: usize,
    macs: usize,
}

/// No sum may exceed this, so that a tape of lane groups (16 numbers of 8 bytes) with all values twice and two work areas
/// is below `isize::MAX` bytes.
const LIMIT: usize = isize::MAX as usize / (16 * 8 * 4);

pub fn infer(checked: Checked, errors: &mut Errors) -> Draft {
    let Checked { attributes, visibility, name, input, output, layers, loss } = checked;
    let mut flow = Flow::new(&name, input);
    let mut totals = Totals::default();
    let mut shape = input;
    let mut inferred = Vec::new();
    for (position, layer) in layers.iter().enumerate() {
        let following = layers.iter().skip(position + 1).map(|layer| layer.kind.as_ref());
        let found = shape.zip(layer.kind.as_ref()).and_then(|(x, kind)| {
            let found = measure(layer, kind, x, init(layer.init, following), &mut totals);
            found.map_err(|error| report(error, layer, &flow, errors)).ok()
        });
        shape = after(layer, found.as_ref().map(|found| found.output), &mut flow, errors);
        inferred.push(found);
    }
    if let (Some(shape), Some(header)) = (shape, &output) {
        compare_with_header(shape, header, &flow, errors);
    }
    let output = output.map(|output| output.shape);
    Draft { attributes, visibility, name, input, output, layers: inferred, loss }
}

/// All about a layer whose input is `x`.
fn measure(layer: &check::Layer, kind: &Kind, x: Shape, init: Init, totals: &mut Totals) -> Result<Layer, ShapeError> {
    let output = output_shape(kind, x)?;
    let parameters = parameters(kind, x, totals.parameters)?;
    let macs = macs(&parameters, output)?;
    let end = parameters.last().map_or(totals.parameters, |last| last.offset + last.entries);
    *totals = Totals {
        parameters: limited(Some(end))?,
        values: limited(totals.values.checked_add(output.entries()?))?,
        macs: limited(totals.macs.checked_add(macs))?,
    };
    Ok(Layer {
        name: layer.name.clone(),
        attributes: layer.attributes.clone(),
        type_name: layer.type_name.clone(),
        declaration: layer.declaration.clone(),
        kind: kind.clone(),
        init,
        input: x,
        output,
        parameters,
        macs,
    })
}

fn output_shape(kind: &Kind, x: Shape) -> Result<Shape, ShapeError> {
    match kind {
        Kind::Conv2d { out, window, .. } => shape::conv2d(x, *out, window),
        Kind::MaxPool2d { window } | Kind::AvgPool2d { window } => shape::pool2d(x, window),
        Kind::GlobalAvgPool2d => shape::global_pool2d(x),
        Kind::Linear { out, .. } => shape::linear(x, *out),
        Kind::Flatten => shape::flatten(x),
        Kind::Activation(activation) if activation.is_over_features() => shape::over_features(x),
        Kind::Activation(_) => Ok(x),
    }
}

/// The tensors of a layer whose first one begins at `offset`.
fn parameters(kind: &Kind, x: Shape, offset: usize) -> Result<Vec<Parameter>, ShapeError> {
    let (weight, bias) = match (kind, x) {
        (Kind::Conv2d { out, window, bias }, Shape::Map([channels, ..])) => {
            let [height, width] = window.kernel;
            (vec![*out, channels, height, width], bias.then_some(*out))
        }
        (Kind::Linear { out, bias }, Shape::Flat(features)) => (vec![*out, features], bias.then_some(*out)),
        _ => return Ok(Vec::new()),
    };
    let weights = limited(weight.iter().try_fold(1_usize, |product, size| product.checked_mul(*size)))?;
    let end = limited(offset.checked_add(weights))?;
    let mut parameters = vec![Parameter { role: Role::Weight, shape: weight, offset, entries: weights }];
    if let Some(out) = bias {
        limited(end.checked_add(out))?;
        parameters.push(Parameter { role: Role::Bias, shape: vec![out], offset: end, entries: out });
    }
    Ok(parameters)
}

/// Each weight is used once for each place of the output.
fn macs(parameters: &[Parameter], output: Shape) -> Result<usize, ShapeError> {
    let places = match output {
        Shape::Flat(_) => 1,
        Shape::Map([_, height, width]) => height * width,
    };
    let weights = parameters.iter().find(|parameter| parameter.role == Role::Weight).map_or(0, |weight| weight.entries);
    limited(weights.checked_mul(places))
}

fn limited(sum: Option<usize>) -> Result<usize, ShapeError> {
    sum.filter(|sum| *sum <= LIMIT).ok_or(ShapeError::Overflow)
}

/// Reports where a layer breaks a rule: at the argument at fault, with the shapes that lead there.
fn report(error: ShapeError, layer: &check::Layer, flow: &Flow, errors: &mut Errors) {
    let places = &layer.places;
    let (place, verdict) = match error {
        ShapeError::NeedsFlat { .. } => (&places.layer, "needs [n]"),
        ShapeError::NeedsMap { .. } => (&places.layer, "needs [channels, height, width]"),
        ShapeError::WindowTooLarge { .. } => (places.argument("kernel"), "does not fit"),
        ShapeError::PaddingTooLarge { .. } => (places.argument("padding"), "does not fit"),
        ShapeError::Zero { argument } => (places.argument(argument), "is empty"),
        ShapeError::Overflow => (&places.layer, "is too large"),
    };
    let (name, kind) = (&layer.name, &layer.type_name);
    let source = flow.source();
    let message = error.after(&source);
    let table = flow.broken_at(&name.to_string(), &layer.declaration, verdict);
    errors.over(place, format_args!("{name}: {kind} {message}\n\n{table}"));
}

/// The shape behind a layer, compared with its contract. A contract tells the shape behind a broken layer.
fn after(layer: &check::Layer, found: Option<Shape>, flow: &mut Flow, errors: &mut Errors) -> Option<Shape> {
    let name = layer.name.to_string();
    let shape = match (found, &layer.contract) {
        (Some(found), Some(contract)) if found != contract.shape => {
            let Stated { shape: stated, tokens } = contract;
            let table = flow.broken_at(&name, &layer.declaration, &format!("{found}, not {stated}"));
            let message = format!(
                "{name}: its contract states {stated}, but {} gives {found}; change one of them",
                layer.type_name
            );
            errors.over(tokens, format_args!("{message}\n\n{table}"));
            None
        }
        (Some(found), _) => Some(found),
        (None, contract) => contract.as_ref().map(|contract| contract.shape),
    };
    flow.push(&name, &layer.declaration, shape);
    shape
}

fn compare_with_header(shape: Shape, header: &Stated, flow: &Flow, errors: &mut Errors) {
    let Stated { shape: stated, tokens } = header;
    if shape != *stated {
        let source = flow.source();
        let table = flow.broken_at("output", "", &format!("must be {stated}"));
        let message = format!("output: the header states {stated}, but {source} {shape}; change one of them");
        errors.over(tokens, format_args!("{message}\n\n{table}"));
    }
}

#[cfg(test)]
mod tests;
