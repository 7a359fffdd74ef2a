//! Shape errors: at the argument at fault, with the shapes that lead there. What the macro cannot see, because a size has
//! a name only, becomes a check with the same message.

use nnet_core::shape::ShapeError;
use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::Ident;

use super::deferred::{Check, Inferred, Piece, Rule, Wrong};
use super::{Flowing, Layer, Value, Walk};
use crate::check::{self, Join, Node, Stated};
use crate::flow::{Gives, Table};
use crate::layer::{Kind, Loss};
use crate::size::{self, Needs, Shape, Size};

impl Walk<'_> {
    /// Reports where a layer breaks a rule.
    pub(super) fn report(&mut self, error: ShapeError, layer: &check::Layer, x: Option<Shape>) {
        let place = place(error, &layer.places).clone();
        let table = self.table(layer, Gives::Text(error.verdict().to_owned()));
        let why = self.message(error, &self.flow.source(), layer, x);
        self.errors.over(place, table.under(&format!("{}{why}", subject(layer))));
    }

    /// Leaves it to rustc whether a layer breaks a rule.
    pub(super) fn check_rule(&mut self, layer: &check::Layer, found: Inferred) {
        let pieces = vec![Piece::Text(subject(layer)), Piece::Why(found, self.flow.source())];
        let table = Some(self.table(layer, Gives::Wrong(found)));
        let wrong = Wrong::Breaks(found);
        self.deferred.checks.push(Check { place: layer.places.layer.clone(), wrong, pieces, table });
    }

    /// Leaves it to rustc whether two arms of a block go together.
    pub(super) fn check_arms(&mut self, layer: &check::Layer, join: Join, [a, b]: [Inferred; 2], pieces: Vec<Piece>) {
        let wrong = if join == Join::Add { Wrong::Differ(a, b) } else { Wrong::DoNotJoin(a, b) };
        let table = Some(self.table(layer, Gives::Text("does not fit".to_owned())));
        self.deferred.checks.push(Check { place: layer.places.layer.clone(), wrong, pieces, table });
    }

    /// Leaves it to rustc whether a shape that is stated can be.
    pub(super) fn check_stated(&mut self, name: &str, stated: Inferred, place: &TokenStream) {
        let owner = name.trim_end_matches("_stated");
        let pieces = vec![Piece::Text(format!("{owner}: ")), Piece::Why(stated, String::new())];
        let check = Check { place: place.clone(), wrong: Wrong::Breaks(stated), pieces, table: None };
        self.deferred.checks.push(check);
    }

    /// Leaves it to rustc whether there are enough classes for the loss, if their number has a name.
    pub(super) fn check_classes(&mut self, loss: Option<&(Loss, Ident)>, header: &Stated) {
        let (Some((loss, word)), Shape::Flat(classes @ Size::Named(_))) = (loss, header.shape) else { return };
        if !loss.classifies() || classes.needs() > Needs::Constants {
            return;
        }
        let output = Inferred::Stated(header.shape);
        let pieces = vec![
            Piece::Text(format!(
                "loss: {word} needs one score for each class, [n] with n of at least 2, but the output is "
            )),
            Piece::Shape(output),
            Piece::Text("; use `mse`, or give each class an output".to_owned()),
        ];
        let check = Check { place: word.to_token_stream(), wrong: Wrong::Fewer(output, 2), pieces, table: None };
        self.deferred.checks.push(check);
    }

    /// Reports what is wrong with a block.
    pub(super) fn report_text(&mut self, layer: &check::Layer, message: &str) {
        let table = self.table(layer, Gives::Text("does not fit".to_owned()));
        self.errors.over(&layer.places.layer, table.under(&format!("{}{message}", block_subject(layer))));
    }

    /// The flow up to a layer.
    fn table(&self, layer: &check::Layer, gives: Gives) -> Table {
        self.flow.broken_at(self.depth_of(layer), &layer.name.to_string(), &layer.declaration, gives)
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

    /// What a layer gives, compared with its contract. A contract tells the shape behind a broken layer.
    pub(super) fn after(&mut self, layer: &check::Layer, found: Option<Flowing>) -> Flowing {
        let found = found.unwrap_or(Flowing { value: 0, shape: None, inferred: None });
        let after = match (found.shape, &layer.contract) {
            (Some(shape), Some(contract)) => {
                let giver = if layer.declaration.is_empty() { "the block" } else { &layer.type_name().to_string() };
                let comparison = Comparison {
                    owner: layer.name.to_string(),
                    states: "its contract states",
                    gives: format!("{giver} gives"),
                    declaration: layer.declaration.clone(),
                };
                self.compare(&comparison, found, shape, contract)
            }
            (None, Some(contract)) => {
                let inferred = self.stated(&format!("{}_stated", layer.name), contract);
                Flowing { shape: Some(contract.shape), inferred, ..found }
            }
            _ => found,
        };
        self.flow.push(self.depth, &layer.name.to_string(), &layer.declaration, after.gives());
        after
    }

    pub(super) fn compare_with_header(&mut self, found: Flowing, header: &Stated) -> Flowing {
        let Some(shape) = found.shape else { return found };
        let (owner, declaration) = ("output".to_owned(), String::new());
        let gives = self.flow.source();
        let comparison = Comparison { owner, states: "the header states", gives, declaration };
        self.compare(&comparison, found, shape, header)
    }

    /// What is stated, if it is what was found or may be.
    fn compare(&mut self, words: &Comparison, found: Flowing, shape: Shape, stated: &Stated) -> Flowing {
        let Stated { shape: wanted, tokens } = stated;
        let Comparison { owner, states, gives, declaration } = words;
        let is_output = owner == "output";
        let depth = if is_output { 0 } else { self.depth };
        let table = |walk: &Self, last: Gives| walk.flow.broken_at(depth, owner, declaration, last);
        let verdict = if is_output { format!("must be {wanted}") } else { format!("{shape}, not {wanted}") };
        let unknown = Flowing { shape: None, inferred: None, ..found };
        match compared(shape, *wanted) {
            Compared::Equal => found,
            Compared::Different => {
                let message = format!("{owner}: {states} {wanted}, but {gives} {shape}; change one of them");
                let text = table(self, Gives::Text(verdict)).under(&message);
                self.errors.over(tokens, text);
                unknown
            }
            Compared::Never(parameter) => {
                let message = format!(
                    "{owner}: {states} {wanted}, but {gives} {shape}, and {parameter} can be any number; state {shape}"
                );
                let text = table(self, Gives::Text(verdict)).under(&message);
                self.errors.over(tokens, text);
                unknown
            }
            Compared::Open => {
                let from = found.inferred.unwrap_or(Inferred::Stated(shape));
                let to = self.stated(&format!("{owner}_stated"), stated).unwrap_or(Inferred::Stated(*wanted));
                let pieces = vec![
                    Piece::Text(format!("{owner}: {states} ")),
                    Piece::Shape(to),
                    Piece::Text(format!(", but {gives} ")),
                    Piece::Shape(from),
                    Piece::Text("; change one of them".to_owned()),
                ];
                let last = if is_output { Gives::Must(to) } else { Gives::Not(from, to) };
                let table = Some(table(self, last));
                let wrong = Wrong::Differ(from, to);
                self.deferred.checks.push(Check { place: tokens.clone(), wrong, pieces, table });
                let after = self.constant(&format!("{owner}_behind"), Rule::AsStated { of: from, stated: to });
                Flowing { shape: Some(merged(shape, *wanted)), inferred: Some(after), ..found }
            }
        }
    }
}

/// What is compared with what is stated, in words.
struct Comparison {
    owner: String,
    states: &'static str,
    gives: String,
    declaration: String,
}

/// How two shapes compare.
pub(super) enum Compared {
    Equal,
    Different,
    /// Rustc will know.
    Open,
    /// They are equal for some values of this parameter only.
    Never(Size),
}

pub(super) fn compared(a: Shape, b: Shape) -> Compared {
    if a == b {
        return Compared::Equal;
    }
    let (x, y) = (a.sizes(), b.sizes());
    if x.len() != y.len() || x.iter().zip(y).any(|(a, b)| a.differs(*b)) {
        return Compared::Different;
    }
    let mut open = x.iter().zip(y).filter(|(a, b)| a != b).flat_map(|(a, b)| [*a, *b]);
    open.find(|size| size.needs() > Needs::Constants).map_or(Compared::Open, Compared::Never)
}

/// Each size of two equal shapes by its number, if one of them has it.
pub(super) fn merged(a: Shape, b: Shape) -> Shape {
    let mut others = b.sizes().iter();
    size::map(a, |size| others.next().map_or(size, |other| size.clearer(*other)))
}

/// Where to report an error.
fn place(error: ShapeError, places: &check::Places) -> &TokenStream {
    match error {
        ShapeError::WindowTooLarge { dilation: 2.., .. } => places.argument("dilation"),
        ShapeError::WindowTooLarge { .. } => places.argument("kernel"),
        ShapeError::PaddingTooLarge { .. } | ShapeError::PaddingTakesAll { .. } => places.argument("padding"),
        ShapeError::OutputPaddingTooLarge { .. } => places.argument("output_padding"),
        ShapeError::GroupsDoNotDivide { .. } => places.argument("groups"),
        ShapeError::Zero { argument } => places.argument(argument),
        _ => &places.layer,
    }
}

/// What an error in a layer begins with: `conv1: Conv2d `.
fn subject(layer: &check::Layer) -> String {
    let (name, kind) = (&layer.name, layer.type_name());
    if name == kind { format!("{kind} ") } else { format!("{name}: {kind} ") }
}

/// What an error in a block begins with: ``block1: `residual` ``.
pub(super) fn block_subject(layer: &check::Layer) -> String {
    format!("{}: `{}` ", layer.name, layer.type_name())
}

/// What arms of a block must have in common, and what to do if they do not.
pub(super) fn join_words(join: Join) -> (&'static str, &'static str) {
    match join {
        Join::Add => ("adds values of one shape", "make them equal"),
        Join::Concat => ("joins its arms along the first dimension", "make all others equal"),
    }
}
