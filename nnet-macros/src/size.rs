//! Sizes: numbers, and names whose numbers only rustc knows.
//!
//! A name stands for a constant of the user's (`HIDDEN`), for a parameter of the network (`const HIDDEN: usize`), for a
//! size that a shape rule will give, or for arithmetic with these. Equal names are equal numbers; different ones may be.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;

use proc_macro2::{Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt};
use syn::Ident;

use crate::ast::Parameters;
use crate::generate::words::shapes_name;

pub type Shape = nnet_core::shape::Shape<Size>;
pub type Window = nnet_core::shape::Window2d<Size>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Size {
    Known(usize),
    Named(Name),
}

/// The place of a name among those of this expansion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Name(usize);

/// What a name needs, so that it can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Needs {
    /// Constants.
    Constants,
    /// A parameter of the network, and nothing else.
    Parameter,
    /// Arithmetic with a parameter, which stable Rust has in values, but not in types.
    Arithmetic,
}

/// What an expansion knows of its names.
#[derive(Default)]
struct Store {
    entries: Vec<Entry>,
    /// The place of each entry, by what it is found again by.
    places: HashMap<String, usize>,
    /// The type whose constants names stand for: `LeNetShapes`.
    holder: Option<Ident>,
    /// The parameters of the network.
    parameters: Vec<Ident>,
    /// The user's expressions, each with the name of its constant.
    written: Vec<(Ident, TokenStream)>,
    /// The names of all constants, each with the number that the next of this name gets.
    taken: HashMap<String, usize>,
}

struct Entry {
    /// As the user would write it; `?` if there is no word for it.
    text: String,
    tokens: TokenStream,
    needs: Needs,
}

thread_local! {
    static STORE: RefCell<Store> = RefCell::default();
}

/// Forgets all names when an expansion ends, whose tokens end with it.
pub struct Names;

impl Names {
    pub fn begin() -> Self {
        STORE.take();
        Self
    }
}

impl Drop for Names {
    fn drop(&mut self) {
        STORE.take();
    }
}

/// Whose names these are.
pub fn belong_to(network: &Ident, parameters: &Parameters) {
    STORE.with_borrow_mut(|store| {
        store.holder = Some(shapes_name(network));
        store.parameters.clone_from(&parameters.0);
    });
}

/// The constants that the user's expressions are bound to, so that what is wrong with one is reported once.
pub fn written() -> Vec<(Ident, TokenStream)> {
    STORE.with_borrow(|store| store.written.clone())
}

/// The first parameter of the network that is mentioned.
pub fn parameter_in(mention: &impl ToTokens) -> Option<Ident> {
    STORE.with_borrow(|store| store.parameter_in(mention.to_token_stream()))
}

/// A name for a constant that no other has, and the path to it.
pub fn constant(wanted: &str) -> (Ident, TokenStream) {
    STORE.with_borrow_mut(|store| store.constant(wanted))
}

impl Store {
    fn constant(&mut self, wanted: &str) -> (Ident, TokenStream) {
        let wanted = wanted.replace("r#", "").replace('.', "_").to_uppercase();
        let mut free = wanted.clone();
        while self.taken.contains_key(&free) {
            let number = self.taken.entry(wanted.clone()).or_insert(2);
            free = format!("{wanted}_{number}");
            *number += 1;
        }
        let (name, holder) = (Ident::new(&free, Span::mixed_site()), &self.holder);
        self.taken.insert(free, 2);
        let path = code!(#holder::#name);
        (name, path)
    }

    fn find(&self, key: &str) -> Option<Size> {
        self.places.get(key).map(|at| Size::Named(Name(*at)))
    }

    fn push(&mut self, key: String, entry: Entry) -> Size {
        self.places.insert(key, self.entries.len());
        self.entries.push(entry);
        Size::Named(Name(self.entries.len() - 1))
    }

    fn parameter_in(&self, tokens: TokenStream) -> Option<Ident> {
        // The `N` of `Config::N` or `config.N` is another.
        let mut is_part = false;
        tokens.into_iter().find_map(|token| {
            let was_part = std::mem::replace(&mut is_part, false);
            match token {
                TokenTree::Ident(word) => Some(word).filter(|word| !was_part && self.parameters.contains(word)),
                TokenTree::Group(group) => self.parameter_in(group.stream()),
                TokenTree::Punct(mark) => {
                    is_part = matches!(mark.as_char(), ':' | '.');
                    None
                }
                TokenTree::Literal(_) => None,
            }
        })
    }
}

impl Size {
    pub const ONE: Self = Size::Known(1);

    /// The size that the user's expression stands for: `text` in the words of its author.
    pub fn written(text: &str, tokens: &TokenStream) -> Self {
        STORE.with_borrow_mut(|store| {
            let key = tokens.to_string();
            if let Some(known) = store.find(&key) {
                return known;
            }
            let is_parameter = store.parameters.iter().any(|parameter| parameter == text);
            let (needs, tokens) = if is_parameter || store.parameter_in(tokens.clone()).is_some() {
                if is_parameter { (Needs::Parameter, tokens.clone()) } else { (Needs::Arithmetic, code!((#tokens))) }
            } else {
                let is_path = text.chars().all(|letter| letter.is_alphanumeric() || "_:".contains(letter));
                let word = if is_path { text.rsplit("::").next().unwrap_or(text) } else { "SIZE" };
                let (name, path) = store.constant(word);
                store.written.push((name, tokens.clone()));
                (Needs::Constants, path)
            };
            store.push(key, Entry { text: text.to_owned(), tokens, needs })
        })
    }

    /// A size that follows from others, which there is no word for.
    pub fn derived(tokens: TokenStream, from: &[Size]) -> Self {
        let is_constant = from.iter().all(|size| size.needs() == Needs::Constants);
        named("?", tokens, if is_constant { Needs::Constants } else { Needs::Arithmetic })
    }

    /// What follows from a parameter by arithmetic.
    pub fn calculated_from(self) -> Self {
        named("?", code!((#self + 0)), Needs::Arithmetic)
    }

    pub fn known(self) -> Option<usize> {
        if let Size::Known(size) = self { Some(size) } else { None }
    }

    pub fn is_known(self) -> bool {
        self.known().is_some()
    }

    pub fn needs(self) -> Needs {
        self.entry(|name| name.needs).unwrap_or(Needs::Constants)
    }

    /// Whether a type may have it.
    pub fn suits_types(self) -> bool {
        self.needs() != Needs::Arithmetic
    }

    /// Whether both are numbers, and not the same.
    pub fn differs(self, other: Self) -> bool {
        self != other && self.is_known() && other.is_known()
    }

    /// That of two equal sizes which is a number, if one is.
    pub fn clearer(self, other: Self) -> Self {
        if self.is_known() { self } else { other }
    }

    /// `None` if it exceeds `usize`.
    pub fn times(self, other: Self) -> Option<Self> {
        Some(match (self, other) {
            (Size::Known(a), Size::Known(b)) => Size::Known(a.checked_mul(b)?),
            (Size::Known(1), size) | (size, Size::Known(1)) => size,
            (a, b) => combined(a, b, "*", |a, b| code!(#a * #b)),
        })
    }

    /// `None` if it exceeds `usize`.
    pub fn plus(self, other: Self) -> Option<Self> {
        Some(match (self, other) {
            (Size::Known(a), Size::Known(b)) => Size::Known(a.checked_add(b)?),
            (Size::Known(0), size) | (size, Size::Known(0)) => size,
            (a, b) => combined(a, b, "+", |a, b| code!(#a + #b)),
        })
    }

    /// Rounded down; `None` for a divisor of 0.
    pub fn over(self, other: Self) -> Option<Self> {
        Some(match (self, other) {
            (Size::Known(a), Size::Known(b)) => Size::Known(a.checked_div(b)?),
            (size, Size::Known(1)) => size,
            // A size is not 0.
            (a, b) if a == b => Size::ONE,
            (a, b) => combined(a, b, "/", |a, b| code!(::nnet::__private::divided(#a, #b))),
        })
    }

    /// The expression as it stands within another.
    fn expression(self) -> TokenStream {
        self.entry(|name| name.tokens.clone()).unwrap_or_else(|| self.to_token_stream())
    }

    fn entry<T>(self, read: impl FnOnce(&Entry) -> T) -> Option<T> {
        let Size::Named(Name(at)) = self else { return None };
        STORE.with_borrow(|store| store.entries.get(at).map(read))
    }
}

/// A name for an expression, or the one that it has already.
fn named(text: &str, tokens: TokenStream, needs: Needs) -> Size {
    STORE.with_borrow_mut(|store| {
        let key = tokens.to_string();
        store.find(&key).unwrap_or_else(|| store.push(key, Entry { text: text.to_owned(), tokens, needs }))
    })
}

fn combined(a: Size, b: Size, sign: &str, join: impl FnOnce(TokenStream, TokenStream) -> TokenStream) -> Size {
    let is_constant = a.needs().max(b.needs()) == Needs::Constants;
    let text = |size: Size| {
        let text = size.to_string();
        let is_plain = text.split(' ').skip(1).step_by(2).all(|other| other == sign && sign != "/");
        if is_plain { text } else { format!("({text})") }
    };
    let [x, y] = [a, b].map(text);
    let text = if x == "?" || y == "?" { "?".to_owned() } else { format!("{x} {sign} {y}") };
    // In parentheses, so that it can be a part of another.
    let [a, b] = [a, b].map(Size::expression);
    let tokens = join(a, b);
    named(&text, code!((#tokens)), if is_constant { Needs::Constants } else { Needs::Arithmetic })
}

/// Whether a window has padding, or may have some.
pub fn is_padded(window: &Window) -> bool {
    [window.padding, window.padding_end].concat().iter().any(|size| *size != Size::Known(0))
}

/// The product of some sizes; `None` if it exceeds `usize`.
pub fn product(sizes: &[Size]) -> Option<Size> {
    sizes.iter().try_fold(Size::ONE, |product, size| product.times(*size))
}

/// The sum of some sizes; `None` if it exceeds `usize`.
pub fn sum(sizes: impl IntoIterator<Item = Size>) -> Option<Size> {
    sizes.into_iter().try_fold(Size::Known(0), Size::plus)
}

impl From<usize> for Size {
    fn from(size: usize) -> Self {
        Size::Known(size)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Size::Known(size) => size.fmt(f),
            named @ Size::Named(_) => f.write_str(&named.entry(|name| name.text.clone()).unwrap_or_default()),
        }
    }
}

/// A literal, or an expression in braces, so that it can stand among the arguments of a type.
impl ToTokens for Size {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Size::Known(size) => tokens.append(Literal::usize_unsuffixed(*size)),
            named @ Size::Named(_) => {
                let expression = named.expression();
                tokens.extend(code!({ #expression }));
            }
        }
    }
}

/// A shape of numbers.
pub fn shape(shape: nnet_core::shape::Shape) -> Shape {
    map(shape, Size::Known)
}

/// The numbers of a shape, if all are known.
pub fn known(shape: Shape) -> Option<nnet_core::shape::Shape> {
    shape.sizes().iter().all(|size| size.is_known()).then(|| map(shape, |size| size.known().unwrap_or_default()))
}

/// A shape with other sizes.
pub fn map<A: Copy, B>(
    shape: nnet_core::shape::Shape<A>,
    mut change: impl FnMut(A) -> B,
) -> nnet_core::shape::Shape<B> {
    use nnet_core::shape::Shape::{Flat, Map, Sequence};
    match shape {
        Flat(n) => Flat(change(n)),
        Sequence(sizes) => Sequence(sizes.map(change)),
        Map(sizes) => Map(sizes.map(change)),
    }
}

/// The entries of a shape.
pub fn entries(shape: Shape) -> Option<Size> {
    product(shape.sizes())
}
