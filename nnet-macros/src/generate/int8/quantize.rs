//! `Quantize`: the ranges of all values of a prediction with floats, and the layers of bytes made by them.

use proc_macro2::TokenStream;
use quote::format_ident;
use syn::Ident;

use super::{name, stages, trace_name, word};
use crate::generate::forward;
use crate::generate::words::{integer, local, place};
use crate::infer::{Network, Value};
use crate::layer::Kind;
use crate::plan::Forward;

/// The ranges of all values, and the layers made by them.
pub fn quantize(original: &Network, network: &Network, plan: &Forward, trace: &Forward) -> TokenStream {
    let (name, source, trace_name) = (name(&original.name), &network.name, trace_name(&original.name));
    let body = forward::trace(network, &trace_name, trace);
    let values = integer(network.operations.len() + 1);
    let mut lines = TokenStream::new();
    // What the bytes of each value stand for: the local that holds it.
    let mut affine: Vec<Ident> = vec![word("input")];
    for at in 0..network.operations.len() {
        let made = stages(network, plan).find(|stage| stage.last == at);
        let x = network.operation(at).and_then(|operation| operation.inputs.first().copied()).unwrap_or_default();
        let before = |value: Value| affine.get(value).cloned().unwrap_or_else(|| word("input"));
        let Some(stage) = made else {
            affine.push(before(x));
            continue;
        };
        let x = before(stage.operation.inputs.first().copied().unwrap_or_default());
        let (field, label) = (local(stage.operation), &stage.operation.label);
        let method = match &stage.layer.kind {
            Kind::Conv2d(_) | Kind::Linear { .. } => word("quantize"),
            Kind::Conv1d(_) => word("quantize_1d"),
            Kind::Activation(_) => {
                lines.extend(code!(to.#field.zero_point = #x.zero_point;));
                affine.push(x);
                continue;
            }
            _ => {
                affine.push(x);
                continue;
            }
        };
        let (place, value, y) = (place(&stage.operation.place), integer(at + 1), format_ident!("of_{field}"));
        lines.extend(code! {
            let #y = to.#field.#method(#label, &self #place, #x, ranges[#value])?;
        });
        affine.push(y);
    }
    let output = affine.last();
    code! {
        #[automatically_derived]
        impl ::nnet::__private::int8::Quantize for #source<::core::primitive::f32> {
            type Int8 = #name;
            type Trace = #trace_name;
            const VALUES: ::core::primitive::usize = #values;

            #body

            fn quantize_into(
                &self,
                ranges: &[::nnet::__private::int8::Range],
                to: &mut Self::Int8,
            ) -> ::core::result::Result<(), ::nnet::__private::int8::QuantizeError> {
                let input = ranges[0].affine(0.0);
                #lines
                to.input = input;
                to.output = #output;
                ::core::result::Result::Ok(())
            }
        }
    }
}
