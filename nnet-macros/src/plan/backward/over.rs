//! A pool whose gradient takes the place of the map that it has seen: that needs no buffer of its own.

use super::{Gradient, Step, Walk, operand};
use crate::infer::{Operation, Value};
use crate::layer::{Kind, Reads};
use crate::plan::fused::is_pointwise;
use crate::plan::{Operand, Storage};
use crate::size::{Size, Window};

impl Walk<'_> {
    /// Goes back through a pool over the kept map, and through the activation that gave it if that reads the map as well.
    /// Says no where it cannot.
    pub(super) fn over(&mut self, at: usize, operation: &Operation, x: Value, dy: Gradient) -> bool {
        let map = self.forward.place(x);
        if !self.is_replaceable(operation, x, map) {
            return false;
        }
        let activation = match self.later_readers(at, map)[..] {
            [] => None,
            [reader] if reader + 1 == x && self.has_slope_of_output(reader) => Some(reader),
            _ => return false,
        };
        let dx = Gradient { name: map.value, ..self.fixed(map.storage) };
        self.push(Step::Over { operation: at, activation, x: map, dy: operand(dy) }, false);
        let before = activation.and_then(|activation| self.network.operation(activation)?.inputs.first().copied());
        self.contribute(before.unwrap_or(x), dx);
        true
    }

    /// Whether the operation is a pool whose map has a buffer that a gradient may take.
    fn is_replaceable(&self, operation: &Operation, x: Value, map: Operand) -> bool {
        let is_pool = operation.layer().is_some_and(|layer| is_apart(&layer.kind));
        let is_field = matches!(map.storage, Storage::Field(_)) && map.storage != self.forward.output().storage;
        // What is only asked for goes to the caller's buffer, and a sum of gradients is not known yet.
        let is_whole = self.needs.is_trained(x) && self.readers.get(x) == Some(&1);
        is_pool && is_field && is_whole
    }

    /// The operations before `at` whose backward, which is still to come, reads what is in the place of the map.
    fn later_readers(&self, at: usize, map: Operand) -> Vec<usize> {
        let reads = |reader: &usize| {
            let Some(operation) = self.network.operation(*reader).filter(|_| self.needs.goes_back(*reader)) else {
                return false;
            };
            let x = operation.inputs.first().copied().unwrap_or_default();
            self.kept(*reader, operation, x).is_some_and(|kept| kept.storage == map.storage)
        };
        (0..at).filter(reads).collect()
    }

    fn has_slope_of_output(&self, operation: usize) -> bool {
        let layer = self.network.operation(operation).and_then(Operation::layer);
        layer.is_some_and(|layer| is_pointwise(&layer.kind) && layer.kind.backward_reads(layer.frozen) == Reads::Output)
    }
}

/// Whether the windows of a pool of largest entries do not overlap, and lie in its input.
fn is_apart(kind: &Kind) -> bool {
    let (Kind::MaxPool2d { window } | Kind::MaxPool1d { window }) = kind else { return false };
    let Window { kernel, stride, padding, padding_end, dilation } = window;
    let is_apart = |(kernel, stride): (&Size, &Size)| {
        kernel == stride || kernel.known().zip(stride.known()).is_some_and(|(kernel, stride)| kernel < stride)
    };
    let is_plain = [padding, padding_end].iter().all(|padding| **padding == [Size::Known(0); 2]);
    kernel.iter().zip(stride).all(is_apart) && is_plain && *dilation == [Size::ONE; 2]
}
