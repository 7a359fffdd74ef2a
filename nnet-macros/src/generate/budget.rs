//! The budget of a network with layers by path: rustc compares it, for it knows their sizes. And what the summary shows.

use nnet_core::network::Measure;
use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;

use super::words::{integer, layer_type, sizes, under};
use crate::budget::{Share, shares, sum};
use crate::check::Limit;
use crate::infer::Network;
use crate::plan::{Needs, Plan};

/// A comparison for each limit, at its own place; none if the macro has made them.
pub fn checks(network: &Network, plan: &Plan) -> TokenStream {
    let sound = is_sound(network);
    let each = network.budget.iter().map(|limit| (limit, shares(network, plan, limit.measure)));
    let open = each.filter(|(_, shares)| sum(shares).is_none());
    open.map(|(limit, shares)| check(network, limit, &shares, &sound)).collect()
}

fn check(network: &Network, limit: &Limit, parts: &[Share], sound: &TokenStream) -> TokenStream {
    let name = network.name.to_string();
    let (measure, figure) = (measure(limit.measure), figure(network, limit.measure));
    let (value, written) = (integer(limit.value), &limit.written);
    let shares = parts.iter().map(share);
    let arguments = code! {
        #sound,
        &::nnet::__private::Claim {
            network: #name,
            measure: #measure,
            figure: #figure,
            limit: #value,
            written: #written,
            decided: "",
            shares: &[#(#shares),*],
        }
    };
    under(&limit.tokens, "check_budget", arguments)
}

fn share(share: &Share) -> TokenStream {
    let Share { name, what, size, unknown, cure } = share;
    code! {
        ::nnet::__private::Share { name: #name, what: #what, figure: #size #(+ #unknown)*, cure: #cure }
    }
}

/// Whether nothing is wrong with the layers by path, from which an exceeded limit would follow.
fn is_sound(network: &Network) -> TokenStream {
    let needs = Needs::of(network);
    let each = network.operations.iter().filter(|operation| operation.is_by_path()).filter_map(|operation| {
        let kind = layer_type(operation.layer()?, &code!(::core::primitive::f32));
        let [x, y] = [operation.input, operation.output].map(|shape| sizes(shape.sizes()));
        let learns_before = operation.inputs.iter().any(|input| needs.is_trained(*input));
        Some(code!(::nnet::__private::is_sound::<#kind>(&#x, &#y, #learns_before)))
    });
    let shapes = super::shapes::are_sound(&network.deferred);
    code!(#shapes #(&& #each)*)
}

/// `Measure::Ram`
fn measure(measure: Measure) -> TokenStream {
    // The name of the variant.
    let name = Ident::new(&format!("{measure:?}"), Span::mixed_site());
    code!(::nnet::__private::Measure::#name)
}

/// The constant that is limited.
fn figure(network: &Network, measure: Measure) -> TokenStream {
    let (name, used) = (&network.name, network.parameters.used());
    let (of, constant) = match measure {
        Measure::Ram => (code!(Network), code!(INFERENCE_BYTES)),
        Measure::Flash => (code!(Network), code!(WEIGHT_BYTES)),
        Measure::Macs => (code!(Network), code!(MACS)),
        Measure::TrainingRam => (code!(Differentiable), code!(TRAINING_BYTES)),
        Measure::InPlaceTrainingRam => (code!(Differentiable), code!(IN_PLACE_TRAINING_BYTES)),
        _ => (code!(Network), code!(PARAMETER_COUNT)),
    };
    code!(<#name<#used ::core::primitive::f32> as ::nnet::__private::#of>::#constant)
}

/// The limits, for the summary; nothing without a budget.
pub fn constant(network: &Network) -> Option<TokenStream> {
    let limits = network.budget.iter().map(|limit| {
        let (measure, value) = (measure(limit.measure), integer(limit.value).to_token_stream());
        let figure = figure(network, limit.measure);
        code!(::nnet::__private::Limit { measure: #measure, limit: #value, figure: #figure })
    });
    let limits: Vec<_> = limits.collect();
    (!limits.is_empty()).then(|| code!(const BUDGET: &'static [::nnet::__private::Limit] = &[#(#limits),*];))
}
