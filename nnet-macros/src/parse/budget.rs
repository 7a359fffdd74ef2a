//! `budget(ram = 24 KiB, macs = 420_000);`

use proc_macro2::{TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Ident, Result, Token, parenthesized, token};

use super::{between, list};
use crate::ast::{Budget, Limit};
use crate::errors::Errors;

const EXAMPLE: &str = "`budget(ram = 24 KiB);`";

/// What stands behind the word `budget`.
pub fn budget(word: &Ident, input: ParseStream, errors: &mut Errors, budget: &mut Option<Budget>) -> Result<()> {
    if budget.is_some() {
        return Err(syn::Error::new(word.span(), "`budget` is given twice; remove one"));
    }
    if !input.peek(token::Paren) {
        let place = if input.is_empty() { word.span() } else { input.span() };
        return Err(syn::Error::new(place, format!("expected the limits in parentheses: {EXAMPLE}")));
    }
    let content;
    let parentheses = parenthesized!(content in input).span.join();
    let limits = list(&content, errors, "limit", limit).into_iter().flatten().collect();
    *budget = Some(Budget { limits, parentheses });
    if input.parse::<Option<Token![;]>>()?.is_none() {
        // What follows is read all the same.
        let place = if input.is_empty() { parentheses } else { input.span() };
        errors.at(place, "expected `;` after the budget");
    }
    Ok(())
}

/// `ram = 24 KiB`
fn limit(input: ParseStream, _: &mut Errors) -> Result<Limit> {
    let begin = input.cursor();
    if !input.peek(Ident::peek_any) {
        return Err(input.error("budget: expected what is limited, as in `ram = 24 KiB`"));
    }
    let name = input.call(Ident::parse_any)?;
    if input.is_empty() || input.peek(Token![,]) {
        return Err(syn::Error::new(name.span(), format!("budget: {name} needs a limit: `{name} = ..`")));
    }
    if !input.peek(Token![=]) || input.peek(Token![==]) {
        return Err(input.error(format_args!("budget: expected `=`, as in `{name} = ..`")));
    }
    input.parse::<Token![=]>()?;
    let mut value = TokenStream::new();
    while !(input.is_empty() || input.peek(Token![,]) || input.peek(Ident) && input.peek2(Token![=])) {
        value.extend([input.parse::<TokenTree>()?]);
    }
    Ok(Limit { name, value, tokens: between(begin, input.cursor()) })
}
