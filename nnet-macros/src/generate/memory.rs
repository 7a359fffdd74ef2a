//! The types that predict and train work in, and the proof that they and the network are plain rows of numbers.

use proc_macro2::{Span, TokenStream};
use syn::Ident;

use super::structure::{self, zero};
use super::words::{
    area_name, doc, inner_scratch_name, inner_tape_name, integer, layer_type, local, scratch_name, statistics_name,
    tape_name, tensor,
};
use crate::infer::{Network, Operation};
use crate::plan::{Forward, Plan, Room, entries, only_predicts};
use crate::size::{Shape, Size};

/// A field of a buffer type: its name, its type, and its entries if the macro knows them.
struct Part {
    name: Ident,
    kind: TokenStream,
    entries: Option<Size>,
    is_tensor: bool,
}

/// The scratch of `predict`.
pub fn scratch(network: &Network, plan: &Plan) -> TokenStream {
    let doc = format!("What [`{0}`] predicts in: areas that its layers write in turn.", network.name);
    buffers(&scratch_name(&network.name), network, &doc, &scratch_parts(network, plan))
}

/// The tape of forward and backward.
pub fn tape(network: &Network, plan: &Plan) -> TokenStream {
    let doc = format!("What [`{0}`] keeps from forward to backward, and works in.", network.name);
    buffers(&tape_name(&network.name), network, &doc, &tape_parts(network, plan))
}

/// Every value of a prediction, for calibration.
pub fn trace(network: &Network, name: &Ident, plan: &Forward) -> TokenStream {
    let doc = format!("Every value of a prediction of [`{0}`], whose ranges its bytes are chosen by.", network.name);
    let fields = plan.fields.iter().filter_map(|at| network.operation(*at));
    let parts: Vec<_> = fields.map(|operation| tensor_part(local(operation), operation.output)).collect();
    buffers(name, network, &doc, &parts)
}

fn scratch_parts(network: &Network, plan: &Plan) -> Vec<Part> {
    let inner = by_path(network).filter_map(|operation| inner_part(operation, true));
    areas(&plan.scratch).chain(inner).collect()
}

fn tape_parts(network: &Network, plan: &Plan) -> Vec<Part> {
    let operation = |at: &usize| network.operation(*at);
    let fields = plan.tape.fields.iter().filter_map(operation);
    let kept = fields.map(|operation| tensor_part(local(operation), operation.output));
    let statistics = plan.tape.statistics.iter().filter_map(operation).map(|operation| {
        let channels = operation.output.channels();
        let entries = channels.times(Size::Known(4));
        Part { name: statistics_name(operation), kind: code!([[E; #channels]; 4]), entries, is_tensor: true }
    });
    let inner = by_path(network).filter_map(|operation| inner_part(operation, only_predicts(operation)));
    let gradient = tensor_part(Ident::new("output_gradient", Span::mixed_site()), network.output);
    kept.chain(statistics).chain(inner).chain([gradient]).chain(areas(&plan.tape.areas)).collect()
}

fn by_path(network: &Network) -> impl Iterator<Item = &Operation> {
    network.operations.iter().filter(|operation| operation.is_by_path())
}

/// What a layer by path predicts or trains in.
fn inner_part(operation: &Operation, predicts: bool) -> Option<Part> {
    let layer = layer_type(operation.layer()?, &code!(E::Scalar));
    let (name, memory) = if predicts {
        (inner_scratch_name(operation), code!(Scratch))
    } else {
        (inner_tape_name(operation), code!(Tape))
    };
    let kind = code!(<#layer as ::nnet::__private::Layer>::#memory<E>);
    Some(Part { name, kind, entries: None, is_tensor: false })
}

fn tensor_part(name: Ident, shape: Shape) -> Part {
    Part { name, kind: tensor(shape, code!(E)), entries: Some(entries(shape)), is_tensor: true }
}

fn areas(rooms: &[Room]) -> impl Iterator<Item = Part> {
    rooms.iter().enumerate().map(|(area, room)| match room {
        Room::Shape(shape) => tensor_part(area_name(area), *shape),
        Room::Entries(..) => {
            let entries = room.entries();
            Part { name: area_name(area), kind: code!([E; #entries]), entries, is_tensor: true }
        }
    })
}

/// Entries of the scratch and the tape, if the macro knows them.
pub fn sizes(network: &Network, plan: &Plan) -> [Option<usize>; 2] {
    let sum = |parts: Vec<Part>| parts.iter().map(|part| part.entries?.known()).sum();
    [sum(scratch_parts(network, plan)), sum(tape_parts(network, plan))]
}

/// A structure of tensors.
fn buffers(name: &Ident, network: &Network, doc: &str, parts: &[Part]) -> TokenStream {
    let visibility = &network.visibility;
    let (doc, zero) = (self::doc(doc), zero(name, network));
    let (declared, used) = (network.parameters.declared(), network.parameters.used());
    let (names, types): (Vec<_>, Vec<_>) = parts.iter().map(|part| (&part.name, &part.kind)).unzip();
    let traits = parts.iter().map(|part| if part.is_tensor { code!(Tensor) } else { code!(Flat) });
    // A structure without fields would not use its parameter.
    let (fields, zeros) = if parts.is_empty() {
        (code!(__nothing: [E; 0]), code!(__nothing: []))
    } else {
        (code!(#(#names: #types),*), code!(#(#names: ::nnet::__private::#traits::ZERO),*))
    };
    let bound = parts.iter().any(|part| !part.is_tensor).then(|| code!(: ::nnet::__private::Element));
    code! {
        #doc
        #[repr(C)]
        #visibility struct #name<#declared E #bound = ::core::primitive::f32> {
            #fields
        }

        #[automatically_derived]
        unsafe impl<#declared E: ::nnet::__private::Element> ::nnet::__private::Flat for #name<#used E> {
            type Scalar = E::Scalar;
            const ZERO: Self = Self { #zeros };
        }

        #zero
    }
}

/// What `unsafe impl Flat` promises, checked by rustc: fields are rows of one number type, with nothing between them.
pub fn proof(network: &Network, plan: &Plan, is_trained: bool) -> TokenStream {
    let rows = structure::row_types(network);
    let tape = if is_trained { tape_parts(network, plan) } else { Vec::new() };
    let parts: Vec<_> = scratch_parts(network, plan).into_iter().chain(tape).collect();
    let tensors = parts.iter().filter(|part| part.is_tensor).map(|part| &part.kind);
    let inner = parts.iter().filter(|part| !part.is_tensor).map(|part| &part.kind);
    let sizes = proof_of_sizes(network, plan, is_trained);
    let declared = network.parameters.declared();
    code! {
        const _: () = {
            fn row<S: ::nnet::__private::Scalar, T: ::nnet::__private::Flat<Scalar = S>>() {}
            fn tensor<E: ::nnet::__private::Element, T: ::nnet::__private::Tensor<Element = E>>() {}
            fn fields<#declared S: ::nnet::__private::Scalar, E: ::nnet::__private::Element>() {
                #(row::<S, #rows>();)*
                #(tensor::<E, #tensors>();)*
                #(row::<E::Scalar, #inner>();)*
            }
            #sizes
        };
    }
}

/// The bytes of the structures with `f32`; an array of another length does not compile.
fn proof_of_sizes(network: &Network, plan: &Plan, is_trained: bool) -> TokenStream {
    let name = &network.name;
    let [scratch, tape] = sizes(network, plan);
    let known = (network.entries().known(), scratch, tape);
    let (Some(weights), Some(scratch), Some(tape)) = known else {
        let (scratch, tape) = (scratch_parts(network, plan), tape_parts(network, plan));
        let (declared, used) = (network.parameters.declared(), network.parameters.used());
        let some = network.parameters.some();
        let [scratch, tape] = [(scratch_name(name), scratch), (tape_name(name), tape)].map(|(name, parts)| {
            let parts = parts.iter().map(|part| &part.kind);
            code! {
                const fn of<#declared E: ::nnet::__private::Element>() -> bool {
                    ::core::mem::size_of::<#name<#used E>>() == 0 #(+ ::core::mem::size_of::<#parts>())*
                }
                ::core::assert!(
                    of::<#some ::core::primitive::f32>()
                        && of::<#some ::nnet::__private::Lanes<::core::primitive::f32>>()
                );
            }
        });
        let tape = is_trained.then(|| code!({ #tape }));
        return code!({ #scratch } #tape);
    };
    let some = network.parameters.some();
    let size = |name: &Ident, entries: usize| {
        let bytes = integer(entries * size_of::<f32>());
        code!(let _: [(); #bytes] = [(); ::core::mem::size_of::<#name<#some ::core::primitive::f32>>()];)
    };
    let weights = size(name, weights);
    let scratch = size(&scratch_name(name), scratch);
    let tape = is_trained.then(|| size(&tape_name(name), tape));
    code!(#weights #scratch #tape)
}
