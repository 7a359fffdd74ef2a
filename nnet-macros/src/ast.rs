//! The declaration as written: nothing here is known to make sense yet.

use proc_macro2::{Span, TokenStream};
use syn::{Attribute, Expr, Ident, LitStr, Path, Visibility};

/// `pub struct Name: [..] -> [..] { layers } settings`
pub struct Declaration {
    pub attributes: Vec<Attribute>,
    pub visibility: Visibility,
    pub name: Ident,
    pub parameters: Parameters,
    /// The input's shape; `None` where it could not be read.
    pub input: Option<Dimensions>,
    /// The output's shape; `None` where it could not be read.
    pub output: Option<Dimensions>,
    pub layers: Vec<Layer>,
    /// Where to report that there is no layer.
    pub body: Span,
    pub loss: Option<Call>,
    pub budget: Option<Budget>,
    /// The file of `weights = "lenet.safetensors";`.
    pub weights: Option<LitStr>,
    /// The word of `quantize = int8;`.
    pub quantize: Option<Ident>,
    /// Networks behind it, which have been reported.
    pub others: Vec<Declaration>,
}

/// `budget(limits);`
pub struct Budget {
    pub limits: Vec<Limit>,
    /// Where to report that there is none.
    pub parentheses: Span,
}

/// `name = value`
pub struct Limit {
    pub name: Ident,
    /// A number, perhaps with a unit.
    pub value: TokenStream,
    pub tokens: TokenStream,
}

/// `<const HIDDEN: usize>`: sizes that the user of the network chooses.
#[derive(Clone, Default)]
pub struct Parameters(pub Vec<Ident>);

/// `[1, 28, 28]`
pub struct Dimensions {
    pub sizes: Vec<Expr>,
    pub tokens: TokenStream,
}

/// `name: node -> [contract]`; the default is a layer that could not be read.
#[derive(Default)]
pub struct Layer {
    pub attributes: Vec<Attribute>,
    pub name: Option<Ident>,
    /// `None` where it could not be read.
    pub node: Option<Node>,
    pub contract: Option<Dimensions>,
    /// Whether it is a setting among the layers, which has been reported.
    pub is_setting: bool,
}

pub enum Node {
    Call(Call),
    Block(Block),
}

/// Layers in braces, and what is done with them.
pub struct Block {
    /// `residual`, or nothing before a plain block.
    pub word: Option<Ident>,
    pub kind: BlockKind,
    /// Where to report errors: the word with its arguments, or the braces.
    pub tokens: TokenStream,
}

pub enum BlockKind {
    /// `{ .. }`
    Sequence(Vec<Layer>),
    /// `residual { .. }`; the shortcut is one layer or a plain block.
    Residual { body: Vec<Layer>, shortcut: Option<Box<Layer>> },
    /// `concat { a: .., b: .. }`
    Concat(Vec<Layer>),
    /// `add { a: .., b: .. }`
    Add(Vec<Layer>),
    /// `repeat(n) { .. }`
    Repeat { count: Expr, body: Vec<Layer> },
}

/// `Kind(arguments)` or `Kind`: a layer, a loss or an initialisation.
pub struct Call {
    /// Perhaps with generic arguments behind its last segment.
    pub path: Path,
    pub arguments: Vec<Argument>,
    pub tokens: TokenStream,
}

/// `value` or `name = value`
pub struct Argument {
    pub name: Option<Ident>,
    pub value: Expr,
}
