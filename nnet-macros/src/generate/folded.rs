//! The folded network: a type that predicts, and how its parameters come from those of the network.

use proc_macro2::TokenStream;

use super::words::{layer_type, number, place};
use super::{memory, network, shadow, structure};
use crate::fold::Folded;
use crate::infer::{Network, Operation};
use crate::layer::Kind;
use crate::plan;

pub fn folded(original: &Network, folded: &Folded) -> TokenStream {
    let (Folded { network, sources }, plan) = (folded, plan::plan(&folded.network));
    let text =
        format!("[`{}`] with its batch norms folded into the layers before them, for prediction.", original.name);
    let structure = structure::predictor(network, &plan, &text);
    let scratch = memory::scratch(network, &plan);
    let proof = memory::proof(network, &plan, false);
    let implementation = network::implementation(network, &plan, false);
    let constants = structure::constants(network);
    let (declared, used) = (network.parameters.declared(), network.parameters.used());
    let (name, folded_name) = (&original.name, &network.name);
    let lines = network.operations.iter().zip(sources).filter_map(|(operation, (_, norm))| {
        let layer = operation.layer().filter(|layer| layer.kind.has_parameters())?;
        let place = place(&operation.place);
        Some(match norm.and_then(|norm| original.operation(norm)) {
            Some(norm) if layer.kind.is_affine() => take_over(&place, norm),
            _ => {
                let kind = layer_type(layer, &code!(S));
                code!(::nnet::__private::copy::<#kind>(&self #place, &mut folded #place);)
            }
        })
    });
    let code = shadow::scoped(&code! {
        #implementation

        #[automatically_derived]
        impl<#declared S: ::nnet::__private::Scalar> ::nnet::__private::Fold for #name<#used S> {
            type Folded = #folded_name<#used S>;

            fn fold_into(&self, folded: &mut Self::Folded) {
                #(#lines)*
            }
        }
    });
    code! {
        #structure
        #scratch
        #proof
        #constants
        #code
    }
}

fn take_over(layer: &TokenStream, norm: &Operation) -> TokenStream {
    let eps = match norm.layer().map(|layer| &layer.kind) {
        Some(Kind::BatchNorm { eps, .. }) => number(*eps),
        _ => return TokenStream::new(),
    };
    let norm = place(&norm.place);
    code!(self #layer.fold_into(&self #norm, #eps, &mut folded #layer);)
}
