//! `weights!(LeNet, "lenet.safetensors")`: the tensors of a file as constants, for `nnet_core` to hold against the network.

mod file;

use std::env;
use std::path::PathBuf;

use proc_macro2::{Literal, TokenStream};
use syn::parse::{Parse, ParseStream};
use syn::{Ident, LitStr, Result, Token, Type};

use self::file::{Data, Tensor};
use crate::ast::Parameters;
use crate::errors::Errors;
use crate::generate::words::{called_at, integer};

/// `LeNet, "lenet.safetensors"`
struct Call {
    network: Type,
    path: LitStr,
}

impl Parse for Call {
    fn parse(input: ParseStream) -> Result<Self> {
        const EXAMPLE: &str = "expected a network and a file: `weights!(LeNet, \"lenet.safetensors\")`";
        let is_file = input.is_empty() || input.peek(LitStr);
        let network = if is_file { Err(syn::Error::new(input.span(), EXAMPLE)) } else { input.parse() }?;
        if !input.peek(Token![,]) {
            return Err(syn::Error::new(input.span(), EXAMPLE));
        }
        input.parse::<Token![,]>()?;
        if !input.peek(LitStr) {
            let message = "expected the path of a file in quotes, relative to the folder of Cargo.toml";
            return Err(syn::Error::new(input.span(), message));
        }
        let path = input.parse()?;
        input.parse::<Option<Token![,]>>()?;
        if input.is_empty() { Ok(Self { network, path }) } else { Err(input.error("nothing stands behind the file")) }
    }
}

/// The file of `weights = "lenet.safetensors";`: the network's value, or nothing if it could not be read.
#[derive(Clone)]
pub struct Weights(TokenStream);

impl Weights {
    /// Reads the file; what is wrong with it is reported.
    pub fn read(network: &Ident, parameters: &Parameters, path: &LitStr, errors: &mut Errors) -> Self {
        let value = match &parameters.0[..] {
            [] => value(&code!(#network), path),
            _ => Err(syn::Error::new(path.span(), of_parameters(network, path))),
        };
        let value = value.map_err(|error| errors.push(error));
        Self(value.unwrap_or_default())
    }

    /// What gives a reference to the network with these weights.
    pub fn body(&self, network: &Ident) -> TokenStream {
        let Self(value) = self;
        code! {
            static PRETRAINED: #network = #value;
            &PRETRAINED
        }
    }
}

fn of_parameters(network: &Ident, path: &LitStr) -> String {
    format!(
        "`{network}` has other weights for other arguments; give those of one where they are used: \
         `static NET: {network}<64> = nnet::weights!({network}<64>, {:?});`",
        path.value()
    )
}

/// An expression whose value is the network with the weights of the file.
pub fn weights(tokens: TokenStream) -> TokenStream {
    let call = match syn::parse2::<Call>(tokens) {
        Ok(call) => call,
        Err(error) => return error.into_compile_error(),
    };
    let network = &call.network;
    value(&code!(#network), &call.path).unwrap_or_else(syn::Error::into_compile_error)
}

/// A constant expression: `network` with the weights of the file at `path`.
fn value(network: &TokenStream, path: &LitStr) -> Result<TokenStream> {
    let place = place(path)?;
    let tensors =
        file::read(&place).map_err(|why| syn::Error::new(path.span(), format!("`{}` {why}", path.value())))?;
    let each = tensors.iter().map(tensor);
    let place = place.to_string_lossy();
    let name = path.value();
    let baked = called_at(path.span(), &code!(baked), &code!(#name, TENSORS));
    Ok(code! {
        const {
            const FILE: &[::core::primitive::u8] = ::core::include_bytes!(#place);
            const TENSORS: &[::nnet::__private::FileTensor] = &[#(#each),*];
            let baked: #network = #baked;
            baked
        }
    })
}

/// Where the file is: its path begins in the folder of the crate that names it.
fn place(path: &LitStr) -> Result<PathBuf> {
    let folder = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let place = folder.unwrap_or_default().join(path.value());
    // A path that is not Unicode cannot be written into the source.
    if place.to_str().is_some() {
        Ok(place)
    } else {
        Err(syn::Error::new(path.span(), "the folder of this crate has a name that is not Unicode; rename it"))
    }
}

fn tensor(tensor: &Tensor) -> TokenStream {
    let Tensor { name, dtype, shape, data } = tensor;
    let shape = shape.iter().map(|size| integer(*size));
    let data = match data {
        Data::InFile(range) => {
            let (begin, length) = (integer(range.start), integer(range.len()));
            code!(FILE.split_at(#begin).1.split_at(#length).0)
        }
        Data::Converted(bytes) => {
            let bytes = Literal::byte_string(bytes);
            code!(#bytes)
        }
    };
    code!(::nnet::__private::FileTensor { name: #name, dtype: #dtype, shape: &[#(#shape),*], data: #data })
}
