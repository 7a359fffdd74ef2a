//! A hundred layers expand in less than a tenth of a second. In a debug build, in which others' crates have the macro too
//! unless they ask for more, this is only measured.

use std::time::{Duration, Instant};

use proc_macro2::TokenStream;

use crate::expand;

const MOST: Duration = Duration::from_millis(100);

/// As in `tests/deep.rs`, with the blocks written out.
fn residual(layers: usize) -> String {
    let conv = "Conv2d(16, kernel = 3, padding = 1, bias = false), BatchNorm";
    let block = format!("residual {{ {conv}, Relu, {conv} }}, Relu, ");
    format!(
        "struct Net: [3, 32, 32] -> [10] {{ {conv}, Relu, {} GlobalAvgPool2d, Linear(10) }} loss = cross_entropy;",
        block.repeat((layers - 2) / 2)
    )
}

fn plain(layers: usize) -> String {
    let body = "Conv2d(16, 3, padding = 1), Relu, ".repeat(layers - 1);
    format!("struct Net: [3, 32, 32] -> [10] {{ {body} GlobalAvgPool2d, Linear(10) }} loss = cross_entropy;")
}

/// The fastest of some expansions, which other programs disturb least.
fn time(declaration: &str) -> Duration {
    let tokens: TokenStream = declaration.parse().expect("tokens");
    let run = |_| {
        let begin = Instant::now();
        let expansion = expand(tokens.clone());
        let took = begin.elapsed();
        assert!(!expansion.is_empty());
        took
    };
    (0..5).map(run).min().expect("some runs")
}

#[test]
fn a_hundred_layers_expand_quickly() {
    for (name, declaration) in [("plain", plain as fn(usize) -> String), ("residual", residual)] {
        let [ten, hundred, two_hundred] = [10, 100, 200].map(|layers| time(&declaration(layers)));
        println!("expansion, {name}: {ten:?} for 10 layers, {hundred:?} for 100, {two_hundred:?} for 200");
        assert!(cfg!(debug_assertions) || hundred < MOST, "{name}: {hundred:?}");
    }
}
