//! `impl Network`: types, tables, and the body of `predict`.

use proc_macro2::TokenStream;
use quote::quote_spanned;

use super::words::{init, integer, layer_type, place, scratch_name, sizes, tensor};
use super::{budget, by_path, forward};
use crate::infer::{Layer, Network, Operation, Parameter, Role};
use crate::layer::Kind;
use crate::plan::{Needs, Plan, Stay, stays};
use crate::size::Size;

pub fn implementation(network: &Network, plan: &Plan, is_trained: bool) -> TokenStream {
    let name = &network.name;
    let (declared, used) = (network.parameters.declared(), network.parameters.used());
    let types = types(network);
    let tables = tables(network);
    let training = is_trained.then(|| {
        code! {
            const TRAINING: ::core::option::Option<[::core::primitive::usize; 2]> = ::core::option::Option::Some([
                <Self as ::nnet::__private::Differentiable>::TRAINING_BYTES,
                <Self as ::nnet::__private::Differentiable>::IN_PLACE_TRAINING_BYTES,
            ]);
        }
    });
    let init = init_function(network);
    let predict = forward::predict(network, plan);
    let budget = budget::constant(network);
    let buffers = buffers(network, plan);
    let parts = parts_with_parameters(network);
    code! {
        #parts

        #[automatically_derived]
        impl<#declared S: ::nnet::__private::Scalar> ::nnet::__private::Network for #name<#used S> {
            #types
            #tables
            #training
            #budget
            #buffers
            #init
            #predict
        }
    }
}

fn types(network: &Network) -> TokenStream {
    let Network { name, input, output, .. } = network;
    let (input, output) = (tensor(*input, code!(E)), tensor(*output, code!(E)));
    let (scratch, used) = (scratch_name(name), network.parameters.used());
    code! {
        type Input<E: ::nnet::__private::Element<Scalar = S>> = #input;
        type Output<E: ::nnet::__private::Element<Scalar = S>> = #output;
        type Scratch<E: ::nnet::__private::Element<Scalar = S>> = #scratch<#used E>;
    }
}

/// What layers by path take and give, compared with what is around them, each at its own place.
pub fn checks(network: &Network) -> TokenStream {
    let needs = Needs::of(network);
    let by_path = network.operations.iter().filter(|operation| operation.is_by_path());
    by_path
        .filter_map(|operation| {
            let layer = operation.layer()?;
            let (name, kind) = (&operation.label, layer_type(layer, &code!(::core::primitive::f32)));
            let declaration = &operation.declaration;
            let learns_before = operation.inputs.iter().any(|input| needs.is_trained(*input));
            let [x, y] = [operation.input, operation.output].map(|shape| sizes(shape.sizes()));
            let [first, last] = by_path::ends(layer)?;
            let check = quote_spanned!(first=> ::nnet::__private::check_layer);
            let check = quote_spanned!(last=> #check::<#kind>(#name, #declaration, &#x, &#y, #learns_before));
            Some(code!(const _: () = #check;))
        })
        .collect()
}

fn tables(network: &Network) -> TokenStream {
    let name = network.name.to_string();
    let [input, output] = [network.input, network.output].map(|shape| sizes(shape.sizes()));
    let layers = network.operations.iter().map(layer_info);
    let parameters = if network.has_paths() { parameter_parts(network) } else { parameter_table(network) };
    code! {
        const NAME: &'static ::core::primitive::str = #name;
        const INPUT_SHAPE: &'static [::core::primitive::usize] = &#input;
        const OUTPUT_SHAPE: &'static [::core::primitive::usize] = &#output;
        const LAYERS: &'static [::nnet::__private::LayerInfo] = &[#(#layers),*];
        const PARAMETERS: &'static [::nnet::__private::ParameterInfo] = #parameters;
    }
}

/// The values in the work areas of `predict`, for the summary.
fn buffers(network: &Network, plan: &Plan) -> TokenStream {
    let each = stays(network, &plan.predict).into_iter().map(|Stay { area, value, begin, end }| {
        let giver = value.checked_sub(1).and_then(|at| network.operation(at));
        let name = giver.map_or("input", |giver| giver.label.as_str());
        let (shape, [area, begin, end]) = (sizes(network.shape(value).sizes()), [area, begin, end].map(integer));
        code! {
            ::nnet::__private::BufferInfo { name: #name, shape: &#shape, area: #area, begin: #begin, end: #end }
        }
    });
    code!(const BUFFERS: &'static [::nnet::__private::BufferInfo] = &[#(#each),*];)
}

fn layer_info(operation: &Operation) -> TokenStream {
    let Operation { label, declaration, output, .. } = operation;
    let output = sizes(output.sizes());
    let (parameters, macs) = match operation.layer() {
        Some(layer) if operation.is_by_path() => {
            let kind = layer_type(layer, &code!(::core::primitive::f32));
            let parameters = code!(::nnet::__private::learned(<#kind as ::nnet::__private::Layer>::PARAMETERS));
            (parameters, code!(<#kind as ::nnet::__private::Layer>::MACS))
        }
        layer => {
            let nothing = (Size::Known(0), Size::Known(0));
            let (parameters, macs) = layer.map_or(nothing, |layer| (layer.parameter_count(), layer.macs));
            (code!(#parameters), code!(#macs))
        }
    };
    code! {
        ::nnet::__private::LayerInfo {
            name: #label,
            declaration: #declaration,
            output: &#output,
            parameters: #parameters,
            macs: #macs,
        }
    }
}

/// The table of all tensors with their places.
fn parameter_table(network: &Network) -> TokenStream {
    let (mut offset, mut gradient) = (0, 0);
    let tensors = parameters(network).map(|(operation, layer, parameter)| {
        let learns = !layer.frozen && parameter.role.is_learned();
        let shape = sizes(&parameter.shape);
        let info = parameter_info(operation, parameter, &shape, offset, learns.then_some(gradient));
        let entries = parameter.entries.known().unwrap_or_default();
        offset += entries;
        gradient += if learns { entries } else { 0 };
        info
    });
    let tensors: Vec<_> = tensors.collect();
    if network.entries().is_known() {
        code!(&[#(#tensors),*])
    } else {
        code!(&::nnet::__private::placed([#(#tensors),*]))
    }
}

fn parameters(network: &Network) -> impl Iterator<Item = (&Operation, &Layer, &Parameter)> {
    let layers = network.operations.iter().filter_map(|operation| Some((operation, operation.layer()?)));
    layers.flat_map(|(operation, layer)| layer.parameters.iter().map(move |parameter| (operation, layer, parameter)))
}

fn parameter_info(
    operation: &Operation,
    parameter: &Parameter,
    shape: &TokenStream,
    offset: usize,
    gradient: Option<usize>,
) -> TokenStream {
    let (suffix, kind) = match parameter.role {
        Role::Weight => ("weight", code!(Weight)),
        Role::Bias => ("bias", code!(Bias)),
        Role::RunningMean => ("running_mean", code!(RunningMean)),
        Role::RunningVariance => ("running_var", code!(RunningVariance)),
    };
    let name = format!("{}.{suffix}", operation.label);
    let offset = integer(offset);
    let none = code!(::core::option::Option::None);
    let gradient = gradient.map(integer).map_or(none, |gradient| code!(::core::option::Option::Some(#gradient)));
    code! {
        ::nnet::__private::ParameterInfo {
            name: #name,
            shape: &#shape,
            offset: #offset,
            kind: ::nnet::__private::ParameterKind::#kind,
            gradient: #gradient,
        }
    }
}

/// With layers by path, rustc puts the table together: only it knows theirs.
fn parameter_parts(network: &Network) -> TokenStream {
    let parts = if network.parameters.0.is_empty() {
        parts(network, |parameter| sizes(&parameter.shape))
    } else {
        // Constants here may not have the network's parameters: they are for the names.
        parts(network, |_| code!([]))
    };
    let table = if network.parameters.0.is_empty() {
        code! {
            const TABLE: [::nnet::__private::ParameterInfo; ::nnet::__private::tensors(PARTS)] =
                ::nnet::__private::table(PARTS, &NAMES);
            &TABLE
        }
    } else {
        let (name, used) = (&network.name, network.parameters.used());
        code! {
            &::nnet::__private::table::<{ ::nnet::__private::tensors(PARTS) }>(
                #name::<#used ::core::primitive::f32>::__PARTS, &NAMES,
            )
        }
    };
    code! {
        {
            const PARTS: &[::nnet::__private::Part] = &#parts;
            const NAMES: [u8; ::nnet::__private::name_bytes(PARTS)] = ::nnet::__private::names(PARTS);
            #table
        }
    }
}

/// The tensors with sizes that are parameters of the network, if some layers go by a path.
fn parts_with_parameters(network: &Network) -> Option<TokenStream> {
    let is_needed = network.has_paths() && !network.parameters.0.is_empty();
    let (name, declared, used) = (&network.name, network.parameters.declared(), network.parameters.used());
    is_needed.then(|| {
        let parts = parts(network, |parameter| sizes(&parameter.shape));
        code! {
            impl<#declared> #name<#used ::core::primitive::f32> {
                const __PARTS: &'static [::nnet::__private::Part] = &#parts;
            }
        }
    })
}

/// The tensors of each layer, their shapes by `shape`.
fn parts(network: &Network, shape: impl Fn(&Parameter) -> TokenStream) -> TokenStream {
    let parts = network.operations.iter().filter_map(|operation| {
        let layer = operation.layer()?;
        let learns = !layer.frozen;
        if operation.is_by_path() {
            let (prefix, kind) = (&operation.label, layer_type(layer, &code!(::core::primitive::f32)));
            return Some(code! {
                ::nnet::__private::Part {
                    prefix: #prefix,
                    tensors: <#kind as ::nnet::__private::Layer>::PARAMETERS,
                    learns: #learns,
                }
            });
        }
        let tensors = layer
            .parameters
            .iter()
            .map(|parameter| parameter_info(operation, parameter, &shape(parameter), 0, Some(0)));
        Some(code! {
            ::nnet::__private::Part { prefix: "", tensors: &[#(#tensors),*], learns: #learns }
        })
    });
    code!([#(#parts),*])
}

fn init_function(network: &Network) -> TokenStream {
    let layers = network.operations.iter().filter_map(|operation| Some((operation, operation.layer()?)));
    let calls = layers.filter(|(_, layer)| layer.kind.has_parameters()).map(|(operation, layer)| {
        let place = place(&operation.place);
        if layer.kind.is_affine() {
            let init = init(layer.init);
            code!(self #place.init(#init, random);)
        } else if let Kind::ByPath { .. } = layer.kind {
            let kind = layer_type(layer, &code!(S));
            code!(<#kind as ::nnet::__private::Layer>::initialize(&mut self #place, random);)
        } else {
            code!(self #place.init();)
        }
    });
    let asserted = network.parameters.asserted();
    let asserted = (!asserted.is_empty()).then(|| code!(const { #asserted }));
    code! {
        fn init(&mut self, random: &mut ::nnet::__private::Random) {
            #asserted
            #(#calls)*
        }
    }
}
