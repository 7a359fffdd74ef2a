//! What is written, and what is reported about what cannot be read.

use crate::tests::messages;

use super::*;
use crate::ast::BlockKind;

fn parsed(text: &str) -> Declaration {
    let mut errors = Errors::default();
    let declaration = declaration(text.parse().expect("tokens"), &mut errors).expect("a declaration");
    assert_eq!(errors.messages(), [""; 0]);
    declaration
}

fn call(layer: &Layer) -> &Call {
    match &layer.node {
        Some(Node::Call(call)) => call,
        _ => panic!("a call"),
    }
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
    let names = call(conv).arguments.iter().map(|argument| argument.name.is_some());
    assert_eq!(names.collect::<Vec<_>>(), [false, true]);
    assert!(net.layers[1].name.is_none() && call(&net.layers[1]).arguments.is_empty());
    assert_eq!(text(&net.loss.unwrap().path), "huber");
}

#[test]
fn all_mistakes_of_the_parse_are_reported() {
    let found = messages(
        "struct Net: [4] -> [2] { Linear(8) Relu, Linear(= 3), 5, fc: Linear(2) }
         optimizer = sgd; budget(ram 3); loss = mse",
    );
    assert_eq!(
        found,
        [
            "expected `,` between one layer and the next",
            "expected an expression",
            "expected a name, as in `Linear(10)`",
            "`optimizer` is not part of a network; give it where it is trained: `Trainer::new(network, Sgd::new(0.1)).batch_size(32)`",
            "budget: expected `=`, as in `ram = ..`",
            "expected `;` after the loss",
        ]
    );
}

#[test]
fn blocks_are_found() {
    let net = parsed(
        "struct Net: [4] -> [4] {
             a: residual(shortcut = Linear(4)) { Relu },
             residual { Relu } shortcut { Linear(4), Relu },
             concat { x: { Relu }, Linear(2), {} } -> [10],
             add { {}, {} },
             b: repeat(3) { Relu },
             { Relu },
             c: crate::Mine<3> -> [4],
         }",
    );
    let kinds: Vec<_> = net
        .layers
        .iter()
        .map(|layer| match &layer.node {
            Some(Node::Block(block)) => match &block.kind {
                BlockKind::Sequence(layers) => format!("sequence of {}", layers.len()),
                BlockKind::Residual { body, shortcut } => format!("residual of {}, {}", body.len(), shortcut.is_some()),
                BlockKind::Concat(arms) => format!("concat of {}", arms.len()),
                BlockKind::Add(arms) => format!("add of {}", arms.len()),
                BlockKind::Repeat { body, .. } => format!("repeat of {}", body.len()),
            },
            Some(Node::Call(call)) => text(&call.path),
            None => "broken".to_owned(),
        })
        .collect();
    let want =
        ["residual of 1, true", "residual of 1, true", "concat of 3", "add of 2", "repeat of 1", "sequence of 1"];
    assert_eq!(kinds[..6], want);
    assert_eq!(kinds[6], "crate::Mine");
    assert!(net.layers[2].contract.is_some());
}

#[test]
fn broken_blocks_are_reported() {
    for (layer, message) in [
        ("residual(short = Relu) { Relu }", "residual: unknown argument `short`, expected `shortcut`"),
        ("residual(shortcut = Relu)", "expected layers in braces: `residual { .. }`"),
        ("residual { Relu } else { Relu }", "expected `,` between one layer and the next"),
        ("concat(2) { Relu }", "`concat` has no arguments; write `concat { .. }`"),
        ("repeat { Relu }", "`repeat` needs a number: `repeat(3) { .. }`"),
        ("residuel { Relu }", "unknown block `residuel` (did you mean `residual`?)"),
        ("Linear(4) { Relu }", "`Linear` takes no layers in braces; write them behind it, with a `,` between"),
        (
            "Sequential { Relu }",
            "unknown block `Sequential`, expected one of residual, concat, add, repeat, or braces alone",
        ),
        ("residual { }", "residual_0: the block has no layers; add one, such as `Relu`"),
        ("add { Relu }", "add_0: `add` needs at least two arms: `add { a: { .. }, b: { .. } }`"),
        ("repeat(0) { Relu }", "repeat_0: the number of repeats is 0, but must be at least 1"),
        ("self::Mine", "mine_0: state what a layer by path gives, as in `features: self::Features -> [64]`"),
        ("self::Mine(3) -> [4]", "mine_0: a layer by path has no arguments; its sizes are those of its type"),
    ] {
        let found = messages(&format!("struct Net: [4] -> [4] {{ {layer} }}"));
        assert_eq!(found, [message], "{layer}");
    }
    assert!(messages("struct N: [4] -> [4] { Relu } wights = \"a\";")[0].contains("(did you mean `weights`?)"));
}
