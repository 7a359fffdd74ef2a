//! The header: `struct Net: [1, 28, 28] -> [10]`. One mistake is reported; what can be read is kept for the stub.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, GenericParam, Generics, Ident, Result, Token, Type, token};

use super::{EXAMPLE, between, dimensions, skip_to_brace};
use crate::ast::{Dimensions, Parameters};
use crate::errors::Errors;

const SHAPE: &str = "`[n]`, `[channels, length]` or `[channels, height, width]`";

/// `struct`, or what stands in its place before the name, such as `pub model Net`.
pub fn keyword(input: ParseStream, errors: &mut Errors) -> Result<()> {
    if input.parse::<Option<Token![struct]>>()?.is_none() {
        errors.at(input.span(), format_args!("expected {EXAMPLE}"));
        if input.peek(Ident::peek_any) && input.peek2(Ident) {
            input.call(Ident::parse_any)?;
        }
    }
    Ok(())
}

/// `: [..] -> [..]`, up to the layers.
pub fn shapes(input: ParseStream, parameters: &mut Parameters, errors: &mut Errors) -> [Option<Dimensions>; 2] {
    let mut found = [None, None];
    let error = read(input, parameters, &mut found, errors).err();
    if error.is_none() && errors.is_empty() && !input.is_empty() && !input.peek(token::Brace) && !input.peek(Token![;])
    {
        errors.push(stray(input));
    }
    errors.extend(error);
    if !input.peek(Token![;]) {
        skip_to_brace(input);
    }
    found
}

fn read(
    input: ParseStream,
    parameters: &mut Parameters,
    [x, y]: &mut [Option<Dimensions>; 2],
    errors: &mut Errors,
) -> Result<()> {
    let mut error = generics(input, parameters).err();
    if input.parse::<Option<Token![:]>>()?.is_none() && !is_at_layers(input) {
        let span = input.span();
        error.get_or_insert_with(|| Error::new(span, format_args!("expected `:` and shapes, as in {EXAMPLE}")));
    }
    if is_at_layers(input) {
        let missing = input.error(format_args!("expected the shapes of input and output, as in {EXAMPLE}"));
        return Err(error.unwrap_or(missing));
    }
    if input.peek(Token![->]) {
        let missing = input.error(format_args!("expected the shape of the input before `->`, as in {EXAMPLE}"));
        error.get_or_insert(missing);
    } else {
        *x = take(input, errors);
    }
    if !input.peek(Token![->]) {
        let missing = input.error(format_args!("expected `->` and the shape of the output, as in {EXAMPLE}"));
        return Err(error.unwrap_or(missing));
    }
    input.parse::<Token![->]>()?;
    *y = take(input, errors);
    error.map_or(Ok(()), Err)
}

fn is_at_layers(input: ParseStream) -> bool {
    input.is_empty() || input.peek(token::Brace) || input.peek(Token![;])
}

/// A shape; one that is written in another way is taken for what it means, and reported.
fn take(input: ParseStream, errors: &mut Errors) -> Option<Dimensions> {
    let found = if input.peek(token::Bracket) {
        dimensions(input).map(|found| (found, None))
    } else {
        bare(input, true).map(|(found, why)| (found, Some(why)))
    };
    match found {
        Ok((found, why)) => {
            errors.extend(why);
            Some(found)
        }
        Err(why) => {
            errors.push(why);
            None
        }
    }
}

/// What stands where a shape should, `(3, 5)`, `1, 28, 28` or `28x28`: as a shape, and what is wrong with it.
pub fn bare(input: ParseStream, takes_commas: bool) -> Result<(Dimensions, Error)> {
    let expected = format!("expected a shape in brackets: {SHAPE}");
    let nothing = Error::new(input.span(), &expected);
    let begin = input.cursor();
    while !is_at_layers(input) && !input.peek(Token![->]) && (takes_commas || !input.peek(Token![,])) {
        input.parse::<TokenTree>()?;
    }
    let tokens = between(begin, input.cursor());
    let sizes = sizes(&tokens).filter(|sizes| !sizes.is_empty()).ok_or(nothing)?;
    let texts: Vec<_> = sizes.iter().map(|size| size.to_token_stream().to_string()).collect();
    let error = Error::new_spanned(&tokens, format_args!("a shape stands in brackets: write `[{}]`", texts.join(", ")));
    Ok((Dimensions { sizes, tokens }, error))
}

/// `28x28` is a number with a suffix to Rust.
fn sizes(tokens: &TokenStream) -> Option<Vec<Expr>> {
    let mut trees = tokens.clone().into_iter();
    if let (Some(TokenTree::Group(group)), None) = (trees.next(), trees.next()) {
        return sizes(&group.stream());
    }
    let parts = tokens.to_string().replace(['x', '×'], ",");
    let is_sizes = parts.chars().all(|letter| letter.is_ascii_digit() || matches!(letter, ',' | ' ' | '_'));
    let parts = parts.parse::<TokenStream>().ok().filter(|_| is_sizes)?;
    Punctuated::<Expr, Token![,]>::parse_terminated.parse2(parts).ok().map(|sizes| sizes.into_iter().collect())
}

/// `<const HIDDEN: usize>` behind the name.
fn generics(input: ParseStream, parameters: &mut Parameters) -> Result<()> {
    if !input.peek(Token![<]) {
        return Ok(());
    }
    let begin = input.cursor();
    let mut depth = 0_usize;
    loop {
        if input.peek(Token![->]) {
            input.parse::<Token![->]>()?;
            continue;
        }
        match input.parse::<TokenTree>()? {
            TokenTree::Punct(mark) if mark.as_char() == '<' => depth += 1,
            TokenTree::Punct(mark) if mark.as_char() == '>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    let generics: Generics = syn::parse2(between(begin, input.cursor()))?;
    let mut error = None;
    for parameter in &generics.params {
        if let GenericParam::Const(size) = parameter {
            parameters.0.push(size.ident.clone());
        }
        if let Some(why) = refusal(parameter) {
            let message = format!("{why}; sizes are written `const HIDDEN: usize`");
            error.get_or_insert_with(|| Error::new_spanned(parameter, message));
        }
    }
    error.map_or(Ok(()), Err)
}

/// Why it is no parameter of a network.
fn refusal(parameter: &GenericParam) -> Option<&'static str> {
    match parameter {
        GenericParam::Const(size) if !matches!(&size.ty, Type::Path(kind) if kind.path.is_ident("usize")) => {
            Some("a parameter is a size")
        }
        GenericParam::Const(size) if size.default.is_some() => Some("a parameter has no default"),
        GenericParam::Const(_) => None,
        GenericParam::Type(_) => Some("a network takes no type, for its number type is added to it"),
        GenericParam::Lifetime(_) => Some("a network takes no lifetime, for it borrows nothing"),
    }
}

fn stray(input: ParseStream) -> Error {
    if input.peek(Token![where]) {
        return input.error("a network takes no `where` clause; its number type is bounded already");
    }
    input.error("expected the layers in braces: `{ Flatten, Linear(10) }`")
}
