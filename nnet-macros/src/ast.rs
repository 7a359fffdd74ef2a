//! The declaration as written: nothing here is known to make sense yet.

use proc_macro2::{Span, TokenStream};
use syn::{Attribute, Expr, Ident, Path, Visibility};

/// `pub struct Name: [..] -> [..] { layers } settings`
pub struct Declaration {
    pub attributes: Vec<Attribute>,
    pub visibility: Visibility,
    pub name: Ident,
    /// The input's shape; `None` where it could not be read.
    pub input: Option<Dimensions>,
    /// The output's shape; `None` where it could not be read.
    pub output: Option<Dimensions>,
    pub layers: Vec<Layer>,
    /// Where to report that there is no layer.
    pub body: Span,
    pub loss: Option<Call>,
}

/// `[1, 28, 28]`
pub struct Dimensions {
    pub sizes: Vec<Expr>,
    pub tokens: TokenStream,
}

/// `name: Kind(arguments) -> [contract]`; the default is a layer that could not be read.
#[derive(Default)]
pub struct Layer {
    pub attributes: Vec<Attribute>,
    pub name: Option<Ident>,
    /// `None` where the layer could not be read.
    pub call: Option<Call>,
    pub contract: Option<Dimensions>,
}

/// `Kind(arguments)` or `Kind`: a layer, a loss or an initialisation.
pub struct Call {
    pub path: Path,
    pub arguments: Vec<Argument>,
    pub tokens: TokenStream,
}

/// `value` or `name = value`
pub struct Argument {
    pub name: Option<Ident>,
    pub value: Expr,
}
