//! Arguments in the order of their parameters, by position or by name, and the values that they may have.

use std::fmt::Display;

use nnet_core::shape::ShapeError;
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{BinOp, Expr, Lit, Stmt, UnOp};

use crate::ast::{Argument, Call};
use crate::errors::Errors;
use crate::nearest::suggestion;
use crate::parse;
use crate::size::Size;

/// A name, and the default as it is documented. Without one it must be given.
pub type Parameter = (&'static str, Option<&'static str>);

/// What is added around an input.
#[derive(Clone, Copy)]
pub enum Padding {
    /// Height and width, on each side.
    Each([Size; 2]),
    /// As much as keeps the size.
    Same,
}

/// The arguments of one call, each with its parameter.
pub struct Arguments<'a> {
    /// What an error begins with: `conv1`.
    owner: String,
    callee: String,
    bound: Vec<(&'static str, &'a Expr)>,
    /// Whether some argument has no parameter, or some parameter no argument.
    broken: bool,
}

impl<'a> Arguments<'a> {
    pub fn bind(owner: &str, call: &'a Call, parameters: &[Parameter], errors: &mut Errors) -> Self {
        let callee = parse::text(&call.path);
        let mut this = Self { owner: owner.to_owned(), callee, bound: Vec::new(), broken: false };
        let mut positions = parameters.iter();
        let mut named = false;
        for argument in &call.arguments {
            named |= argument.name.is_some();
            let name = match &argument.name {
                None if named => Err("an argument without a name follows one with a name, so name it too".to_owned()),
                None => positions.next().map(|parameter| parameter.0).ok_or_else(|| surplus(&this.callee, parameters)),
                Some(name) => this.parameter(&name.to_string(), parameters),
            };
            match name {
                Ok(name) => this.bound.push((name, &argument.value)),
                Err(why) => this.refuse(place(argument), format_args!("{why}; {}", listed(parameters)), errors),
            }
        }
        if !this.broken {
            this.report_missing(call, parameters, errors);
        }
        this
    }

    /// The parameter of a named argument.
    fn parameter(&self, name: &str, parameters: &[Parameter]) -> Result<&'static str, String> {
        let callee = &self.callee;
        if self.bound.iter().any(|(bound, _)| *bound == name) {
            return Err(format!("{callee} is given `{name}` twice"));
        }
        let names: Vec<_> = parameters.iter().map(|parameter| parameter.0).collect();
        let found = names.iter().find(|candidate| **candidate == name).copied();
        let hint = || match suggestion(name, &names) {
            near if near.is_empty() => super::layers::hint(name, &names).unwrap_or_default(),
            near => near,
        };
        found.ok_or_else(|| format!("{callee} has no argument `{name}`{}", hint()))
    }

    fn report_missing(&mut self, call: &Call, parameters: &[Parameter], errors: &mut Errors) {
        let is_missing = |(name, default): &&Parameter| default.is_none() && self.get(name).is_none();
        let missing: Vec<_> = parameters.iter().filter(is_missing).map(|(name, _)| format!("`{name}`")).collect();
        if !missing.is_empty() {
            let message = format!("{} needs {}; {}", self.callee, missing.join(" and "), listed(parameters));
            self.refuse(call.tokens.clone(), message, errors);
        }
    }

    fn refuse(&mut self, place: impl ToTokens, message: impl Display, errors: &mut Errors) {
        self.broken = true;
        errors.over(place, format_args!("{}: {message}", self.owner));
    }

    fn get(&self, name: &str) -> Option<&'a Expr> {
        self.bound.iter().find(|(bound, _)| *bound == name).map(|(_, value)| *value)
    }

    /// The value of an argument by `read`, or its default.
    fn value<T>(
        &self,
        name: &str,
        default: Option<T>,
        errors: &mut Errors,
        read: impl Fn(&Expr) -> Result<T, String>,
    ) -> Option<T> {
        let Some(value) = self.get(name) else { return default.filter(|_| !self.broken) };
        match read(value) {
            Ok(value) => Some(value).filter(|_| !self.broken),
            Err(why) => {
                errors.over(value, format_args!("{}: {name} {why}", self.owner));
                None
            }
        }
    }

    /// A size of at least 1.
    pub fn size(&self, name: &'static str, errors: &mut Errors) -> Option<Size> {
        self.value(name, None, errors, |value| size(value).and_then(nonzero))
    }

    /// A size of at least 1, or the default.
    pub fn size_or(&self, name: &'static str, default: Size, errors: &mut Errors) -> Option<Size> {
        self.value(name, Some(default), errors, |value| size(value).and_then(nonzero))
    }

    /// One size of at least 1 for both axes, or `[height, width]`.
    pub fn sizes(&self, name: &str, errors: &mut Errors) -> Option<[Size; 2]> {
        self.value(name, None, errors, nonzero_pair)
    }

    /// One size for both axes, or `[height, width]`.
    pub fn pair(&self, name: &str, default: [Size; 2], errors: &mut Errors) -> Option<[Size; 2]> {
        self.value(name, Some(default), errors, pair)
    }

    /// A part of a window: as [`sizes`](Self::sizes), or in one dimension one size, the height being 1.
    pub fn extent(
        &self,
        name: &str,
        dimensions: usize,
        default: Option<[Size; 2]>,
        errors: &mut Errors,
    ) -> Option<[Size; 2]> {
        self.value(name, default, errors, |value| match dimensions {
            1 => size(value).and_then(nonzero).map(|width| [Size::ONE, width]),
            _ => nonzero_pair(value),
        })
    }

    /// `padding = 2`, `[2, 1]` or `"same"`.
    pub fn padding(&self, dimensions: usize, errors: &mut Errors) -> Option<Padding> {
        self.value("padding", Some(Padding::Each([Size::Known(0); 2])), errors, |value| {
            if let Some(Lit::Str(word)) = literal(value) {
                return match word.value().as_str() {
                    "same" => Ok(Padding::Same),
                    _ => Err(format!("must be a number or \"same\", found `{}`", text(value))),
                };
            }
            let each = if dimensions == 1 { size(value).map(|width| [Size::Known(0), width]) } else { pair(value) };
            each.map(Padding::Each)
        })
    }

    /// `padding = 1`, or `[left, right, top, bottom]`.
    pub fn sides(&self, name: &str, errors: &mut Errors) -> Option<[Size; 4]> {
        self.value(name, None, errors, |value| {
            let Expr::Array(array) = plain(value) else { return size(value).map(|all| [all; 4]) };
            let sides: Vec<_> = array.elems.iter().map(size).collect::<Result<_, _>>()?;
            let wanted = "must be one integer, or `[left, right, top, bottom]`";
            <[Size; 4]>::try_from(sides).map_err(|_| format!("{wanted}, found `{}`", text(value)))
        })
    }

    /// One of some words in quotes.
    pub fn word(
        &self,
        name: &str,
        default: &'static str,
        words: &[&'static str],
        errors: &mut Errors,
    ) -> Option<&'static str> {
        self.value(name, Some(default), errors, |value| {
            let found = if let Some(Lit::Str(word)) = literal(value) { Some(word.value()) } else { None };
            let known = words.iter().find(|word| found.as_deref() == Some(**word)).copied();
            let wanted = || words.iter().map(|word| format!("{word:?}")).collect::<Vec<_>>().join(" or ");
            known.ok_or_else(|| format!("must be {}, found `{}`", wanted(), text(value)))
        })
    }

    /// A number from 0 to 1.
    pub fn share(&self, name: &str, default: f64, errors: &mut Errors) -> Option<f64> {
        let share = |number| Some(number).filter(|number| (0.0..=1.0).contains(number));
        self.number(name, Some(default), "from 0 to 1", share, errors)
    }

    /// Reports a value that does not go with another.
    pub fn refuse_value(&self, name: &str, why: &str, errors: &mut Errors) {
        if let Some(value) = self.get(name) {
            errors.over(value, format_args!("{}: {name} {why}", self.owner));
        }
    }

    pub fn flag(&self, name: &str, default: bool, errors: &mut Errors) -> Option<bool> {
        self.value(name, Some(default), errors, |value| match literal(value) {
            Some(Lit::Bool(flag)) => Ok(flag.value),
            _ => Err(format!("must be `true` or `false`, found `{}`", text(value))),
        })
    }

    /// A finite number for which `is_allowed`; `range` says which are.
    pub fn number<T>(
        &self,
        name: &str,
        default: Option<T>,
        range: &str,
        convert: fn(f64) -> Option<T>,
        errors: &mut Errors,
    ) -> Option<T> {
        self.value(name, default, errors, |value| {
            let number = real(value).filter(|number| number.is_finite()).and_then(convert);
            let range = if range.is_empty() { String::new() } else { format!(" {range}") };
            number.ok_or_else(|| format!("must be a finite number{range}, found `{}`", text(value)))
        })
    }

    /// Whether every argument has a parameter and the other way round.
    pub fn is_whole(&self) -> bool {
        !self.broken
    }

    /// Where the arguments' values are written.
    pub fn places(&self) -> Vec<(&'static str, TokenStream)> {
        self.bound.iter().map(|(name, value)| (*name, value.to_token_stream())).collect()
    }
}

fn surplus(callee: &str, parameters: &[Parameter]) -> String {
    match parameters.len() {
        0 => format!("{callee} has no arguments"),
        1 => format!("{callee} has only 1 argument"),
        count => format!("{callee} has only {count} arguments"),
    }
}

/// `it takes (out, kernel, stride = 1, padding = 0, bias = true)`
fn listed(parameters: &[Parameter]) -> String {
    if parameters.is_empty() {
        return "write it without parentheses".to_owned();
    }
    let each = parameters.iter().map(|(name, default)| match default {
        Some(default) => format!("{name} = {default}"),
        None => (*name).to_owned(),
    });
    format!("it takes ({})", each.collect::<Vec<_>>().join(", "))
}

fn place(argument: &Argument) -> TokenStream {
    argument.name.as_ref().map_or_else(|| argument.value.to_token_stream(), ToTokens::to_token_stream)
}

/// The value without the parentheses around it, nor the invisible ones of a macro's argument.
fn plain(value: &Expr) -> &Expr {
    match value {
        Expr::Paren(inside) => plain(&inside.expr),
        Expr::Group(inside) => plain(&inside.expr),
        other => other,
    }
}

fn literal(value: &Expr) -> Option<&Lit> {
    if let Expr::Lit(literal) = plain(value) { Some(&literal.lit) } else { None }
}

/// What a minus is before.
fn negated(value: &Expr) -> Option<&Expr> {
    match plain(value) {
        Expr::Unary(minus) if matches!(minus.op, UnOp::Neg(_)) => Some(&minus.expr),
        _ => None,
    }
}

/// A size: an integer literal, or a constant expression, or why it is neither.
pub fn size(value: &Expr) -> Result<Size, String> {
    let plain = plain(value);
    if let Some(found) = calculated(plain) {
        return found.map(Size::Known);
    }
    match plain {
        // Braces or not, it is one expression.
        Expr::Block(block) if block.label.is_none() && block.attrs.is_empty() => match &block.block.stmts[..] {
            [Stmt::Expr(inside, None)] => size(inside).or_else(|_| Ok(named(inside))),
            _ => Ok(named(plain)),
        },
        Expr::Unary(unary) if matches!(unary.op, UnOp::Deref(_)) => Ok(named(plain)),
        Expr::Path(_)
        | Expr::Binary(_)
        | Expr::Call(_)
        | Expr::MethodCall(_)
        | Expr::Field(_)
        | Expr::Index(_)
        | Expr::Cast(_)
        | Expr::Const(_)
        | Expr::Macro(_) => Ok(named(plain)),
        _ => integer(plain).map(Size::Known).map_err(|why| why.replace("an integer literal", CONSTANT)),
    }
}

/// What a size may be.
const CONSTANT: &str = "an integer or a constant expression";

fn named(value: &Expr) -> Size {
    Size::written(&text(value), &explicit(value.to_token_stream()))
}

/// The same tokens with parentheses for the invisible ones of a macro's argument, which rustc does not heed here.
fn explicit(tokens: TokenStream) -> TokenStream {
    let group = |group: &Group| {
        let delimiter = match group.delimiter() {
            Delimiter::None if group.stream().into_iter().count() > 1 => Delimiter::Parenthesis,
            other => other,
        };
        let mut visible = Group::new(delimiter, explicit(group.stream()));
        visible.set_span(group.span());
        visible
    };
    let each = tokens.into_iter().map(|token| match &token {
        TokenTree::Group(inside) => TokenTree::Group(group(inside)),
        _ => token,
    });
    each.collect()
}

/// Arithmetic with literals alone, such as `28 * 28`; `None` if something in it has a name.
fn calculated(value: &Expr) -> Option<Result<usize, String>> {
    let Expr::Binary(both) = value else { return None };
    let [a, b] = [&both.left, &both.right].map(|side| {
        let side = plain(side);
        calculated(side).or_else(|| literal(side).map(|_| integer(side)))
    });
    let (a, b) = match (a?, b?) {
        (Ok(a), Ok(b)) => (a, b),
        (Err(why), _) | (_, Err(why)) => return Some(Err(why)),
    };
    let found = match both.op {
        BinOp::Add(_) => a.checked_add(b),
        BinOp::Sub(_) => a.checked_sub(b),
        BinOp::Mul(_) => a.checked_mul(b),
        BinOp::Div(_) => a.checked_div(b),
        BinOp::Rem(_) => a.checked_rem(b),
        _ => return None,
    };
    Some(found.ok_or_else(|| format!("cannot be calculated: `{}`", text(value))))
}

/// An integer literal, or why it is none.
pub fn integer(value: &Expr) -> Result<usize, String> {
    let found = text(value);
    if let Some(Lit::Int(number)) = literal(value) {
        return match number.suffix() {
            "" | "usize" => number.base10_parse().map_err(|_| format!("is too large: {found}")),
            suffix if suffix.starts_with('x') => {
                Err(format!("is one number, found `{found}`; write `{}`", found.replace('x', ", ")))
            }
            suffix => Err(format!("must be an integer without the suffix `{suffix}`, found `{found}`")),
        };
    }
    Err(match plain(value) {
        Expr::Path(_) => format!("must be an integer literal, found `{found}`; write its value"),
        _ if negated(value).is_some() => format!("must be an integer that is not negative, found `{found}`"),
        _ => format!("must be an integer literal, found `{found}`"),
    })
}

/// `5` for both axes, or `[5, 3]`: height, width.
fn pair(value: &Expr) -> Result<[Size; 2], String> {
    let Expr::Array(array) = plain(value) else { return size(value).map(|both| [both; 2]) };
    let mut sizes = array.elems.iter();
    match (sizes.next(), sizes.next(), sizes.next()) {
        (Some(height), Some(width), None) => Ok([size(height)?, size(width)?]),
        _ => Err(format!("must be one integer, or `[height, width]`, found `{}`", text(value))),
    }
}

/// As [`pair`], each at least 1.
fn nonzero_pair(value: &Expr) -> Result<[Size; 2], String> {
    let [height, width] = pair(value)?;
    Ok([nonzero(height)?, nonzero(width)?])
}

pub fn nonzero(size: Size) -> Result<Size, String> {
    // The wording of the rule, without the argument's name, which the caller puts before it.
    let zero = || ShapeError::Zero { argument: "" }.to_string().trim_start().to_owned();
    if size == Size::Known(0) { Err(zero()) } else { Ok(size) }
}

/// A literal with or without a point, and with or without a minus.
fn real(value: &Expr) -> Option<f64> {
    if let Some(positive) = negated(value) {
        return real(positive).map(|number| -number);
    }
    match literal(value)? {
        Lit::Int(number) => number.base10_parse().ok(),
        Lit::Float(number) => number.base10_parse().ok(),
        _ => None,
    }
}

/// The call as a person would write it: `Conv2d(6, kernel = [5, 3])`.
pub fn written(call: &Call) -> String {
    let arguments: Vec<_> = call.arguments.iter().map(argument_text).collect();
    let name = parse::text(&call.path);
    if arguments.is_empty() { name } else { format!("{name}({})", arguments.join(", ")) }
}

/// `kernel = 5`, or the value alone.
pub fn argument_text(argument: &Argument) -> String {
    match &argument.name {
        Some(name) => format!("{name} = {}", text(&argument.value)),
        None => text(&argument.value),
    }
}

/// A value as a person would write it.
pub fn text(value: &Expr) -> String {
    if let Some(positive) = negated(value) {
        return format!("-{}", text(positive));
    }
    match plain(value) {
        Expr::Array(array) => {
            let elements: Vec<_> = array.elems.iter().map(text).collect();
            format!("[{}]", elements.join(", "))
        }
        Expr::Path(path) if path.qself.is_none() => parse::text(&path.path),
        other => explicit(other.to_token_stream()).to_string(),
    }
}
