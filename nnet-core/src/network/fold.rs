//! Folding: a batch norm in prediction is one scale and one shift a channel, which the layer before it can take over.

use super::Network;

/// A network with batch norms right behind convolutions or linear layers: in prediction these take them over.
///
/// `network!` implements it, and declares the folded network as a type of its own, `LeNetFolded`: without those batch
/// norms, with a bias for each layer that took one over. It predicts and does nothing else. Its predictions are equal
/// within rounding.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no batch norm to fold",
    note = "a batch norm is folded if it stands right behind a convolution or a linear layer, in the same block"
)]
pub trait Fold: Network {
    /// The network without the batch norms that were folded.
    type Folded: Network<Scalar = Self::Scalar>;

    /// Writes the folded parameters.
    fn fold_into(&self, folded: &mut Self::Folded);
}
