//! Stages: code that runs between two meetings of a batch. Without batch norm there is one, and no code for it.

use proc_macro2::TokenStream;

use super::words::{integer, layer_type};
use crate::infer::{Network, Operation};

/// The number of a stage: the batch norms before it, and those inside layers by path, which only rustc knows.
#[derive(Clone, Default)]
pub struct Stage {
    meetings: usize,
    /// The operations by path before it.
    paths: Vec<usize>,
}

/// The stages of a network's operations in forward.
pub struct Stages {
    /// In which one each operation begins.
    begins: Vec<Stage>,
    /// The last.
    pub last: Stage,
}

impl Stages {
    pub fn of(network: &Network) -> Self {
        let mut here = Stage::default();
        let mut begins = Vec::new();
        for (at, operation) in network.operations.iter().enumerate() {
            begins.push(here.clone());
            if operation.meets() {
                here.meetings += 1;
            } else if may_meet(operation) {
                here.paths.push(at);
            }
        }
        Self { begins, last: here }
    }

    pub fn begin(&self, operation: usize) -> Stage {
        self.begins.get(operation).cloned().unwrap_or_default()
    }

    /// Whether there is only one, as the macro can tell.
    pub fn is_one(&self) -> bool {
        self.last.meetings == 0 && self.last.paths.is_empty()
    }
}

/// Whether batch norms may be inside.
pub fn may_meet(operation: &Operation) -> bool {
    operation.is_by_path() && operation.layer().is_some_and(|layer| !layer.frozen)
}

impl Stage {
    /// The stage that follows this one's meeting.
    pub fn next(mut self) -> Self {
        self.meetings += 1;
        self
    }

    /// The stage in which an operation by path that begins in this one ends.
    pub fn after(mut self, path: usize) -> Self {
        self.paths.push(path);
        self
    }

    /// `2 + <Backbone<S> as Layer>::MEETINGS`
    pub fn number(&self, network: &Network) -> TokenStream {
        let meetings = integer(self.meetings);
        let types = self
            .paths
            .iter()
            .filter_map(|at| network.operation(*at)?.layer())
            .map(|layer| layer_type(layer, &code!(S)));
        code!(#meetings #(+ <#types as ::nnet::__private::Layer>::MEETINGS)*)
    }
}

/// Code under the condition of its stage, unless there is only one.
pub fn guarded(network: &Network, stages: &Stages, stage: &Stage, code: TokenStream) -> TokenStream {
    if stages.is_one() || code.is_empty() {
        return code;
    }
    let number = stage.number(network);
    code!(if stage == #number { #code })
}
