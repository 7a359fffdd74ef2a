//! Shapes, parameters and work by hand, and where a mistake is reported.

use crate::tests::messages;
use crate::{check, parse};

use super::*;

fn network(text: &str) -> Network {
    let mut errors = Errors::default();
    let declaration = parse::declaration(text.parse().expect("tokens"), &mut errors).expect("a declaration");
    let draft = infer(check::check(declaration, &mut errors), &mut errors);
    assert_eq!(errors.messages(), [""; 0]);
    draft.complete().expect("a whole network")
}

#[test]
fn parameters_and_work_by_hand() {
    let net = network("struct N: [2, 5, 4] -> [3] { Conv2d(4, [3, 2], bias = false), Flatten, Linear(3) }");
    let shapes: Vec<_> = net.layers.iter().map(|layer| layer.output).collect();
    assert_eq!(shapes, [Shape::Map([4, 3, 3]), Shape::Flat(36), Shape::Flat(3)]);
    assert_eq!(net.parameter_count(), 4 * 2 * 3 * 2 + 36 * 3 + 3);
    assert_eq!(net.macs(), 4 * 3 * 3 * 2 * 3 * 2 + 36 * 3);
    let offsets: Vec<_> = net.layers.iter().flat_map(|layer| &layer.parameters).map(|tensor| tensor.offset).collect();
    assert_eq!(offsets, [0, 48, 48 + 108]);
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
