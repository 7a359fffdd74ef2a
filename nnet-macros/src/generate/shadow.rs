//! The names of locals, kept free: beside a `static` or `const` of the user's that is called `x`, a pattern `x` would be
//! no new local. A function may be shadowed, so one of each name stands between.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Ident, Spacing, Span, TokenStream, TokenTree};

/// The code in a scope of its own, in which its locals collide with nothing outside.
pub fn scoped(code: &TokenStream) -> TokenStream {
    let mut names = BTreeSet::new();
    collect(code.clone(), &mut names);
    let names = names.iter().map(|name| Ident::new(name, Span::mixed_site()));
    code! {
        const _: () = {
            #(fn #names() {})*
            #code
        };
    }
}

/// The names that `let`, parameters and closures bind, at any depth.
fn collect(code: TokenStream, names: &mut BTreeSet<String>) {
    let tokens: Vec<_> = code.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        let rest = tokens.get(at + 1..).unwrap_or_default();
        match token {
            TokenTree::Ident(word) if word == "let" => {
                let end = rest.iter().position(|token| is_mark(token, '=')).unwrap_or_default();
                pattern(rest.get(..end).unwrap_or_default(), names);
            }
            TokenTree::Ident(word) if word == "fn" => {
                let is_list = |token: &&TokenTree| is_group(token, Delimiter::Parenthesis);
                if let Some(TokenTree::Group(list)) = rest.iter().find(is_list) {
                    parameters(&list.stream().into_iter().collect::<Vec<_>>(), names);
                }
            }
            TokenTree::Punct(bar) if bar.as_char() == '|' && rest.get(1).is_some_and(|token| is_mark(token, '|')) => {
                pattern(rest.get(..1).unwrap_or_default(), names);
            }
            TokenTree::Group(group) => collect(group.stream(), names),
            _ => {}
        }
    }
}

/// `x`, `NetTape { a, b, .. }` or `Some(x)`, each perhaps with a path, and a type behind it.
fn pattern(tokens: &[TokenTree], names: &mut BTreeSet<String>) {
    let end = (0..tokens.len()).find(|at| is_mark(&tokens[*at], ':') && !is_in_path(tokens, *at));
    for (at, token) in tokens.iter().enumerate().take(end.unwrap_or(tokens.len())) {
        match token {
            TokenTree::Group(group) => pattern(&group.stream().into_iter().collect::<Vec<_>>(), names),
            TokenTree::Ident(word) if !tokens.get(at + 1).is_some_and(|_| is_in_path(tokens, at + 1)) => {
                insert(word, names);
            }
            _ => {}
        }
    }
}

/// `self, x: &X, y: Y`
fn parameters(tokens: &[TokenTree], names: &mut BTreeSet<String>) {
    for (at, pair) in tokens.windows(2).enumerate() {
        if let [TokenTree::Ident(word), mark] = pair
            && is_mark(mark, ':')
            && !is_in_path(tokens, at + 1)
        {
            insert(word, names);
        }
    }
}

fn insert(word: &Ident, names: &mut BTreeSet<String>) {
    let word = word.to_string();
    if word != "mut" && word != "_" && word.starts_with(|letter: char| letter.is_lowercase() || letter == '_') {
        names.insert(word);
    }
}

fn is_mark(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(found) if found.as_char() == mark)
}

/// Whether the mark at `at` is one of the two colons of a path.
fn is_in_path(tokens: &[TokenTree], at: usize) -> bool {
    let is_first = |token: &TokenTree| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ':' && mark.spacing() == Spacing::Joint);
    [Some(at), at.checked_sub(1)].into_iter().flatten().filter_map(|at| tokens.get(at)).any(is_first)
}

fn is_group(token: &TokenTree, delimiter: Delimiter) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == delimiter)
}
