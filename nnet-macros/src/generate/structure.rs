//! The network's type: its parameters, one field a layer or block; its gradients; and its numbers as constants.

use proc_macro2::TokenStream;
use syn::{Ident, Visibility};

use super::by_path::{field_type, field_zero};
use super::words::{doc, gradient_type, gradients_name, layer_path, layer_type, module_name, more_doc};
use crate::ast::Parameters;
use crate::infer::{Content, Draft, Field, Layer, Module, Network};
use crate::layer::{Kind, Manner};
use crate::plan::Plan;
use crate::summary;

/// What a structure of the network's layout holds.
#[derive(Clone, Copy, PartialEq)]
enum Held {
    Parameters,
    Gradients,
}

pub fn structure(network: &Network, plan: &Plan) -> TokenStream {
    let table = more_doc(&network.attributes, &summary::network(network, plan));
    let attributes = &network.attributes;
    let root = module(network, &network.root, Held::Parameters, &code!(#(#attributes)* #table));
    let blocks = blocks(network, &network.root, Held::Parameters);
    let words = network.layers().filter(|layer| runs_no_code(layer)).map(word);
    code!(#root #blocks #(#words)*)
}

/// The type of a network that predicts and does nothing else.
pub fn predictor(network: &Network, plan: &Plan, text: &str) -> TokenStream {
    let text = doc(&format!("{text}\n\n{}", summary::predictor(network, plan)));
    let root = module(network, &network.root, Held::Parameters, &beside(network, &text));
    let blocks = blocks(network, &network.root, Held::Parameters);
    code!(#root #blocks)
}

/// The type of the gradients: the network's own if all of it learns, which a name of its own stands for as well.
pub fn gradients(network: &Network) -> TokenStream {
    let Network { name, visibility, root, .. } = network;
    let gradients = gradients_name(name);
    let text = format!("The gradients of [`{name}`]: those of its parameters that learn.");
    let text = doc(&text);
    let (declared, used) = (network.parameters.declared(), network.parameters.used());
    if is_plain(network, root) {
        return code! {
            #text
            #visibility type #gradients<#declared S = ::core::primitive::f32> = #name<#used S>;
        };
    }
    let module = module(network, root, Held::Gradients, &beside(network, &text));
    let blocks = blocks(network, root, Held::Gradients);
    let zero = zero(&gradients, network);
    code!(#module #blocks #zero)
}

/// Whether the gradients of a structure have its own layout.
fn is_plain(network: &Network, module: &Module) -> bool {
    module.fields.iter().all(|field| match &field.content {
        Content::Layer(at) => layer(network, *at)
            .is_some_and(|layer| layer.learns() && !matches!(layer.kind, Kind::BatchNorm { .. } | Kind::ByPath { .. })),
        Content::Block(block) | Content::Blocks(_, block) => is_plain(network, block),
    })
}

/// Whether nothing in a structure learns.
fn is_frozen(network: &Network, module: &Module) -> bool {
    module.fields.iter().all(|field| match &field.content {
        Content::Layer(at) => layer(network, *at).is_some_and(|layer| !layer.learns()),
        Content::Block(block) | Content::Blocks(_, block) => is_frozen(network, block),
    })
}

fn layer(network: &Network, at: usize) -> Option<&Layer> {
    network.operation(at)?.layer()
}

/// What stands before a type beside the network's own: its documentation, and what the network derives.
fn beside(network: &Network, text: &TokenStream) -> TokenStream {
    let derives = &network.derives;
    code!(#text #(#derives)*)
}

fn module(network: &Network, module: &Module, held: Held, head: &TokenStream) -> TokenStream {
    let visibility = &network.visibility;
    let name = type_name(network, module, held);
    let fields: Vec<_> = module.fields.iter().filter_map(|field| self::field(network, field, held)).collect();
    let names: Vec<_> = fields.iter().map(|(name, ..)| *name).collect();
    let definitions = fields.iter().map(|(_, definition, _)| definition);
    let zeros = fields.iter().map(|(.., zero)| zero);
    let (definitions, zeros) = if fields.is_empty() {
        (code!(__nothing: [S; 0]), code!(__nothing: []))
    } else {
        (code!(#(#definitions),*), code!(#(#names: #zeros),*))
    };
    let bound = network.has_paths().then(|| code!(: ::nnet::__private::Scalar));
    let (declared, used) = (network.parameters.declared(), network.parameters.used());
    let asserted = network.parameters.asserted();
    let zero = code!(Self { #zeros });
    let zero = if asserted.is_empty() { zero } else { code!({ #asserted #zero }) };
    code! {
        #head
        #[repr(C)]
        #visibility struct #name<#declared S #bound = ::core::primitive::f32> { #definitions }

        #[automatically_derived]
        unsafe impl<#declared S: ::nnet::__private::Scalar> ::nnet::__private::Flat for #name<#used S> {
            type Scalar = S;
            const ZERO: Self = #zero;
        }
    }
}

fn type_name(network: &Network, module: &Module, held: Held) -> Ident {
    let name = module_name(&network.name, module);
    if held == Held::Gradients && !is_plain(network, module) { gradients_name(&name) } else { name }
}

/// A field's name, its definition, and its zero; none for what does not learn, among gradients.
fn field<'a>(network: &'a Network, field: &'a Field, held: Held) -> Option<(&'a Ident, TokenStream, TokenStream)> {
    let Field { name, attributes, content, .. } = field;
    let visibility = &network.visibility;
    let block = |block: &Module| type_name(network, block, held);
    let used = network.parameters.used();
    let (text, kind) = match content {
        Content::Layer(at) => {
            let operation = network.operation(*at)?;
            let layer = operation.layer()?;
            if held == Held::Gradients && !layer.learns() {
                return None;
            }
            let of = if held == Held::Gradients { gradient_type } else { field_type };
            (summary::field(operation, layer), of(layer, &code!(S)))
        }
        Content::Block(inner) | Content::Blocks(_, inner) if held == Held::Gradients && is_frozen(network, inner) => {
            return None;
        }
        Content::Block(inner) => {
            let kind = block(inner);
            (format!("The block `{}`.", inner.words.join(".")), code!(#kind<#used S>))
        }
        Content::Blocks(count, inner) => {
            let (kind, length) = (block(inner), super::words::integer(*count));
            (format!("The blocks `{}`, one after the other.", inner.words.join(".")), code!([#kind<#used S>; #length]))
        }
    };
    let zero = match content {
        Content::Layer(at) if held == Held::Parameters => field_zero(layer(network, *at)),
        _ => field_zero(None),
    };
    let (text, attributes) = if held == Held::Gradients {
        (doc(&format!("Those of `{name}`.")), TokenStream::new())
    } else {
        (more_doc(attributes, &text), code!(#(#attributes)*))
    };
    Some((name, code!(#attributes #text #visibility #name: #kind), zero))
}

/// The types of all blocks inside a structure.
fn blocks(network: &Network, around: &Module, held: Held) -> TokenStream {
    let inner = around.fields.iter().filter_map(|field| match &field.content {
        Content::Layer(_) => None,
        Content::Block(block) | Content::Blocks(_, block) => Some(block),
    });
    inner
        .filter(|block| held == Held::Parameters || !(is_plain(network, block) || is_frozen(network, block)))
        .map(|block| {
            let text = doc(&format!("The block `{}` of [`{}`].", block.words.join("."), network.name));
            let (module, deeper) =
                (module(network, block, held, &beside(network, &text)), blocks(network, block, held));
            code!(#module #deeper)
        })
        .collect()
}

/// The types of all fields, once each, for the proof that they are rows of numbers.
pub fn row_types(network: &Network) -> Vec<TokenStream> {
    let mut types = Vec::new();
    collect_rows(network, &network.root, &mut types);
    types
}

fn collect_rows(network: &Network, module: &Module, types: &mut Vec<TokenStream>) {
    for field in &module.fields {
        match &field.content {
            Content::Layer(at) => types.extend(layer(network, *at).map(|layer| layer_type(layer, &code!(S)))),
            Content::Block(block) | Content::Blocks(_, block) => collect_rows(network, block, types),
        }
    }
}

fn runs_no_code(layer: &Layer) -> bool {
    layer.kind.trains(layer.frozen) == Manner::View
}

/// `Flatten` runs no code; this makes its name one that editors know.
fn word(layer: &Layer) -> TokenStream {
    let path = layer_path(layer);
    code!(const _: #path = #path;)
}

/// A network or a draft of one: what its items are called.
pub trait Named {
    fn named(&self) -> (&Ident, &Visibility, &Parameters);
}

impl Named for Network {
    fn named(&self) -> (&Ident, &Visibility, &Parameters) {
        (&self.name, &self.visibility, &self.parameters)
    }
}

impl Named for Draft {
    fn named(&self) -> (&Ident, &Visibility, &Parameters) {
        (&self.name, &self.visibility, &self.parameters)
    }
}

/// The constants of `Network` for `f32`, which need no annotation: `LeNet::MACS`.
pub fn constants(network: &impl Named) -> TokenStream {
    let (name, visibility, parameters) = network.named();
    let (declared, used) = (parameters.declared(), parameters.used());
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
        (code!(PARAMETER_COUNT), size.clone(), "How many parameters there are, running statistics left out."),
        (code!(WEIGHT_BYTES), size.clone(), "Bytes of the parameters and the running statistics."),
        (code!(INFERENCE_BYTES), size.clone(), "Bytes that predicting one sample needs besides the parameters."),
        (code!(MACS), size, "Multiply-accumulates of one prediction, the padding counted."),
    ];
    let constants = each.map(|(constant, kind, doc)| {
        let doc = self::doc(doc);
        code! {
            #doc
            #visibility const #constant: #kind = <Self as ::nnet::__private::Network>::#constant;
        }
    });
    let zero = zero(name, network);
    code! {
        #zero

        impl<#declared> #name<#used ::core::primitive::f32> {
            #(#constants)*

            /// The table of layers, printable.
            #[must_use]
            #visibility fn summary() -> ::nnet::__private::Summary {
                <Self as ::nnet::__private::Network>::summary()
            }
        }
    }
}

/// The constant of `Differentiable` for `f32`.
pub fn training_constant(network: &impl Named) -> TokenStream {
    let (name, visibility, parameters) = network.named();
    let (declared, used) = (parameters.declared(), parameters.used());
    code! {
        impl<#declared> #name<#used ::core::primitive::f32> {
            /// Bytes that training on one sample needs besides the parameters and the optimizer's state: gradients and tape.
            #visibility const TRAINING_BYTES: ::core::primitive::usize =
                <Self as ::nnet::__private::Differentiable>::TRAINING_BYTES;
            /// Bytes that training on one sample in place needs besides the parameters: the tape.
            #visibility const IN_PLACE_TRAINING_BYTES: ::core::primitive::usize =
                <Self as ::nnet::__private::Differentiable>::IN_PLACE_TRAINING_BYTES;
        }
    }
}

/// The network with the weights of its file, if the declaration names one: what `body` gives.
pub fn pretrained(network: &impl Named, body: Option<TokenStream>) -> Option<TokenStream> {
    let (name, visibility, parameters) = network.named();
    let (declared, used) = (parameters.declared(), parameters.used());
    let body = body?;
    Some(code! {
        impl<#declared> #name<#used ::core::primitive::f32> {
            /// The network with the weights of the file that its declaration names: a `static`, which a
            /// microcontroller keeps in flash.
            #[must_use]
            #visibility fn pretrained() -> &'static Self {
                #body
            }
        }
    })
}

/// `Flat::ZERO` for `f32`, so that a plain `NAME::ZERO` is not left to guess its number type.
pub fn zero(name: &Ident, network: &impl Named) -> TokenStream {
    let (_, visibility, parameters) = network.named();
    let (declared, used) = (parameters.declared(), parameters.used());
    code! {
        impl<#declared> #name<#used ::core::primitive::f32> {
            /// Zero everywhere, for `static`s; `nnet::zeroed` makes one on the heap.
            #visibility const ZERO: Self = <Self as ::nnet::__private::Flat>::ZERO;
        }
    }
}
