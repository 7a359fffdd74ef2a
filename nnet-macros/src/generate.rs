//! The expansion: plain Rust that a person could have written. Nothing is decided here, and nothing can fail.

mod backward;
pub mod by_path;
mod differentiable;
mod folded;
mod forward;
pub mod memory;
mod network;
mod scope;
mod shadow;
mod stage;
pub mod structure;
mod train;
pub mod words;

use proc_macro2::TokenStream;
pub use train::train;

use crate::fold::Folded;
use crate::infer::Network;
use crate::plan::Plan;

pub fn generate(network: &Network, plan: &Plan, folded: Option<&Folded>) -> TokenStream {
    let structure = structure::structure(network, plan);
    let proofs = by_path::proofs(network.layers());
    let gradients = structure::gradients(network);
    let scratch = memory::scratch(network, plan);
    let tape = memory::tape(network, plan);
    let proof = memory::proof(network, plan, true);
    let implementation = network::implementation(network, plan, true);
    let differentiable = differentiable::implementation(network, plan);
    let checks = network::checks(network);
    let code = shadow::scoped(&code!(#implementation #differentiable));
    let training = train::implementation(network);
    let constants = structure::constants(&network.name, &network.visibility);
    let training_constant = structure::training_constant(&network.name, &network.visibility);
    let folded = folded.map(|folded| folded::folded(network, folded));
    code! {
        #structure
        #proofs
        #gradients
        #scratch
        #tape
        #proof
        #checks
        #code
        #training
        #constants
        #training_constant
        #folded
    }
}
