//! A network of bytes where there can be none, so that code which uses it has no errors that only follow.

use proc_macro2::TokenStream;
use syn::Ident;

use super::name;
use crate::generate::structure::Named;
use crate::generate::words::scratch_name;

/// What stands for a network of bytes that cannot be; `source` is what would be quantized.
pub fn stub(network: &impl Named, source: &Ident) -> TokenStream {
    let (of, visibility, parameters) = network.named();
    let name = name(of);
    let scratch = scratch_name(&name);
    let (declared, used) = (parameters.declared(), parameters.used());
    code! {
        /// Does not compile yet: see the errors in the network's declaration.
        #[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq)]
        #visibility struct #name;
        /// Does not compile yet: see the errors in the network's declaration.
        #visibility struct #scratch;

        impl #name {
            /// Does not compile yet: see the errors in the network's declaration.
            #visibility const ZERO: Self = Self;
            /// Does not compile yet: see the errors in the network's declaration.
            #visibility const WEIGHT_BYTES: ::core::primitive::usize = 0;
            /// Does not compile yet: see the errors in the network's declaration.
            #visibility const INFERENCE_BYTES: ::core::primitive::usize = 0;
        }

        impl #scratch {
            /// Does not compile yet: see the errors in the network's declaration.
            #visibility const ZERO: Self = Self;
        }

        #[automatically_derived]
        unsafe impl ::nnet::__private::Baked for #name {
            const NAME: &'static ::core::primitive::str = "";
            const LAYERS: &'static [::nnet::__private::LayerInfo] = &[];
            const TENSORS: ::nnet::__private::Tensors = ::nnet::__private::Tensors::Plain(&[]);
        }

        #[automatically_derived]
        impl ::nnet::__private::int8::Int8Network for #name {
            type Input = ::core::primitive::i8;
            type Output = ::core::primitive::i8;
            type Scratch = #scratch;
            fn input_affine(&self) -> ::nnet::__private::int8::Affine { ::core::unreachable!() }
            fn output_affine(&self) -> ::nnet::__private::int8::Affine { ::core::unreachable!() }
            fn predict<'s>(&self, _: &Self::Input, _: &'s mut Self::Scratch) -> &'s Self::Output {
                ::core::unreachable!()
            }
        }

        #[automatically_derived]
        impl<#declared> ::nnet::__private::int8::Quantize for #source<#used ::core::primitive::f32> {
            type Int8 = #name;
            type Trace = ::core::primitive::f32;
            const VALUES: ::core::primitive::usize = 0;
            fn trace(
                &self,
                _: &Self::Input<::core::primitive::f32>,
                _: &mut Self::Trace,
                _: impl ::core::ops::FnMut(::core::primitive::usize, &[::core::primitive::f32]),
            ) {
                ::core::unreachable!()
            }
            fn quantize_into(
                &self,
                _: &[::nnet::__private::int8::Range],
                _: &mut Self::Int8,
            ) -> ::core::result::Result<(), ::nnet::__private::int8::QuantizeError> {
                ::core::unreachable!()
            }
        }
    }
}
