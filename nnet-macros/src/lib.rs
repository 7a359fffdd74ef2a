//! The macro of `nnet`, as a pipeline that shows in the file names:
//!
//! | pass | file | from | to |
//! |---|---|---|---|
//! | parse | `parse.rs` | tokens | `ast::Declaration`: what is written |
//! | check | `check.rs` | arguments, names, attributes | `check::Checked`: typed layers |
//! | infer | `infer.rs` | the shape rules of `nnet_core` | `infer::Draft`, `infer::Network`: a list of operations, a tree of fields |
//! | lint | `lint.rs` | what fits but is not meant | errors only |
//! | fold | `fold.rs` | batch norms behind layers that can take them over | `fold::Folded`: the network for prediction |
//! | plan | `plan.rs` | lifetimes of values and gradients | `plan::Plan`: where each one lives |
//! | budget | `budget.rs` | figures of network and plan | errors where a declared limit is exceeded |
//! | generate | `generate.rs` | network and plan | Rust; it decides nothing and cannot fail |
//!
//! `depth.rs` refuses what would fill the stack. `errors.rs` collects what a pass reports. The errors of the first pass
//! that has any are all reported, those of later passes are not, since they may follow from them. Beside errors stands the
//! stub of `fallback.rs`.

/// Tokens whose locals cannot collide with the user's names, and whose lints and `unsafe` are the macro's own.
macro_rules! code {
    ($($tokens:tt)*) => { ::quote::quote_spanned!(::proc_macro2::Span::mixed_site()=> $($tokens)*) };
}

mod ast;
mod budget;
mod check;
mod depth;
mod errors;
mod fallback;
mod flow;
mod fold;
mod generate;
mod infer;
mod init;
mod int8;
mod layer;
mod lint;
mod nearest;
mod parse;
mod plan;
mod size;
mod summary;
mod table;
mod weights;

use proc_macro2::TokenStream;

use crate::errors::Errors;

/// Declares a network: its layers, the loss that it is trained with, and the budget that it must keep.
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
///     budget(ram = 24 KiB, flash = 256 KiB, macs = 420_000);
/// }
/// ```
///
/// Between the struct's name and the layers stand the shapes of one input and one output: `[n]`, `[channels, length]`,
/// or `[channels, height, width]`. All other sizes follow. A shape after a layer or a block is a contract that is checked.
/// # Sizes with names
///
/// A size is a number, or a constant expression: `Linear(HIDDEN)`, `Conv2d(config::CHANNELS[1], kernel = K)`,
/// `[1, SIDE, SIDE]`, `Linear({ if LARGE { 64 } else { 32 } })`. Only rustc knows what a name stands for, so it infers the
/// sizes that follow and checks them by the same rules, also in `cargo check`; the message has the numbers. What
/// numbers alone tell is checked at once.
///
/// `struct Mlp<const HIDDEN: usize>: [784] -> [10] { Linear(HIDDEN), Relu, Linear(10) }` leaves a size to the user of the
/// network: `Mlp::<128>::ZERO`. Stable Rust does not calculate with such a parameter in types, so it may flow through
/// layers that keep it or replace it, but no other size may follow from it: `Flatten` on a map of `WIDTH` channels, or a
/// pool that halves `SIDE`, is an error that says so. The number of a `repeat` is always a literal.
///
/// # Layers
///
/// Arguments have the order and defaults of PyTorch, but the size of the input is inferred and never written: what
/// PyTorch calls `Conv2d(1, 6, 5)` is `Conv2d(6, 5)`. In two dimensions `kernel`, `stride`, `padding` and `dilation` are
/// one integer, or `[height, width]`. `padding = "same"` keeps the size, at stride 1.
///
/// | layer | gives |
/// |---|---|
/// | `Conv2d(out, kernel, stride = 1, padding = 0, dilation = 1, groups = 1, bias = true)` | `out` channels; with as many `groups` as channels, each by itself |
/// | `Conv1d(..)` | the same of `[channels, length]` |
/// | `ConvTranspose2d(out, kernel, stride = 1, padding = 0, output_padding = 0, groups = 1, bias = true, dilation = 1)` | `out` channels, enlarged |
/// | `MaxPool2d(kernel, stride = kernel, padding = 0, dilation = 1)`, `MaxPool1d` | the largest entry of each window |
/// | `AvgPool2d(kernel, stride = kernel, padding = 0, count_include_pad = true)`, `AvgPool1d` | the mean of each window |
/// | `AdaptiveAvgPool2d(output_size)`, `AdaptiveAvgPool1d` | means of as many windows as asked for |
/// | `GlobalAvgPool2d` | the mean of each channel, flat |
/// | `Upsample2d(scale_factor, mode = "nearest", align_corners = false)` | an enlarged map; the other mode is `"bilinear"` |
/// | `ZeroPad2d(padding)` | zeros around: one integer, or `[left, right, top, bottom]` |
/// | `Linear(out, bias = true)` | `out` features |
/// | `Flatten` | all entries as features |
/// | `BatchNorm(eps = 1e-5, momentum = 0.1)` | each channel or feature normalised over the whole batch; in `predict` by its running statistics |
/// | `LayerNorm(eps = 1e-5)` | each sample normalised, scaled and shifted entry by entry |
/// | `GroupNorm(groups, eps = 1e-5)` | each group of channels of a sample normalised |
/// | `Dropout(p = 0.5)`, `Dropout2d(p = 0.5)` | in training 0 with probability `p`, else x / (1 − p); entries, or whole channels |
/// | `Relu`, `LeakyRelu(slope = 0.01)`, `PRelu(per_channel = false)`, `Relu6`, `Elu(alpha = 1)`, `Selu`, `Gelu`, `Silu`, `Mish`, `Softplus(beta = 1, threshold = 20)`, `Softsign`, `Sigmoid`, `HardSigmoid`, `HardSwish`, `Tanh` | the function of each entry |
/// | `Softmax`, `LogSoftmax` | probabilities over all features, or their logarithms |
///
/// A layer with a name and parameters is a field of the struct. Without a name it is called by its type and position:
/// `conv2d_0`.
///
/// Weights begin as `#[init(..)]` says: `xavier_uniform`, `xavier_normal`, `kaiming_uniform` or `kaiming_normal`, each
/// perhaps with a `(gain = 1.5)`. By default it is `kaiming_uniform` before rectifiers (`Relu` and its smooth and leaky
/// kin), and `xavier_uniform` elsewhere, with the gain that the next activation asks for. Biases begin at 0.
///
/// # Blocks
///
/// | block | gives |
/// |---|---|
/// | `residual { .. }` | what its layers give, plus its input |
/// | `residual(shortcut = Conv2d(32, 1, stride = 2)) { .. }`, `residual { .. } shortcut { .. }` | the same, plus what the shortcut makes of its input |
/// | `add { a: { .. }, b: Linear(8), {} }` | the sum of its arms, each a layer or layers in braces; `{}` is the input itself |
/// | `concat { a: { .. }, b: .. }` | its arms joined along the first dimension |
/// | `repeat(3) { .. }` | its layers three times over, each time with parameters of their own |
/// | `{ .. }` | its layers |
///
/// A block with a name is a field that holds its layers: `block1: residual { conv2: Conv2d(..) }` is
/// `net.block1.conv2.weight` in Rust and `block1.conv2.weight` in files, and its type is `NetBlock1`. The layers of a block
/// without a name belong to the structure around it. A `repeat` is an array: `net.blocks[1].conv`, `blocks.1.conv`.
///
/// # Networks and layers of your own
///
/// `features: self::Features -> [64]` takes another network as a layer, or any type that implements `nnet::Layer`. It is
/// written as a path with `::`, its generic arguments without the number type, which comes last: `self::Scale<3>` is
/// `Scale<3, S>`. What it gives must be stated; what it takes and gives is compared with what is around it.
///
/// # Freezing
///
/// `#[frozen]` before a layer or block keeps its parameters as they are: no gradient, no moments, no weight decay, and
/// where nothing before it learns, no backward pass and no tape. A frozen batch norm uses its running statistics in
/// training too; dropout goes on. A layer by path can be frozen where nothing before it learns; it predicts then, with
/// dropout inside left out. A host can also freeze by name while it runs: `Trainer::freeze`.
///
/// # Losses
///
/// `cross_entropy` (of scores) and `nll` (of logarithms of probabilities) have classes as targets; `mse`, `mae` and
/// `huber(delta = 1.0)` have outputs. Without a loss the network can predict and be differentiated.
///
/// # Lints
///
/// What fits together but is hardly meant is an error, too. `#[allow(nnet::two_activations)]` before a layer, a block or
/// the `struct` says that it is.
///
/// | lint | what it reports |
/// |---|---|
/// | `softmax_before_cross_entropy` | `Softmax` or `LogSoftmax` last, and `loss = cross_entropy`, which takes scores |
/// | `activation_before_cross_entropy` | another activation last that bounds the scores, such as `Relu` or `Sigmoid` |
/// | `nll_without_log_softmax` | `loss = nll`, and something else than `LogSoftmax` last |
/// | `dropout_before_loss` | `Dropout` or `Dropout2d` last, and a loss, which compares the zeros with the target |
/// | `two_activations` | an activation right behind another that nothing else reads |
/// | `bias_before_batch_norm` | a bias that the batch norm right behind it takes away; a file of weights may hold one |
/// | `constant_result` | `Softmax` or a norm of one number, `Dropout(1)` |
///
/// # Budget
///
/// `budget(ram = 24 KiB, flash = 256 KiB, macs = 420_000);` beside the loss sets limits that are checked: a network that
/// exceeds one does not compile, and the error names the layer that decides the figure and by how much it is over.
///
/// | limit | of | shown as |
/// |---|---|---|
/// | `ram` | bytes to predict one sample, besides the weights and the input | `INFERENCE_BYTES` |
/// | `flash` | bytes of the weights and running statistics; code is not counted | `WEIGHT_BYTES` |
/// | `macs` | multiply-accumulates of one prediction | `MACS` |
/// | `parameters` | numbers that are learned, frozen ones included | `PARAMETER_COUNT` |
/// | `training_ram` | bytes of gradients and tape to train on one sample, besides the weights and the optimizer's state | `TRAINING_BYTES` |
/// | `in_place_training_ram` | bytes of the tape, to train on one sample in place | `IN_PLACE_TRAINING_BYTES` |
///
/// Bytes are those of `f32`: a plain number, or one with `B`, `KiB`, `MiB`, `GiB` (powers of 1,024), `kB`, `MB`, `GB`
/// (powers of 1,000). Counts may have `k`, `M`, `G`. The blank before a unit can be left out, and `1.5 KiB` is 1,536 bytes. A
/// folded network is not looked at. The limits stand in the documentation and in `LeNet::summary()`.
///
/// # Weights
///
/// `weights = "lenet.safetensors";` beside the loss names the file of a trained network, its path beginning in the folder
/// of `Cargo.toml`. It is read and checked when the program is compiled, as by [`weights!`], and `LeNet::pretrained()` is the
/// network with these weights, a `&'static LeNet`. Where the declaration is also what trains and writes the file, leave this
/// out and use [`weights!`] in the program that predicts.
///
/// # Quantization
///
/// `quantize = int8;` beside the loss declares `LeNetInt8` and `LeNetInt8Scratch`: the network in bytes, which
/// `nnet::host::int8::quantize` fills from a trained network and some hundred inputs, and [`weights!`] from the file that
/// `nnet::host::int8::save` writes. There are convolutions, linear layers, rectifiers, maximum and average pools, one after the other.
/// A convolution or linear layer takes over the rectifier behind it, and a convolution a maximum pool. Where there are batch
/// norms, the network to quantize is the folded one.
///
/// # What it makes
///
/// The struct, generic over its parameters and, last, its number type, `f32` unless told otherwise, with the traits `Flat`, `Network`,
/// `Differentiable` and, with a loss, `Train`. Its documentation shows the table of layers. `LeNetScratch` and `LeNetTape`
/// are what it predicts and trains in, `LeNetGradients` are its gradients: the network's own type, but for what does not
/// learn. Where batch norms stand right behind convolutions or linear layers, `LeNetFolded` is the network without them,
/// made by `nnet::folded`.
#[proc_macro]
pub fn network(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand(input.into()).into()
}

/// A network with the weights of a safetensors file, made and checked at compile time: the value of a `static`.
///
/// ```ignore
/// static NET: LeNet = nnet::weights!(LeNet, "lenet.safetensors");
/// ```
///
/// The path begins in the folder of the crate's `Cargo.toml`; the program is built again when the file changes. The network
/// may be declared in another crate. The file holds all of its tensors under PyTorch's names and nothing else, but for
/// `num_batches_tracked`, which nothing here needs: what `nnet::host::weights::save` or PyTorch's
/// `safetensors.torch.save_file(model.state_dict(), ..)` writes. F64, F16 and BF16 are rounded to F32. A tensor
/// that is missing, too much or of another shape, and a number that is not finite, is an error that names it, its layer and both
/// shapes.
///
/// A `static` without interior mutability lies in flash on a microcontroller, where `predict` reads it. To go on training,
/// copy it to memory of its own.
#[proc_macro]
pub fn weights(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    weights::weights(input.into()).into()
}

fn expand(tokens: TokenStream) -> TokenStream {
    let _names = size::Names::begin();
    let mut errors = Errors::default();
    if let Some(error) = depth::check(&tokens) {
        return error.into_compile_error();
    }
    let Some(mut declaration) = parse::declaration(tokens, &mut errors) else { return errors.into_tokens() };
    errors.end_phase();
    let others = std::mem::take(&mut declaration.others);
    let checked = check::check(declaration, &mut errors);
    errors.end_phase();
    let draft = infer::infer(checked, &mut errors);
    if errors.is_empty() {
        lint::lint(&draft, &mut errors);
    }
    match draft.complete() {
        Some(network) if errors.is_empty() => {
            let plan = plan::plan(&network);
            budget::check(&network, &plan, &mut errors);
            let folded = fold::fold(&network);
            int8::check(folded.as_ref().map_or(&network, |folded| &folded.network), &mut errors);
            let code = generate::generate(&network, &plan, folded.as_ref(), errors.is_empty());
            let errors = errors.into_tokens();
            code!(#errors #code)
        }
        _ => {
            let stub = fallback::stub(&draft);
            let name = fallback::error_name(&draft.name);
            let others = others.into_iter().map(|other| self::other(other, &name));
            let others: TokenStream = others.collect();
            let errors = errors.into_constant(&name);
            code!(#errors #stub #others)
        }
    }
}

/// The stub of a network behind the first one; `error` is a constant whose value is an error.
fn other(declaration: ast::Declaration, error: &syn::Ident) -> TokenStream {
    let _names = size::Names::begin();
    let mut dropped = Errors::default();
    let draft = infer::infer(check::check(declaration, &mut dropped), &mut dropped);
    let (name, stub) = (fallback::error_name(&draft.name), fallback::stub(&draft));
    code!(#[doc(hidden)] const #name: ::core::primitive::bool = #error; #stub)
}

#[cfg(test)]
mod tests;
