//! The small phrases of the expansion: types, literals, names.

use std::f64::consts::SQRT_2;

use proc_macro2::{Delimiter, Group, Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::{Attribute, Ident};

use super::by_path::proven_type;
use crate::ast::Parameters;
use crate::infer::{Layer, Module, Operation, Segment};
use crate::layer::{Activation, Init, Kind, Scheme, UpsampleMode};
use crate::size::{Shape, Size, Window, product};

/// The operation's name for a local or a field of the tape: where the user wrote it, but the macro's, so that a lint
/// about it is reported once, at the network's field. An `allow` would clash with a `forbid` of the user's.
pub fn local(operation: &Operation) -> Ident {
    derived(operation, "")
}

/// The name of what is kept of an operation besides its value.
pub fn derived(operation: &Operation, suffix: &str) -> Ident {
    let name = format!("{}{suffix}", operation.local);
    Ident::new(&name, Span::call_site().located_at(operation.local.span()))
}

pub fn statistics_name(operation: &Operation) -> Ident {
    derived(operation, "_statistics")
}

pub fn inner_tape_name(operation: &Operation) -> Ident {
    derived(operation, "_tape")
}

pub fn inner_scratch_name(operation: &Operation) -> Ident {
    derived(operation, "_scratch")
}

/// A constant that calls a function, which rustc shows as the whole of `place` if it panics: the call begins where the
/// first token does, and ends with the last.
pub fn under(place: &TokenStream, function: &str, arguments: TokenStream) -> TokenStream {
    let own = |token: TokenTree| Span::mixed_site().located_at(token.span());
    let mut tokens = place.clone().into_iter();
    let first = tokens.next().map_or_else(Span::mixed_site, own);
    let last = tokens.last().map_or(first, own);
    let mut arguments = Group::new(Delimiter::Parenthesis, arguments);
    arguments.set_span(last);
    let function = Ident::new(function, first);
    let call = quote_spanned!(first=> ::nnet::__private::#function #arguments);
    code!(const _: () = #call;)
}

/// A call whose panic rustc shows under `place`, as the value of an expression.
pub fn called_at(place: Span, function: &TokenStream, arguments: &TokenStream) -> TokenStream {
    let place = Span::mixed_site().located_at(place);
    let at_place = |tokens: &TokenStream| -> TokenStream {
        let moved = |mut token: TokenTree| {
            token.set_span(place);
            token
        };
        tokens.clone().into_iter().map(moved).collect()
    };
    let mut arguments = Group::new(Delimiter::Parenthesis, arguments.clone());
    arguments.set_span(place);
    let function = at_place(function);
    quote_spanned!(place=> ::nnet::__private::#function #arguments)
}

/// `.block1.convs[2].conv`, behind `self` or `gradients`.
pub fn place(segments: &[Segment]) -> TokenStream {
    segments
        .iter()
        .map(|segment| match segment {
            Segment::Field(name) => code!(.#name),
            Segment::Index(index) => {
                let index = integer(*index);
                code!([#index])
            }
        })
        .collect()
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

pub fn gradients_name(network: &Ident) -> Ident {
    format_ident!("{network}Gradients")
}

impl Parameters {
    /// `const HIDDEN: usize,`, before other parameters.
    pub fn declared(&self) -> TokenStream {
        let names = &self.0;
        code!(#(const #names: ::core::primitive::usize,)*)
    }

    /// `HIDDEN,`, before other arguments.
    pub fn used(&self) -> TokenStream {
        let names = &self.0;
        code!(#(#names,)*)
    }

    /// Statements that do not compile for a parameter that is 0.
    pub fn asserted(&self) -> TokenStream {
        let asserted = self.0.iter().map(|name| {
            let message = format!("{name} is 0, but must be at least 1");
            code!(::core::assert!(#name > 0, #message);)
        });
        asserted.collect()
    }

    /// Numbers for all of them, before other arguments.
    pub fn some(&self) -> TokenStream {
        let numbers = (3..).take(self.0.len()).map(integer);
        code!(#(#numbers,)*)
    }
}

pub fn shapes_name(network: &Ident) -> Ident {
    format_ident!("{network}Shapes")
}

pub fn folded_name(network: &Ident) -> Ident {
    format_ident!("{network}Folded")
}

/// `LeNet`, or for a block in it `LeNetBlock1`.
pub fn module_name(network: &Ident, module: &Module) -> Ident {
    let words: String = module.words.iter().map(|word| camel_case(word)).collect();
    format_ident!("{network}{words}")
}

/// `block_1a` → `Block1a`
fn camel_case(name: &str) -> String {
    let mut camel = String::new();
    // A raw name has been reported, and its block is in the stub.
    for word in name.trim_start_matches("r#").split('_') {
        let mut letters = word.chars();
        camel.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        camel.push_str(letters.as_str());
    }
    camel
}

pub fn area_name(area: usize) -> Ident {
    let letter = u8::try_from(area).ok().filter(|area| *area < 26).map(|area| char::from(b'a' + area));
    let name = letter.map_or_else(|| format!("area_{area}"), |letter| format!("area_{letter}"));
    Ident::new(&name, Span::mixed_site())
}

pub fn integer(value: usize) -> Literal {
    Literal::usize_unsuffixed(value)
}

/// `[5, 3]`
pub fn sizes(values: &[Size]) -> TokenStream {
    code!([#(#values),*])
}

/// `[[[E; 28]; 28]; 6]`, for an element type.
pub fn tensor(shape: Shape, element: impl ToTokens) -> TokenStream {
    shape.sizes().iter().rev().fold(element.to_token_stream(), |inner, size| code!([#inner; #size]))
}

/// `Window2d::new([5, 5], [1, 1], [2, 2])`
pub fn window(window: &Window) -> TokenStream {
    let [kernel, stride, padding] = [&window.kernel, &window.stride, &window.padding].map(|pair| sizes(pair));
    let end = (window.padding_end != window.padding).then(|| {
        let end = sizes(&window.padding_end);
        code!(.with_padding_end(#end))
    });
    let dilation = (window.dilation != [Size::ONE; 2]).then(|| {
        let dilation = sizes(&window.dilation);
        code!(.with_dilation(#dilation))
    });
    code!(::nnet::__private::Window2d::new(#kernel, #stride, #padding) #end #dilation)
}

/// The type of a layer, with the user's span for its name so that editors lead from there to the layer.
pub fn layer_path(layer: &Layer) -> TokenStream {
    let name = layer.path.segments.last().map(|segment| &segment.ident);
    code!(::nnet::__private::layers::#name)
}

/// The type of a layer with parameters, for the number type `scalar`.
pub fn layer_type(layer: &Layer, scalar: &TokenStream) -> TokenStream {
    if let Kind::ByPath { .. } = layer.kind {
        return proven_type(layer, scalar);
    }
    let path = layer_path(layer);
    let weight = layer.parameters.first().map(|weight| weight.shape.as_slice()).unwrap_or_default();
    let sizes = weight.iter();
    match &layer.kind {
        Kind::ConvTranspose2d { convolution, .. } => {
            let bias = if convolution.bias { convolution.out } else { Size::Known(0) };
            code!(#path<#scalar, #(#sizes,)* #bias>)
        }
        kind if kind.is_affine() && layer.parameters.len() == 1 => code!(#path<#scalar, #(#sizes,)* 0>),
        Kind::LayerNorm { .. } => {
            let entries = product(weight);
            code!(#path<#scalar, #entries>)
        }
        _ => code!(#path<#scalar, #(#sizes),*>),
    }
}

/// The type of a layer's gradients.
pub fn gradient_type(layer: &Layer, scalar: &TokenStream) -> TokenStream {
    match &layer.kind {
        Kind::BatchNorm { .. } => {
            let channels = layer.parameters.first().map(|weight| weight.entries);
            code!(::nnet::__private::layers::BatchNormGradients<#scalar, #channels>)
        }
        Kind::ByPath { .. } => {
            let layer = layer_type(layer, scalar);
            code!(<#layer as ::nnet::__private::Layer>::Gradients)
        }
        _ => layer_type(layer, scalar),
    }
}

/// A layer without parameters, as a value.
pub fn layer_value(layer: &Layer) -> TokenStream {
    let path = layer_path(layer);
    let with = |fields: &[(&str, f64)]| {
        let names = fields.iter().map(|(name, _)| Ident::new(name, Span::mixed_site()));
        let values = fields.iter().map(|(_, value)| number(*value));
        code!(#path { #(#names: #values),* })
    };
    match &layer.kind {
        Kind::MaxPool2d { window } | Kind::MaxPool1d { window } => {
            let window = self::window(window);
            code!(#path::new(#window))
        }
        Kind::AvgPool2d { window, count_include_pad } | Kind::AvgPool1d { window, count_include_pad } => {
            let window = self::window(window);
            let counted = (!count_include_pad).then(|| code!(.count_include_pad(false)));
            code!(#path::new(#window) #counted)
        }
        Kind::Upsample2d { mode, .. } => {
            let mode = match mode {
                UpsampleMode::Nearest => code!(Nearest),
                UpsampleMode::Bilinear { align_corners } => code!(Bilinear { align_corners: #align_corners }),
            };
            code!(#path { mode: ::nnet::__private::layers::UpsampleMode::#mode })
        }
        Kind::ZeroPad2d { padding } => {
            let padding = sizes(padding);
            code!(#path { padding: #padding })
        }
        Kind::Dropout { p } | Kind::Dropout2d { p } => with(&[("p", *p)]),
        Kind::Activation(Activation::LeakyRelu { slope }) => with(&[("slope", *slope)]),
        Kind::Activation(Activation::Elu { alpha }) => with(&[("alpha", *alpha)]),
        Kind::Activation(Activation::Softplus { beta, threshold }) => {
            with(&[("beta", *beta), ("threshold", *threshold)])
        }
        _ => path,
    }
}

/// A finite number; √2, the gain of rectifiers, by its name.
pub fn number(value: f64) -> TokenStream {
    if value.to_bits() == SQRT_2.to_bits() {
        return code!(::core::f64::consts::SQRT_2);
    }
    let size = Literal::f64_unsuffixed(value.abs());
    if value.is_sign_negative() { code!(-#size) } else { code!(#size) }
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
