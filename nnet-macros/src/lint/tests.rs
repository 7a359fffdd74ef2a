//! What is suspicious, and what looks like it.

use crate::tests::messages;

/// The first lines of the reports about these layers.
fn found(input: &str, layers: &str, output: &str, loss: &str) -> Vec<String> {
    let found = messages(&format!("struct N: {input} -> {output} {{ {layers} }} {loss}"));
    found.iter().map(|message| message.lines().next().unwrap_or_default().to_owned()).collect()
}

fn classes(layers: &str, loss: &str) -> Vec<String> {
    found("[4]", layers, "[4]", &format!("loss = {loss};"))
}

#[test]
fn the_loss_gets_what_it_wants() {
    for (layers, loss, message) in [
        ("Linear(4), Softmax", "cross_entropy", "softmax_1: `cross_entropy` wants scores and applies LogSoftmax"),
        ("Linear(4), Softmax, Flatten", "cross_entropy", "softmax_1: `cross_entropy` wants scores"),
        ("{ Linear(4), last: { LogSoftmax } }", "cross_entropy", "log_softmax_0: `cross_entropy` wants scores"),
        (
            "Linear(4), Relu",
            "cross_entropy",
            "relu_1: `cross_entropy` wants scores of any size and sign, but Relu gives",
        ),
        ("Linear(4), Relu, Softmax", "cross_entropy", "softmax_2: `cross_entropy` wants scores"),
        ("Linear(4), Softmax", "nll", "softmax_1: `nll` wants logarithms"),
        ("Linear(4)", "nll", "loss: `nll` wants logarithms of probabilities, but `linear_0` gives scores"),
        ("Linear(4), LogSoftmax, Dropout", "nll", "dropout_2: with Dropout last, the loss sees"),
        (
            "a: Linear(4), Dropout",
            "mse",
            "dropout_1: with Dropout last, the loss sees outputs that chance made 0; put it before `a`",
        ),
    ] {
        let found = classes(layers, loss);
        assert!(found.len() == 1 && found[0].starts_with(message), "{layers}, {loss}: {found:#?}");
    }
    for (layers, loss) in [
        ("Linear(4), LogSoftmax", "nll"),
        ("Linear(4), Softmax", "mse"),
        ("Linear(4), LeakyRelu", "cross_entropy"),
        ("body: self::Body -> [4]", "nll"),
        ("#[allow(nnet::softmax_before_cross_entropy)] Softmax", "cross_entropy"),
        ("#[allow(nnet::nll_without_log_softmax)] Linear(4)", "nll"),
    ] {
        assert_eq!(classes(layers, loss), [""; 0], "{layers}, {loss}");
    }
    assert_eq!(found("[4]", "Linear(4), Dropout", "[4]", ""), [""; 0]);
}

#[test]
fn two_activations_make_no_sense() {
    let found = |layers: &str| found("[4]", layers, "[4]", "");
    for (layers, message) in [
        ("Relu, Relu", "relu_1: Relu right behind `relu_0` changes nothing; remove one of them"),
        ("Sigmoid, PRelu", "p_relu_1: PRelu right behind `sigmoid_0` changes nothing; remove one of them"),
        ("a: { Relu }, Flatten, b: Relu", "b: Relu right behind `a.relu_0` changes nothing; remove one of them"),
        (
            "Sigmoid, t: Tanh",
            "t: Tanh stands right behind another activation, `sigmoid_0`; remove one of them, or put a layer between",
        ),
        (
            "repeat(3) { Linear(4), Relu, Relu }",
            "relu_2: Relu right behind `repeat_0.0.relu_1` changes nothing; remove one of them",
        ),
        (
            "repeat(3) { Relu, Linear(4), Relu }",
            "relu_0: Relu right behind `repeat_0.0.relu_2` changes nothing; remove one of them",
        ),
    ] {
        assert_eq!(found(layers), [message], "{layers}");
    }
    for layers in [
        "Relu, Dropout, Relu",
        // The input of the block is read by its sum, too.
        "Relu, residual { Tanh }",
        "Relu, Flatten, add { {}, Tanh }",
        "#[allow(nnet::two_activations)] { Relu, Tanh }",
        "Relu, #[allow(nnet::two_activations, dead_code, reason = \"a square\")] PRelu",
    ] {
        assert_eq!(found(layers), [""; 0], "{layers}");
    }
}

#[test]
fn a_bias_before_a_batch_norm_has_no_effect() {
    let found = |layers: &str| found("[2, 8, 8]", layers, "[2, 8, 8]", "");
    let message = "conv: the bias has no effect, for `bn` right behind it subtracts the mean of each channel; write `bias = false`";
    assert_eq!(found("conv: Conv2d(2, 1), bn: BatchNorm"), [message]);
    assert_eq!(found("conv: Conv2d(2, 1, bias = true), bn: BatchNorm"), [message]);
    for layers in [
        "conv: Conv2d(2, 1, bias = false), bn: BatchNorm",
        "conv: Conv2d(2, 1), Relu, bn: BatchNorm",
        "conv: Conv2d(2, 1), residual { BatchNorm }",
        // What is frozen has the statistics of another time.
        "#[frozen] { conv: Conv2d(2, 1), bn: BatchNorm }",
        "#[allow(nnet::bias_before_batch_norm)] conv: Conv2d(2, 1), bn: BatchNorm",
    ] {
        assert_eq!(found(layers), [""; 0], "{layers}");
    }
}

#[test]
fn results_that_depend_on_nothing() {
    for (layers, message) in [
        ("Linear(1), Softmax", "softmax_1: Softmax of one number is always 1"),
        ("Linear(1), LayerNorm", "layer_norm_1: LayerNorm of one number always gives"),
        ("GroupNorm(4), Linear(1)", "group_norm_0: GroupNorm of groups of one number"),
        ("Dropout(1), Linear(1)", "dropout_0: with p = 1 every number becomes 0"),
    ] {
        let found = found("[4]", layers, "[1]", "loss = mse;");
        assert!(found.len() == 1 && found[0].starts_with(message), "{layers}: {found:#?}");
    }
}

#[test]
fn attributes_that_allow_nothing() {
    for (attribute, message) in [
        ("allow(nnet::two_activation)", "unknown lint `nnet::two_activation` (did you mean `nnet::two_activations`?)"),
        ("warn(nnet::two_activations)", "lints of a network are errors; `#[warn]` has no meaning"),
        ("allow(dead_code)", "relu_0: it has no parameters, so `#[allow]` has no meaning"),
    ] {
        let found = found("[4]", &format!("#[{attribute}] Relu"), "[4]", "");
        assert!(found.len() == 1 && found[0].starts_with(message), "{attribute}: {found:#?}");
    }
}
