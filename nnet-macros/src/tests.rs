//! The whole pipeline: the committed expansion, and in `fuzz.rs` inputs that nobody wrote on purpose.

mod fuzz;
mod speed;

use expect_test::expect_file;
use proc_macro2::TokenStream;

use super::{Errors, budget, check, expand, infer, layer, lint, parse, plan};

/// The expansion of a declaration as formatted Rust.
fn expansion(declaration: &str) -> String {
    let tokens: TokenStream = declaration.parse().expect("the declaration is tokens");
    let file = syn::parse2(expand(tokens)).expect("the expansion is Rust");
    prettyplease::unparse(&file)
}

#[test]
fn lenet_is_the_committed_expansion() {
    let declaration = "
        /// LeNet-5 for 28×28 grey images.
        pub struct LeNet: [1, 28, 28] -> [10] {
            /// Strokes.
            conv1: Conv2d(6, kernel = 5, padding = 2) -> [6, 28, 28],
            Relu,
            MaxPool2d(2),
            conv2: Conv2d(16, kernel = 5),
            Relu,
            MaxPool2d(2) -> [16, 5, 5],
            Flatten,
            fc1: Linear(120), Relu,
            fc2: Linear(84), Relu,
            #[init(xavier_normal)]
            fc3: Linear(10),
        }
        loss = cross_entropy;";
    expect_file!["../tests/expanded/lenet.rs"].assert_eq(&expansion(declaration));
}

/// What the passes report.
pub(crate) fn messages(declaration: &str) -> Vec<String> {
    let mut errors = Errors::default();
    let tokens = declaration.parse().expect("the declaration is tokens");
    if let Some(declaration) = parse::declaration(tokens, &mut errors) {
        errors.end_phase();
        let checked = check::check(declaration, &mut errors);
        errors.end_phase();
        let draft = infer::infer(checked, &mut errors);
        if errors.is_empty() {
            lint::lint(&draft, &mut errors);
        }
        if let Some(network) = draft.complete().filter(|_| errors.is_empty()) {
            budget::check(&network, &plan::plan(&network), &mut errors);
        }
    }
    errors.messages()
}

/// The messages of an expansion, whatever finds them.
pub(crate) fn messages_of(declaration: &str) -> Vec<String> {
    let tokens: TokenStream = declaration.parse().expect("the declaration is tokens");
    fuzz::messages(&expand(tokens)).expect("the expansion is Rust")
}

/// A network without mistakes.
pub(crate) fn network(declaration: &str) -> infer::Network {
    let mut errors = Errors::default();
    let tokens = declaration.parse().expect("the declaration is tokens");
    let declaration = parse::declaration(tokens, &mut errors).expect("a declaration");
    let draft = infer::infer(check::check(declaration, &mut errors), &mut errors);
    assert_eq!(errors.messages(), [""; 0]);
    draft.complete().expect("a whole network")
}

/// How the weights of each layer with random ones begin; the output of the declaration need not be right.
pub(crate) fn inits(declaration: &str) -> Vec<layer::Init> {
    let layers = network(declaration);
    layers.layers().filter(|layer| layer.kind.is_affine()).map(|layer| layer.init).collect()
}

/// Text of declarations with every word of the language, from which others are made.
const DECLARATIONS: [&str; 5] = [
    "#[derive(Clone)] pub(crate) struct Net: [1, 28, 28] -> [10] { /** doc */ #[init(kaiming_normal(gain = 1.5))]
     conv: Conv2d(6, kernel = [5, 3], stride = 1, padding = 2, bias = false) -> [6, 28, 30], Relu, MaxPool2d(2),
     LeakyRelu(0.1), AvgPool2d(kernel = 2, padding = [0, 1]), Gelu, Flatten, fc: Linear(10), LogSoftmax, } loss = nll;",
    "#[allow(nnet::two_activations)] struct Net: [4] -> [4] { Softmax, Flatten, Tanh, Sigmoid } loss = huber(delta = 2.5);",
    "struct Net: [3, 9, 9] -> [2] { Conv2d(2, 3), GlobalAvgPool2d } budget(ram = 1.5 KiB, macs = 3k, flash = 24KiB,); loss = mse;",
    "#[allow(nnet::bias_before_batch_norm, nnet::two_activations)] struct Net: [2, 8, 8] -> [3] { a: residual(shortcut = Conv2d(4, 1, stride = 2)) { Conv2d(4, 3, 2, 1, groups = 2),
     BatchNorm(momentum = 0.2), Relu }, #[frozen] c: concat { x: { Conv2d(2, 1) }, y: Conv2d(3, 3, padding = \"same\"), {} },
     repeat(2) { residual { Relu } shortcut { Tanh } }, add { {}, Sigmoid }, GlobalAvgPool2d, Dropout(0.5), fc: Linear(3) }",
    "struct Net: [2, 8] -> [4] { Conv1d(4, 3, dilation = 2), MaxPool1d(4), Flatten, mine: self::Mine<4> -> [4], PRelu } loss = mae;
     budget(training_ram = 1 B, parameters = 7);",
];

/// A generator of tests: Knuth's MMIX constants, upper bits.
pub(crate) struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

#[test]
fn a_mistake_leaves_a_stub_with_what_is_known() {
    let stub = expansion("struct Net: [4] -> [2] { fc1: Linear(8), bad: Linear(0), fc2: Linear(2) } loss = mse;");
    for known in [
        "\"bad: out is 0, but must be at least 1\"",
        "fc1: ::nnet::__private::layers::Linear<S, 8, 4>",
        // Types that are not known are errors.
        "bad: ::nnet::__private::Proven<S, __Net_is_broken>",
        "fc2: ::nnet::__private::Proven<S, __Net_is_broken>",
        "= [E; 4];",
        "= [E; 2];",
        "type Loss = ::nnet::__private::loss::MeanSquaredError;",
    ] {
        assert!(stub.contains(known), "{known} in\n{stub}");
    }
}

#[test]
fn a_block_with_a_raw_name_is_refused() {
    let found = messages_of("struct Net: [4] -> [4] { r#type: residual { fc: Linear(4) } }");
    assert_eq!(found, ["r#type: a keyword cannot be a layer's name; choose another name"]);
}

#[test]
fn a_path_that_ends_with_a_keyword_is_refused() {
    for word in ["self", "Self", "super", "crate"] {
        let found = messages_of(&format!("struct Net: [4] -> [4] {{ a: self::{word} -> [4] }}"));
        assert_eq!(found, [format!("a path ends with the name of a type, not with `{word}`")]);
    }
}
