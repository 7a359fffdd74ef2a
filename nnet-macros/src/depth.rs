//! How deep a declaration may nest: rustc, syn and this macro go down by recursion, and a full stack ends the compiler
//! without a message.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The most that lies before a token on the way to it, without what commas part from it.
const DEEPEST: usize = 1000;

/// What a group counts for; a token counts for 1.
const GROUP: usize = 10;

/// What is wrong with tokens that nest too deeply.
pub fn check(tokens: &TokenStream) -> Option<syn::Error> {
    below(tokens.clone(), 0)
}

fn below(tokens: TokenStream, before: usize) -> Option<syn::Error> {
    let mut depth = before;
    let mut follows_hash = false;
    for token in tokens {
        depth += 1;
        match &token {
            _ if depth > DEEPEST => {
                let message =
                    "this is nested too deeply, or too long without a `,`; make a part of it a network of its own";
                return Some(syn::Error::new(token.span(), message));
            }
            TokenTree::Punct(mark) if matches!(mark.as_char(), ',' | ';') => depth = before,
            TokenTree::Group(group) => {
                let found = below(group.stream(), depth + GROUP);
                if found.is_some() {
                    return found;
                }
                // Attributes do not nest, and a documentation has many.
                if follows_hash && group.delimiter() == Delimiter::Bracket {
                    depth = before;
                }
            }
            _ => {}
        }
        follows_hash = matches!(&token, TokenTree::Punct(mark) if mark.as_char() == '#');
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::tests::messages_of;

    /// What the macro says of these layers, on a stack as rustc's main thread has.
    fn said(layers: String) -> Vec<String> {
        let say = move || messages_of(&format!("struct Net: [4] -> [4] {{ {layers} }}"));
        std::thread::Builder::new().stack_size(8 << 20).spawn(say).expect("a thread").join().expect("it ends")
    }

    #[test]
    fn a_full_stack_is_an_error() {
        for (begin, inside, end) in [
            ("{", "Relu", "}"),
            ("a: residual {", "Relu", "}"),
            ("Linear((", "4", "))"),
            ("Linear(", "4", ")"),
            ("- ", "", ""),
        ] {
            for times in [100, 2_000, 20_000] {
                let found = said(format!("{}{inside}{}", begin.repeat(times), end.repeat(times)));
                let is_refused = found.iter().any(|message| message.starts_with("this is nested too deeply"));
                assert!(is_refused || times == 100, "{begin} {times}: {found:?}");
            }
        }
        assert!(said(format!("Linear({}4)", "4 + ".repeat(20_000)))[0].starts_with("this is nested too deeply"));
    }

    #[test]
    fn long_declarations_are_free() {
        let documented = "/** line */".repeat(2_000);
        assert_eq!(said(format!("{documented} Linear(4), {}", "Flatten, ".repeat(2_000))), [""; 0]);
        assert_eq!(said(format!("{} Relu {}", "residual {".repeat(50), "}".repeat(50))), [""; 0]);
    }
}
