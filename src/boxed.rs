//! Networks on the heap.

use std::boxed::Box;

use nnet_core::{Fold, Network, Random, zeroed};

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

/// The network on the heap in its form for prediction, with each batch norm that stands right behind a convolution or
/// a linear layer folded into that: as many layers fewer to run, and predictions that are equal within rounding. Batch
/// norms inside layers by path stay.
///
/// ```
/// use nnet::Network;
///
/// nnet::network! {
///     struct Net: [1, 6, 6] -> [2] {
///         conv: Conv2d(4, kernel = 3, bias = false), bn: BatchNorm, Relu,
///         Flatten, head: Linear(2),
///     }
///     loss = cross_entropy;
/// }
///
/// let network = nnet::boxed::<Net>(1);
/// let folded = nnet::folded(&*network);
/// // A bias took the place of scale, shift, mean and variance.
/// assert_eq!(NetFolded::WEIGHT_BYTES, Net::WEIGHT_BYTES - 4 * 4 * 4 + 4 * 4);
/// let x = [[[0.5; 6]; 6]; 1];
/// let (mut scratch, mut folded_scratch) = (NetScratch::ZERO, NetFoldedScratch::ZERO);
/// let (y, z) = (network.predict(&x, &mut scratch), folded.predict(&x, &mut folded_scratch));
/// assert!(y.iter().zip(z).all(|(y, z)| (y - z).abs() < 1e-5));
/// ```
#[must_use]
pub fn folded<N: Fold>(network: &N) -> Box<N::Folded> {
    let mut folded = zeroed::<N::Folded>();
    network.fold_into(&mut folded);
    folded
}
