//! The small phrases of the expansion: types, literals, names.

use std::f64::consts::SQRT_2;

use nnet_core::shape::{Shape, Window2d};
use proc_macro2::{Literal, Span, TokenStream};
use quote::{ToTokens, format_ident};
use syn::{Attribute, Ident};

use crate::infer::Layer;
use crate::layer::{Activation, Init, Kind, Scheme};
use crate::plan::{Area, Areas};

/// The layer's name for a local or a field of the tape: where the user wrote it, but the macro's, so that a lint
/// about it is reported once, at the network's field. An `allow` would clash with a `forbid` of the user's.
pub fn local(layer: &Layer) -> Ident {
    Ident::new(&layer.name.to_string(), Span::call_site().located_at(layer.name.span()))
}

/// Documentation, an attribute a line.
pub fn doc(text: &str) -> TokenStream {
    let lines = text.lines().map(|line| if line.is_empty() { String::new() } else { format!(" {line}") });
    code!(#(#[doc = #lines])*)
}

/// Documentation after the user's own, if there is any.
pub fn more_doc(attributes: &[Attribute], text: &str) -> TokenStream {
    let is_first = !attributes.iter().any(|attribute| attribute.path().is_ident("doc"));
    if is_first { doc(text) } else { doc(&format!("\n{text}")) }
}

pub fn scratch_name(network: &Ident) -> Ident {
    format_ident!("{network}Scratch")
}

pub fn tape_name(network: &Ident) -> Ident {
    format_ident!("{network}Tape")
}

/// The gradient of the value that `layer` gives, as a local.
pub fn gradient_name(layer: &Layer) -> Ident {
    Ident::new(&format!("d_{}", layer.name), Span::mixed_site())
}

pub fn area_name(area: Area) -> Ident {
    let name = match area {
        Area::A => "area_a",
        Area::B => "area_b",
    };
    Ident::new(name, Span::mixed_site())
}

/// The areas that hold anything, with their sizes.
pub fn used_areas(areas: Areas) -> Vec<(Ident, Literal)> {
    let all = [(Area::A, areas.a), (Area::B, areas.b)];
    all.into_iter().filter(|(_, size)| *size > 0).map(|(area, size)| (area_name(area), integer(size))).collect()
}

pub fn integer(value: usize) -> Literal {
    Literal::usize_unsuffixed(value)
}

pub fn integers(values: &[usize]) -> TokenStream {
    let values = values.iter().copied().map(integer);
    code!([#(#values),*])
}

/// `[[[E; 28]; 28]; 6]`, for an element type.
pub fn tensor(shape: Shape, element: impl ToTokens) -> TokenStream {
    let sizes = crate::summary::sizes(shape);
    sizes.iter().rev().fold(element.to_token_stream(), |inner, size| {
        let size = integer(*size);
        code!([#inner; #size])
    })
}

/// `Window2d::new([5, 5], [1, 1], [2, 2])`
pub fn window(window: &Window2d) -> TokenStream {
    let [kernel, stride, padding] = [&window.kernel, &window.stride, &window.padding].map(|pair| integers(pair));
    code!(::nnet::__private::Window2d::new(#kernel, #stride, #padding))
}

/// The type of a layer, with the user's span for its name so that editors lead from there to the layer.
pub fn layer_path(layer: &Layer) -> TokenStream {
    let name = &layer.type_name;
    code!(::nnet::__private::layers::#name)
}

/// The type of a layer's field.
pub fn layer_type(layer: &Layer) -> TokenStream {
    let path = layer_path(layer);
    let weight = layer.parameters.first().map(|weight| weight.shape.as_slice()).unwrap_or_default();
    let sizes = weight.iter().copied().map(integer);
    if layer.parameters.len() > 1 { code!(#path<S, #(#sizes),*>) } else { code!(#path<S, #(#sizes,)* 0>) }
}

/// A layer without parameters, as a value.
pub fn layer_value(layer: &Layer) -> TokenStream {
    let path = layer_path(layer);
    match &layer.kind {
        Kind::MaxPool2d { window } | Kind::AvgPool2d { window } => {
            let window = self::window(window);
            code!(#path::new(#window))
        }
        Kind::Activation(Activation::LeakyRelu { slope }) => {
            let slope = number(*slope);
            code!(#path { slope: #slope })
        }
        _ => path,
    }
}

/// A finite number; √2, the gain of rectifiers, by its name.
pub fn number(value: f64) -> TokenStream {
    if value.to_bits() == SQRT_2.to_bits() {
        return code!(::core::f64::consts::SQRT_2);
    }
    Literal::f64_unsuffixed(value).to_token_stream()
}

/// `Init::KaimingUniform { gain: SQRT_2 }`
pub fn init(init: Init) -> TokenStream {
    let scheme = match init.scheme {
        Scheme::XavierUniform => code!(XavierUniform),
        Scheme::XavierNormal => code!(XavierNormal),
        Scheme::KaimingUniform => code!(KaimingUniform),
        Scheme::KaimingNormal => code!(KaimingNormal),
    };
    let gain = number(init.gain);
    code!(::nnet::__private::Init::#scheme { gain: #gain })
}
