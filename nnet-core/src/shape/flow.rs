//! The shape flow: what each layer up to a mistake gives, as a table under the message.

use super::{Shape, ShapeError};
use crate::text::{Text, columns};

/// A layer in the flow.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// How many blocks there are around it.
    pub depth: usize,
    /// Its name.
    pub name: &'a str,
    /// What is written in the declaration.
    pub declaration: &'a str,
    /// What it gives.
    pub gives: Gives<'a>,
}

/// The rows up to a mistake, and last the layer with it.
pub struct Flow<'a> {
    /// The network's name.
    pub network: &'a str,
    /// How many rows behind the first are left out.
    pub omitted: usize,
    /// The others, the network's input first.
    pub rows: &'a [Row<'a>],
    /// The layer with the mistake.
    pub last: Row<'a>,
}

/// What stands behind a layer.
#[derive(Clone, Copy, Debug)]
pub enum Gives<'a> {
    /// A shape.
    Shape(Shape),
    /// A shape that is another than that which is stated.
    Not(Shape, Shape),
    /// Words.
    Text(&'a str),
    /// A shape that is asked for.
    Must(Shape),
    /// What the error says.
    Error(ShapeError),
    /// Nothing is known.
    Unknown,
}

/// A piece of a message.
#[derive(Clone, Copy, Debug)]
pub enum Piece<'a> {
    /// Words.
    Text(&'a str),
    /// A shape in brackets.
    Shape(Shape),
    /// Why a layer does not fit, and where its input comes from.
    Error(ShapeError, &'a str),
}

/// A message of some pieces, and under it the flow of shapes that leads to the mistake.
#[must_use]
pub const fn message<const N: usize>(pieces: &[Piece], flow: &Flow) -> Text<N> {
    let mut text = Text::new();
    let mut i = 0;
    while i < pieces.len() {
        match pieces[i] {
            Piece::Text(words) => {
                text.push(words);
            }
            Piece::Shape(shape) => {
                text.shape(shape);
            }
            Piece::Error(error, source) => error.write(source, &mut text),
        }
        i += 1;
    }
    if !flow.rows.is_empty() {
        flow.write(&mut text);
    }
    text
}

/// Fails to compile with a message if `is_wrong`.
///
/// # Panics
///
/// If `is_wrong`.
#[track_caller]
pub const fn refuse_if(is_wrong: bool, pieces: &[Piece], flow: &Flow) {
    if is_wrong {
        let text: Text<4096> = message(pieces, flow);
        panic!("{}", text.as_str());
    }
}

impl Flow<'_> {
    /// No flow under the message.
    pub const NONE: Self = Self {
        network: "",
        omitted: 0,
        rows: &[],
        last: Row { depth: 0, name: "", declaration: "", gives: Gives::Unknown },
    };

    const fn write<const N: usize>(&self, text: &mut Text<N>) {
        text.push("\n\nshape flow of ").push(self.network);
        let widths = self.widths();
        let mut r = 0;
        while r < self.rows.len() {
            if r == 1 && self.omitted > 0 {
                text.push("\n  … ").number(self.omitted).push(" more …");
            }
            text.push("\n  ");
            self.rows[r].write(widths, text);
            r += 1;
        }
        text.push("\n→ ");
        self.last.write(widths, text);
    }

    /// The widths of the first two columns.
    const fn widths(&self) -> [usize; 2] {
        let mut widths = self.last.widths();
        let mut r = 0;
        while r < self.rows.len() {
            let row = self.rows[r].widths();
            widths = [larger(widths[0], row[0]), larger(widths[1], row[1])];
            r += 1;
        }
        widths
    }
}

impl Row<'_> {
    const fn widths(&self) -> [usize; 2] {
        [2 * self.depth + columns(self.name), columns(self.declaration)]
    }

    const fn write<const N: usize>(&self, [names, declarations]: [usize; 2], text: &mut Text<N>) {
        let [name, declaration] = self.widths();
        text.blanks(2 * self.depth).push(self.name);
        if self.gives.is_nothing() && self.declaration.is_empty() {
            return;
        }
        text.blanks(names - name + 2).push(self.declaration);
        if !self.gives.is_nothing() {
            text.blanks(declarations - declaration + 2);
            self.gives.write(text);
        }
    }
}

const fn larger(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

impl Gives<'_> {
    const fn is_nothing(&self) -> bool {
        matches!(self, Gives::Text(words) if words.is_empty())
    }

    const fn write<const N: usize>(&self, text: &mut Text<N>) {
        match *self {
            Gives::Shape(shape) => {
                text.shape(shape);
            }
            Gives::Not(found, stated) => {
                text.shape(found).push(", not ").shape(stated);
            }
            Gives::Must(stated) => {
                text.push("must be ").shape(stated);
            }
            Gives::Text(words) => {
                text.push(words);
            }
            Gives::Error(error) => {
                text.push(error.verdict());
            }
            Gives::Unknown => {
                text.push("unknown");
            }
        }
    }
}
