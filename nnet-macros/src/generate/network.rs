//! `impl Network`: types, tables, and the bodies from `forward` and `backward`.

use proc_macro2::TokenStream;

use super::words::{init, integer, integers, scratch_name, tape_name, tensor};
use super::{backward, forward};
use crate::infer::{Layer, Network, Parameter, Role};
use crate::plan::Plan;
use crate::summary::sizes;

pub fn implementation(network: &Network, plan: &Plan) -> TokenStream {
    let name = &network.name;
    let types = types(network);
    let tables = tables(network);
    let init = init_function(network);
    let predict = forward::predict(network, plan);
    let forward = forward::forward(network, plan);
    let backward = backward::functions(network, plan);
    code! {
        #[automatically_derived]
        impl<S: ::nnet::__private::Scalar> ::nnet::__private::Network for #name<S> {
            #types
            #tables
            #init
            #predict
            #forward
            #backward
        }
    }
}

fn types(network: &Network) -> TokenStream {
    let Network { name, input, output, .. } = network;
    let (input, output) = (tensor(*input, code!(E)), tensor(*output, code!(E)));
    let (scratch, tape) = (scratch_name(name), tape_name(name));
    code! {
        type Input<E: ::nnet::__private::Element<Scalar = S>> = #input;
        type Output<E: ::nnet::__private::Element<Scalar = S>> = #output;
        type Scratch<E: ::nnet::__private::Element<Scalar = S>> = #scratch<E>;
        type Tape<E: ::nnet::__private::Element<Scalar = S>> = #tape<E>;
    }
}

fn tables(network: &Network) -> TokenStream {
    let name = network.name.to_string();
    let [input, output] = [network.input, network.output].map(|shape| integers(&sizes(shape)));
    let layers = network.layers.iter().map(layer_info);
    let parameters = network
        .layers
        .iter()
        .flat_map(|layer| layer.parameters.iter().map(|parameter| parameter_info(layer, parameter)));
    code! {
        const NAME: &'static ::core::primitive::str = #name;
        const INPUT_SHAPE: &'static [::core::primitive::usize] = &#input;
        const OUTPUT_SHAPE: &'static [::core::primitive::usize] = &#output;
        const LAYERS: &'static [::nnet::__private::LayerInfo] = &[#(#layers),*];
        const PARAMETERS: &'static [::nnet::__private::ParameterInfo] = &[#(#parameters),*];
    }
}

fn layer_info(layer: &Layer) -> TokenStream {
    let (name, declaration) = (layer.name.to_string(), &layer.declaration);
    let output = integers(&sizes(layer.output));
    let (parameters, macs) = (integer(layer.parameter_count()), integer(layer.macs));
    code! {
        ::nnet::__private::LayerInfo {
            name: #name,
            declaration: #declaration,
            output: &#output,
            parameters: #parameters,
            macs: #macs,
        }
    }
}

fn parameter_info(layer: &Layer, parameter: &Parameter) -> TokenStream {
    let (suffix, kind) = match parameter.role {
        Role::Weight => ("weight", code!(Weight)),
        Role::Bias => ("bias", code!(Bias)),
    };
    let name = format!("{}.{suffix}", layer.name);
    let (shape, offset) = (integers(&parameter.shape), integer(parameter.offset));
    code! {
        ::nnet::__private::ParameterInfo {
            name: #name,
            shape: &#shape,
            offset: #offset,
            kind: ::nnet::__private::ParameterKind::#kind,
        }
    }
}

fn init_function(network: &Network) -> TokenStream {
    let layers = network.layers.iter().filter(|layer| layer.kind.has_parameters());
    let calls = layers.map(|layer| {
        let (name, init) = (&layer.name, init(layer.init));
        code!(self.#name.init(#init, random);)
    });
    code! {
        fn init(&mut self, random: &mut ::nnet::__private::Random) {
            #(#calls)*
        }
    }
}
