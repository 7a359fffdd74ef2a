//! Layers by path: rustc alone knows whether such a type is a layer, and says so in one place.
//!
//! Each has a constant that is only there if its type is a layer. All code reaches the type through that constant:
//! where it is an error, so is the type, and rustc reports nothing that follows from an error.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::PathArguments;

use super::words::layer_type;
use crate::infer::Layer;
use crate::layer::Kind;

/// The constants.
pub fn proofs<'a>(layers: impl Iterator<Item = &'a Layer>) -> TokenStream {
    layers.filter_map(proof).collect()
}

fn proof(layer: &Layer) -> Option<TokenStream> {
    let constant = layer.proof.as_ref()?;
    let kind = user_type(layer, &code!(S));
    let [first, last] = ends(layer)?;
    // A type with a wrong number of arguments is reported for that, and not for being no layer.
    let proven = quote_spanned!(first=> ::nnet::__private::Proven);
    let proven = quote_spanned!(last=> #proven<#kind, IS_TYPE>);
    Some(code! {
        const #constant: ::core::primitive::bool = {
            const fn is_type<S: ::nnet::__private::Scalar>() -> ::core::primitive::bool {
                ::nnet::__private::is_type::<#kind>()
            }
            const IS_TYPE: ::core::primitive::bool = is_type::<::core::primitive::f32>();
            const fn is_layer<S: ::nnet::__private::Scalar>() -> ::core::primitive::bool {
                ::nnet::__private::is_layer::<#proven>()
            }
            is_layer::<::core::primitive::f32>()
        };
    })
}

/// The type of a layer's field, which needs no proof.
pub fn field_type(layer: &Layer, scalar: &TokenStream) -> TokenStream {
    if let Kind::ByPath { .. } = layer.kind { user_type(layer, scalar) } else { layer_type(layer, scalar) }
}

/// Zeros for the field of a layer.
pub fn field_zero(layer: Option<&Layer>) -> TokenStream {
    match layer {
        Some(layer) if layer.proof.is_some() => {
            let kind = proven_type(layer, &code!(S));
            code!(<#kind as ::nnet::__private::Flat>::ZERO)
        }
        _ => code!(::nnet::__private::Flat::ZERO),
    }
}

/// The type where code takes it for a layer.
pub fn proven_type(layer: &Layer, scalar: &TokenStream) -> TokenStream {
    let (kind, proof) = (user_type(layer, scalar), &layer.proof);
    code!(::nnet::__private::Proven<#kind, #proof>)
}

/// The first and the last word of the path: tokens with these spans, one behind the other, are reported there.
pub fn ends(layer: &Layer) -> Option<[Span; 2]> {
    let segments = &layer.path.segments;
    Some([segments.first()?, segments.last()?].map(|segment| located(segment.ident.span())))
}

/// The macro's own tokens, where the user's are: errors show there, and lints about the user's code do not see them.
fn located(place: Span) -> Span {
    Span::mixed_site().located_at(place)
}

/// The user's path with the number type behind its other arguments.
fn user_type(layer: &Layer, scalar: &TokenStream) -> TokenStream {
    let mut path = layer.path.clone();
    let Some(last) = path.segments.last_mut() else { return TokenStream::new() };
    let span = located(last.ident.span());
    let arguments = std::mem::replace(&mut last.arguments, PathArguments::None);
    if let PathArguments::AngleBracketed(arguments) = arguments {
        let others = arguments.args.iter();
        quote_spanned!(span=> #path<#(#others,)* #scalar>)
    } else {
        quote_spanned!(span=> #path<#scalar>)
    }
}
