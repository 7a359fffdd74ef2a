//! The errors of a phase, collected so that all of them are reported together.

use std::fmt::Display;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::Ident;

/// The errors so far. After [`end_phase`](Errors::end_phase) has seen one, later ones are dropped: they may follow from it.
#[derive(Default)]
pub struct Errors {
    list: Vec<syn::Error>,
    closed: bool,
}

impl Errors {
    pub fn at(&mut self, span: Span, message: impl Display) {
        self.push(syn::Error::new(span, message));
    }

    /// Reports `message` under all of `tokens`.
    pub fn over(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    pub fn push(&mut self, error: syn::Error) {
        if !self.closed {
            self.list.push(error);
        }
    }

    /// Reports what went wrong, if something did.
    pub fn extend(&mut self, error: Option<syn::Error>) {
        if let Some(error) = error {
            self.push(error);
        }
    }

    pub fn end_phase(&mut self) {
        self.closed = !self.is_empty();
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// One `compile_error!` for each error.
    pub fn into_tokens(self) -> TokenStream {
        self.list.iter().map(syn::Error::to_compile_error).collect()
    }

    /// The same; the first is the value of a constant, so that whatever depends on that is an error, too, and not reported.
    pub fn into_constant(self, name: &Ident) -> TokenStream {
        let mut errors = self.list.iter().map(syn::Error::to_compile_error);
        let first = errors.next().unwrap_or_else(|| code!(true));
        code! {
            #[doc(hidden)]
            const #name: ::core::primitive::bool = #first;
            #(#errors)*
        }
    }

    #[cfg(test)]
    pub fn messages(&self) -> Vec<String> {
        self.list.iter().map(ToString::to_string).collect()
    }
}
