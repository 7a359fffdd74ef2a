//! What is left to rustc because some sizes have names only: shapes that it infers, and checks that it makes.

use proc_macro2::TokenStream;
use syn::Ident;

use crate::check::Join;
use crate::flow::Table;
use crate::layer::Kind;
use crate::size::Shape;

#[derive(Clone, Default)]
pub struct Deferred {
    pub constants: Vec<Constant>,
    pub checks: Vec<Check>,
}

impl Deferred {
    /// The path to a shape that has a constant.
    pub fn path(&self, inferred: Inferred) -> Option<&TokenStream> {
        let Inferred::Constant(at) = inferred else { return None };
        self.constants.get(at).map(|constant| &constant.path)
    }
}

/// A shape that rustc infers.
#[derive(Clone)]
pub struct Constant {
    pub name: Ident,
    /// The path to it.
    pub path: TokenStream,
    pub rule: Rule,
}

/// A shape by its constant, or in full.
#[derive(Clone, Copy)]
pub enum Inferred {
    Constant(usize),
    Stated(Shape),
}

#[derive(Clone)]
pub enum Rule {
    Stated(Shape),
    /// What is stated of another.
    AsStated {
        of: Inferred,
        stated: Inferred,
    },
    Layer {
        kind: Box<Kind>,
        x: Inferred,
        guess: Shape,
    },
    Join {
        join: Join,
        arms: Vec<Inferred>,
        guess: Shape,
    },
}

/// Refuses the declaration if something holds.
#[derive(Clone)]
pub struct Check {
    /// Where to report it.
    pub place: TokenStream,
    pub wrong: Wrong,
    pub pieces: Vec<Piece>,
    pub table: Option<Table>,
}

#[derive(Clone)]
pub enum Wrong {
    Breaks(Inferred),
    Differ(Inferred, Inferred),
    DoNotJoin(Inferred, Inferred),
    /// It has fewer entries.
    Fewer(Inferred, usize),
}

/// A piece of a message.
#[derive(Clone)]
pub enum Piece {
    Text(String),
    Shape(Inferred),
    /// Why a rule is broken, and where the input comes from.
    Why(Inferred, String),
}
