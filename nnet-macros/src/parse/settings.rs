//! Behind the layers: `loss = cross_entropy;`, `budget(..);`, `weights = "file";` and `quantize = int8;`. What could not be
//! read is some loss, for the stub.

use quote::ToTokens;
use syn::parse::ParseStream;
use syn::{Ident, LitStr, Result, Token, parse_quote};

use super::{call, skip_past};
use crate::ast::{Budget, Call, Layer};
use crate::errors::Errors;
use crate::nearest::{nearest, unknown};

/// What is said to a trainer, and not in a declaration.
const OF_TRAINER: &[&str] = &[
    "optimizer",
    "optim",
    "lr",
    "learning_rate",
    "batch",
    "batch_size",
    "epochs",
    "seed",
    "momentum",
    "weight_decay",
    "schedule",
    "scheduler",
    "threads",
    "device",
    "metrics",
];

/// What stands behind the layers.
#[derive(Default)]
pub struct Settings {
    pub loss: Option<Call>,
    pub budget: Option<Budget>,
    pub weights: Option<LitStr>,
    /// The word, for what is to be said about it.
    pub quantize: Option<Ident>,
}

/// All settings; stops before a second network.
pub fn settings(input: ParseStream, errors: &mut Errors) -> Settings {
    let mut settings = Settings::default();
    while !input.is_empty() && !begins_network(input) {
        if let Err(error) = setting(input, errors, &mut settings) {
            errors.push(error);
            skip_past(input, Some(';'));
        }
    }
    settings
}

/// Whether what follows is another network, which has been reported then.
fn begins_network(input: ParseStream) -> bool {
    input.peek(Token![#]) || input.peek(Token![pub]) || input.peek(Token![struct])
}

fn setting(input: ParseStream, errors: &mut Errors, settings: &mut Settings) -> Result<()> {
    if !input.peek(Ident) {
        return Err(input.error("expected a setting (`loss = ..;`, `budget(..);`, `weights = ..;`, `quantize = int8;`) or the end of the declaration"));
    }
    let name: Ident = input.parse()?;
    match name.to_string().as_str() {
        "budget" => super::budget::budget(&name, input, errors, &mut settings.budget),
        "weights" => weights(&name, input, &mut settings.weights),
        "quantize" => quantize(name, input, &mut settings.quantize),
        _ => loss(&name, input, errors, &mut settings.loss),
    }
}

/// `= "lenet.safetensors";`
fn weights(word: &Ident, input: ParseStream, weights: &mut Option<LitStr>) -> Result<()> {
    const EXAMPLE: &str = "expected a file in quotes, as in `weights = \"lenet.safetensors\";`";
    if weights.is_some() {
        return Err(syn::Error::new(word.span(), "`weights` is given twice; remove one"));
    }
    if input.parse::<Option<Token![=]>>()?.is_none() || !input.peek(LitStr) {
        return Err(input.error(EXAMPLE));
    }
    let path: LitStr = input.parse()?;
    *weights = Some(path.clone());
    end(input, path, "expected `;` after the weights")
}

/// `;`, or an error where it is missing: at what stands before it if nothing follows.
fn end(input: ParseStream, before: impl ToTokens, message: &str) -> Result<()> {
    match input.parse::<Option<Token![;]>>()? {
        Some(_) => Ok(()),
        None if input.is_empty() => Err(syn::Error::new_spanned(before, message)),
        None => Err(input.error(message)),
    }
}

/// `= int8;`
fn quantize(word: Ident, input: ParseStream, quantize: &mut Option<Ident>) -> Result<()> {
    const EXAMPLE: &str = "expected `quantize = int8;`: there is no other form";
    if quantize.is_some() {
        return Err(syn::Error::new(word.span(), "`quantize` is given twice; remove one"));
    }
    *quantize = Some(word);
    if input.parse::<Option<Token![=]>>()?.is_none() || !input.peek(Ident) {
        return Err(input.error(EXAMPLE));
    }
    let form: Ident = input.parse()?;
    if form != "int8" {
        return Err(syn::Error::new(form.span(), EXAMPLE));
    }
    end(input, form, "expected `;` after `quantize = int8`")
}

/// `= cross_entropy;`, or a word that is no setting.
fn loss(name: &Ident, input: ParseStream, errors: &mut Errors, loss: &mut Option<Call>) -> Result<()> {
    if name != "loss" {
        let text = name.to_string();
        if nearest(&text, &["loss"]).is_some() && loss.is_none() {
            *loss = Some(some_loss());
        }
        return Err(syn::Error::new(name.span(), refusal(&text)));
    }
    if loss.is_some() {
        return Err(syn::Error::new(name.span(), "`loss` is given twice; remove one"));
    }
    *loss = Some(some_loss());
    if !input.peek(Token![=]) {
        return Err(input.error("expected `=`, as in `loss = cross_entropy;`"));
    }
    input.parse::<Token![=]>()?;
    let call = call(input, errors)?;
    let tokens = call.tokens.clone();
    *loss = Some(call);
    end(input, tokens, "expected `;` after the loss")
}

/// Why there is no such setting.
pub fn refusal(name: &str) -> String {
    if OF_TRAINER.contains(&name) {
        return format!(
            "`{name}` is not part of a network; give it where it is trained: `Trainer::new(network, Sgd::new(0.1)).batch_size(32)`"
        );
    }
    unknown("setting", name, &["loss", "budget", "weights", "quantize"])
}

/// A loss that is there, but could not be read.
fn some_loss() -> Call {
    Call { path: parse_quote!(unreadable), arguments: Vec::new(), tokens: proc_macro2::TokenStream::new() }
}

/// `loss = mse` among the layers, where it has been reported.
pub fn misplaced(layers: &mut Vec<Layer>) -> Option<Call> {
    let at = layers.iter().position(|layer| layer.is_setting)?;
    let layer = layers.remove(at);
    match layer.node {
        Some(crate::ast::Node::Call(call)) if layer.name.as_ref().is_some_and(|name| name == "loss") => Some(call),
        _ => misplaced(layers),
    }
}
