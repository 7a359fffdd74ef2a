//! Cures for shape errors that depend on the layers before.

use nnet_core::shape::ShapeError;

use super::Walk;
use crate::check;
use crate::size::{self, Shape};

/// What a rule alone can say, where there is a `Flatten`.
const BEFORE_FLATTEN: &str = "put it before `Flatten`";

impl Walk<'_> {
    /// The message of a broken rule, with a cure that suits this network.
    pub(super) fn message(&self, error: ShapeError, source: &str, layer: &check::Layer, x: Option<Shape>) -> String {
        let message = named(error, source, x);
        if let Some(begin) = message.strip_suffix(BEFORE_FLATTEN) {
            return format!("{begin}{}", self.before_flat(error));
        }
        match (error, pytorch_order(&layer.declaration)) {
            (ShapeError::WindowTooLarge { .. }, Some(cure)) => {
                format!("{message}; if the first number is the input's size, as in PyTorch, leave it out: `{cure}`")
            }
            _ => message,
        }
    }

    /// Where a layer would still get a map or a sequence.
    fn before_flat(&self, error: ShapeError) -> String {
        let flattens =
            |input: Shape, output: Shape| !matches!(input, Shape::Flat(_)) && matches!(output, Shape::Flat(_));
        let giver = self.operations.iter().rfind(|operation| flattens(operation.input, operation.output));
        match giver {
            Some(giver) if giver.declaration == "Flatten" => BEFORE_FLATTEN.to_owned(),
            Some(giver) => format!("put it before `{}`", giver.label),
            None if matches!(error, ShapeError::NeedsSequence { .. }) => {
                "declare the network's input as `[channels, length]`".to_owned()
            }
            None => "declare the network's input as `[channels, height, width]`".to_owned(),
        }
    }
}

/// Why a layer does not fit; sizes of its input that have names go by them.
fn named(error: ShapeError, source: &str, x: Option<Shape>) -> String {
    let message = error.after(source).to_string();
    match (error, x.filter(|x| size::known(*x).is_none())) {
        (ShapeError::NeedsFlat { .. }, Some(x)) => {
            format!("needs a flat input, but {source} {x}; put `Flatten` before it")
        }
        (ShapeError::NeedsMap { found } | ShapeError::NeedsSequence { found }, Some(x)) => {
            message.replacen(&found.to_string(), &x.to_string(), 1)
        }
        _ => message,
    }
}

/// `Conv2d(16, 5)` for `Conv2d(6, 16, 5)`: three numbers or more, in PyTorch's order.
fn pytorch_order(declaration: &str) -> Option<String> {
    let (name, arguments) = declaration.strip_suffix(')')?.split_once('(')?;
    let arguments: Vec<_> = arguments.split(", ").collect();
    let is_number = |argument: &&str| argument.parse::<usize>().is_ok();
    let numbers = arguments.iter().copied().take_while(is_number).count();
    (name.starts_with("Conv") && numbers > 2).then(|| format!("{name}({})", arguments[1..].join(", ")))
}
