//! A stub beside the errors, so that code which uses the network has no errors that only follow from them.

use std::collections::HashSet;

use nnet_core::shape::Shape;
use proc_macro2::TokenStream;
use syn::Ident;

use crate::check;
use crate::generate::words::{layer_type, scratch_name, tape_name, tensor};
use crate::generate::{constants, train, zero};
use crate::infer::{Draft, Layer};
use crate::summary;

/// The items of the network as well as they are known, with bodies that nothing can reach.
pub fn stub(draft: &Draft) -> TokenStream {
    let name = &draft.name;
    if check::is_type_parameter(name) {
        return TokenStream::new();
    }
    let structure = structure(draft);
    let network = network(draft);
    let train = draft.loss.as_ref().map(|(loss, word)| train(name, loss, word));
    let constants = constants(name, &draft.visibility);
    let buffers = [scratch_name(name), tape_name(name)].map(|name| buffer(draft, &name));
    code! {
        #structure
        #network
        #train
        #constants
        #(#buffers)*
    }
}

/// The layers with parameters that can be fields.
fn fields(draft: &Draft) -> Vec<&Layer> {
    let mut names = HashSet::new();
    let mut is_field = |layer: &&Layer| {
        let name = layer.name.to_string();
        layer.kind.has_parameters() && syn::parse_str::<Ident>(&name).is_ok() && names.insert(name)
    };
    draft.layers.iter().flatten().filter(|layer| is_field(layer)).collect()
}

fn structure(draft: &Draft) -> TokenStream {
    let Draft { attributes, visibility, name, .. } = draft;
    let layers = fields(draft);
    let names: Vec<_> = layers.iter().map(|layer| &layer.name).collect();
    let docs = layers.iter().map(|layer| summary::field(layer));
    let types = layers.iter().map(|layer| layer_type(layer));
    code! {
        #(#attributes)*
        /// Does not compile yet: see the errors in its declaration.
        #[repr(C)]
        #visibility struct #name<S = ::core::primitive::f32> {
            #(#[doc = #docs] #visibility #names: #types,)*
            __stub: [S; 0],
        }

        #[automatically_derived]
        unsafe impl<S: ::nnet::__private::Scalar> ::nnet::__private::Flat for #name<S> {
            type Scalar = S;
            const ZERO: Self = Self { #(#names: ::nnet::__private::Flat::ZERO,)* __stub: [] };
        }
    }
}

fn buffer(draft: &Draft, name: &Ident) -> TokenStream {
    let visibility = &draft.visibility;
    let zero = zero(name, visibility);
    code! {
        /// Does not compile yet: see the errors in the network's declaration.
        #[repr(C)]
        #visibility struct #name<E = ::core::primitive::f32> {
            __stub: [E; 0],
        }

        #[automatically_derived]
        unsafe impl<E: ::nnet::__private::Element> ::nnet::__private::Flat for #name<E> {
            type Scalar = E::Scalar;
            const ZERO: Self = Self { __stub: [] };
        }

        #zero
    }
}

fn network(draft: &Draft) -> TokenStream {
    let name = &draft.name;
    let text = name.to_string();
    let types = types(draft);
    let functions = functions();
    code! {
        #[automatically_derived]
        impl<S: ::nnet::__private::Scalar> ::nnet::__private::Network for #name<S> {
            #types
            const NAME: &'static ::core::primitive::str = #text;
            const INPUT_SHAPE: &'static [::core::primitive::usize] = &[];
            const OUTPUT_SHAPE: &'static [::core::primitive::usize] = &[];
            const LAYERS: &'static [::nnet::__private::LayerInfo] = &[];
            const PARAMETERS: &'static [::nnet::__private::ParameterInfo] = &[];
            #functions
        }
    }
}

fn types(draft: &Draft) -> TokenStream {
    let nothing = Shape::Flat(0);
    let [input, output] = [draft.input, draft.output].map(|shape| tensor(shape.unwrap_or(nothing), code!(E)));
    let (scratch, tape) = (scratch_name(&draft.name), tape_name(&draft.name));
    code! {
        type Input<E: ::nnet::__private::Element<Scalar = S>> = #input;
        type Output<E: ::nnet::__private::Element<Scalar = S>> = #output;
        type Scratch<E: ::nnet::__private::Element<Scalar = S>> = #scratch<E>;
        type Tape<E: ::nnet::__private::Element<Scalar = S>> = #tape<E>;
    }
}

fn functions() -> TokenStream {
    let element = code!(E: ::nnet::__private::Element<Scalar = S>);
    let never = code!({ ::core::unreachable!() });
    code! {
        fn init(&mut self, _: &mut ::nnet::__private::Random) #never
        fn predict<'s, #element>(&self, _: &Self::Input<E>, _: &'s mut Self::Scratch<E>) -> &'s Self::Output<E> #never
        fn forward<'t, #element>(&self, _: &Self::Input<E>, _: &'t mut Self::Tape<E>) -> &'t Self::Output<E> #never
        fn output_and_gradient<#element>(_: &mut Self::Tape<E>) -> (&Self::Output<E>, &mut Self::Output<E>) #never
        fn backpropagate<#element>(
            &self,
            _: &Self::Input<E>,
            _: &mut Self::Tape<E>,
            _: &mut Self,
            _: ::core::option::Option<&mut Self::Input<E>>,
        ) #never
    }
}
