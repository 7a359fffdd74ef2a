//! The budget of a network with layers by path: rustc compares it, for it knows their sizes. And what the summary shows.

use nnet_core::network::Measure;
use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};

use super::words::{integer, integers, layer_type};
use crate::budget::{Share, shares};
use crate::check::Limit;
use crate::infer::Network;
use crate::plan::{Needs, Plan};
use crate::summary::sizes;

/// A comparison for each limit, at its own place; none if the macro has made them.
pub fn checks(network: &Network, plan: &Plan) -> TokenStream {
    if !network.has_paths() {
        return TokenStream::new();
    }
    let sound = is_sound(network);
    network.budget.iter().map(|limit| check(network, limit, &shares(network, plan, limit.measure), &sound)).collect()
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
    let (begin, end) = ends(&limit.tokens);
    let mut arguments = Group::new(proc_macro2::Delimiter::Parenthesis, arguments);
    arguments.set_span(end);
    let call = quote_spanned!(begin=> ::nnet::__private::check_budget #arguments);
    code!(const _: () = #call;)
}

/// Where tokens begin and end, with the macro's own names.
fn ends(tokens: &TokenStream) -> (Span, Span) {
    let mut spans = tokens.clone().into_iter().map(|token| TokenTree::span(&token));
    let begin = spans.next().unwrap_or_else(Span::call_site);
    let end = spans.last().unwrap_or(begin);
    let own = Span::mixed_site();
    (begin.resolved_at(own), end.resolved_at(own))
}

fn share(share: &Share) -> TokenStream {
    let Share { name, what, known, unknown, cure } = share;
    let known = integer(*known);
    code! {
        ::nnet::__private::Share { name: #name, what: #what, figure: #known #(+ #unknown)*, cure: #cure }
    }
}

/// Whether nothing is wrong with the layers by path, from which an exceeded limit would follow.
fn is_sound(network: &Network) -> TokenStream {
    let needs = Needs::of(network);
    let each = network.operations.iter().filter(|operation| operation.is_by_path()).filter_map(|operation| {
        let kind = layer_type(operation.layer()?, &code!(::core::primitive::f32));
        let [x, y] = [operation.input, operation.output].map(|shape| integers(&sizes(shape)));
        let learns_before = operation.inputs.iter().any(|input| needs.is_trained(*input));
        Some(code!(::nnet::__private::is_sound::<#kind>(&#x, &#y, #learns_before)))
    });
    code!(#(#each)&&*)
}

/// `Measure::Ram`
fn measure(measure: Measure) -> TokenStream {
    // The name of the variant.
    let name = Ident::new(&format!("{measure:?}"), Span::mixed_site());
    code!(::nnet::__private::Measure::#name)
}

/// The constant that is limited.
fn figure(network: &Network, measure: Measure) -> TokenStream {
    let name = &network.name;
    let (of, constant) = match measure {
        Measure::Ram => (code!(Network), code!(INFERENCE_BYTES)),
        Measure::Flash => (code!(Network), code!(WEIGHT_BYTES)),
        Measure::Macs => (code!(Network), code!(MACS)),
        Measure::TrainingRam => (code!(Differentiable), code!(TRAINING_BYTES)),
        _ => (code!(Network), code!(PARAMETER_COUNT)),
    };
    code!(<#name<::core::primitive::f32> as ::nnet::__private::#of>::#constant)
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
