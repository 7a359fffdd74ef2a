//! The shape flow: what each layer up to a mistake gives, as a table under the error.

use nnet_core::shape::Shape;
use syn::Ident;

use crate::table::{Align, align};

/// At most this many layers are shown; those far above a mistake say little about it.
const SHOWN: usize = 12;

/// The shapes so far, behind each layer.
pub struct Flow {
    network: String,
    /// Name, declaration and shape.
    rows: Vec<[String; 3]>,
}

impl Flow {
    pub fn new(network: &Ident, input: Option<Shape>) -> Self {
        Self { network: network.to_string(), rows: vec![row(0, "input", "", input)] }
    }

    /// A layer with `depth` blocks around it.
    pub fn push(&mut self, depth: usize, name: &str, declaration: &str, shape: Option<Shape>) {
        self.rows.push(row(depth, name, declaration, shape));
    }

    /// The beginning of a block, which gives nothing yet.
    pub fn open(&mut self, depth: usize, name: &str, declaration: &str) {
        self.rows.push([indented(depth, name), declaration.to_owned(), String::new()]);
    }

    /// Forgets the inside of a block that began at the row `begin`; what it gives is the last row.
    pub fn close(&mut self, begin: usize) {
        let end = self.rows.len().saturating_sub(1);
        self.rows.drain(begin.min(end)..end);
    }

    /// A new arm of a block, from the block's input.
    pub fn restart(&mut self, depth: usize, shape: Option<Shape>) {
        self.rows.push(row(depth, "input", "", shape));
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
        let last = self.rows.iter().rposition(|[_, _, shape]| !shape.is_empty()).unwrap_or_default();
        match self.rows.get(last).map_or("input", |[name, ..]| name.trim_start()) {
            "input" if last == 0 => "the input is".to_owned(),
            "input" => "the input of the block is".to_owned(),
            name => format!("`{name}` above gives"),
        }
    }

    /// The table, and last the layer with the mistake.
    pub fn broken_at(&self, depth: usize, name: &str, declaration: &str, verdict: &str) -> String {
        let mut rows = self.rows.clone();
        rows.push([indented(depth, name), declaration.to_owned(), verdict.to_owned()]);
        let omitted = rows.len().saturating_sub(SHOWN + 2);
        let aligned = align([Align::Left; 3], &rows);
        let mut lines = vec![format!("shape flow of {}", self.network)];
        lines.extend(aligned.iter().take(1).map(|input| format!("  {input}")));
        if omitted > 0 {
            lines.push(format!("  … {omitted} more …"));
        }
        lines.extend(aligned.iter().skip(1 + omitted).map(|line| format!("  {line}")));
        if let Some(last) = lines.last_mut() {
            last.replace_range(..1, "→");
        }
        lines.join("\n")
    }
}

fn row(depth: usize, name: &str, declaration: &str, shape: Option<Shape>) -> [String; 3] {
    let shape = shape.map_or_else(|| "unknown".to_owned(), |shape| shape.to_string());
    [indented(depth, name), declaration.to_owned(), shape]
}

fn indented(depth: usize, name: &str) -> String {
    format!("{}{name}", "  ".repeat(depth))
}
