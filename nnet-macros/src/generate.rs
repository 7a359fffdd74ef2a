//! The expansion: plain Rust that a person could have written. Nothing is decided here, and nothing can fail.

mod backward;
mod forward;
mod memory;
mod network;
mod structure;
mod train;
pub mod words;

use proc_macro2::TokenStream;
pub use structure::{constants, zero};
pub use train::train;

use crate::infer::Network;
use crate::plan::Plan;

pub fn generate(network: &Network, plan: &Plan) -> TokenStream {
    let structure = structure::structure(network, plan);
    let scratch = memory::scratch(network, plan);
    let tape = memory::tape(network, plan);
    let proof = memory::proof(network, plan);
    let constants = constants(&network.name, &network.visibility);
    let implementation = network::implementation(network, plan);
    let training = train::implementation(network);
    code! {
        #structure
        #scratch
        #tape
        #proof
        #implementation
        #training
        #constants
    }
}
