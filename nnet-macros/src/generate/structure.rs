//! The network's type: its parameters, one field a layer; and its numbers as constants.

use proc_macro2::TokenStream;
use syn::{Ident, Visibility};

use super::words::{doc, layer_path, layer_type, more_doc};
use crate::infer::{Layer, Network};
use crate::plan::Plan;
use crate::summary;

pub fn structure(network: &Network, plan: &Plan) -> TokenStream {
    let Network { attributes, visibility, name, layers, .. } = network;
    let table = more_doc(attributes, &summary::network(network, plan));
    let fields = fields(layers.iter().filter(|layer| layer.kind.has_parameters()), network);
    let zeros = zeros(layers);
    let flattens = layers.iter().filter(|layer| layer.kind.is_view()).map(flatten);
    code! {
        #(#attributes)*
        #table
        #[repr(C)]
        #visibility struct #name<S = ::core::primitive::f32> { #fields }

        #[automatically_derived]
        unsafe impl<S: ::nnet::__private::Scalar> ::nnet::__private::Flat for #name<S> {
            type Scalar = S;
            const ZERO: Self = Self { #zeros };
        }

        #(#flattens)*
    }
}

fn fields<'a>(layers: impl Iterator<Item = &'a Layer>, network: &Network) -> TokenStream {
    let visibility = &network.visibility;
    let fields: Vec<_> = layers
        .map(|layer| {
            let Layer { attributes, name, .. } = layer;
            let (doc, layer_type) = (more_doc(attributes, &summary::field(layer)), layer_type(layer));
            code!(#(#attributes)* #doc #visibility #name: #layer_type)
        })
        .collect();
    if fields.is_empty() { code!(__nothing: [S; 0]) } else { code!(#(#fields),*) }
}

fn zeros(layers: &[Layer]) -> TokenStream {
    let names: Vec<_> = layers.iter().filter(|layer| layer.kind.has_parameters()).map(|layer| &layer.name).collect();
    if names.is_empty() { code!(__nothing: []) } else { code!(#(#names: ::nnet::__private::Flat::ZERO),*) }
}

/// `Flatten` runs no code; this makes its name one that editors know.
fn flatten(layer: &Layer) -> TokenStream {
    let path = layer_path(layer);
    code!(const _: #path = #path;)
}

/// The constants of `Network` for `f32`, which need no annotation: `LeNet::MACS`.
pub fn constants(name: &Ident, visibility: &Visibility) -> TokenStream {
    let size = code!(::core::primitive::usize);
    let each = [
        (code!(NAME), code!(&'static ::core::primitive::str), "The name in the declaration."),
        (code!(INPUT_SHAPE), code!(&'static [#size]), "The shape of one input sample."),
        (code!(OUTPUT_SHAPE), code!(&'static [#size]), "The shape of one output sample."),
        (code!(LAYERS), code!(&'static [::nnet::__private::LayerInfo]), "The layers in the order of the declaration."),
        (
            code!(PARAMETERS),
            code!(&'static [::nnet::__private::ParameterInfo]),
            "The parameter tensors in the order of their memory.",
        ),
        (code!(PARAMETER_COUNT), size.clone(), "How many numbers the network learns."),
        (code!(WEIGHT_BYTES), size.clone(), "Bytes of the parameters."),
        (code!(INFERENCE_BYTES), size.clone(), "Bytes that predicting one sample needs besides the parameters."),
        (
            code!(TRAINING_BYTES),
            size.clone(),
            "Bytes that training on one sample needs besides the parameters and the optimizer's state: gradients and tape.",
        ),
        (code!(MACS), size, "Multiply-accumulates of one prediction, the padding counted."),
    ];
    let constants = each.map(|(constant, kind, doc)| {
        let doc = self::doc(doc);
        code! {
            #doc
            #visibility const #constant: #kind = <Self as ::nnet::__private::Network>::#constant;
        }
    });
    let zero = zero(name, visibility);
    code! {
        #zero

        impl #name<::core::primitive::f32> {
            #(#constants)*

            /// The table of layers, printable.
            #[must_use]
            #visibility fn summary() -> ::nnet::__private::Summary {
                <Self as ::nnet::__private::Network>::summary()
            }
        }
    }
}

/// `Flat::ZERO` for `f32`, so that a plain `NAME::ZERO` is not left to guess its number type.
pub fn zero(name: &Ident, visibility: &Visibility) -> TokenStream {
    code! {
        impl #name<::core::primitive::f32> {
            /// Zero everywhere, for `static`s; `nnet::zeroed` makes one on the heap.
            #visibility const ZERO: Self = <Self as ::nnet::__private::Flat>::ZERO;
        }
    }
}
