//! The name before a layer: `fc: Linear(10)`. Other ways to write it are taken for that, and reported.

use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Ident, Result, Token};

use super::block;
use super::settings::refusal;
use crate::check;
use crate::errors::Errors;

/// The name, if there is one, and whether it is that of a setting.
pub fn name(input: ParseStream, errors: &mut Errors) -> Result<(Option<Ident>, bool)> {
    if !input.peek(Ident::peek_any) {
        return Ok((None, false));
    }
    if input.peek2(Token![:]) && !input.peek2(Token![::]) {
        let name = input.call(Ident::parse_any)?;
        input.parse::<Token![:]>()?;
        return Ok((Some(name), false));
    }
    if input.peek2(Token![=]) && !input.peek2(Token![==]) {
        return assigned(input, errors);
    }
    let fork = input.fork();
    let first = fork.call(Ident::parse_any)?;
    let is_layer = fork.call(Ident::parse_any).is_ok_and(|next| is_known(&next.to_string()));
    if is_layer && !is_known(&first.to_string()) && !block::begins(input) {
        input.call(Ident::parse_any)?;
        errors.push(input.error(format_args!("expected `:` between the name `{first}` and its layer")));
        return Ok((Some(first), false));
    }
    Ok((None, false))
}

/// `fc = Linear(10)`, or a setting among the layers.
fn assigned(input: ParseStream, errors: &mut Errors) -> Result<(Option<Ident>, bool)> {
    let name = input.call(Ident::parse_any)?;
    let text = name.to_string();
    let is_layer = input.fork().parse::<Token![=]>().is_ok() && {
        let fork = input.fork();
        fork.parse::<Token![=]>()?;
        block::begins(&fork)
            || fork.call(Ident::parse_any).is_ok_and(|word| check::nearest_layer(&word.to_string()).is_some())
    };
    if is_layer {
        errors.push(input.error(format_args!("{text}: a name stands before `:`; write `{text}: ..`")));
    } else if text == "loss" {
        errors.over(&name, "the loss stands behind the layers: `{ .. } loss = cross_entropy;`");
    } else {
        errors.over(&name, refusal(&text));
    }
    input.parse::<Token![=]>()?;
    Ok((Some(name), !is_layer))
}

fn is_known(word: &str) -> bool {
    check::nearest_layer(word) == Some(word)
}
