use super::*;
use crate::generate::memory;
use crate::plan::plan;
use crate::tests::{messages, network};

const LENET: &str = "struct LeNet: [1, 28, 28] -> [10] {
    conv1: Conv2d(6, 5, padding = 2), Relu, MaxPool2d(2), conv2: Conv2d(16, 5), Relu, MaxPool2d(2), Flatten,
    fc1: Linear(120), Relu, fc2: Linear(84), Relu, fc3: Linear(10) } loss = cross_entropy;";

const BRANCHED: &str = "#[allow(nnet::bias_before_batch_norm)] struct Branched: [3, 16, 16] -> [10] {
    stem: Conv2d(8, 3, padding = 1), BatchNorm, Relu,
    blocks: repeat(2) { residual { c: Conv2d(8, 3, padding = 1, bias = false), b: BatchNorm, Relu, Conv2d(8, 1) }, Relu },
    #[frozen] mix: concat { a: Conv2d(4, 1), b: { Conv2d(4, 3, padding = 1), Gelu }, c: {} },
    add { p: Conv2d(4, 1), q: { Conv2d(8, 1), Silu, Conv2d(4, 1) }, r: Conv2d(4, 1) },
    Dropout(0.1), GlobalAvgPool2d, head: Linear(10), LogSoftmax }";

fn figures(text: &str) -> [(Measure, usize); 6] {
    let network = network(text);
    let plan = plan(&network);
    Measure::ALL.map(|measure| (measure, sum(&shares(&network, &plan, measure)).expect("numbers")))
}

#[test]
fn shares_add_up_to_the_figures() {
    for text in [LENET, BRANCHED] {
        let network = network(text);
        let [scratch, tape] = memory::sizes(&network, &plan(&network)).map(|size| F32 * size.expect("no paths"));
        let number = |size: Size| size.known().expect("a number");
        let learning = network.layers().filter(|layer| layer.learns());
        let learned: usize = learning.map(|layer| number(layer.parameter_count())).sum();
        let weights = number(network.entries());
        let (macs, parameters) = (number(network.macs()), number(network.parameter_count()));
        let wants = [scratch, F32 * weights, macs, parameters, tape + F32 * learned, tape];
        assert_eq!(figures(text).map(|(_, figure)| figure), wants);
        // Each area has a value that fills it.
        assert!(peak::shares(&network, &plan(&network)).iter().all(|share| share.name != "input"));
    }
}

#[test]
fn a_limit_may_be_reached_and_not_exceeded() {
    for text in [LENET, BRANCHED] {
        let limits = |less: usize| {
            figures(text).map(|(measure, figure)| format!("{} = {}", measure.key(), figure - less)).join(", ")
        };
        let [exact, short] = [0, 1].map(|less| messages(&format!("{text} budget({});", limits(less))));
        assert_eq!(exact, [""; 0]);
        assert_eq!(short.len(), 6);
        assert!(short.iter().all(|message| message.contains(", 1 more than ")), "{short:#?}");
    }
}

/// What is said where each limit is 1, of the first line what stands behind it.
fn decided(text: &str) -> [String; 6] {
    Measure::ALL.map(|measure| {
        let found = messages(&format!("{text} budget({} = 1);", measure.key()));
        let line = found[0].lines().next().expect("a line");
        line.split_once(" more than 1; ").expect("a limit").1.to_owned()
    })
}

#[test]
fn the_layers_of_lenet_that_decide() {
    assert_eq!(
        decided(LENET),
        [
            "`conv2` decides it: its input [6, 14, 14] from `max_pool2d_2` takes 4,704 bytes and the output [16, 5, 5] of \
             `max_pool2d_5`, made in the same pass, 1,600; make `conv1` smaller: fewer channels or a larger stride",
            "`fc1` has the largest share: 192,480 bytes, 78 %; make `fc1` smaller: fewer features, of it or before it",
            "`conv2` has the largest share: 240,000, 58 %; make `conv2` smaller: fewer channels, a larger stride or `groups`",
            "`fc1` has the largest share: 48,120, 78 %; make `fc1` smaller: fewer features, of it or before it",
            "`fc1` has the largest share: 193,440 bytes, 68 %; make `fc1` smaller: fewer features, of it or before it, or \
             `#[frozen]`",
            "`conv1` has the largest share: 18,816 bytes, 50 %; make `conv1` smaller: fewer channels or a larger stride",
        ]
    );
}

#[test]
fn what_waits_for_its_use_is_named() {
    let text = "struct Net: [2, 4, 4] -> [2, 4, 4] { a: Conv2d(2, 1), residual { b: Conv2d(9, 1), c: Conv2d(2, 1) } }";
    let want = "`c` decides it: its input [9, 4, 4] from `b` takes 576 bytes, its output [2, 4, 4] 128 and the output \
                [2, 4, 4] of `a`, which is needed later, 128; make `b` smaller: fewer channels or a larger stride";
    assert_eq!(decided(text)[0], want);
}

#[test]
fn areas_that_no_operation_fills() {
    let want = "`mix` needs most of it at once, 32,768 bytes: its input [8, 16, 16] from `blocks.1.conv2d_4` takes \
                8,192 bytes, its input [4, 16, 16] from `mix.a` 4,096, its input [4, 16, 16] from `mix.b.conv2d_0` 4,096 \
                and its output [16, 16, 16] 16,384";
    assert_eq!(decided(BRANCHED)[0], want);
}

#[test]
fn other_mistakes_come_first() {
    let found = messages("struct Net: [2] -> [3] { Linear(2) } budget(macs = 1);");
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("output: the header states"), "{found:?}");
}

#[test]
fn the_documentation_shows_the_budget() {
    let shown = |text: &str| {
        let network = network(text);
        described(&network, &plan(&network))
    };
    let text = format!("{LENET} budget(ram = 24 KiB, macs = 420_000);");
    assert_eq!(shown(&text), "\n\nBudget: `ram` 6,304 of 24,576 bytes, `macs` 416,520 of 420,000.");
    let text = "struct Net: [2] -> [2] { self::Inner -> [2] } budget(flash = 1 kB);";
    assert_eq!(shown(text), "\n\nBudget: `flash` at most 1,000 bytes.");
    assert_eq!(shown(LENET), "");
}

#[test]
fn rustc_compares_only_what_the_macro_cannot() {
    let expansion = |layer: &str, limit: usize| {
        let text = format!("struct Net: [2] -> [2] {{ {layer} }} budget(macs = {limit});");
        crate::expand(text.parse().expect("tokens")).to_string()
    };
    let [kept, exceeded, path] =
        [("Linear(2)", 4), ("Linear(2)", 3), ("self::Inner -> [2]", 3)].map(|(layer, limit)| expansion(layer, limit));
    assert!(!kept.contains("check_budget") && !kept.contains("compile_error"));
    assert!(!exceeded.contains("check_budget") && exceeded.contains("compile_error"));
    assert!(path.contains("check_budget") && !path.contains("compile_error"));
    // Beside the error the network is whole.
    assert!(exceeded.contains("fn predict") && !exceeded.contains("IS_STUB"));
}

#[test]
fn settings_come_in_any_order() {
    let net = "struct Net: [2] -> [2] { Linear(2) }";
    for settings in ["loss = mse; budget(macs = 4,);", "budget(macs = 4); loss = mse;", "budget(macs = 4);"] {
        assert_eq!(messages(&format!("{net} {settings}")), [""; 0]);
    }
    let found = messages(&format!("{net} budget(macs = 4) loss = cross_entropi;"));
    assert_eq!(found, ["expected `;` after the budget"]);
    let found = messages(&format!("{net} budget(macs = 3, parameters = 5);"));
    assert_eq!(found.len(), 2, "each limit is compared: {found:?}");
}
