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
        Self { network: network.to_string(), rows: vec![row("input", "", input)] }
    }

    pub fn push(&mut self, name: &str, declaration: &str, shape: Option<Shape>) {
        self.rows.push(row(name, declaration, shape));
    }

    /// Who gives the shape that comes last, with its verb: `` `conv2` above gives ``, or `the input is`.
    pub fn source(&self) -> String {
        match &self.rows[..] {
            [_, .., [name, ..]] => format!("`{name}` above gives"),
            _ => "the input is".to_owned(),
        }
    }

    /// The table, and last the layer with the mistake.
    pub fn broken_at(&self, name: &str, declaration: &str, verdict: &str) -> String {
        let mut rows = self.rows.clone();
        rows.push([name, declaration, verdict].map(str::to_owned));
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

fn row(name: &str, declaration: &str, shape: Option<Shape>) -> [String; 3] {
    let shape = shape.map_or_else(|| "unknown".to_owned(), |shape| shape.to_string());
    [name.to_owned(), declaration.to_owned(), shape]
}
