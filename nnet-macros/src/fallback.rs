//! A stub beside the errors, so that code which uses the network has no errors that only follow from them.

use std::collections::HashSet;

use proc_macro2::{Span, TokenStream};
use syn::Ident;

use crate::check;
use crate::generate::by_path::{field_type, field_zero, proofs};
use crate::generate::int8;
use crate::generate::shapes;
use crate::generate::structure::{constants, pretrained, training_constant, zero};
use crate::generate::train;
use crate::generate::words::{folded_name, gradients_name, integer, module_name, scratch_name, tape_name, tensor};
use crate::infer::{Content, Draft, Field, Layer, Module, Operation};
use crate::layer::Kind;
use crate::size::Shape;
use crate::summary;

/// The items of the network as well as they are known, with bodies that nothing can reach.
pub fn stub(draft: &Draft) -> TokenStream {
    let name = &draft.name;
    if check::is_type_parameter(name) {
        return TokenStream::new();
    }
    let shapes = shapes::constants(name, &draft.deferred);
    let checks = shapes::checks(&draft.deferred);
    let structure = structure(draft, &draft.root);
    let mut known = Vec::new();
    collect_known(&draft.root, &mut known);
    let proofs = proofs(known.iter().filter_map(|at| draft.operations.get(*at)?.layer()));
    let network = network(draft);
    let train = draft.loss.as_ref().map(|(loss, word)| train(draft, loss, word, &unknown(draft, &code!(S))));
    let constants = constants(draft);
    let training_constant = training_constant(draft);
    let pretrained = pretrained(draft, draft.weights.as_ref().map(|_| code!(loop {})));
    let folded = folded(draft);
    let int8 = draft.quantize.as_ref().map(|_| int8::stub(draft, &draft.name));
    let buffers = [scratch_name(name), tape_name(name)].map(|name| buffer(draft, &name));
    code! {
        #shapes
        #checks
        #structure
        #proofs
        #network
        #train
        #constants
        #training_constant
        #(#buffers)*
        #pretrained
        #folded
        #int8
    }
}

/// The constant whose value is the first error.
pub fn error_name(network: &Ident) -> Ident {
    let name = format!("__{network}_is_broken").replace("r#", "");
    Ident::new(&name, Span::mixed_site())
}

/// A type that nobody knows: it is an error, which has been reported, and fits everywhere.
fn unknown(draft: &Draft, parameter: &TokenStream) -> TokenStream {
    let error = error_name(&draft.name);
    code!(::nnet::__private::Proven<#parameter, #error>)
}

/// The operations whose fields have types that are known.
fn collect_known(module: &Module, known: &mut Vec<usize>) {
    for field in module.fields.iter().filter(|field| field.is_known) {
        match &field.content {
            Content::Layer(at) => known.push(*at),
            Content::Block(block) | Content::Blocks(_, block) => collect_known(block, known),
        }
    }
}

/// The fields whose names can be, once each.
fn fields(module: &Module) -> Vec<&Field> {
    let mut names = HashSet::new();
    let mut is_field = |field: &&Field| {
        let name = field.name.to_string();
        syn::parse_str::<Ident>(&name).is_ok() && names.insert(name)
    };
    module.fields.iter().filter(|field| is_field(field)).collect()
}

fn structure(draft: &Draft, module: &Module) -> TokenStream {
    let visibility = &draft.visibility;
    let is_root = module.words.is_empty();
    let (declared, used) = (draft.parameters.declared(), draft.parameters.used());
    let attributes = if is_root { draft.attributes.clone() } else { draft.derives() };
    let name = module_name(&draft.name, module);
    let fields = fields(module);
    let names: Vec<_> = fields.iter().map(|field| &field.name).collect();
    let (docs, types): (Vec<_>, Vec<_>) = fields.iter().filter_map(|field| content(draft, field)).unzip();
    let zeros = fields.iter().map(|field| match &field.content {
        Content::Layer(at) if field.is_known => field_zero(draft.operations.get(*at).and_then(Operation::layer)),
        _ => field_zero(None),
    });
    let blocks = fields.iter().filter_map(|field| field.block()).map(|block| structure(draft, block));
    let gradients = gradients_name(&name);
    let gradients = is_root.then(|| {
        code! {
            /// Does not compile yet: see the errors in the network's declaration.
            #visibility type #gradients<#declared S = ::core::primitive::f32> = #name<#used S>;
        }
    });
    code! {
        #(#attributes)*
        /// Does not compile yet: see the errors in its declaration.
        #[repr(C)]
        #visibility struct #name<#declared S: ::nnet::__private::Scalar = ::core::primitive::f32> {
            #(#[doc = #docs] #visibility #names: #types,)*
            __stub: [S; 0],
        }

        #[automatically_derived]
        unsafe impl<#declared S: ::nnet::__private::Scalar> ::nnet::__private::Flat for #name<#used S> {
            type Scalar = S;
            const ZERO: Self = Self { #(#names: #zeros,)* __stub: [] };
        }

        #gradients
        #(#blocks)*
    }
}

/// What a field says of itself, and its type.
fn content(draft: &Draft, field: &Field) -> Option<(String, TokenStream)> {
    let block = |block: &Module| {
        let (name, used) = (module_name(&draft.name, block), draft.parameters.used());
        code!(#name<#used S>)
    };
    Some(match &field.content {
        Content::Layer(_) if !field.is_known => ("Unknown yet.".to_owned(), unknown(draft, &code!(S))),
        Content::Layer(at) => {
            let operation = draft.operations.get(*at)?;
            let layer = operation.layer()?;
            (summary::field(operation, layer), field_type(layer, &code!(S)))
        }
        Content::Block(inner) => (format!("The block `{}`.", inner.words.join(".")), block(inner)),
        Content::Blocks(count, inner) => {
            let (kind, count) = (block(inner), integer(*count));
            (format!("The blocks `{}`.", inner.words.join(".")), code!([#kind; #count]))
        }
    })
}

fn buffer(draft: &Draft, name: &Ident) -> TokenStream {
    let visibility = &draft.visibility;
    let zero = zero(name, draft);
    let (declared, used) = (draft.parameters.declared(), draft.parameters.used());
    code! {
        /// Does not compile yet: see the errors in the network's declaration.
        #[repr(C)]
        #visibility struct #name<#declared E = ::core::primitive::f32> {
            __stub: [E; 0],
        }

        #[automatically_derived]
        unsafe impl<#declared E: ::nnet::__private::Element> ::nnet::__private::Flat for #name<#used E> {
            type Scalar = E::Scalar;
            const ZERO: Self = Self { __stub: [] };
        }

        #zero
    }
}

/// The folded network, which there may be if there is a batch norm: by other names, the network itself.
fn folded(draft: &Draft) -> Option<TokenStream> {
    let is_norm = |layer: &Layer| matches!(layer.kind, Kind::BatchNorm { .. });
    draft.operations.iter().filter_map(Operation::layer).find(|layer| is_norm(layer))?;
    let Draft { name, visibility, .. } = draft;
    let (folded, scratch) = (folded_name(name), scratch_name(name));
    let folded_scratch = scratch_name(&folded);
    let (declared, used) = (draft.parameters.declared(), draft.parameters.used());
    Some(code! {
        /// Does not compile yet: see the errors in the network's declaration.
        #visibility type #folded<#declared S = ::core::primitive::f32> = #name<#used S>;
        /// Does not compile yet: see the errors in the network's declaration.
        #visibility type #folded_scratch<#declared E = ::core::primitive::f32> = #scratch<#used E>;

        #[automatically_derived]
        impl<#declared S: ::nnet::__private::Scalar> ::nnet::__private::Fold for #name<#used S> {
            type Folded = Self;
            fn fold_into(&self, _: &mut Self) { ::core::unreachable!() }
        }
    })
}

fn network(draft: &Draft) -> TokenStream {
    let name = &draft.name;
    let text = name.to_string();
    let shape = |shape: Option<Shape>| shape.map_or_else(|| unknown(draft, &code!(E)), |shape| tensor(shape, code!(E)));
    let [input, output] = [draft.input, draft.output].map(shape);
    let scratch = scratch_name(name);
    let element = code!(E: ::nnet::__private::Element<Scalar = S>);
    let differentiable = differentiable(draft);
    let (declared, used) = (draft.parameters.declared(), draft.parameters.used());
    code! {
        #[automatically_derived]
        impl<#declared S: ::nnet::__private::Scalar> ::nnet::__private::Network for #name<#used S> {
            type Input<#element> = #input;
            type Output<#element> = #output;
            type Scratch<#element> = #scratch<#used E>;
            const NAME: &'static ::core::primitive::str = #text;
            const INPUT_SHAPE: &'static [::core::primitive::usize] = &[];
            const OUTPUT_SHAPE: &'static [::core::primitive::usize] = &[];
            const LAYERS: &'static [::nnet::__private::LayerInfo] = &[];
            const PARAMETERS: &'static [::nnet::__private::ParameterInfo] = &[];
            fn init(&mut self, _: &mut ::nnet::__private::Random) { ::core::unreachable!() }
            fn predict<'s, #element>(&self, _: &Self::Input<E>, _: &'s mut Self::Scratch<E>) -> &'s Self::Output<E> {
                ::core::unreachable!()
            }
        }

        #differentiable
    }
}

fn differentiable(draft: &Draft) -> TokenStream {
    let name = &draft.name;
    let (gradients, tape) = (gradients_name(name), tape_name(name));
    let (declared, used) = (draft.parameters.declared(), draft.parameters.used());
    let element = code!(E: ::nnet::__private::Element<Scalar = S>);
    let never = code!({ ::core::unreachable!() });
    let (size, pass) = (code!(::core::primitive::usize), code!(&::nnet::__private::Pass));
    code! {
        #[automatically_derived]
        impl<#declared S: ::nnet::__private::Scalar> ::nnet::__private::Differentiable for #name<#used S> {
            type Gradients = #gradients<#used S>;
            type Tape<#element> = #tape<#used E>;
            const MEETINGS: #size = 0;
            const SMALLEST_BATCH: #size = 1;
            const INPUT_GRADIENT: ::core::primitive::bool = true;
            const IS_STUB: ::core::primitive::bool = true;
            fn forward_stage<#element>(&self, _: #size, _: &Self::Input<E>, _: #pass, _: &mut Self::Tape<E>) #never
            fn backward_stage<#element, __P: ::nnet::__private::OuterProducts<S>>(
                &self,
                _: #size,
                _: &Self::Input<E>,
                _: #pass,
                _: &mut Self::Tape<E>,
                _: &mut Self::Gradients,
                _: &mut __P,
                _: ::core::option::Option<&mut Self::Input<E>>,
            ) #never
            fn descend_stage<#element>(
                &mut self,
                _: #size,
                _: &Self::Input<E>,
                _: #pass,
                _: &mut Self::Tape<E>,
                _: S,
                _: ::core::option::Option<&mut Self::Input<E>>,
            ) #never
            fn meet<#element, __G>(
                _: ::nnet::__private::Meeting,
                _: &mut [__G],
                _: #size,
                _: impl ::core::ops::Fn(&mut __G) -> &mut Self::Tape<E> + ::core::marker::Copy,
            ) #never
            fn track<#element>(&mut self, _: &Self::Tape<E>, _: #size) #never
            fn output_and_gradient<#element>(_: &mut Self::Tape<E>) -> (&Self::Output<E>, &mut Self::Output<E>) #never
        }
    }
}
