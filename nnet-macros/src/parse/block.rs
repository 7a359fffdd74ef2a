//! Blocks: `residual { .. }`, `concat { .. }`, `add { .. }`, `repeat(n) { .. }`, and plain braces.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::parse::ParseStream;
use syn::{Expr, Ident, Result, Token, braced, parenthesized, parse_quote, token};

use super::{between, call, layer, list, skip_past, text};
use crate::ast::{Block, BlockKind, Call, Layer, Node};
use crate::check;
use crate::errors::Errors;
use crate::nearest;

const WORDS: &[&str] = &["residual", "concat", "add", "repeat"];
const REPEAT: &str = "`repeat` needs a number: `repeat(3) { .. }`";

/// Whether a block follows rather than a layer.
pub fn begins(input: ParseStream) -> bool {
    let fork = input.fork();
    let is_word = fork.parse::<Ident>().is_ok_and(|word| WORDS.contains(&word.to_string().as_str()));
    input.peek(token::Brace) || (is_word && !fork.peek(Token![::]))
}

pub fn block(input: ParseStream, errors: &mut Errors) -> Result<Block> {
    let begin = input.cursor();
    let word: Option<Ident> = input.parse()?;
    let Some(word) = word else {
        let (layers, tokens) = braces(input, errors, "")?;
        return Ok(Block { word: None, kind: BlockKind::Sequence(layers), tokens });
    };
    let name = word.to_string();
    if input.peek(token::Paren) && !input.peek2(token::Brace) {
        return Err(syn::Error::new(input.span(), format!("expected layers in braces: `{name} {{ .. }}`")));
    }
    let has_arguments = input.peek(token::Paren);
    let arguments = if has_arguments { arguments(&name, input, errors)? } else { None };
    let tokens = between(begin, input.cursor());
    let (body, _) = braces(input, errors, &name)?;
    let kind = match (name.as_str(), arguments) {
        ("concat", _) => BlockKind::Concat(body),
        ("add", _) => BlockKind::Add(body),
        ("repeat", Some(Arguments::Count(count))) => BlockKind::Repeat { count, body },
        ("repeat", _) => {
            if !has_arguments {
                errors.over(&tokens, REPEAT);
            }
            BlockKind::Repeat { count: parse_quote!(1), body }
        }
        (_, arguments) => {
            let behind = shortcut(input, errors)?;
            let shortcut = match (arguments, behind) {
                (Some(Arguments::Shortcut(shortcut)), Some(behind)) => {
                    let second = behind.name.to_token_stream();
                    errors.over(second, "`residual` is given two shortcuts; remove one");
                    Some(shortcut)
                }
                (Some(Arguments::Shortcut(shortcut)), None) => Some(shortcut),
                (_, behind) => behind,
            };
            BlockKind::Residual { body, shortcut }
        }
    };
    Ok(Block { word: Some(word), kind, tokens })
}

/// What stands in parentheses behind a word.
enum Arguments {
    Count(Expr),
    Shortcut(Box<Layer>),
}

/// `None` if they could not be read, which is reported.
fn arguments(word: &str, input: ParseStream, errors: &mut Errors) -> Result<Option<Arguments>> {
    let content;
    let parentheses = parenthesized!(content in input).span.join();
    let read = match word {
        "repeat" if content.is_empty() => Err(syn::Error::new(parentheses, REPEAT)),
        "repeat" => content.parse().map(Arguments::Count),
        "residual" => shortcut_argument(&content, parentheses, errors).map(Arguments::Shortcut),
        _ => {
            let message = format!("`{word}` has no arguments; write `{word} {{ .. }}`");
            Err(syn::Error::new(parentheses, message))
        }
    };
    let error = match &read {
        Ok(_) if content.is_empty() => None,
        Ok(_) => Some(content.error(format!("expected `)` after the argument of `{word}`"))),
        Err(error) => Some(error.clone()),
    };
    errors.extend(error);
    skip_past(&content, None);
    Ok(read.ok())
}

/// `shortcut = Conv2d(8, kernel = 1)`
fn shortcut_argument(content: ParseStream, parentheses: Span, errors: &mut Errors) -> Result<Box<Layer>> {
    if !(content.peek(Ident) && content.peek2(Token![=])) {
        let message = "residual: expected a shortcut, as in `residual(shortcut = Conv2d(8, kernel = 1)) { .. }`";
        return Err(syn::Error::new(parentheses, message));
    }
    let name: Ident = content.parse()?;
    if name != "shortcut" {
        let message = nearest::unknown("argument", &name.to_string(), &["shortcut"]);
        return Err(syn::Error::new(name.span(), format!("residual: {message}")));
    }
    content.parse::<Token![=]>()?;
    if content.peek(token::Brace) {
        let message = "a shortcut of several layers stands behind the block: `residual { .. } shortcut { .. }`";
        return Err(content.error(message));
    }
    let node = Some(Node::Call(call(content, errors)?));
    Ok(Box::new(Layer { name: Some(name), node, ..Layer::default() }))
}

/// `shortcut { .. }` behind a residual block.
fn shortcut(input: ParseStream, errors: &mut Errors) -> Result<Option<Box<Layer>>> {
    let is_shortcut = input.fork().parse::<Ident>().is_ok_and(|word| word == "shortcut");
    if !is_shortcut && (begins(input) || !(input.peek(Ident) && input.peek2(token::Brace))) {
        return Ok(None);
    }
    let name: Ident = input.parse()?;
    if !is_shortcut {
        errors.over(&name, nearest::unknown("word", &name.to_string(), &["shortcut"]));
    }
    let (layers, tokens) = braces(input, errors, "shortcut")?;
    let node = Some(Node::Block(Block { word: None, kind: BlockKind::Sequence(layers), tokens }));
    Ok(Some(Box::new(Layer { name: Some(name), node, ..Layer::default() })))
}

/// Layers in braces, and the braces.
fn braces(input: ParseStream, errors: &mut Errors, word: &str) -> Result<(Vec<Layer>, TokenStream)> {
    if !input.peek(token::Brace) {
        // Not `input.error`, which at the end speaks of an unexpected one.
        return Err(syn::Error::new(input.span(), format!("expected layers in braces: `{word} {{ .. }}`")));
    }
    let begin = input.cursor();
    let content;
    braced!(content in input);
    let layers = layers(&content, errors);
    Ok((layers, between(begin, input.cursor())))
}

/// Layers up to the end of a block.
pub fn layers(input: ParseStream, errors: &mut Errors) -> Vec<Layer> {
    list(input, errors, "layer", layer).into_iter().map(Option::unwrap_or_default).collect()
}

/// Braces behind something that is no word for a block, which is reported: a plain block.
pub fn unknown(call: &Call, input: ParseStream, errors: &mut Errors) -> Result<Block> {
    let name = text(&call.path);
    let message = match nearest::nearest(&name, WORDS) {
        _ if check::nearest_layer(&name).is_some_and(|known| known == name) => {
            format!("`{name}` takes no layers in braces; write them behind it, with a `,` between")
        }
        Some(word) => format!("unknown block `{name}` (did you mean `{word}`?)"),
        None => format!("unknown block `{name}`, expected one of {}, or braces alone", WORDS.join(", ")),
    };
    errors.over(&call.path, message);
    let (layers, tokens) = braces(input, errors, "")?;
    Ok(Block { word: None, kind: BlockKind::Sequence(layers), tokens })
}
