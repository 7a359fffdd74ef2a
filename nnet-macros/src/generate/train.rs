//! `impl Train`, if the declaration names a loss.

use proc_macro2::TokenStream;
use syn::Ident;

use super::structure::Named;
use super::words::number;
use crate::infer::Network;
use crate::layer::Loss;

pub fn implementation(network: &Network) -> TokenStream {
    let Some((loss, word)) = &network.loss else { return TokenStream::new() };
    let target = if loss.classifies() {
        code!(::core::primitive::usize)
    } else {
        code!(<Self as ::nnet::__private::Network>::Output<S>)
    };
    train(network, loss, word, &target)
}

/// The loss and the type of a target.
pub fn train(network: &impl Named, loss: &Loss, word: &Ident, target: &TokenStream) -> TokenStream {
    let (network, _, parameters) = network.named();
    let (declared, used) = (parameters.declared(), parameters.used());
    let loss_type = loss_type(loss, word);
    let value = match loss {
        Loss::Huber { delta } => {
            let delta = number(*delta);
            code!(#loss_type { delta: #delta })
        }
        _ => loss_type.clone(),
    };
    code! {
        #[automatically_derived]
        impl<#declared S: ::nnet::__private::Scalar> ::nnet::__private::Train for #network<#used S> {
            type Target = #target;
            type Loss = #loss_type;
            const LOSS: Self::Loss = #value;
        }
    }
}

/// The loss's type, with the span of the user's word for it.
fn loss_type(loss: &Loss, word: &Ident) -> TokenStream {
    let name = match loss {
        Loss::CrossEntropy => "CrossEntropy",
        Loss::NegativeLogLikelihood => "NegativeLogLikelihood",
        Loss::MeanSquaredError => "MeanSquaredError",
        Loss::MeanAbsoluteError => "MeanAbsoluteError",
        Loss::Huber { .. } => "Huber",
    };
    let name = Ident::new(name, word.span());
    code!(::nnet::__private::loss::#name)
}
