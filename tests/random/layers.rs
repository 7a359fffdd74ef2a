//! A random layer for a shape: the call as text, the shape that the rule of its kind gives, its parameters.

use nnet::Random;
use nnet::shape::{self, Shape, ShapeError, Window2d};

/// A layer that fits.
pub struct Drawn {
    pub call: String,
    pub output: Shape,
    /// How many numbers it learns.
    pub parameters: usize,
}

/// Every layer of the language.
pub const KINDS: &[&str] = &[
    "Conv2d",
    "Conv1d",
    "ConvTranspose2d",
    "MaxPool2d",
    "MaxPool1d",
    "AvgPool2d",
    "AvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool1d",
    "GlobalAvgPool2d",
    "Upsample2d",
    "ZeroPad2d",
    "Linear",
    "Flatten",
    "BatchNorm",
    "LayerNorm",
    "GroupNorm",
    "Dropout",
    "Dropout2d",
    "PRelu",
    "Relu",
    "LeakyRelu",
    "Relu6",
    "Elu",
    "Selu",
    "Gelu",
    "Silu",
    "Mish",
    "Softplus",
    "Softsign",
    "Sigmoid",
    "HardSigmoid",
    "HardSwish",
    "Tanh",
    "Softmax",
    "LogSoftmax",
];

/// Channels of a layer, and rows and columns of a map, are at most these.
const CHANNELS: usize = 6;
const SIDE: usize = 8;

/// One of `items`.
pub fn pick<T: Clone>(random: &mut Random, items: &[T]) -> T {
    items[random.below(items.len())].clone()
}

pub fn chance(random: &mut Random, probability: f64) -> bool {
    random.uniform() < probability
}

/// `least..=most`
pub fn between(random: &mut Random, least: usize, most: usize) -> usize {
    least + random.below(most - least + 1)
}

/// A layer of this kind with random arguments, if it takes `x` and what it gives is small.
pub fn draw(random: &mut Random, kind: &str, x: Shape) -> Option<Drawn> {
    let drawn = match kind {
        "Conv2d" | "Conv1d" | "ConvTranspose2d" => convolution(random, kind, x),
        "MaxPool2d" | "MaxPool1d" | "AvgPool2d" | "AvgPool1d" => pool(random, kind, x),
        "AdaptiveAvgPool2d" | "AdaptiveAvgPool1d" | "Upsample2d" | "ZeroPad2d" => resize(random, kind, x),
        "GlobalAvgPool2d" => plain(kind, shape::global_pool2d(x)),
        "Flatten" => {
            plain(kind, shape::flatten(x).and_then(|flat| if flat == x { shape::global_pool2d(x) } else { Ok(flat) }))
        }
        "Linear" => {
            let out = between(random, 1, 8);
            linear(random, x, out)
        }
        "BatchNorm" | "LayerNorm" | "GroupNorm" | "PRelu" => normalization(random, kind, x),
        "Dropout2d" => shape::map_only(x).map(|_| dropout(random, kind, x)),
        "Dropout" => Ok(dropout(random, kind, x)),
        "Softmax" | "LogSoftmax" => plain(kind, shape::over_features(x)),
        _ => Ok(Drawn { call: activation(random, kind), output: x, parameters: 0 }),
    };
    drawn.ok().filter(|drawn| is_small(drawn.output))
}

fn is_small(output: Shape) -> bool {
    match output {
        Shape::Flat(_) => true,
        Shape::Sequence([_, length]) => length <= 2 * SIDE,
        Shape::Map([_, height, width]) => height.max(width) <= SIDE,
    }
}

fn plain(kind: &str, output: Result<Shape, ShapeError>) -> Result<Drawn, ShapeError> {
    output.map(|output| Drawn { call: kind.to_owned(), output, parameters: 0 })
}

/// `Linear(out)` for flat `x`.
pub fn linear(random: &mut Random, x: Shape, out: usize) -> Result<Drawn, ShapeError> {
    let output = shape::linear(x, out)?;
    let bias = chance(random, 0.75);
    let call = if bias { format!("Linear({out})") } else { format!("Linear({out}, bias = false)") };
    Ok(Drawn { call, output, parameters: out * x.channels() + if bias { out } else { 0 } })
}

/// `3`, `[3, 2]`; in one dimension the width.
fn extent(pair: [usize; 2], dimensions: usize) -> String {
    match pair {
        [_, width] if dimensions == 1 => width.to_string(),
        [height, width] if height == width => height.to_string(),
        [height, width] => format!("[{height}, {width}]"),
    }
}

/// A number for each axis from `least` to `most`, often the same.
fn pair(random: &mut Random, least: usize, most: usize) -> [usize; 2] {
    let height = between(random, least, most);
    let width = if chance(random, 0.6) { height } else { between(random, least, most) };
    [height, width]
}

/// The window of one dimension has height 1.
fn flattened(window: Window2d, dimensions: usize) -> Window2d {
    if dimensions == 2 {
        return window;
    }
    let [kernel, stride, padding, dilation] = [window.kernel, window.stride, window.padding, window.dilation];
    let padding_end = [0, window.padding_end[1]];
    Window2d::new([1, kernel[1]], [1, stride[1]], [0, padding[1]])
        .with_padding_end(padding_end)
        .with_dilation([1, dilation[1]])
}

fn convolution(random: &mut Random, kind: &str, x: Shape) -> Result<Drawn, ShapeError> {
    let dimensions = if kind == "Conv1d" { 1 } else { 2 };
    let kernel = pair(random, 1, 3);
    let dilation = if chance(random, 0.25) { pair(random, 1, 2) } else { [1, 1] };
    let same = kind != "ConvTranspose2d" && chance(random, 0.3);
    let window = if same {
        Window2d::same(kernel, dilation)
    } else {
        let stride = if chance(random, 0.4) { pair(random, 1, 2) } else { [1, 1] };
        Window2d::new(kernel, stride, pair(random, 0, 1)).with_dilation(dilation)
    };
    let window = flattened(window, dimensions);
    let divisors: Vec<_> = (1..=CHANNELS).filter(|groups| x.channels().is_multiple_of(*groups)).collect();
    let groups = if chance(random, 0.35) { pick(random, &divisors) } else { 1 };
    let out = groups * between(random, 1, CHANNELS / groups);
    let most = [0, 1].map(|axis| window.stride[axis].max(window.dilation[axis]) - 1);
    let output_padding = most.map(|most| between(random, 0, most));
    let written = Written { kind, out, groups, bias: chance(random, 0.75), window, same, output_padding };
    written.drawn(random, x)
}

/// The arguments of a convolution.
struct Written<'a> {
    kind: &'a str,
    out: usize,
    groups: usize,
    bias: bool,
    window: Window2d,
    same: bool,
    output_padding: [usize; 2],
}

impl Written<'_> {
    fn drawn(&self, random: &mut Random, x: Shape) -> Result<Drawn, ShapeError> {
        let Self { kind, out, groups, bias, window, output_padding, .. } = self;
        let (output, taps) = match *kind {
            "Conv2d" => (shape::conv2d(x, *out, *groups, window)?, out * (x.channels() / groups)),
            "Conv1d" => (shape::conv1d(x, *out, *groups, window)?, out * (x.channels() / groups)),
            _ => {
                let output = shape::conv_transpose2d(x, *out, *groups, window, *output_padding)?;
                (output, x.channels() * (out / groups))
            }
        };
        let parameters = taps * window.kernel[0] * window.kernel[1] + if *bias { *out } else { 0 };
        Ok(Drawn { call: self.call(random), output, parameters })
    }

    /// Defaults are left out, most often.
    fn call(&self, random: &mut Random) -> String {
        let dimensions = if self.kind == "Conv1d" { 1 } else { 2 };
        let named = if chance(random, 0.5) { "kernel = " } else { "" };
        let mut call = format!("{}({}, {named}{}", self.kind, self.out, extent(self.window.kernel, dimensions));
        let padding = if self.same { "\"same\"".to_owned() } else { extent(self.window.padding, dimensions) };
        for (name, value, default) in [
            ("stride", extent(self.window.stride, dimensions), "1"),
            ("padding", padding, "0"),
            ("dilation", extent(self.window.dilation, dimensions), "1"),
            ("groups", self.groups.to_string(), "1"),
            ("bias", self.bias.to_string(), "true"),
        ] {
            if value != default || chance(random, 0.1) {
                call += &format!(", {name} = {value}");
            }
        }
        if self.kind == "ConvTranspose2d" && self.output_padding != [0, 0] {
            call += &format!(", output_padding = {}", extent(self.output_padding, 2));
        }
        call + ")"
    }
}

/// Every convolution without groups that leads from `x` to `y`, both maps or both sequences.
pub fn convolutions_between(random: &mut Random, x: Shape, y: Shape) -> Vec<Drawn> {
    let (kind, dimensions) = if matches!(x, Shape::Map(_)) { ("Conv2d", 2) } else { ("Conv1d", 1) };
    let mut found = Vec::new();
    for window in windows(dimensions) {
        let (out, bias) = (y.channels(), chance(random, 0.75));
        let written = Written { kind, out, groups: 1, bias, window, same: false, output_padding: [0, 0] };
        found.extend(written.drawn(random, x).ok().filter(|drawn| drawn.output == y));
    }
    found
}

fn windows(dimensions: usize) -> impl Iterator<Item = Window2d> {
    let pairs = |least: usize, most: usize| (least..=most).flat_map(move |a| (least..=most).map(move |b| [a, b]));
    let all = pairs(1, 3).flat_map(move |kernel| {
        pairs(1, 2).flat_map(move |stride| {
            pairs(0, 1).flat_map(move |padding| {
                let window = Window2d::new(kernel, stride, padding);
                (1..=2)
                    .map(move |dilation| window.with_dilation([if dimensions == 1 { 1 } else { dilation }, dilation]))
            })
        })
    });
    all.filter(move |window| *window == flattened(*window, dimensions))
}

fn pool(random: &mut Random, kind: &str, x: Shape) -> Result<Drawn, ShapeError> {
    let dimensions = if kind.ends_with("1d") { 1 } else { 2 };
    let is_max = kind.starts_with("Max");
    let kernel = pair(random, 1, 3);
    let default_stride = chance(random, 0.4);
    let stride = if default_stride { kernel } else { pair(random, 1, 2) };
    let dilation = if is_max && chance(random, 0.25) { pair(random, 1, 2) } else { [1, 1] };
    let padding = [0, 1].map(|axis| between(random, 0, (dilation[axis] * (kernel[axis] - 1) + 1).min(3) / 2));
    let window = flattened(Window2d::new(kernel, stride, padding).with_dilation(dilation), dimensions);
    let output = if dimensions == 1 { shape::pool1d(x, &window)? } else { shape::pool2d(x, &window)? };
    let mut call = format!("{kind}({}", extent(window.kernel, dimensions));
    if !default_stride {
        call += &format!(", stride = {}", extent(window.stride, dimensions));
    }
    if window.padding != [0, 0] {
        call += &format!(", padding = {}", extent(window.padding, dimensions));
    }
    if window.dilation != [1, 1] {
        call += &format!(", dilation = {}", extent(window.dilation, dimensions));
    }
    if !is_max && chance(random, 0.4) {
        call += &format!(", count_include_pad = {}", chance(random, 0.3));
    }
    Ok(Drawn { call: call + ")", output, parameters: 0 })
}

fn resize(random: &mut Random, kind: &str, x: Shape) -> Result<Drawn, ShapeError> {
    let (call, output) = match kind {
        "AdaptiveAvgPool2d" => {
            let size = pair(random, 1, 5);
            (format!("{kind}({})", extent(size, 2)), shape::adaptive_pool2d(x, size)?)
        }
        "AdaptiveAvgPool1d" => {
            let length = between(random, 1, 6);
            (format!("{kind}({length})"), shape::adaptive_pool1d(x, length)?)
        }
        "Upsample2d" => {
            let (scale, modes) = (pair(random, 1, 3), ["", ", mode = \"nearest\"", ", mode = \"bilinear\""]);
            let mode = pick(random, &modes);
            let corners = if mode.contains("bilinear") && chance(random, 0.5) { ", align_corners = true" } else { "" };
            (format!("{kind}({}{mode}{corners})", extent(scale, 2)), shape::upsample2d(x, scale)?)
        }
        _ => {
            let all = between(random, 0, 1);
            let each = [0; 4].map(|_| between(random, 0, 2));
            let (text, sides) =
                if chance(random, 0.5) { (all.to_string(), [all; 4]) } else { (format!("{each:?}"), each) };
            (format!("{kind}({text})"), shape::zero_pad2d(x, sides)?)
        }
    };
    Ok(Drawn { call, output, parameters: 0 })
}

/// Layers with numbers for each channel or entry. Of few entries a norm makes little more than signs, whose gradients
/// are too sharp for differences.
fn normalization(random: &mut Random, kind: &str, x: Shape) -> Result<Drawn, ShapeError> {
    let (channels, entries) = (x.channels(), x.entries()?);
    let eps = pick(random, &["", "eps = 0.001", "eps = 0.01", "eps = 0.1"]);
    let with = |name: &str, rest: &str| {
        let arguments: Vec<_> = [eps, rest].into_iter().filter(|text| !text.is_empty()).collect();
        if arguments.is_empty() { name.to_owned() } else { format!("{name}({})", arguments.join(", ")) }
    };
    let too_few = Err(ShapeError::Zero { argument: "the number of entries" });
    let (call, output, parameters) = match kind {
        "BatchNorm" => (with(kind, pick(random, &["", "momentum = 0.3"])), shape::channels(x)?, 2 * channels),
        "LayerNorm" if entries >= 4 => (with(kind, ""), x, 2 * entries),
        "GroupNorm" => {
            let groups = between(random, 1, 3);
            let output = shape::group_norm(x, groups)?;
            if entries / groups < 4 {
                return too_few;
            }
            let call = if eps.is_empty() { format!("{kind}({groups})") } else { format!("{kind}({groups}, {eps})") };
            (call, output, 2 * channels)
        }
        "PRelu" => match random.below(3) {
            0 => (kind.to_owned(), shape::channels(x)?, 1),
            1 => (format!("{kind}(per_channel = false)"), shape::channels(x)?, 1),
            _ => (format!("{kind}(per_channel = true)"), shape::channels(x)?, channels),
        },
        _ => return too_few,
    };
    Ok(Drawn { call, output, parameters })
}

fn dropout(random: &mut Random, kind: &str, x: Shape) -> Drawn {
    let call = format!("{kind}{}", pick(random, &["", "(0.1)", "(0.3)", "(p = 0.25)"]));
    Drawn { call, output: x, parameters: 0 }
}

fn activation(random: &mut Random, kind: &str) -> String {
    let arguments = match kind {
        "LeakyRelu" => pick(random, &["", "(0.2)", "(slope = 0.3)"]),
        "Elu" => pick(random, &["", "(0.7)", "(alpha = 1.5)"]),
        "Softplus" => pick(random, &["", "(2)", "(beta = 0.5)", "(beta = 3, threshold = 30)", "(threshold = 3.5)"]),
        _ => "",
    };
    format!("{kind}{arguments}")
}
