//! The shape flow: what each layer up to a mistake gives, as a table under the error.

use nnet_core::shape::flow::{self, Piece};
use nnet_core::text::Text;
use syn::Ident;

use crate::infer::Inferred;
use crate::size::Shape;

/// At most this many layers are shown; those far above a mistake say little about it.
const SHOWN: usize = 12;

/// The shapes so far, behind each layer.
pub struct Flow {
    network: String,
    rows: Vec<Row>,
}

/// The rows up to a mistake, and last the layer with it.
#[derive(Clone)]
pub struct Table {
    pub network: String,
    /// How many rows behind the first are left out.
    pub omitted: usize,
    pub rows: Vec<Row>,
    pub last: Row,
}

#[derive(Clone)]
pub struct Row {
    /// How many blocks there are around the layer.
    pub depth: usize,
    pub name: String,
    pub declaration: String,
    pub gives: Gives,
}

/// What stands behind a layer.
#[derive(Clone)]
pub enum Gives {
    Nothing,
    Unknown,
    Text(String),
    /// A shape, and where rustc finds it, if it has names that stand for constants.
    Shape(Shape, Option<Inferred>),
    /// What rustc finds, and what is stated.
    Not(Inferred, Inferred),
    /// What is stated of the output.
    Must(Inferred),
    /// What rustc finds to be wrong.
    Wrong(Inferred),
}

impl Flow {
    pub fn new(network: &Ident) -> Self {
        Self { network: network.to_string(), rows: Vec::new() }
    }

    /// A layer with `depth` blocks around it.
    pub fn push(&mut self, depth: usize, name: &str, declaration: &str, gives: Gives) {
        self.rows.push(Row { depth, name: name.to_owned(), declaration: declaration.to_owned(), gives });
    }

    /// Forgets the inside of a block that began at the row `begin`; what it gives is the last row.
    pub fn close(&mut self, begin: usize) {
        let end = self.rows.len().saturating_sub(1);
        self.rows.drain(begin.min(end)..end);
    }

    /// How many rows there are, for [`truncate`](Self::truncate).
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Forgets rows that show nothing new.
    pub fn truncate(&mut self, rows: usize) {
        self.rows.truncate(rows);
    }

    /// Who gives the shape that comes last, with its verb: `` `conv2` above gives ``, or `the input is`.
    pub fn source(&self) -> String {
        let last = self.rows.iter().rposition(|row| !matches!(row.gives, Gives::Nothing)).unwrap_or_default();
        match self.rows.get(last).map_or("input", |row| &row.name) {
            "input" if last == 0 => "the input is".to_owned(),
            "input" => "the input of the block is".to_owned(),
            name => format!("`{name}` above gives"),
        }
    }

    /// The table, and last the layer with the mistake.
    pub fn broken_at(&self, depth: usize, name: &str, declaration: &str, gives: Gives) -> Table {
        let omitted = (self.rows.len() + 1).saturating_sub(SHOWN + 2);
        let (first, rest) = self.rows.split_at(self.rows.len().min(1));
        let rows = first.iter().chain(rest.iter().skip(omitted)).cloned().collect();
        let last = Row { depth, name: name.to_owned(), declaration: declaration.to_owned(), gives };
        Table { network: self.network.clone(), omitted, rows, last }
    }
}

impl Table {
    /// A message with the table under it.
    pub fn under(&self, message: &str) -> String {
        let texts: Vec<_> = self.rows.iter().chain([&self.last]).map(|row| row.gives.text()).collect();
        let mut rows: Vec<_> =
            self.rows.iter().chain([&self.last]).zip(&texts).map(|(row, gives)| plain(row, gives)).collect();
        let last = rows.pop().unwrap_or_else(|| plain(&self.last, ""));
        let flow = flow::Flow { network: &self.network, omitted: self.omitted, rows: &rows, last };
        let text: Text<16_384> = flow::message(&[Piece::Text(message)], &flow);
        text.to_string()
    }
}

fn plain<'a>(row: &'a Row, gives: &'a str) -> flow::Row<'a> {
    flow::Row { depth: row.depth, name: &row.name, declaration: &row.declaration, gives: flow::Gives::Text(gives) }
}

impl Gives {
    /// Where rustc finds numbers there are none yet.
    fn text(&self) -> String {
        match self {
            Gives::Nothing => String::new(),
            Gives::Text(text) => text.clone(),
            Gives::Shape(shape, _) => shape.to_string(),
            Gives::Unknown | Gives::Not(..) | Gives::Must(_) | Gives::Wrong(_) => "unknown".to_owned(),
        }
    }
}
