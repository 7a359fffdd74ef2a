//! Shape errors: at the argument at fault, with the shapes that lead there.

use nnet_core::shape::{self, Shape, ShapeError};

use super::{Flowing, Layer, Value, Walk};
use crate::check::{self, Join, Node, Stated};
use crate::layer::Kind;

impl Walk<'_> {
    /// Reports where a layer breaks a rule.
    pub(super) fn report(&mut self, error: ShapeError, layer: &check::Layer) {
        let places = &layer.places;
        let (place, verdict) = match error {
            ShapeError::NeedsFlat { .. } => (&places.layer, "needs [n]"),
            ShapeError::NeedsSequence { .. } => (&places.layer, "needs [channels, length]"),
            ShapeError::NeedsMap { .. } => (&places.layer, "needs [channels, height, width]"),
            ShapeError::WindowTooLarge { dilation: 2.., .. } => (places.argument("dilation"), "does not fit"),
            ShapeError::WindowTooLarge { .. } => (places.argument("kernel"), "does not fit"),
            ShapeError::PaddingTooLarge { .. } | ShapeError::PaddingTakesAll { .. } => {
                (places.argument("padding"), "does not fit")
            }
            ShapeError::OutputPaddingTooLarge { .. } => (places.argument("output_padding"), "does not fit"),
            ShapeError::GroupsDoNotDivide { .. } => (places.argument("groups"), "does not fit"),
            ShapeError::ArmsDiffer { .. } | ShapeError::ArmsDoNotJoin { .. } => (&places.layer, "does not fit"),
            ShapeError::Zero { argument } => (places.argument(argument), "is empty"),
            ShapeError::Overflow => (&places.layer, "is too large"),
        };
        let (name, kind) = (&layer.name, layer.type_name());
        let source = self.flow.source();
        let message = self.message(error, &source, layer);
        let table = self.flow.broken_at(self.depth_of(layer), &name.to_string(), &layer.declaration, verdict);
        let message = if name == kind { format!("{kind} {message}") } else { format!("{name}: {kind} {message}") };
        self.errors.over(place, format_args!("{message}\n\n{table}"));
    }

    /// Reports what is wrong with a block.
    pub(super) fn report_text(&mut self, layer: &check::Layer, message: &str) {
        let (name, word) = (&layer.name, layer.type_name());
        let table = self.flow.broken_at(self.depth_of(layer), &name.to_string(), &layer.declaration, "does not fit");
        self.errors.over(&layer.places.layer, format_args!("{name}: `{word}` {message}\n\n{table}"));
    }

    /// Blocks report from the inside.
    fn depth_of(&self, layer: &check::Layer) -> usize {
        match layer.node {
            Node::Kind(_) | Node::Unknown(_) => self.depth,
            _ => self.depth.saturating_sub(1),
        }
    }

    /// Whether a layer may be frozen behind `x`: one by path only predicts if it is, so that no gradient passes it.
    pub(super) fn may_freeze(&mut self, layer: &check::Layer, kind: &Kind, x: Value) -> bool {
        if !(layer.frozen && matches!(kind, Kind::ByPath { .. })) {
            return true;
        }
        let Some(trained) = self.trained_before(x) else { return true };
        let message = format!(
            "is frozen, but a layer by path can be frozen only where nothing before it trains, and `{trained}` does; \
             freeze that too, or let this train"
        );
        self.report_text(layer, &message);
        false
    }

    /// The place of a layer that learns and leads to `value`, the last of them.
    fn trained_before(&self, value: Value) -> Option<String> {
        let mut leads = vec![false; value + 1];
        leads[value] = true;
        for (at, operation) in self.operations.iter().enumerate().take(value).rev() {
            if !leads[at + 1] {
                continue;
            }
            if operation.layer().is_some_and(Layer::learns) {
                return Some(operation.label.clone());
            }
            operation.inputs.iter().for_each(|input| leads[*input] = true);
        }
        None
    }

    /// The shape behind a layer, compared with its contract. A contract tells the shape behind a broken layer.
    pub(super) fn after(&mut self, layer: &check::Layer, found: Option<Shape>) -> Option<Shape> {
        let (name, depth) = (layer.name.to_string(), self.depth);
        let shape = match (found, &layer.contract) {
            (Some(found), Some(contract)) if found != contract.shape => {
                let Stated { shape: stated, tokens } = contract;
                let verdict = format!("{found}, not {stated}");
                let table = self.flow.broken_at(depth, &name, &layer.declaration, &verdict);
                let giver = if layer.declaration.is_empty() { "the block" } else { &layer.type_name().to_string() };
                let message =
                    format!("{name}: its contract states {stated}, but {giver} gives {found}; change one of them");
                self.errors.over(tokens, format_args!("{message}\n\n{table}"));
                None
            }
            (Some(found), _) => Some(found),
            (None, contract) => contract.as_ref().map(|contract| contract.shape),
        };
        self.flow.push(depth, &name, &layer.declaration, shape);
        shape
    }

    pub(super) fn compare_with_header(&mut self, shape: Shape, header: &Stated) {
        let Stated { shape: stated, tokens } = header;
        if shape != *stated {
            let source = self.flow.source();
            let table = self.flow.broken_at(0, "output", "", &format!("must be {stated}"));
            let message = format!("output: the header states {stated}, but {source} {shape}; change one of them");
            self.errors.over(tokens, format_args!("{message}\n\n{table}"));
        }
    }
}

/// Why the arms of a block do not come together: the first one, and one that does not go with it.
pub(super) fn join_error(join: Join, arms: &[check::Layer], found: &[Flowing]) -> Option<String> {
    let shapes: Option<Vec<_>> = found.iter().map(|arm| arm.shape).collect();
    let shapes = shapes?;
    let mut named = arms.iter().map(|arm| &arm.name).zip(shapes);
    let (first, a) = named.next()?;
    let fits = |b: &Shape| match join {
        Join::Add => !matches!(shape::sum(a, *b), Err(ShapeError::ArmsDiffer { .. })),
        Join::Concat => !matches!(shape::concat(a, *b), Err(ShapeError::ArmsDoNotJoin { .. })),
    };
    let (other, b) = named.find(|(_, b)| !fits(b))?;
    let (does, cure) = match join {
        Join::Add => ("adds values of one shape", "make them equal"),
        Join::Concat => ("joins its arms along the first dimension", "make all others equal"),
    };
    Some(format!("{does}, but `{first}` gives {a} and `{other}` gives {b}; {cure}"))
}

/// Why what a residual block gives cannot be added to its shortcut.
pub(super) fn sum_error(
    layer: &check::Layer,
    x: Flowing,
    y: Flowing,
    way: Flowing,
    has_shortcut: bool,
) -> Option<String> {
    let (Some(x), Some(y), Some(way)) = (x.shape, y.shape, way.shape) else { return None };
    if y == way {
        return None;
    }
    if has_shortcut {
        return Some(format!("adds what its block gives, {y}, to what its shortcut gives, {way}; make them equal"));
    }
    let word = layer.type_name();
    let cure = match projection(x, y) {
        Some(projection) => format!("give it a shortcut of that shape: `{word}(shortcut = {projection}) {{ .. }}`"),
        None => "make them equal, or give it a `shortcut { .. }` of that shape".to_owned(),
    };
    Some(format!("adds what its block gives, {y}, to its input, {way}; {cure}"))
}

/// A layer that leads from one shape to another, such as `Conv2d(32, kernel = 1, stride = 2)`.
fn projection(x: Shape, y: Shape) -> Option<String> {
    match (x, y) {
        (Shape::Flat(_), Shape::Flat(out)) => Some(format!("Linear({out})")),
        (Shape::Map([_, height, width]), Shape::Map([out, h, w])) => {
            let stride = height.div_ceil(h);
            let fits = h == height.div_ceil(stride) && w == width.div_ceil(stride);
            let stride = if stride == 1 { String::new() } else { format!(", stride = {stride}") };
            fits.then(|| format!("Conv2d({out}, kernel = 1{stride})"))
        }
        _ => None,
    }
}
