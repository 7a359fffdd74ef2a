//! Shapes, parameters and work by hand, and where a mistake is reported.

mod count;
mod draw;
mod stacks;

use nnet_core::shape;

use crate::tests::{messages, network};

use super::*;

#[test]
fn parameters_and_work_by_hand() {
    let net = network("struct N: [2, 5, 4] -> [3] { Conv2d(4, [3, 2], bias = false), Flatten, Linear(3) }");
    let shapes: Vec<_> = net.operations.iter().map(|operation| operation.output).collect();
    let plain = [shape::Shape::Map([4, 3, 3]), shape::Shape::Flat(36), shape::Shape::Flat(3)];
    assert_eq!(shapes, plain.map(size::shape));
    assert_eq!(net.parameter_count(), Size::Known(4 * 2 * 3 * 2 + 36 * 3 + 3));
    assert_eq!(net.macs(), Size::Known(4 * 3 * 3 * 2 * 3 * 2 + 36 * 3));
}

#[test]
fn one_mistake_is_one_error() {
    // All that follows the second layer is unknown; nothing about it is reported.
    let found = messages("struct N: [1, 8, 8] -> [2] { Conv2d(2, 3), Linear(4), MaxPool2d(9), Linear(3) }");
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].starts_with("linear_1: Linear needs a flat input, but `conv2d_0` above gives [2, 6, 6]; "));
}

#[test]
fn a_contract_tells_the_shape_behind_a_mistake() {
    let found = messages("struct N: [1, 8, 8] -> [2] { Linear(4) -> [4], Linear(3), MaxPool2d(2) }");
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found[1].contains("max_pool2d_2: MaxPool2d needs a map [channels, height, width], but `linear_1` above"));
}

#[test]
fn blocks_give_names_and_places() {
    let net = network(
        "struct N: [2, 4, 4] -> [3] {
            stem: { conv: Conv2d(2, 1) },
            residual { inner: Conv2d(2, 1) },
            blocks: repeat(2) { residual { conv: Conv2d(2, 1), Relu } },
            concat { a: Conv2d(1, 1), b: { Relu, conv: Conv2d(2, 1) } },
            GlobalAvgPool2d,
        }",
    );
    let labels: Vec<_> = net.operations.iter().map(|operation| operation.label.as_str()).collect();
    assert_eq!(
        labels,
        [
            "stem.conv",
            "inner",
            "residual_1",
            "blocks.0.conv",
            "blocks.0.relu_2",
            "blocks.0.residual_0",
            "blocks.1.conv",
            "blocks.1.relu_2",
            "blocks.1.residual_0",
            "a",
            "b.relu_0",
            "b.conv",
            "concat_4",
            "global_avg_pool2d_7",
        ]
    );
    let inputs: Vec<_> = net.operations.iter().map(|operation| operation.inputs.clone()).collect();
    assert_eq!(inputs[2], [2, 1], "the block's value, and its input");
    assert_eq!(inputs[12], [10, 12]);
    let fields: Vec<_> = net.root.fields.iter().map(|field| field.name.to_string()).collect();
    assert_eq!(fields, ["stem", "inner", "blocks", "a", "b"]);
}

#[test]
fn names_of_locals_are_apart() {
    let net =
        network("struct N: [4] -> [4] { a: { b: Linear(4) }, a_b: Linear(4), area_a: Linear(4), bn: { BatchNorm } }");
    let locals: Vec<_> = net.operations.iter().map(|operation| operation.local.to_string()).collect();
    assert_eq!(locals, ["a_b", "a_b_2", "area_a_2", "bn_batch_norm_0"]);
}

#[test]
fn arms_that_do_not_fit_show_both() {
    let found = messages("struct N: [3, 8, 8] -> [4, 4, 4] { block: residual { Conv2d(4, 3, 2, 1), Relu } }");
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(
        found[0].lines().next(),
        Some(
            "block: `residual` adds what its block gives, [4, 4, 4], to its input, [3, 8, 8]; \
             give it a shortcut of that shape: `residual(shortcut = Conv2d(4, kernel = 1, stride = 2)) { .. }`"
        )
    );
    let found = messages("struct N: [3, 8, 8] -> [4, 4, 4] { concat { Conv2d(4, 3), Conv2d(2, 1) } }");
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].contains("but `conv2d_1` gives [4, 6, 6] and `conv2d_2` gives [2, 8, 8]; "), "{found:#?}");
}

#[test]
fn a_repeated_block_gives_what_it_takes() {
    let found = messages("struct N: [3] -> [4] { repeat(3) { Linear(4) } }");
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].starts_with("repeat_0: `repeat` must give what it takes, but its block takes [3] and gives [4]"));
    let found = messages("struct N: [3] -> [3] { repeat(100000) { Relu, Relu } }");
    assert!(found[0].contains("gives more than 10000 layers"), "{found:#?}");
}

#[test]
fn nothing_is_repeated_in_no_time() {
    let net =
        network("struct N: [3] -> [3] { repeat(18446744073709551615) { repeat(18446744073709551615) { {} } }, Relu }");
    assert_eq!(net.operations.len(), 1);
}

#[test]
fn long_flows_are_shortened() {
    let found = messages(&format!("struct N: [4] -> [3] {{ {} Linear(2) }}", "Relu, ".repeat(40)));
    let lines: Vec<_> = found[0].lines().collect();
    assert!(lines.contains(&"  … 29 more …"), "{}", found[0]);
    assert_eq!(lines.last(), Some(&"→ output                must be [3]"));
}

#[test]
fn sums_that_do_not_fit_are_refused() {
    let huge = "9000000000000000";
    for layers in [
        format!("Linear({huge}), Linear({huge}), Linear(1)"),
        format!("Linear({huge}), Relu, Linear(1)"),
        format!("Linear({huge}), Linear(1), Linear({huge}), Linear(1)"),
    ] {
        let found = messages(&format!("struct N: [1] -> [1] {{ {layers} }}"));
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].contains("Linear has sizes that multiply to more than the address space holds"), "{found:#?}");
    }
    let map = messages("struct N: [1, 3000000000, 3000000000] -> [1] { GlobalAvgPool2d }");
    assert!(map[0].starts_with("input: has sizes that"), "{map:#?}");
}

#[test]
fn blocks_have_types_of_their_own() {
    for (layers, broken, kind) in [
        ("tape: { Linear(4) }", "tape", "NTape"),
        ("a: { b: { Linear(4) } }, a_b: { Linear(4) }", "a_b", "NAB"),
        ("x_gradients: { Linear(4) }, x: { Linear(4) }", "x_gradients", "NXGradients"),
        ("x: { Linear(4) }, folded_x: { Linear(4) }", "folded_x", "NFoldedX"),
    ] {
        let found = messages(&format!("struct N: [4] -> [4] {{ {layers} }}"));
        let want =
            format!("{broken}: the block's type would be `{kind}`, but there is one already; choose another name");
        assert_eq!(found, [want]);
    }
    network("struct N: [4] -> [4] { tape: Linear(4), a: { tape: { Linear(4) } }, b: { tape: { Linear(4) } } }");
}

#[test]
fn paths_are_frozen_only_before_what_trains() {
    let found = |layers: &str| messages(&format!("struct N: [4] -> [4] {{ {layers} }}"));
    let frozen = "#[frozen] f: self::F -> [4]";
    let refused = [
        format!("fc: Linear(4), {frozen}"),
        format!("residual {{ fc: Linear(4) }}, Relu, {frozen}"),
        format!("Relu, repeat(5) {{ {frozen}, fc: Linear(4) }}"),
        format!("a: self::F -> [4], {frozen}"),
    ];
    for layers in refused {
        let found = found(&layers);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].starts_with("f: `F` is frozen, but a layer by path can be frozen only"), "{}", found[0]);
    }
    let taken = [
        format!("Relu, {frozen}, fc: Linear(4)"),
        format!("#[frozen] fc: Linear(4), {frozen}"),
        format!("add {{ fc: Linear(4), {frozen} }}"),
    ];
    for layers in taken {
        network(&format!("struct N: [4] -> [4] {{ {layers} }}"));
    }
}
