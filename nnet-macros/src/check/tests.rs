//! Arguments by position and by name, and the defaults.

use nnet_core::shape::Window2d;

use super::*;
use crate::layer::Activation;
use crate::parse;
use crate::tests::messages;

fn kind(layer: &str) -> Kind {
    let mut errors = Errors::default();
    let tokens = format!("struct Net: [1, 9, 9] -> [2] {{ {layer} }}").parse().expect("tokens");
    let declaration = parse::declaration(tokens, &mut errors).expect("a declaration");
    let kind = check(declaration, &mut errors).layers.remove(0).kind;
    assert_eq!(errors.messages(), [""; 0]);
    kind.expect("a whole layer")
}

/// The error in a network of this one layer.
fn refused(layer: &str) -> String {
    let messages = messages(&format!("struct Net: [1, 9, 9] -> [2] {{ {layer} }}"));
    assert_eq!(messages.len(), 1, "{messages:#?}");
    messages.concat()
}

#[test]
fn defaults_are_those_of_pytorch() {
    let window = Window2d::new;
    let conv = |window, bias| Kind::Conv2d { out: 6, window, bias };
    assert_eq!(kind("Conv2d(6, 5)"), conv(window([5, 5], [1, 1], [0, 0]), true));
    assert_eq!(kind("Conv2d(6, [5, 3], 2, [1, 0], false)"), conv(window([5, 3], [2, 2], [1, 0]), false));
    assert_eq!(
        kind("Conv2d(padding = 2, bias = true, kernel = 5, out = 6)"),
        conv(window([5, 5], [1, 1], [2, 2]), true)
    );
    assert_eq!(kind("MaxPool2d([3, 2])"), Kind::MaxPool2d { window: window([3, 2], [3, 2], [0, 0]) });
    assert_eq!(kind("AvgPool2d(3, 1, 1)"), Kind::AvgPool2d { window: window([3, 3], [1, 1], [1, 1]) });
    assert_eq!(kind("Linear(3, bias = false)"), Kind::Linear { out: 3, bias: false });
    assert_eq!(kind("LeakyRelu"), Kind::Activation(Activation::LeakyRelu { slope: 0.01 }));
    assert_eq!(kind("LeakyRelu(0)"), Kind::Activation(Activation::LeakyRelu { slope: 0.0 }));
}

#[test]
fn values_out_of_range_are_refused() {
    for (layer, message) in [
        ("Linear(-2)", "out must be an integer that is not negative, found `-2`"),
        ("Linear(2u8)", "out must be an integer without the suffix `u8`, found `2u8`"),
        ("Linear(99999999999999999999)", "out is too large: 99999999999999999999"),
        ("Linear(N)", "out must be an integer literal, found `N`; write its value, for sizes are integer literals"),
        ("Linear(1 + 1)", "out must be an integer literal, found `1 + 1`"),
        ("MaxPool2d([0, 1])", "kernel is 0, but must be at least 1"),
        ("MaxPool2d([2])", "kernel must be one integer, or `[height, width]`, found `[2]`"),
        ("LeakyRelu(-0.5)", "slope must be a finite number of at least 0, found `-0.5`"),
        ("LeakyRelu(1e999)", "slope must be a finite number of at least 0, found `1e999`"),
        ("Linear(2, bias = 1)", "bias must be `true` or `false`, found `1`"),
    ] {
        let found = refused(layer);
        assert!(found.ends_with(message), "{layer}: {found}");
    }
}

#[test]
fn calls_that_do_not_fit_their_signature_are_refused() {
    for (layer, message) in [
        ("Linear()", "linear_0: Linear needs `out`; it takes (out, bias = true)"),
        ("Linear(2, true, 3)", "linear_0: Linear has only 2 arguments; it takes (out, bias = true)"),
        ("Linear(2, out = 3)", "linear_0: Linear is given `out` twice; it takes (out, bias = true)"),
        (
            "Linear(2, bais = true)",
            "linear_0: Linear has no argument `bais` (did you mean `bias`?); it takes (out, bias = true)",
        ),
        ("Flatten(1)", "flatten_0: Flatten has no arguments; write it without parentheses"),
    ] {
        assert_eq!(refused(layer), message);
    }
}

#[test]
fn a_call_is_shown_as_a_person_would_write_it() {
    let mut errors = Errors::default();
    let text = "struct N: [1,9,9]->[2] { Conv2d(6,kernel=[5,3],padding = -1) }";
    let declaration = parse::declaration(text.parse().expect("tokens"), &mut errors).expect("a declaration");
    let layer = check(declaration, &mut errors).layers.remove(0);
    assert_eq!(layer.declaration, "Conv2d(6, kernel = [5, 3], padding = -1)");
}
