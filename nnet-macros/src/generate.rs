//! The expansion: plain Rust that a person could have written. Nothing is decided here, and nothing can fail.

mod backward;
mod budget;
pub mod by_path;
mod differentiable;
mod folded;
mod forward;
pub mod int8;
pub mod memory;
mod network;
mod scope;
mod shadow;
pub mod shapes;
mod stage;
pub mod structure;
mod train;
pub mod words;

use proc_macro2::TokenStream;
pub use train::train;

use crate::fold::Folded;
use crate::infer::Network;
use crate::plan::Plan;

/// All items of the network; that of bytes is a stub if an error says that there is none.
pub fn generate(network: &Network, plan: &Plan, folded: Option<&Folded>, is_sound: bool) -> TokenStream {
    let shapes = shapes::constants(&network.name, &network.deferred);
    let shape_checks = shapes::checks(&network.deferred);
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
    let budget = budget::checks(network, plan);
    let constants = structure::constants(network);
    let training_constant = structure::training_constant(network);
    let pretrained =
        structure::pretrained(network, network.weights.as_ref().map(|weights| weights.body(&network.name)));
    let bytes = folded.map_or(network, |folded| &folded.network);
    let int8 = network
        .quantize
        .as_ref()
        .map(|_| if is_sound { int8::int8(network, bytes) } else { int8::stub(network, &bytes.name) });
    let folded = folded.map(|folded| folded::folded(network, folded));
    code! {
        #shapes
        #shape_checks
        #structure
        #proofs
        #gradients
        #scratch
        #tape
        #proof
        #checks
        #code
        #training
        #budget
        #constants
        #training_constant
        #pretrained
        #folded
        #int8
    }
}
