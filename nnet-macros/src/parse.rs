//! Tokens to [`Declaration`]. A part that cannot be read is reported and skipped, up to the next `,` or `;`.

use proc_macro2::{TokenStream, TokenTree};
use syn::buffer::Cursor;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Expr, Ident, Path, PathArguments, Result, Token, braced, bracketed, parenthesized, token};

use crate::ast::{Argument, Call, Declaration, Dimensions, Layer, Node, Parameters};
use crate::check;
use crate::errors::Errors;

mod block;
mod budget;
mod header;
mod name;
mod settings;

const EXAMPLE: &str = "`struct LeNet: [1, 28, 28] -> [10] { .. }`";

/// What the macro was given, or `None` if not even the network's name could be read.
pub fn declaration(tokens: TokenStream, errors: &mut Errors) -> Option<Declaration> {
    let mut found = None;
    let read = |input: ParseStream| {
        let mut first = network(input, errors)?;
        while !input.is_empty() {
            errors.push(input.error("a second network needs a `network!` of its own"));
            // What is wrong in there can wait.
            let other = network(input, &mut Errors::default());
            if other.is_err() {
                skip_past(input, None);
            }
            first.others.extend(other);
        }
        found = Some(first);
        Ok(())
    };
    // syn also reports tokens that are left in a part which was skipped: they have been reported already.
    if let Err(error) = read.parse2(tokens)
        && errors.is_empty()
    {
        errors.push(error);
    }
    found
}

fn network(input: ParseStream, errors: &mut Errors) -> Result<Declaration> {
    let attributes = input.call(Attribute::parse_outer)?;
    let visibility = input.parse()?;
    header::keyword(input, errors)?;
    let name: Ident = input.parse()?;
    let mut parameters = Parameters::default();
    let [input_shape, output_shape] = header::shapes(input, &mut parameters, errors);
    let mut body = name.span();
    let mut layers = Vec::new();
    if input.peek(token::Brace) {
        let content;
        body = braced!(content in input).span.join();
        layers = block::layers(&content, errors);
    } else {
        if errors.is_empty() {
            errors.push(input.error("expected the layers in braces: `{ Flatten, Linear(10) }`"));
        }
        skip_past(input, None);
    }
    let misplaced = settings::misplaced(&mut layers);
    let settings::Settings { loss, budget, weights, quantize } = settings::settings(input, errors);
    Ok(Declaration {
        attributes,
        visibility,
        name,
        parameters,
        input: input_shape,
        output: output_shape,
        layers,
        body,
        loss: loss.or(misplaced),
        budget,
        weights,
        quantize,
        others: Vec::new(),
    })
}

/// `[1, 28, 28]`
fn dimensions(input: ParseStream) -> Result<Dimensions> {
    if !input.peek(token::Bracket) {
        return Err(header::bare(input, false).map_or_else(|error| error, |(_, error)| error));
    }
    let begin = input.cursor();
    let content;
    bracketed!(content in input);
    let sizes = content.parse_terminated(<Expr as syn::parse::Parse>::parse, Token![,])?.into_iter().collect();
    Ok(Dimensions { sizes, tokens: between(begin, input.cursor()) })
}

/// `#[..] name: node -> [..]`
fn layer(input: ParseStream, errors: &mut Errors) -> Result<Layer> {
    let attributes = input.call(Attribute::parse_outer)?;
    let (name, is_setting) = name::name(input, errors)?;
    let mut layer = Layer { attributes, name, is_setting, ..Layer::default() };
    // A setting among the layers has been reported.
    let mut dropped = Errors::default();
    let errors = if is_setting { &mut dropped } else { errors };
    if let Err(error) = inside(&mut layer, input, errors) {
        errors.push(error);
        skip_to_end(input);
    }
    Ok(layer)
}

/// What stands behind the name.
fn inside(layer: &mut Layer, input: ParseStream, errors: &mut Errors) -> Result<()> {
    layer.node = Some(if block::begins(input) {
        Node::Block(block::block(input, errors)?)
    } else {
        let call = layer_call(input, errors)?;
        if input.peek(token::Brace) { Node::Block(block::unknown(&call, input, errors)?) } else { Node::Call(call) }
    });
    if input.parse::<Option<Token![->]>>()?.is_some() {
        layer.contract = Some(dimensions(input)?);
    }
    Ok(())
}

/// `Kind(..)`, perhaps by a habit from Python behind a module and a dot, which is reported.
fn layer_call(input: ParseStream, errors: &mut Errors) -> Result<Call> {
    let begin = input.cursor();
    let mut found = call(input, errors)?;
    let module = text(&found.path);
    while found.arguments.is_empty() && input.parse::<Option<Token![.]>>()?.is_some() {
        found = call(input, errors)?;
        if input.peek(Token![.]) {
            continue;
        }
        let name = text(&found.path);
        let known = check::nearest_layer(&name).unwrap_or(&name);
        let message = format!("layers stand without a module: write `{known}` for `{module}.{name}`");
        errors.over(between(begin, input.cursor()), message);
    }
    Ok(found)
}

/// `Kind(..)`; an argument that could not be read is reported and left out.
pub fn call(input: ParseStream, errors: &mut Errors) -> Result<Call> {
    let begin = input.cursor();
    if !input.peek(Ident::peek_any) && !input.peek(Token![::]) {
        return Err(input.error("expected a name, as in `Linear(10)`"));
    }
    let mut path = input.call(Path::parse_mod_style)?;
    if let Some(last) = path.segments.last().filter(|_| path.segments.len() > 1)
        && ["self", "Self", "super", "crate"].iter().any(|word| last.ident == word)
    {
        let message = format!("a path ends with the name of a type, not with `{}`", last.ident);
        return Err(syn::Error::new(last.ident.span(), message));
    }
    if input.peek(Token![<])
        && path.segments.len() > 1
        && let Some(last) = path.segments.last_mut()
    {
        last.arguments = PathArguments::AngleBracketed(input.parse()?);
    }
    let mut arguments = Vec::new();
    if input.peek(token::Paren) {
        let content;
        parenthesized!(content in input);
        arguments = list(&content, errors, "argument", argument);
    }
    let tokens = between(begin, input.cursor());
    let arguments = arguments.into_iter().flatten().collect();
    Ok(Call { path, arguments, tokens })
}

/// `value` or `name = value`
fn argument(input: ParseStream, _: &mut Errors) -> Result<Argument> {
    let is_named = input.peek(Ident) && input.peek2(Token![=]) && !input.peek2(Token![==]);
    let name = if is_named { Some(input.parse()?) } else { None };
    if is_named {
        input.parse::<Token![=]>()?;
    }
    Ok(Argument { name, value: input.parse()? })
}

/// Items with commas between them; `None` for each one that could not be read, which is reported.
fn list<T>(
    input: ParseStream,
    errors: &mut Errors,
    what: &str,
    item: fn(ParseStream, &mut Errors) -> Result<T>,
) -> Vec<Option<T>> {
    let mut items = Vec::new();
    // Behind a missing comma, what cannot be read is the same mistake.
    let mut is_reported = false;
    while !input.is_empty() {
        let mut dropped = Errors::default();
        let read = item(input, if is_reported { &mut dropped } else { errors });
        let is_separated = input.is_empty() || input.peek(Token![,]);
        let error = match &read {
            Ok(_) if is_separated => None,
            Ok(_) => Some(input.error(format_args!("expected `,` between one {what} and the next"))),
            Err(error) => Some(error.clone()),
        };
        errors.extend(error.filter(|_| !is_reported));
        let goes_on = read.is_ok() && !is_separated && (input.peek(Ident::peek_any) || input.peek(Token![#]));
        if !goes_on {
            skip_to_end(input);
            skip_one(input);
        }
        is_reported = goes_on;
        items.push(read.ok());
    }
    items
}

/// Skips all before the next `,` or `;`.
fn skip_to_end(input: ParseStream) {
    while !input.peek(Token![,]) && !input.peek(Token![;]) && input.parse::<TokenTree>().is_ok() {}
}

fn skip_one(input: ParseStream) {
    // At the end there is nothing to skip.
    drop(input.parse::<TokenTree>());
}

/// Skips all up to and with `end`.
fn skip_past(input: ParseStream, end: Option<char>) {
    while let Ok(token) = input.parse::<TokenTree>() {
        if matches!(&token, TokenTree::Punct(mark) if Some(mark.as_char()) == end) {
            break;
        }
    }
}

/// Skips all before `{`.
fn skip_to_brace(input: ParseStream) {
    while !input.peek(token::Brace) && input.parse::<TokenTree>().is_ok() {}
}

fn between(begin: Cursor, end: Cursor) -> TokenStream {
    let mut tokens = TokenStream::new();
    let mut here = begin;
    while here != end
        && let Some((token, next)) = here.token_tree()
    {
        tokens.extend([token]);
        here = next;
    }
    tokens
}

/// `a::b`
pub fn text(path: &Path) -> String {
    let names: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    let begin = if path.leading_colon.is_some() { "::" } else { "" };
    format!("{begin}{}", names.join("::"))
}

#[cfg(test)]
mod tests;
