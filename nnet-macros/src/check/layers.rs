//! The signatures of the layers: order and defaults of their arguments are PyTorch's, without the input's size.

use nnet_core::shape::Window2d;
use proc_macro2::TokenStream;
use syn::{Ident, Path, parse_quote};

use super::Stated;
use super::arguments::{Arguments, Padding, Parameter};
use crate::ast::{Argument, Call};
use crate::errors::Errors;
use crate::layer::{Activation, Convolution, Kind, UpsampleMode};
use crate::nearest::nearest;
use crate::parse;
use crate::size::{self, Shape, Size, Window};

const CONV: &[Parameter] = &[
    ("out", None),
    ("kernel", None),
    ("stride", Some("1")),
    ("padding", Some("0")),
    ("dilation", Some("1")),
    ("groups", Some("1")),
    ("bias", Some("true")),
];
const CONV_TRANSPOSE: &[Parameter] = &[
    ("out", None),
    ("kernel", None),
    ("stride", Some("1")),
    ("padding", Some("0")),
    ("output_padding", Some("0")),
    ("groups", Some("1")),
    ("bias", Some("true")),
    ("dilation", Some("1")),
];
const MAX_POOL: &[Parameter] =
    &[("kernel", None), ("stride", Some("kernel")), ("padding", Some("0")), ("dilation", Some("1"))];
const AVG_POOL: &[Parameter] =
    &[("kernel", None), ("stride", Some("kernel")), ("padding", Some("0")), ("count_include_pad", Some("true"))];
const ADAPTIVE_POOL: &[Parameter] = &[("output_size", None)];
const UPSAMPLE: &[Parameter] =
    &[("scale_factor", None), ("mode", Some("\"nearest\"")), ("align_corners", Some("false"))];
const LINEAR: &[Parameter] = &[("out", None), ("bias", Some("true"))];
const EPS: Parameter = ("eps", Some("1e-5"));
const P: &[Parameter] = &[("p", Some("0.5"))];

/// Every layer, with its parameters.
const LAYERS: &[(&str, &[Parameter])] = &[
    ("Conv2d", CONV),
    ("Conv1d", CONV),
    ("ConvTranspose2d", CONV_TRANSPOSE),
    ("MaxPool2d", MAX_POOL),
    ("MaxPool1d", MAX_POOL),
    ("AvgPool2d", AVG_POOL),
    ("AvgPool1d", AVG_POOL),
    ("AdaptiveAvgPool2d", ADAPTIVE_POOL),
    ("AdaptiveAvgPool1d", ADAPTIVE_POOL),
    ("GlobalAvgPool2d", &[]),
    ("Upsample2d", UPSAMPLE),
    ("ZeroPad2d", &[("padding", None)]),
    ("Linear", LINEAR),
    ("Flatten", &[]),
    ("BatchNorm", &[EPS, ("momentum", Some("0.1"))]),
    ("LayerNorm", &[EPS]),
    ("GroupNorm", &[("groups", None), EPS]),
    ("Dropout", P),
    ("Dropout2d", P),
    ("PRelu", &[("per_channel", Some("false"))]),
    ("Relu", &[]),
    ("LeakyRelu", &[("slope", Some("0.01"))]),
    ("Relu6", &[]),
    ("Elu", &[("alpha", Some("1"))]),
    ("Selu", &[]),
    ("Gelu", &[]),
    ("Silu", &[]),
    ("Mish", &[]),
    ("Softplus", &[("beta", Some("1")), ("threshold", Some("20"))]),
    ("Softsign", &[]),
    ("Sigmoid", &[]),
    ("HardSigmoid", &[]),
    ("HardSwish", &[]),
    ("Tanh", &[]),
    ("Softmax", &[]),
    ("LogSoftmax", &[]),
];

/// Names by which other libraries call a layer, where they are not like its name here.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("AvgPool", "AvgPool2d"),
    ("AveragePooling2D", "AvgPool2d"),
    ("AlphaDropout", "Dropout"),
    ("Conv", "Conv2d"),
    ("Conv2DTranspose", "ConvTranspose2d"),
    ("Convolution2D", "Conv2d"),
    ("ConvTransposed2d", "ConvTranspose2d"),
    ("Dense", "Linear"),
    ("Dropout1d", "Dropout"),
    ("FC", "Linear"),
    ("FullyConnected", "Linear"),
    ("GlobalAveragePooling", "GlobalAvgPool2d"),
    ("GlobalAveragePooling2D", "GlobalAvgPool2d"),
    ("GlobalAvgPool", "GlobalAvgPool2d"),
    ("MaxPooling2D", "MaxPool2d"),
    ("SpatialDropout2D", "Dropout2d"),
    ("Swish", "Silu"),
    ("UpSampling2D", "Upsample2d"),
    ("ZeroPadding2D", "ZeroPad2d"),
];

/// What other libraries call an argument.
const OTHER_ARGUMENTS: &[(&str, &str)] = &[
    ("alpha", "slope"),
    ("filters", "out"),
    ("kernel_size", "kernel"),
    ("negative_slope", "slope"),
    ("num_groups", "groups"),
    ("out_channels", "out"),
    ("out_features", "out"),
    ("pool_size", "kernel"),
    ("rate", "p"),
    ("size", "scale_factor"),
    ("strides", "stride"),
    ("units", "out"),
    ("use_bias", "bias"),
];

/// What other libraries call the size of the input.
const INFERRED: &[&str] =
    &["in_channels", "in_features", "num_features", "normalized_shape", "input_shape", "num_channels"];

/// What may be meant by an argument that the layer does not have.
pub fn hint(name: &str, own: &[&str]) -> Option<String> {
    if INFERRED.contains(&name) {
        return Some(", for the size of the input is inferred; remove it".to_owned());
    }
    let known = OTHER_ARGUMENTS.iter().find(|(other, known)| *other == name && own.contains(known));
    if let Some((_, known)) = known {
        return Some(format!(" (did you mean `{known}`?)"));
    }
    let has = |parameters: &[Parameter]| parameters.iter().any(|(parameter, _)| *parameter == name);
    let (layer, _) = LAYERS.iter().find(|(_, parameters)| has(parameters))?;
    Some(format!(", which is an argument of layers such as {layer}"))
}

/// `Linear(784, 10)` as in PyTorch, with the size of the input first.
fn refuse_input_size(name: &Ident, call: &Call, errors: &mut Errors) -> bool {
    let positional: Vec<_> = call.arguments.iter().take_while(|argument| argument.name.is_none()).collect();
    let [first, second, rest @ ..] = &positional[..] else { return false };
    if super::arguments::integer(&first.value).is_err() || super::arguments::integer(&second.value).is_err() {
        return false;
    }
    let others = rest.iter().copied().chain(call.arguments.iter().skip(positional.len()));
    let others = std::iter::once(*second).chain(others).map(super::arguments::argument_text);
    let cure = format!("Linear({})", others.collect::<Vec<_>>().join(", "));
    errors.over(&first.value, format_args!("{name}: the size of the input is inferred; write `{cure}`"));
    true
}

type ArgumentPlaces = Vec<(&'static str, TokenStream)>;

/// The layer's kind if it is whole, and where its arguments are written.
pub fn check(
    name: &Ident,
    call: &Call,
    contract: Option<&Stated>,
    errors: &mut Errors,
) -> (Option<Kind>, ArgumentPlaces) {
    if call.path.segments.len() > 1 || call.path.leading_colon.is_some() {
        return (by_path(name, call, contract, errors), Vec::new());
    }
    let kind_name = parse::text(&call.path);
    let Some((_, parameters)) = LAYERS.iter().find(|(known, _)| *known == kind_name) else {
        errors.over(&call.path, unknown(&kind_name));
        return (None, Vec::new());
    };
    if kind_name == "Linear" && refuse_input_size(name, call, errors) {
        return (None, Vec::new());
    }
    let arguments = Arguments::bind(&name.to_string(), call, parameters, errors);
    let places = arguments.places();
    let kind = kind(&kind_name, &arguments, errors).filter(|_| arguments.is_whole());
    (kind, places)
}

/// The layer whose name is most like `name`, or that another library calls so.
pub fn nearest_layer(name: &str) -> Option<&'static str> {
    let known = || LAYERS.iter().map(|(known, _)| *known).collect::<Vec<_>>();
    OTHER_NAMES.iter().find(|(other, _)| *other == name).map(|(_, known)| *known).or_else(|| nearest(name, &known()))
}

fn unknown(name: &str) -> String {
    if let Some(known) = nearest_layer(name) {
        return format!("unknown layer `{name}` (did you mean `{known}`?)");
    }
    let known: Vec<_> = LAYERS.iter().map(|(known, _)| *known).collect();
    format!("unknown layer `{name}`, expected one of {}", known.join(", "))
}

/// What a layer may be that is broken and reported, with some sizes. Its path becomes that of this layer.
pub fn likely(path: &mut Path) -> Option<Kind> {
    if path.segments.len() > 1 || path.leading_colon.is_some() {
        return Some(Kind::ByPath { output: Shape::Flat(Size::ONE) });
    }
    let known = nearest_layer(&parse::text(path))?;
    let (_, parameters) = LAYERS.iter().find(|(name, _)| *name == known)?;
    let ones = parameters.iter().filter(|(_, default)| default.is_none());
    let arguments = ones.map(|_| Argument { name: None, value: parse_quote!(1) }).collect();
    path.segments.iter_mut().for_each(|segment| segment.ident = Ident::new(known, segment.ident.span()));
    let call = Call { path: path.clone(), arguments, tokens: TokenStream::new() };
    let mut errors = Errors::default();
    kind(known, &Arguments::bind("", &call, parameters, &mut errors), &mut errors)
}

/// A network or a user's own layer: its sizes are in its type, which the macro cannot see, so its output is stated.
fn by_path(name: &Ident, call: &Call, contract: Option<&Stated>, errors: &mut Errors) -> Option<Kind> {
    let last = call.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
    if LAYERS.iter().any(|(known, _)| *known == last) && (contract.is_none() || !call.arguments.is_empty()) {
        let path = parse::text(&call.path);
        errors.over(&call.path, format_args!("{name}: layers stand without a module: write `{last}` for `{path}`"));
        return None;
    }
    if !call.arguments.is_empty() {
        let message = "a layer by path has no arguments; its sizes are those of its type";
        errors.over(&call.tokens, format_args!("{name}: {message}"));
        return None;
    }
    let Some(contract) = contract else {
        let message = "state what a layer by path gives, as in `features: self::Features -> [64]`";
        errors.over(&call.tokens, format_args!("{name}: {message}"));
        return None;
    };
    if let Some(parameter) = size::parameter_in(&call.path) {
        let message = format!("the type of a layer by path cannot depend on `{parameter}`, a parameter of the network");
        errors.over(&call.tokens, format_args!("{name}: {message}; give it a constant"));
        return None;
    }
    Some(Kind::ByPath { output: contract.shape })
}

fn kind(name: &str, arguments: &Arguments, errors: &mut Errors) -> Option<Kind> {
    Some(match name {
        "Conv2d" => Kind::Conv2d(convolution(arguments, 2, errors)?),
        "Conv1d" => Kind::Conv1d(convolution(arguments, 1, errors)?),
        "ConvTranspose2d" => {
            let convolution = convolution(arguments, 2, errors);
            let output_padding = arguments.pair("output_padding", [Size::Known(0); 2], errors);
            Kind::ConvTranspose2d { convolution: convolution?, output_padding: output_padding? }
        }
        "MaxPool2d" => Kind::MaxPool2d { window: pool(arguments, 2, errors)? },
        "MaxPool1d" => Kind::MaxPool1d { window: pool(arguments, 1, errors)? },
        "AvgPool2d" | "AvgPool1d" => {
            let window = pool(arguments, if name == "AvgPool2d" { 2 } else { 1 }, errors);
            let (counted, window) = (arguments.flag("count_include_pad", true, errors), window?);
            let count_include_pad = counted?;
            if name == "AvgPool2d" {
                Kind::AvgPool2d { window, count_include_pad }
            } else {
                Kind::AvgPool1d { window, count_include_pad }
            }
        }
        "AdaptiveAvgPool2d" => Kind::AdaptiveAvgPool2d { output: arguments.sizes("output_size", errors)? },
        "AdaptiveAvgPool1d" => Kind::AdaptiveAvgPool1d { output: arguments.size("output_size", errors)? },
        "Upsample2d" => upsample(arguments, errors)?,
        "ZeroPad2d" => Kind::ZeroPad2d { padding: arguments.sides("padding", errors)? },
        "Linear" => {
            let (out, bias) = (arguments.size("out", errors), arguments.flag("bias", true, errors));
            Kind::Linear { out: out?, bias: bias? }
        }
        "BatchNorm" => {
            let (eps, momentum) = (eps(arguments, errors), arguments.share("momentum", 0.1, errors));
            Kind::BatchNorm { eps: eps?, momentum: momentum? }
        }
        "LayerNorm" => Kind::LayerNorm { eps: eps(arguments, errors)? },
        "GroupNorm" => {
            let (groups, eps) = (arguments.size("groups", errors), eps(arguments, errors));
            Kind::GroupNorm { groups: groups?, eps: eps? }
        }
        "Dropout" => Kind::Dropout { p: arguments.share("p", 0.5, errors)? },
        "Dropout2d" => Kind::Dropout2d { p: arguments.share("p", 0.5, errors)? },
        "PRelu" => Kind::PRelu { per_channel: arguments.flag("per_channel", false, errors)? },
        "Flatten" => Kind::Flatten,
        "GlobalAvgPool2d" => Kind::GlobalAvgPool2d,
        _ => Kind::Activation(activation(name, arguments, errors)?),
    })
}

fn activation(name: &str, arguments: &Arguments, errors: &mut Errors) -> Option<Activation> {
    let not_negative = |number| Some(number).filter(|number| *number >= 0.0);
    let mut at_least_zero =
        |name, default| arguments.number(name, Some(default), "of at least 0", not_negative, errors);
    Some(match name {
        "Relu" => Activation::Relu,
        "LeakyRelu" => Activation::LeakyRelu { slope: at_least_zero("slope", 0.01)? },
        "Relu6" => Activation::Relu6,
        "Elu" => Activation::Elu { alpha: at_least_zero("alpha", 1.0)? },
        "Selu" => Activation::Selu,
        "Gelu" => Activation::Gelu,
        "Silu" => Activation::Silu,
        "Mish" => Activation::Mish,
        "Softplus" => {
            let positive = |number| Some(number).filter(|number| *number > 0.0);
            let beta = arguments.number("beta", Some(1.0), "above 0", positive, errors);
            let threshold = arguments.number("threshold", Some(20.0), "", Some, errors);
            Activation::Softplus { beta: beta?, threshold: threshold? }
        }
        "Softsign" => Activation::Softsign,
        "Sigmoid" => Activation::Sigmoid,
        "HardSigmoid" => Activation::HardSigmoid,
        "HardSwish" => Activation::HardSwish,
        "Tanh" => Activation::Tanh,
        "Softmax" => Activation::Softmax,
        "LogSoftmax" => Activation::LogSoftmax,
        _ => return None,
    })
}

fn convolution(arguments: &Arguments, dimensions: usize, errors: &mut Errors) -> Option<Convolution> {
    let out = arguments.size("out", errors);
    let window = window(arguments, dimensions, Some([Size::ONE; 2]), errors);
    let groups = arguments.size_or("groups", Size::ONE, errors);
    let bias = arguments.flag("bias", true, errors);
    Some(Convolution { out: out?, window: window?, groups: groups?, bias: bias? })
}

fn pool(arguments: &Arguments, dimensions: usize, errors: &mut Errors) -> Option<Window> {
    window(arguments, dimensions, None, errors)
}

/// `kernel`, `stride`, `padding` and `dilation`; a stride that is not given is `default_stride`, or else the kernel.
/// In one dimension the height is 1.
fn window(
    arguments: &Arguments,
    dimensions: usize,
    default_stride: Option<[Size; 2]>,
    errors: &mut Errors,
) -> Option<Window> {
    let kernel = arguments.extent("kernel", dimensions, None, errors);
    let stride = arguments.extent("stride", dimensions, default_stride.or(kernel), errors);
    let dilation = arguments.extent("dilation", dimensions, Some([Size::ONE; 2]), errors);
    let padding = arguments.padding(dimensions, errors);
    let (kernel, stride, dilation) = (kernel?, stride?, dilation?);
    Some(match padding? {
        Padding::Same if stride != [Size::ONE; 2] => {
            arguments.refuse_value("padding", "\"same\" needs stride 1; give the padding as a number", errors);
            return None;
        }
        Padding::Same => same(kernel, dilation),
        Padding::Each(padding) => Window { kernel, stride, padding, padding_end: padding, dilation },
    })
}

/// [`Window2d::same`](nnet_core::shape::Window2d::same), axis by axis.
fn same(kernel: [Size; 2], dilation: [Size; 2]) -> Window {
    let along = |axis: usize| match (kernel[axis], dilation[axis]) {
        (Size::Known(kernel), Size::Known(dilation)) => {
            let same = Window2d::same([kernel; 2], [dilation; 2]);
            [same.padding[0], same.padding_end[0]].map(Size::Known)
        }
        (kernel, dilation) => {
            let window = code!(::nnet::__private::Window2d::same([#kernel; 2], [#dilation; 2]));
            [code!(#window.padding[0]), code!(#window.padding_end[0])]
                .map(|side| Size::derived(side, &[kernel, dilation]))
        }
    };
    let [height, width] = [along(0), along(1)];
    let (padding, padding_end) = ([height[0], width[0]], [height[1], width[1]]);
    Window { kernel, stride: [Size::ONE; 2], padding, padding_end, dilation }
}

fn upsample(arguments: &Arguments, errors: &mut Errors) -> Option<Kind> {
    let scale = arguments.sizes("scale_factor", errors);
    let mode = arguments.word("mode", "nearest", &["nearest", "bilinear"], errors);
    let align_corners = arguments.flag("align_corners", false, errors);
    let (scale, mode, align_corners) = (scale?, mode?, align_corners?);
    let mode = match (mode, align_corners) {
        ("bilinear", align_corners) => UpsampleMode::Bilinear { align_corners },
        (_, false) => UpsampleMode::Nearest,
        (_, true) => {
            arguments.refuse_value("align_corners", "has a meaning for mode = \"bilinear\" only; remove it", errors);
            return None;
        }
    };
    Some(Kind::Upsample2d { scale, mode })
}

fn eps(arguments: &Arguments, errors: &mut Errors) -> Option<f64> {
    let positive = |number| Some(number).filter(|number| *number > 0.0);
    arguments.number("eps", Some(1e-5), "above 0", positive, errors)
}
