//! Tokens to [`Declaration`]. A part that cannot be read is reported and skipped, up to the next `,` or `;`.

use proc_macro2::{TokenStream, TokenTree};
use syn::buffer::Cursor;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Expr, Ident, Path, PathArguments, Result, Token, braced, bracketed, parenthesized, token};

use crate::ast::{Argument, Call, Declaration, Dimensions, Layer, Node};
use crate::check;
use crate::errors::Errors;
use crate::nearest::unknown;

mod block;

const EXAMPLE: &str = "`struct LeNet: [1, 28, 28] -> [10] { .. }`";

/// What the macro was given, or `None` if not even the network's name could be read.
pub fn declaration(tokens: TokenStream, errors: &mut Errors) -> Option<Declaration> {
    let mut found = None;
    let read = |input: ParseStream| {
        found = Some(network(input, errors)?);
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
    if input.parse::<Option<Token![struct]>>()?.is_none() {
        errors.at(input.span(), format_args!("expected {EXAMPLE}"));
    }
    let name: Ident = input.parse()?;
    let (input_shape, output_shape) = match header(input) {
        Ok((x, y)) => (Some(x), Some(y)),
        Err(error) => {
            errors.push(error);
            skip_to_brace(input);
            (None, None)
        }
    };
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
    let loss = settings(input, errors);
    Ok(Declaration { attributes, visibility, name, input: input_shape, output: output_shape, layers, body, loss })
}

/// `: [..] -> [..]`
fn header(input: ParseStream) -> Result<(Dimensions, Dimensions)> {
    if input.peek(Token![<]) {
        return Err(input.error("a network takes no generic arguments; its number type is added to it"));
    }
    if !input.peek(Token![:]) {
        return Err(input.error(format_args!("expected the shapes of input and output, as in {EXAMPLE}")));
    }
    input.parse::<Token![:]>()?;
    let x = dimensions(input)?;
    if !input.peek(Token![->]) {
        return Err(input.error(format_args!("expected `->` and the shape of the output, as in {EXAMPLE}")));
    }
    input.parse::<Token![->]>()?;
    Ok((x, dimensions(input)?))
}

/// `[1, 28, 28]`
fn dimensions(input: ParseStream) -> Result<Dimensions> {
    if !input.peek(token::Bracket) {
        return Err(
            input.error("expected a shape in brackets: `[n]`, `[channels, length]` or `[channels, height, width]`")
        );
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
    let is_named = input.peek(Ident::peek_any) && input.peek2(Token![:]) && !input.peek2(Token![::]);
    let name = if is_named { Some(input.call(Ident::parse_any)?) } else { None };
    if is_named {
        input.parse::<Token![:]>()?;
    }
    let node = if block::begins(input) {
        Node::Block(block::block(input, errors)?)
    } else {
        let call = layer_call(input, errors)?;
        if input.peek(token::Brace) { Node::Block(block::unknown(&call, input, errors)?) } else { Node::Call(call) }
    };
    let contract = if input.parse::<Option<Token![->]>>()?.is_some() { Some(dimensions(input)?) } else { None };
    Ok(Layer { attributes, name, node: Some(node), contract })
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

/// `loss = cross_entropy;`
fn settings(input: ParseStream, errors: &mut Errors) -> Option<Call> {
    let mut loss = None;
    while !input.is_empty() {
        if input.peek(Token![#]) || input.peek(Token![pub]) || input.peek(Token![struct]) {
            errors.push(input.error("a second network needs a `network!` of its own"));
            skip_past(input, None);
        } else if let Err(error) = setting(input, errors, &mut loss) {
            errors.push(error);
            skip_past(input, Some(';'));
        }
    }
    loss
}

fn setting(input: ParseStream, errors: &mut Errors, loss: &mut Option<Call>) -> Result<()> {
    if !input.peek(Ident) {
        return Err(input.error("expected `loss = ..;` or the end of the declaration"));
    }
    let name: Ident = input.parse()?;
    if name != "loss" {
        return Err(syn::Error::new(name.span(), unknown("setting", &name.to_string(), &["loss"])));
    }
    if loss.is_some() {
        return Err(syn::Error::new(name.span(), "`loss` is given twice; remove one"));
    }
    input.parse::<Token![=]>()?;
    let call = call(input, errors)?;
    if input.parse::<Option<Token![;]>>()?.is_none() {
        let message = "expected `;` after the loss";
        let is_last = input.is_empty();
        let error = if is_last { syn::Error::new_spanned(&call.tokens, message) } else { input.error(message) };
        *loss = Some(call);
        return Err(error);
    }
    *loss = Some(call);
    Ok(())
}

/// Items with commas between them; `None` for each one that could not be read, which is reported.
fn list<T>(
    input: ParseStream,
    errors: &mut Errors,
    what: &str,
    item: fn(ParseStream, &mut Errors) -> Result<T>,
) -> Vec<Option<T>> {
    let mut items = Vec::new();
    while !input.is_empty() {
        let read = item(input, errors);
        let error = match &read {
            Ok(_) if input.is_empty() => None,
            Ok(_) if input.peek(Token![,]) => None,
            Ok(_) => Some(input.error(format_args!("expected `,` between one {what} and the next"))),
            Err(error) => Some(error.clone()),
        };
        errors.extend(error);
        skip_past(input, Some(','));
        items.push(read.ok());
    }
    items
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
