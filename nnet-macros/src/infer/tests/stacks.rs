//! Random stacks: inference gives what counting gives, and refuses what does not fit, no more and no less.

use nnet_core::shape::Shape;

use super::count::{self, Counted};
use super::draw::{self, Item};
use crate::size::{self, Size};
use crate::tests::{Random, messages, network};

const STACKS: usize = 3000;

/// Whatever fits is meant here.
const ALLOWED: &str = "#[allow(nnet::two_activations, nnet::bias_before_batch_norm, nnet::constant_result)]";

/// What is wrong with arguments whatever the shape is.
const CHECKED: [&str; 2] = ["is 0, but must be", "padding \"same\" needs stride 1"];

fn sizes(shape: Shape) -> Vec<usize> {
    match shape {
        Shape::Flat(n) => vec![n],
        Shape::Sequence(sizes) => sizes.to_vec(),
        Shape::Map(sizes) => sizes.to_vec(),
    }
}

/// A declaration, and what its layers are by counting, or what does not fit.
fn stack(random: &mut Random) -> (String, Counted) {
    let x = draw::shape(random);
    let items: Vec<Item> = draw::items(random, &x, 6, 2);
    let mut counted = Counted::default();
    let y = count::sequence(&items, &x, &mut counted);
    let is_right = random.below(16) > 0;
    let stated = y.clone().filter(|_| is_right).unwrap_or_else(|| draw::shape(random));
    let declaration = format!("{ALLOWED} struct N: {x:?} -> {stated:?} {{ {} }}", named(&draw::text(&items)));
    if y.is_some_and(|y| y != stated) {
        counted.broken = Some("the header states");
    }
    (declaration, counted)
}

/// With names for residual blocks, whose shortcuts could have one name otherwise.
fn named(layers: &str) -> String {
    let mut parts = layers.split("residual {");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.enumerate().fold(first, |text, (number, part)| format!("{text}r{number}: residual {{{part}"))
}

#[test]
fn inference_is_counting() {
    let (mut fit, mut operations) = (0, 0);
    for case in 0..STACKS {
        let random = &mut Random((case as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let (declaration, counted) = stack(random);
        let errors = messages(&declaration);
        if let Some(word) = counted.broken {
            // Arguments are checked before shapes; else it must be the layer that is broken.
            let is_it = |error: &String| {
                let headline = error.lines().next().unwrap_or_default();
                headline.contains(&format!(": {word}")) || CHECKED.iter().any(|why| headline.contains(why))
            };
            assert!(errors.iter().any(is_it), "case {case}: {word} does not fit: {declaration}\n{errors:#?}");
            continue;
        }
        assert!(errors.is_empty(), "case {case} fits, but is refused: {declaration}\n{}", errors.join("\n"));
        let found = network(&declaration);
        let shapes: Vec<_> =
            found.operations.iter().map(|operation| sizes(size::known(operation.output).expect("numbers"))).collect();
        assert_eq!(shapes, counted.shapes, "case {case}: {declaration}");
        assert_eq!(
            found.parameter_count(),
            Size::Known(counted.parameters),
            "parameters of case {case}: {declaration}"
        );
        assert_eq!(found.macs(), Size::Known(counted.macs), "work of case {case}: {declaration}");
        fit += 1;
        operations += shapes.len();
    }
    println!("stacks: {fit} of {STACKS} fit, with {operations} operations");
    let refused = STACKS - fit;
    assert!(fit > STACKS / 4 && refused > STACKS / 4 && operations > 3 * fit, "{fit} fit, {operations} operations");
}
