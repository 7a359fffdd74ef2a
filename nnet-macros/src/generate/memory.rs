//! The types that predict and train work in, and the proof that they and the network are plain rows of numbers.

use proc_macro2::{Literal, TokenStream};
use syn::Ident;

use super::structure::zero;
use super::words::{doc, integer, layer_type, local, scratch_name, tape_name, tensor, used_areas};
use crate::infer::{Layer, Network};
use crate::plan::{Plan, Tape};

/// The scratch of `predict`.
pub fn scratch(network: &Network, plan: &Plan) -> TokenStream {
    let doc = format!("What [`{0}`] predicts in: two areas that its layers write alternately.", network.name);
    let areas = used_areas(plan.scratch).into_iter().map(area_field).collect();
    buffers(&scratch_name(&network.name), network, &doc, areas)
}

/// The tape of `forward` and `backpropagate`.
pub fn tape(network: &Network, plan: &Plan) -> TokenStream {
    let doc = format!("What [`{0}`] keeps from forward to backward, and works in.", network.name);
    buffers(&tape_name(&network.name), network, &doc, tape_fields(network, &plan.tape))
}

fn tape_fields(network: &Network, tape: &Tape) -> Vec<(Ident, TokenStream)> {
    let kept = |layer: &Layer| (local(layer), tensor(layer.output, code!(E)));
    let mut fields: Vec<_> = tape.fields.iter().filter_map(|field| network.layers.get(*field)).map(kept).collect();
    let gradient = Ident::new("output_gradient", proc_macro2::Span::mixed_site());
    fields.push((gradient, tensor(network.output, code!(E))));
    fields.extend(used_areas(tape.areas).into_iter().map(area_field));
    fields
}

fn area_field((name, size): (Ident, Literal)) -> (Ident, TokenStream) {
    (name, code!([E; #size]))
}

/// A structure of tensors.
fn buffers(name: &Ident, network: &Network, doc: &str, fields: Vec<(Ident, TokenStream)>) -> TokenStream {
    let visibility = &network.visibility;
    let (names, types): (Vec<_>, Vec<_>) = fields.into_iter().unzip();
    let (doc, zero) = (self::doc(doc), zero(name, visibility));
    code! {
        #doc
        #[repr(C)]
        #visibility struct #name<E = ::core::primitive::f32> {
            #(#names: #types),*
        }

        #[automatically_derived]
        unsafe impl<E: ::nnet::__private::Element> ::nnet::__private::Flat for #name<E> {
            type Scalar = E::Scalar;
            const ZERO: Self = Self { #(#names: ::nnet::__private::Tensor::ZERO),* };
        }

        #zero
    }
}

/// What `unsafe impl Flat` promises, checked by rustc: fields are rows of one number type, with nothing between them.
pub fn proof(network: &Network, plan: &Plan) -> TokenStream {
    let layers = network.layers.iter().filter(|layer| layer.kind.has_parameters()).map(layer_type);
    let tensors = tape_fields(network, &plan.tape).into_iter().map(|(_, tensor)| tensor);
    let scratch = plan.scratch.a + plan.scratch.b;
    let sizes = [
        size(&network.name, network.parameter_count()),
        size(&scratch_name(&network.name), scratch),
        size(&tape_name(&network.name), plan.tape.entries),
    ];
    code! {
        const _: () = {
            fn row<S: ::nnet::__private::Scalar, T: ::nnet::__private::Flat<Scalar = S>>() {}
            fn tensor<E: ::nnet::__private::Element, T: ::nnet::__private::Tensor<Element = E>>() {}
            fn fields<S: ::nnet::__private::Scalar, E: ::nnet::__private::Element>() {
                #(row::<S, #layers>();)*
                #(tensor::<E, #tensors>();)*
            }
            #(#sizes)*
        };
    }
}

/// The bytes of a structure of so many `f32`; an array of another length does not compile.
fn size(name: &Ident, entries: usize) -> TokenStream {
    let bytes = integer(entries * size_of::<f32>());
    code!(let _: [(); #bytes] = [(); ::core::mem::size_of::<#name<::core::primitive::f32>>()];)
}
