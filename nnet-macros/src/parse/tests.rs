//! What is written, and what is reported about what cannot be read.

use crate::tests::messages;

use super::*;

fn parsed(text: &str) -> Declaration {
    let mut errors = Errors::default();
    let declaration = declaration(text.parse().expect("tokens"), &mut errors).expect("a declaration");
    assert_eq!(errors.messages(), [""; 0]);
    declaration
}

#[test]
fn every_part_is_found() {
    let net = parsed(
        "/// Docs.
         pub(crate) struct Net: [1, 8, 8] -> [2] {
             /// More.
             #[init(xavier_normal)]
             conv: Conv2d(6, kernel = [3, 5]) -> [6, 6, 4],
             GlobalAvgPool2d,
             Linear(2)
         }
         loss = huber(delta = 1.0);",
    );
    assert_eq!((net.name.to_string(), net.attributes.len(), net.layers.len()), ("Net".to_owned(), 1, 3));
    let conv = &net.layers[0];
    assert_eq!((conv.attributes.len(), conv.name.as_ref().unwrap().to_string()), (2, "conv".to_owned()));
    assert_eq!(conv.contract.as_ref().map(|contract| contract.sizes.len()), Some(3));
    let names = conv.call.as_ref().unwrap().arguments.iter().map(|argument| argument.name.is_some());
    assert_eq!(names.collect::<Vec<_>>(), [false, true]);
    assert!(net.layers[1].name.is_none() && net.layers[1].call.as_ref().unwrap().arguments.is_empty());
    assert_eq!(text(&net.loss.unwrap().path), "huber");
}

#[test]
fn all_mistakes_of_the_parse_are_reported() {
    let found = messages(
        "struct Net: [4] -> [2] { Linear(8) Relu, Linear(= 3), 5, fc: Linear(2) }
         budget(ram = 3); loss = mse",
    );
    assert_eq!(
        found,
        [
            "expected `,` between one layer and the next",
            "expected an expression",
            "expected a name, as in `Linear(10)`",
            "unknown setting `budget`, expected `loss`",
            "expected `;` after the loss",
        ]
    );
}

#[test]
fn later_words_of_the_language_are_unknown_yet() {
    let layer = |layer: &str| messages(&format!("struct Net: [4] -> [4] {{ {layer} }}")).join("\n");
    assert!(layer("residual { Relu }").contains("unknown block `residual { .. }`"));
    assert!(layer("residual(shortcut = Relu) { Relu }").contains("unknown block `residual { .. }`"));
    assert!(layer("repeat(3) { Relu }").contains("unknown block `repeat { .. }`"));
    assert!(layer("concat { a: { Relu }, b: { Relu } }").contains("unknown block `concat { .. }`"));
    assert!(layer("crate::Mine(3)").contains("expected a name"));
    assert!(layer("#[frozen] fc: Linear(4)").contains("unknown attribute `frozen`"));
    assert!(messages("struct N: [4] -> [4] { Relu } weights = \"a\";")[0].contains("unknown setting `weights`"));
}
