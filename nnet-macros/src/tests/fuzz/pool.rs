//! Where the fuzzer's tokens come from: the declarations of this repository, and every word of the language.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::super::{DECLARATIONS, Random};
use super::{WHOLE, phase};

/// A token, or a group whose tokens can be changed.
#[derive(Clone)]
pub enum Tree {
    Token(TokenTree),
    Group(Delimiter, Vec<Tree>),
}

pub struct Pool {
    /// Declarations, right and wrong ones, small ones first.
    declarations: Vec<Vec<Tree>>,
    /// Where the right ones are.
    right: Vec<usize>,
    vocabulary: Vec<Vec<Tree>>,
}

impl Pool {
    pub fn new() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut declarations: Vec<_> = DECLARATIONS.map(|text| trees(text.parse().expect("tokens"))).into();
        for path in sources(root) {
            let text = fs::read_to_string(&path).expect("a source");
            let is_book = path.extension().is_some_and(|extension| extension == "md");
            let code = if is_book { rust_of(&text) } else { text };
            collect(code.parse().expect("a source is tokens"), &mut declarations);
        }
        let vocabulary = WORDS.iter().map(|text| trees(text.parse().expect("a word is tokens"))).collect();
        declarations.sort_by_key(|trees| tokens(trees).to_string().len());
        let is_right = |at: &usize| phase(tokens(&declarations[*at])) == WHOLE;
        let right = (0..declarations.len()).filter(is_right).collect();
        Pool { declarations, right, vocabulary }
    }

    pub fn declaration(&self, random: &mut Random) -> &Vec<Tree> {
        &self.declarations[small(self.declarations.len(), random)]
    }

    pub fn right_declaration(&self, random: &mut Random) -> &Vec<Tree> {
        &self.declarations[self.right[small(self.right.len(), random)]]
    }

    pub fn word(&self, random: &mut Random) -> Vec<Tree> {
        self.vocabulary[random.below(self.vocabulary.len())].clone()
    }
}

/// One of so many, the first ones sooner: small declarations are as good as large ones, and take less time.
fn small(bound: usize, random: &mut Random) -> usize {
    random.below(bound).min(random.below(bound)).min(random.below(bound))
}

/// Files with declarations, in an order that does not depend on the file system.
fn sources(root: &Path) -> Vec<PathBuf> {
    let around = root.join("..");
    let files = |folder: PathBuf| fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").path());
    let mut found: Vec<_> = files(root.join("tests/ui")).chain(files(around.join("examples"))).collect();
    found.extend(
        ["README.md", "tests/parity/networks.rs", "tests/networks.rs", "tests/deep.rs"].map(|p| around.join(p)),
    );
    found.retain(|path| path.extension().is_some_and(|extension| extension == "rs" || extension == "md"));
    found.sort();
    found
}

/// The Rust in a document; in front of what is hidden there stands `# `.
fn rust_of(document: &str) -> String {
    let blocks = document.split("\n```rust\n").skip(1).filter_map(|block| block.split("\n```").next());
    let lines = blocks.flat_map(str::lines).map(|line| line.strip_prefix("# ").unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}

/// The content of each `network! { .. }`.
fn collect(tokens: TokenStream, found: &mut Vec<Vec<Tree>>) {
    let tokens: Vec<_> = tokens.into_iter().collect();
    for (position, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else { continue };
        let is_call =
            position >= 2 && tokens[position - 1].to_string() == "!" && tokens[position - 2].to_string() == "network";
        if is_call {
            found.push(trees(group.stream()));
        } else {
            collect(group.stream(), found);
        }
    }
}

pub fn trees(tokens: TokenStream) -> Vec<Tree> {
    let tree = |token| match token {
        TokenTree::Group(group) => Tree::Group(group.delimiter(), trees(group.stream())),
        token => Tree::Token(token),
    };
    tokens.into_iter().map(tree).collect()
}

pub fn tokens(trees: &[Tree]) -> TokenStream {
    let token = |tree: &Tree| match tree {
        Tree::Token(token) => token.clone(),
        Tree::Group(delimiter, inside) => proc_macro2::Group::new(*delimiter, tokens(inside)).into(),
    };
    trees.iter().map(token).collect()
}

/// Words of the language, of Rust, and of other libraries; numbers of every kind; names that the macro makes itself.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    // blocks and settings
    "residual", "shortcut", "concat", "add", "repeat", "loss", "loss = mse;", "loss = huber(delta = 0.5);", "frozen", "init",
    "#[frozen]", "#[init(xavier_normal)]", "#[init(kaiming_uniform(gain = 2))]", "#[init]", "#[derive(Clone, Debug)]",
    "#[allow(dead_code)]", "#![inner]", "#[cfg(test)]", "#[doc = \"d\"]", "/** d */", "#[repr(C)]", "#[frozen = 1]",
    "{}", "()", "[]", "{ {} }", "(())", "residual { Relu }", "concat { Relu, Tanh }", "add { {}, {} }", "repeat(2) { Relu }",
    "repeat(3) { residual { Tanh } }", "shortcut { Relu }", "residual { Relu } shortcut { Tanh }", "{ Relu, Relu }", "a: {}",
    "budget(ram = 24 KiB, flash = 1 MiB);", "budget", "ram", "flash", "24 KiB", "macs", "1 MB",
    // layers
    "Conv2d", "Conv1d", "ConvTranspose2d", "MaxPool2d", "MaxPool1d", "AvgPool2d", "AvgPool1d", "AdaptiveAvgPool2d",
    "AdaptiveAvgPool1d", "GlobalAvgPool2d", "Upsample2d", "ZeroPad2d", "Linear", "Flatten", "BatchNorm", "LayerNorm", "GroupNorm",
    "Dropout", "Dropout2d", "PRelu", "Relu", "LeakyRelu", "Relu6", "Elu", "Selu", "Gelu", "Silu", "Mish", "Softplus", "Softsign",
    "Sigmoid", "HardSigmoid", "HardSwish", "Tanh", "Softmax", "LogSoftmax", "Conv2d(4, 3)", "Linear(4)", "Linear(10)",
    "MaxPool2d(2)", "Upsample2d(2, mode = \"bilinear\", align_corners = true)", "ZeroPad2d([1, 0, 2, 1])", "Dropout(0.5)",
    "GroupNorm(2)", "ReLU", "Dense", "nn.Linear(3)", "nn::Linear(3)", "self::Mine -> [4]", "crate::a::Mine<3, f32> -> [4]",
    "::mine::Layer -> [1, 2, 3]", "self::Mine<{ 1 + 1 }, 'a, T = u8> -> [4]", "<Self as T>::U", "Self::A",
    // arguments
    "out", "kernel", "stride", "padding", "dilation", "groups", "bias", "output_padding", "output_size", "scale_factor", "mode",
    "align_corners", "count_include_pad", "eps", "momentum", "p", "slope", "alpha", "beta", "threshold", "per_channel", "delta",
    "gain", "kernel = 3", "padding = \"same\"", "padding = 1", "stride = [2, 1]", "bias = false", "groups = 2", "dilation = 2",
    "shortcut = Linear(4)", "cross_entropy", "nll", "mse", "mae", "huber", "xavier_uniform", "kaiming_normal",
    // numbers and texts
    "0", "1", "2", "3", "7", "10", "255", "1_000", "0x10", "0b11", "0o17", "4usize", "4u8", "4i128", "4f32", "4zoo", "1.5", "1.",
    "1e3", "1e400", "1e-400", "0.1f64", "-1", "-0.5", "- 0", "--1", "!1", "2 + 2", "2 * (3 - 1)", "(2)", "((2))", "{ 2 }", "1 as u8",
    "65536", "4294967295", "4294967296", "9223372036854775807", "18446744073709551615", "18446744073709551616",
    "99999999999999999999999", "999999999999999999999999999999999999999999999999999999999999", "\"s\"", "\"same\"", "\"\"",
    "r#\"raw\"#", "b\"b\"", "c\"c\"", "'c'", "'\\''", "b'b'", "true", "false", "'a", "'static", "[1, 2]", "[1, 2, 3]", "[4]", "[0]",
    "[1, 28, 28]", "[-1]", "[1,]", "[,]", "[1; 3]", "[[1], 2]", "-> [4]", "-> [2, 8, 8]", "-> []",
    // Rust
    "pub", "pub(crate)", "pub(in a::b)", "struct", "struct Net: [4] -> [4] { Relu }", "enum", "fn", "impl", "where", "type", "self",
    "Self", "super", "crate", "dyn", "async", "mut", "ref", "_", "r#type", "r#fn", "r#Relu", "r#loss", "r#residual", "<const N: usize>",
    "<S>", "<'a, T: Copy>", "::<4>", "macro!(x)", "|x| x", "if a { b }", "match x {}", "x?", "x.y", "a..b", "&x", "*x", "return",
    "#", "!", "?", "$", "@", "~", "%", "^", "&", "*", "|", "+", "-", ".", "..", "..=", ",", ";", ":", "::", "=", "==", "=>", "->", "<", ">",
    ">>", "<-", "'x'",
    // names
    "HIDDEN", "N", "a", "b", "x", "fc", "conv", "größe", "ñ", "Größe", "ß", "__a", "__private", "E", "S", "S2", "Net", "NetTape", "area_a", "area_b",
    "output_gradient", "input", "output", "output_gradient_2", "network", "scratch", "tape", "relu_0", "linear_1", "a_tape", "f32",
    "usize", "Option", "Some", "nnet", "core", "std", "drop", "weight", "bias_", "main", "union", "gen", "try", "static", "name: ",
];
