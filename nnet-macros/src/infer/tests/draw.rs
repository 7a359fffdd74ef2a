//! Random stacks of layers, of which some do not fit, and their text.

use super::count::{self, Counted};
use crate::tests::Random;

#[derive(Clone)]
pub enum Item {
    Convolution(Convolution),
    Transposed(Convolution, Vec<usize>),
    /// Its word, and whether it takes a dilation.
    Pool(&'static str, Window, bool),
    Adaptive(Vec<usize>),
    Upsample([usize; 2]),
    ZeroPad([usize; 4]),
    Linear(usize, bool),
    GroupNorm(usize),
    /// A layer that is its word alone.
    Plain(&'static str),
    Sequence(Vec<Item>),
    Residual(Vec<Item>, Option<Vec<Item>>),
    Join(Join, Vec<Vec<Item>>),
    Repeat(usize, Vec<Item>),
    /// With a contract.
    Stated(Box<Item>, Vec<usize>),
}

#[derive(Clone, Copy)]
pub enum Join {
    Add,
    Concat,
}

#[derive(Clone)]
pub struct Convolution {
    pub out: usize,
    pub groups: usize,
    pub bias: bool,
    pub window: Window,
}

/// A number for each axis; without a padding it is `"same"`.
#[derive(Clone)]
pub struct Window {
    pub kernel: Vec<usize>,
    pub stride: Vec<usize>,
    pub padding: Option<Vec<usize>>,
    pub dilation: Vec<usize>,
}

impl Window {
    pub fn is_positive(&self) -> bool {
        self.kernel.iter().chain(&self.stride).chain(&self.dilation).all(|size| *size > 0)
    }

    fn text(&self, with_dilation: bool) -> String {
        let [kernel, stride, dilation] = [&self.kernel, &self.stride, &self.dilation].map(|sizes| each(sizes));
        let padding = self.padding.as_ref().map_or_else(|| "\"same\"".to_owned(), |padding| each(padding));
        let end = if with_dilation { format!(", dilation = {dilation}") } else { String::new() };
        format!("kernel = {kernel}, stride = {stride}, padding = {padding}{end}")
    }
}

/// `[3, 2]`, or `3` for one axis.
fn each(sizes: &[usize]) -> String {
    if let [size] = sizes { size.to_string() } else { format!("{sizes:?}") }
}

pub fn text(items: &[Item]) -> String {
    items.iter().map(Item::text).collect::<Vec<_>>().join(", ")
}

impl Item {
    /// What the macro calls it by.
    pub fn word(&self) -> &'static str {
        match self {
            Item::Convolution(convolution) if convolution.window.kernel.len() == 1 => "Conv1d",
            Item::Convolution(_) => "Conv2d",
            Item::Transposed(..) => "ConvTranspose2d",
            Item::Adaptive(sizes) if sizes.len() == 1 => "AdaptiveAvgPool1d",
            Item::Adaptive(_) => "AdaptiveAvgPool2d",
            Item::Upsample(_) => "Upsample2d",
            Item::ZeroPad(_) => "ZeroPad2d",
            Item::Linear(..) => "Linear",
            Item::GroupNorm(_) => "GroupNorm",
            Item::Pool(word, ..) | Item::Plain(word) => word,
            Item::Sequence(_) => "",
            Item::Residual(..) => "`residual`",
            Item::Join(Join::Add, _) => "`add`",
            Item::Join(Join::Concat, _) => "`concat`",
            Item::Repeat(..) => "`repeat`",
            Item::Stated(..) => "its contract states",
        }
    }

    fn text(&self) -> String {
        match self {
            Item::Convolution(convolution) => {
                convolution.text(if convolution.window.kernel.len() == 1 { "Conv1d" } else { "Conv2d" }, "")
            }
            Item::Transposed(convolution, room) => {
                convolution.text("ConvTranspose2d", &format!(", output_padding = {}", each(room)))
            }
            Item::Pool(word, window, dilates) => format!("{word}({})", window.text(*dilates)),
            Item::Adaptive(sizes) => format!("AdaptiveAvgPool{}d({})", sizes.len(), each(sizes)),
            Item::Upsample(scale) => format!("Upsample2d({scale:?})"),
            Item::ZeroPad(padding) => format!("ZeroPad2d({padding:?})"),
            Item::Linear(out, bias) => format!("Linear({out}, bias = {bias})"),
            Item::GroupNorm(groups) => format!("GroupNorm({groups})"),
            Item::Plain(word) => (*word).to_owned(),
            Item::Sequence(items) => format!("{{ {} }}", text(items)),
            Item::Residual(items, None) => format!("residual {{ {} }}", text(items)),
            Item::Residual(items, Some(way)) => format!("residual {{ {} }} shortcut {{ {} }}", text(items), text(way)),
            Item::Join(join, arms) => {
                let arms: Vec<_> = arms.iter().map(|arm| format!("{{ {} }}", text(arm))).collect();
                let word = if matches!(join, Join::Add) { "add" } else { "concat" };
                format!("{word} {{ {} }}", arms.join(", "))
            }
            Item::Repeat(times, items) => format!("repeat({times}) {{ {} }}", text(items)),
            Item::Stated(item, shape) => format!("{} -> {shape:?}", item.text()),
        }
    }
}

impl Convolution {
    fn text(&self, word: &str, more: &str) -> String {
        let Convolution { out, groups, bias, window } = self;
        format!("{word}({out}, {}{more}, groups = {groups}, bias = {bias})", window.text(true))
    }
}

/// Layers without arguments; the first ones take any shape and give it back.
const PLAIN: [&str; 13] = [
    "Relu",
    "Gelu",
    "Dropout",
    "BatchNorm",
    "LayerNorm",
    "PRelu",
    "PRelu(per_channel = true)",
    "Softplus",
    "Flatten",
    "GlobalAvgPool2d",
    "Dropout2d",
    "Softmax",
    "LogSoftmax",
];

/// A shape of few numbers.
pub fn shape(random: &mut Random) -> Vec<usize> {
    match random.below(6) {
        0 => vec![1 + random.below(8)],
        1 | 2 => vec![1 + random.below(4), 1 + random.below(12)],
        _ => vec![1 + random.below(6), 1 + random.below(9), 1 + random.below(9)],
    }
}

/// Items that fit one behind the other, but that the last may not.
pub fn items(random: &mut Random, x: &[usize], most: usize, depth: usize) -> Vec<Item> {
    let mut found = Vec::new();
    let mut x = x.to_vec();
    for _ in 0..=random.below(most) {
        let mut drawn = item(random, &x, depth);
        // One that does not fit is drawn again, but for some.
        for _ in 0..8 {
            if count::one(&drawn, &x, &mut Counted::default()).is_some() || random.below(8) == 0 {
                break;
            }
            drawn = item(random, &x, depth);
        }
        let y = count::one(&drawn, &x, &mut Counted::default());
        let wrong = random.below(40) == 0;
        if let Some(y) = y.clone().filter(|_| wrong || random.below(8) == 0) {
            drawn = Item::Stated(Box::new(drawn), if wrong { shape(random) } else { y });
        }
        found.push(drawn);
        let Some(y) = y else { break };
        x = y;
    }
    found
}

fn item(random: &mut Random, x: &[usize], depth: usize) -> Item {
    if depth > 0 && random.below(4) == 0 {
        return block(random, x, depth - 1);
    }
    // The axes of the shape, sometimes others.
    let axes = if random.below(20) == 0 { 1 + random.below(2) } else { (x.len() - 1).max(1) };
    match random.below(if x.len() == 1 { 9 } else { 16 }) {
        0 => Item::Plain(PLAIN[random.below(PLAIN.len())]),
        1 => Item::Plain(PLAIN[random.below(8)]),
        2 => Item::GroupNorm(random.below(4)),
        3..=7 if x.len() == 1 => Item::Linear(positive(random, 8), random.below(2) == 0),
        3 | 8 => Item::Plain("Flatten"),
        4 => Item::Adaptive((0..axes).map(|_| positive(random, 6)).collect()),
        5 => Item::Upsample([positive(random, 3), positive(random, 3)]),
        6 => Item::ZeroPad([0; 4].map(|_| random.below(3))),
        7 => {
            let room = vec![random.below(3), random.below(2)];
            let mut convolution = convolution(random, 2);
            convolution.window.padding = Some(vec![random.below(3), random.below(3)]);
            Item::Transposed(convolution, room)
        }
        9..=11 => pool(random, axes),
        _ => Item::Convolution(convolution(random, axes)),
    }
}

/// From 1 to a bound, seldom 0.
fn positive(random: &mut Random, bound: usize) -> usize {
    if random.below(60) == 0 { 0 } else { 1 + random.below(bound) }
}

fn convolution(random: &mut Random, axes: usize) -> Convolution {
    let mut window = window(random, axes);
    if random.below(5) == 0 {
        window.padding = None;
        if random.below(4) > 0 {
            window.stride.fill(1);
        }
    }
    let groups = if random.below(3) == 0 { positive(random, 3) } else { 1 };
    Convolution { out: positive(random, 6), groups, bias: random.below(2) == 0, window }
}

fn window(random: &mut Random, axes: usize) -> Window {
    let mut each = |bound: usize| -> Vec<usize> { (0..axes).map(|_| positive(random, bound)).collect() };
    let (kernel, stride, dilation) = (each(5), each(3), each(2));
    Window { kernel, stride, padding: Some((0..axes).map(|_| random.below(4)).collect()), dilation }
}

fn pool(random: &mut Random, axes: usize) -> Item {
    let mut window = window(random, axes);
    let is_max = random.below(2) == 0;
    if !is_max {
        window.dilation.fill(1);
    }
    let words = [["AvgPool1d", "AvgPool2d"], ["MaxPool1d", "MaxPool2d"]];
    Item::Pool(words[usize::from(is_max)][axes - 1], window, is_max)
}

fn block(random: &mut Random, x: &[usize], depth: usize) -> Item {
    match random.below(6) {
        0 => Item::Sequence(items(random, x, 3, depth)),
        1 => Item::Repeat(random.below(4), items(random, x, 2, depth)),
        2 => Item::Residual(items(random, x, 2, depth), None),
        3 => Item::Residual(items(random, x, 2, depth), Some(items(random, x, 2, depth))),
        kind => {
            let join = if kind == 4 { Join::Add } else { Join::Concat };
            let mut arm = || if random.below(4) == 0 { Vec::new() } else { items(random, x, 2, depth) };
            let first = arm();
            // Arms that are alike fit together.
            let others: Vec<_> = (0..2).map(|_| arm()).collect();
            let alike = random.below(2) == 0;
            let rest = others.into_iter().take(1 + random.below(2));
            let rest = rest.map(|other| if alike { first.clone() } else { other });
            Item::Join(join, std::iter::once(first.clone()).chain(rest).collect())
        }
    }
}
