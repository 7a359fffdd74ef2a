//! Networks on the heap.

use std::boxed::Box;

use nnet_core::{Network, Random, zeroed};

/// A network on the heap with initial weights that follow from `seed`.
///
/// ```
/// nnet::network! {
///     #[derive(Debug, PartialEq)]
///     struct Xor: [2] -> [1] { Linear(8), Tanh, Linear(1) }
///     loss = mse;
/// }
///
/// let network = nnet::boxed::<Xor>(1);
/// assert_eq!(*network, *nnet::boxed::<Xor>(1));
/// ```
#[must_use]
pub fn boxed<N: Network>(seed: u64) -> Box<N> {
    let mut network = zeroed::<N>();
    network.init(&mut Random::new(seed));
    network
}
