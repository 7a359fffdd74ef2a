//! Arguments by position and by name, and the defaults.

use nnet_core::shape::Window2d;

use super::*;
use crate::layer::{Activation, Convolution};
use crate::parse;
use crate::size::Window;
use crate::tests::messages;

fn kind(layer: &str) -> Kind {
    let mut errors = Errors::default();
    let tokens = format!("struct Net: [1, 9, 9] -> [2] {{ {layer} }}").parse().expect("tokens");
    let declaration = parse::declaration(tokens, &mut errors).expect("a declaration");
    let node = check(declaration, &mut errors).layers.remove(0).node;
    assert_eq!(errors.messages(), [""; 0]);
    let Node::Kind(kind) = node else { panic!("a whole layer") };
    kind
}

/// The error in a network of this one layer.
fn refused(layer: &str) -> String {
    let messages = messages(&format!("struct Net: [1, 9, 9] -> [2] {{ {layer} }}"));
    assert_eq!(messages.len(), 1, "{messages:#?}");
    messages.concat()
}

#[test]
fn defaults_are_those_of_pytorch() {
    let size = Size::Known;
    let plain = |window: Window2d| Window {
        kernel: window.kernel.map(size),
        stride: window.stride.map(size),
        padding: window.padding.map(size),
        padding_end: window.padding_end.map(size),
        dilation: window.dilation.map(size),
    };
    let window = |kernel, stride, padding| plain(Window2d::new(kernel, stride, padding));
    let conv = |window, groups, bias| Kind::Conv2d(Convolution { out: size(6), window, groups: size(groups), bias });
    assert_eq!(kind("Conv2d(6, 5)"), conv(window([5, 5], [1, 1], [0, 0]), 1, true));
    let dilated = plain(Window2d::new([5, 3], [2, 2], [1, 0]).with_dilation([2, 2]));
    assert_eq!(kind("Conv2d(6, [5, 3], 2, [1, 0], 2, 3, false)"), conv(dilated, 3, false));
    let named = "Conv2d(padding = 2, bias = true, kernel = 5, out = 6)";
    assert_eq!(kind(named), conv(window([5, 5], [1, 1], [2, 2]), 1, true));
    let same = plain(Window2d::same([4, 4], [2, 2]));
    assert_eq!(kind("Conv2d(6, 4, padding = \"same\", dilation = 2)"), conv(same, 1, true));
    let line = Convolution { out: size(6), window: window([1, 3], [1, 2], [0, 1]), groups: size(1), bias: true };
    assert_eq!(kind("Conv1d(6, 3, 2, 1)"), Kind::Conv1d(line.clone()));
    let transposed = kind("ConvTranspose2d(6, [1, 3], [1, 2], [0, 1], [0, 1])");
    assert_eq!(transposed, Kind::ConvTranspose2d { convolution: line, output_padding: [0, 1].map(size) });
    assert_eq!(kind("MaxPool2d([3, 2])"), Kind::MaxPool2d { window: window([3, 2], [3, 2], [0, 0]) });
    let average = |window, count_include_pad| Kind::AvgPool2d { window, count_include_pad };
    assert_eq!(kind("AvgPool2d(3, 1, 1)"), average(window([3, 3], [1, 1], [1, 1]), true));
    assert_eq!(kind("AvgPool2d(3, 1, 1, false)"), average(window([3, 3], [1, 1], [1, 1]), false));
    assert_eq!(kind("BatchNorm"), Kind::BatchNorm { eps: 1e-5, momentum: 0.1 });
    assert_eq!(kind("ZeroPad2d([1, 2, 3, 4])"), Kind::ZeroPad2d { padding: [1, 2, 3, 4].map(size) });
    assert_eq!(kind("Linear(3, bias = false)"), Kind::Linear { out: size(3), bias: false });
    assert_eq!(kind("LeakyRelu"), Kind::Activation(Activation::LeakyRelu { slope: 0.01 }));
    assert_eq!(kind("LeakyRelu(0)"), Kind::Activation(Activation::LeakyRelu { slope: 0.0 }));
}

#[test]
fn values_out_of_range_are_refused() {
    for (layer, message) in [
        ("Linear(-2)", "out must be an integer that is not negative, found `-2`"),
        ("Linear(2u8)", "out must be an integer without the suffix `u8`, found `2u8`"),
        ("Linear(99999999999999999999)", "out is too large: 99999999999999999999"),
        ("Linear(1 - 2)", "out cannot be calculated: `1 - 2`"),
        (
            "Linear(if A { 1 } else { 2 })",
            "out must be an integer or a constant expression, found `if A { 1 } else { 2 }`",
        ),
        ("MaxPool2d([0, 1])", "kernel is 0, but must be at least 1"),
        ("MaxPool2d([2])", "kernel must be one integer, or `[height, width]`, found `[2]`"),
        ("LeakyRelu(-0.5)", "slope must be a finite number of at least 0, found `-0.5`"),
        ("LeakyRelu(1e999)", "slope must be a finite number of at least 0, found `1e999`"),
        ("Conv2d(2, 3, padding = \"valid\")", "padding must be a number or \"same\", found `\"valid\"`"),
        ("Conv2d(2, 3, 2, \"same\")", "padding \"same\" needs stride 1; give the padding as a number"),
        ("Conv1d(2, [3, 3])", "kernel must be an integer or a constant expression, found `[3, 3]`"),
        ("Dropout(1.5)", "p must be a finite number from 0 to 1, found `1.5`"),
        ("BatchNorm(eps = 0)", "eps must be a finite number above 0, found `0`"),
        ("ZeroPad2d([1, 2])", "padding must be one integer, or `[left, right, top, bottom]`, found `[1, 2]`"),
        ("Upsample2d(2, \"cubic\")", "mode must be \"nearest\" or \"bilinear\", found `\"cubic\"`"),
        ("Upsample2d(2, align_corners = true)", "align_corners has a meaning for mode = \"bilinear\" only; remove it"),
        ("GroupNorm(0)", "groups is 0, but must be at least 1"),
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
