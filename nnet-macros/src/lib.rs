//! The macro of `nnet`, as a pipeline that shows in the file names:
//!
//! | pass | file | from | to |
//! |---|---|---|---|
//! | parse | `parse.rs` | tokens | `ast::Declaration`: what is written |
//! | check | `check.rs` | arguments, names, attributes | `check::Checked`: typed layers |
//! | infer | `infer.rs` | the shape rules of `nnet_core` | `infer::Draft`, `infer::Network`: shapes, parameters, work |
//! | plan | `plan.rs` | lifetimes of values and gradients | `plan::Plan`: where each one lives |
//! | generate | `generate.rs` | network and plan | Rust; it decides nothing and cannot fail |
//!
//! `errors.rs` collects what a pass reports. The errors of the first pass that has any are all reported, those of later
//! passes are not, since they may follow from them. Beside errors stands the stub of `fallback.rs`.

/// Tokens whose locals cannot collide with the user's names, and whose lints and `unsafe` are the macro's own.
macro_rules! code {
    ($($tokens:tt)*) => { ::quote::quote_spanned!(::proc_macro2::Span::mixed_site()=> $($tokens)*) };
}

mod ast;
mod check;
mod errors;
mod fallback;
mod flow;
mod generate;
mod infer;
mod init;
mod layer;
mod nearest;
mod parse;
mod plan;
mod summary;
mod table;

use proc_macro2::TokenStream;

use crate::errors::Errors;

/// Declares a network: its layers, and the loss that it is trained with.
///
/// ```ignore
/// network! {
///     /// LeNet-5 for 28×28 grey images.
///     pub struct LeNet: [1, 28, 28] -> [10] {
///         conv1: Conv2d(6, kernel = 5, padding = 2) -> [6, 28, 28],
///         Relu,
///         MaxPool2d(2),
///         conv2: Conv2d(16, kernel = 5),
///         Relu,
///         MaxPool2d(2) -> [16, 5, 5],
///         Flatten,
///         fc1: Linear(120), Relu,
///         fc2: Linear(84),  Relu,
///         #[init(xavier_normal)] fc3: Linear(10),
///     }
///     loss = cross_entropy;
/// }
/// ```
///
/// Between the struct's name and the layers stand the shapes of one input and one output: `[n]`, or
/// `[channels, height, width]`. All other sizes follow. A shape after a layer is a contract that is checked.
/// Sizes are integer literals.
///
/// # Layers
///
/// Arguments have the order and defaults of PyTorch, but the size of the input is inferred and never written: what
/// PyTorch calls `Conv2d(1, 6, 5)` is `Conv2d(6, 5)`. `kernel`, `stride` and `padding` are one integer, or
/// `[height, width]`.
///
/// | layer | gives |
/// |---|---|
/// | `Conv2d(out, kernel, stride = 1, padding = 0, bias = true)` | `out` channels |
/// | `MaxPool2d(kernel, stride = kernel, padding = 0)` | the largest entry of each window |
/// | `AvgPool2d(kernel, stride = kernel, padding = 0)` | the mean of each window, the padding's zeros counted |
/// | `GlobalAvgPool2d` | the mean of each channel, flat |
/// | `Linear(out, bias = true)` | `out` features |
/// | `Flatten` | all entries as features |
/// | `Relu`, `LeakyRelu(slope = 0.01)`, `Gelu`, `Sigmoid`, `Tanh` | the function of each entry |
/// | `Softmax`, `LogSoftmax` | probabilities over all features, or their logarithms |
///
/// A layer with a name and parameters is a field of the struct. Without a name it is called by its type and position:
/// `conv2d_0`.
///
/// Weights begin as `#[init(..)]` says: `xavier_uniform`, `xavier_normal`, `kaiming_uniform` or `kaiming_normal`, each
/// perhaps with a `(gain = 1.5)`. By default it is `kaiming_uniform` before `Relu`, `LeakyRelu` and `Gelu`, and
/// `xavier_uniform` elsewhere, with the gain that the activation asks for. Biases begin at 0.
///
/// # Losses
///
/// `cross_entropy` (of scores) and `nll` (of logarithms of probabilities) have classes as targets; `mse`, `mae` and
/// `huber(delta = 1.0)` have outputs. Without a loss the network can predict and be differentiated.
///
/// # What it makes
///
/// The struct, generic over its number type, `f32` unless told otherwise, with the traits `Flat`, `Network` and, with a
/// loss, `Train`. Its documentation shows the table of layers. `LeNetScratch` and `LeNetTape` are what it predicts and
/// trains in.
#[proc_macro]
pub fn network(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand(input.into()).into()
}

fn expand(tokens: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let Some(declaration) = parse::declaration(tokens, &mut errors) else { return errors.into_tokens() };
    errors.end_phase();
    let checked = check::check(declaration, &mut errors);
    errors.end_phase();
    let draft = infer::infer(checked, &mut errors);
    match draft.complete() {
        Some(network) if errors.is_empty() => {
            let plan = plan::plan(&network);
            generate::generate(&network, &plan)
        }
        _ => {
            let stub = fallback::stub(&draft);
            let errors = errors.into_tokens();
            code!(#errors #stub)
        }
    }
}

#[cfg(test)]
mod tests;
