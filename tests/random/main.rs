//! Gradients of random networks against central differences: a generator writes the networks, one program checks them.

mod generate;
#[path = "program/judge.rs"]
#[allow(dead_code, reason = "tested here, used in the program")]
mod judge;
mod layers;
mod program;
mod tree;

use tree::{BLOCKS, Counts, LOSSES, OTHERS};

const NETWORKS: usize = 240;

#[test]
fn gradients_are_those_of_central_differences() {
    let networks = generate::networks(1, NETWORKS);
    let mut counts = Counts::new();
    for network in &networks {
        network.count(&mut counts);
    }
    println!("{counts:?}");
    for word in [layers::KINDS, BLOCKS, OTHERS, LOSSES].concat() {
        assert!(counts.contains_key(word), "`{word}` occurs in no network");
    }
    let (text, is_well) = program::run(&networks);
    println!("{text}");
    assert!(is_well, "the program failed:\n{text}");
}

#[test]
fn networks_follow_from_the_seed() {
    let text = |seed| generate::networks(seed, 20).iter().map(ToString::to_string).collect::<String>();
    assert_eq!(text(5), text(5));
    assert_ne!(text(5), text(6));
}
