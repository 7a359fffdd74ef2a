//! `impl Differentiable`: the bodies from `forward` and `backward`, and where a batch meets.

use proc_macro2::TokenStream;

use super::stage::{Stages, may_meet};
use super::words::{gradients_name, inner_tape_name, integer, layer_type, number, place, statistics_name, tape_name};
use super::{backward, forward};
use crate::infer::{Network, Operation};
use crate::layer::Kind;
use crate::plan::Plan;
use crate::size::{Size, product};

pub fn implementation(network: &Network, plan: &Plan) -> TokenStream {
    let name = &network.name;
    let (declared, used) = (network.parameters.declared(), network.parameters.used());
    let (gradients, tape) = (gradients_name(name), tape_name(name));
    let constants = constants(network, plan);
    let forward = forward::forward(network, plan);
    let backward = backward::functions(network, plan);
    let meet = meet(network);
    let track = track(network);
    code! {
        #[automatically_derived]
        impl<#declared S: ::nnet::__private::Scalar> ::nnet::__private::Differentiable for #name<#used S> {
            type Gradients = #gradients<#used S>;
            type Tape<E: ::nnet::__private::Element<Scalar = S>> = #tape<#used E>;
            #constants
            #forward
            #backward
            #meet
            #track
        }
    }
}

fn constants(network: &Network, plan: &Plan) -> TokenStream {
    let stages = Stages::of(network);
    let meetings = stages.last.number(network);
    let inner: Vec<_> = network
        .operations
        .iter()
        .filter(|operation| may_meet(operation))
        .filter_map(|operation| Some(layer_type(operation.layer()?, &code!(S))))
        .collect();
    let is_single = |operation: &&Operation| operation.meets() && plane(operation) == Size::ONE;
    let smallest = integer(if network.operations.iter().find(is_single).is_some() { 2 } else { 1 });
    let planes = network.operations.iter().filter(|operation| operation.meets()).map(plane);
    let smallest = planes.filter(|plane| !plane.is_known()).fold(
        code!(#smallest),
        |smallest, plane| code!(::nnet::__private::larger(#smallest, if #plane == 1 { 2 } else { 1 })),
    );
    let smallest = inner.iter().fold(smallest, |smallest, layer| {
        code!(::nnet::__private::larger(#smallest, <#layer as ::nnet::__private::Layer>::SMALLEST_BATCH))
    });
    let input_gradient = plan.backward.input_gradient;
    code! {
        const MEETINGS: ::core::primitive::usize = #meetings;
        const SMALLEST_BATCH: ::core::primitive::usize = #smallest;
        const INPUT_GRADIENT: ::core::primitive::bool =
            #input_gradient #(&& <#inner as ::nnet::__private::Layer>::INPUT_GRADIENT)*;
    }
}

/// Entries that a batch norm sees for each channel of a sample.
pub fn plane(operation: &Operation) -> Size {
    // Inference has seen that all entries fit.
    product(operation.output.sizes().get(1..).unwrap_or_default()).unwrap_or(Size::ONE)
}

fn meet(network: &Network) -> TokenStream {
    let stages = Stages::of(network);
    let meetings = network.operations.iter().enumerate().filter_map(|(at, operation)| {
        let first = stages.begin(at);
        if operation.meets() {
            let (number, plane, statistics) = (first.number(network), plane(operation), statistics_name(operation));
            return Some(code! {
                if meeting.number == #number {
                    ::nnet::__private::layers::meet(
                        meeting.direction, groups, samples, #plane, |group| &mut tape(group).#statistics,
                    );
                }
            });
        }
        let layer = operation.layer().filter(|_| may_meet(operation))?;
        let (kind, inner) = (layer_type(layer, &code!(S)), inner_tape_name(operation));
        let (first, end) = (first.number(network), first.clone().after(at).number(network));
        Some(code! {
            if (#first..#end).contains(&meeting.number) {
                <#kind as ::nnet::__private::Layer>::meet_inside::<E, __G>(
                    meeting.inside(#first), groups, samples, move |group| &mut tape(group).#inner,
                );
            }
        })
    });
    code! {
        fn meet<E: ::nnet::__private::Element<Scalar = S>, __G>(
            meeting: ::nnet::__private::Meeting,
            groups: &mut [__G],
            samples: ::core::primitive::usize,
            tape: impl ::core::ops::Fn(&mut __G) -> &mut Self::Tape<E> + ::core::marker::Copy,
        ) {
            #(#meetings)*
        }
    }
}

fn track(network: &Network) -> TokenStream {
    let tracks = network.operations.iter().filter_map(|operation| {
        let (layer, place) = (operation.layer()?, place(&operation.place));
        match &layer.kind {
            Kind::BatchNorm { momentum, .. } if operation.meets() => {
                let (momentum, plane, statistics) = (number(*momentum), plane(operation), statistics_name(operation));
                Some(code!(self #place.track(#momentum, &tape.#statistics, #plane, samples);))
            }
            Kind::ByPath { .. } if may_meet(operation) => {
                let (kind, inner) = (layer_type(layer, &code!(S)), inner_tape_name(operation));
                Some(code!(<#kind as ::nnet::__private::Layer>::track_inside::<E>(&mut self #place, &tape.#inner, samples);))
            }
            _ => None,
        }
    });
    code! {
        fn track<E: ::nnet::__private::Element<Scalar = S>>(
            &mut self,
            tape: &Self::Tape<E>,
            samples: ::core::primitive::usize,
        ) {
            #(#tracks)*
        }
    }
}
