//! A network as a tree, and its text: `name: kind { layers } -> [contract]`.

use std::collections::BTreeMap;
use std::fmt::{self, Display};

use nnet::shape::Shape;

/// A declaration, and what the generator knows of it.
pub struct Network {
    pub name: String,
    pub input: Shape,
    pub output: Shape,
    pub layers: Vec<Item>,
    pub loss: String,
    /// Parameters, frozen ones included.
    pub parameters: usize,
    /// Parameters that have gradients.
    pub learned: usize,
    /// Whether something in it is frozen, so that it may have no gradient of its input.
    pub is_frozen: bool,
    /// Whether training differs from prediction: by dropout, or by a batch norm that learns.
    pub varies: bool,
}

/// A layer or a block, with what stands around it.
pub struct Item {
    pub name: Option<String>,
    pub frozen: bool,
    pub node: Node,
    pub contract: Option<Shape>,
}

pub enum Node {
    /// `Conv2d(4, kernel = 3)`
    Layer(String),
    /// `self::Net7`
    Path(String),
    Plain(Vec<Item>),
    Residual(Vec<Item>),
    /// `residual(shortcut = ..) { .. }`
    ResidualBy(String, Vec<Item>),
    /// `residual { .. } shortcut { .. }`
    ResidualShortcut(Vec<Item>, Vec<Item>),
    Concat(Vec<Item>),
    Add(Vec<Item>),
    Repeat(usize, Vec<Item>),
}

/// How often each word of the language occurs.
pub type Counts = BTreeMap<String, usize>;

pub const BLOCKS: &[&str] = &["{ }", "residual", "residual(shortcut)", "residual shortcut", "concat", "add", "repeat"];
pub const OTHERS: &[&str] =
    &["path", "frozen path", "frozen layer", "frozen block", "contract", "empty arm", "named layer", "named block"];
pub const LOSSES: &[&str] = &["cross_entropy", "nll", "mse", "mae", "huber"];

impl Network {
    /// Adds what occurs in the network.
    pub fn count(&self, counts: &mut Counts) {
        add(counts, word(&self.loss));
        count(&self.layers, counts);
    }
}

fn add(counts: &mut Counts, word: &str) {
    *counts.entry(word.to_owned()).or_default() += 1;
}

/// `huber(delta = 0.5)`  →  `huber`
fn word(call: &str) -> &str {
    call.split('(').next().unwrap_or(call)
}

fn count(items: &[Item], counts: &mut Counts) {
    for item in items {
        let is_block = !matches!(item.node, Node::Layer(_) | Node::Path(_));
        for (occurs, layer, block) in [
            (item.frozen && !matches!(item.node, Node::Path(_)), "frozen layer", "frozen block"),
            (item.name.is_some(), "named layer", "named block"),
            (item.contract.is_some(), "contract", "contract"),
        ] {
            if occurs {
                add(counts, if is_block { block } else { layer });
            }
        }
        match &item.node {
            Node::Layer(call) => add(counts, word(call)),
            Node::Path(_) => add(counts, if item.frozen { "frozen path" } else { "path" }),
            Node::Plain(inner) => add(counts, if inner.is_empty() { "empty arm" } else { "{ }" }),
            Node::Residual(_) => add(counts, "residual"),
            Node::ResidualBy(call, _) => {
                add(counts, "residual(shortcut)");
                add(counts, word(call));
            }
            Node::ResidualShortcut(..) => add(counts, "residual shortcut"),
            Node::Concat(_) => add(counts, "concat"),
            Node::Add(_) => add(counts, "add"),
            Node::Repeat(..) => add(counts, "repeat"),
        }
        for inner in item.node.inner() {
            count(inner, counts);
        }
    }
}

impl Node {
    /// The lists of layers inside.
    fn inner(&self) -> Vec<&[Item]> {
        match self {
            Node::Layer(_) | Node::Path(_) => Vec::new(),
            Node::Plain(a)
            | Node::Residual(a)
            | Node::ResidualBy(_, a)
            | Node::Repeat(_, a)
            | Node::Concat(a)
            | Node::Add(a) => vec![a],
            Node::ResidualShortcut(a, b) => vec![a, b],
        }
    }
}

/// What random layers do, and people only by mistake.
const LINTS: &[&str] = &[
    "nnet::softmax_before_cross_entropy",
    "nnet::activation_before_cross_entropy",
    "nnet::dropout_before_loss",
    "nnet::two_activations",
    "nnet::bias_before_batch_norm",
    "nnet::constant_result",
];

impl Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "network! {{")?;
        writeln!(f, "    #[allow({})]", LINTS.join(", "))?;
        writeln!(f, "    pub struct {}: {} -> {} {{", self.name, self.input, self.output)?;
        list(&self.layers, 2, f)?;
        writeln!(f, "    }}")?;
        writeln!(f, "    loss = {};", self.loss)?;
        writeln!(f, "}}")
    }
}

fn list(items: &[Item], depth: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for item in items {
        let indent = "    ".repeat(depth);
        f.write_str(&indent)?;
        if item.frozen {
            write!(f, "#[frozen] ")?;
        }
        if let Some(name) = &item.name {
            write!(f, "{name}: ")?;
        }
        let before = match &item.node {
            Node::Layer(text) | Node::Path(text) => text.clone(),
            Node::Plain(_) => String::new(),
            Node::Residual(_) | Node::ResidualShortcut(..) => "residual ".to_owned(),
            Node::ResidualBy(shortcut, _) => format!("residual(shortcut = {shortcut}) "),
            Node::Concat(_) => "concat ".to_owned(),
            Node::Add(_) => "add ".to_owned(),
            Node::Repeat(times, _) => format!("repeat({times}) "),
        };
        f.write_str(&before)?;
        for (number, inner) in item.node.inner().into_iter().enumerate() {
            f.write_str(if number == 0 { "{\n" } else { " shortcut {\n" })?;
            list(inner, depth + 1, f)?;
            write!(f, "{indent}}}")?;
        }
        if let Some(contract) = item.contract {
            write!(f, " -> {contract}")?;
        }
        writeln!(f, ",")?;
    }
    Ok(())
}
