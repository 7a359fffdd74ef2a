//! A pool whose gradient takes the place of the map that it has seen: that needs no buffer of its own.

use super::{Gradient, Step, Walk, operand};
use crate::infer::{Operation, Value};
use crate::layer::{Kind, Reads};
use crate::plan::fused::is_pointwise;
use crate::plan::{Operand, Storage};
use crate::size::{Size, Window};

impl Walk<'_> {
    /// Goes back through a pool over the kept map, and through the activation that gave it; says no where that cannot be.
    pub(super) fn over(&mut self, at: usize, operation: &Operation, x: Value, dy: Gradient) -> bool {
        let map = self.forward.place(x);
        let Some(activation) = self.last_reader(at, operation, x, map) else { return false };
        let dx = Gradient { name: map.value, ..self.fixed(map.storage) };
        self.push(Step::Over { operation: at, activation, x: map, dy: operand(dy) }, false);
        let behind = activation.and_then(|activation| self.network.operation(activation)?.inputs.first().copied());
        self.contribute(behind.unwrap_or(x), dx);
        true
    }

    /// The activation that gave the map and must be gone through with the pool, for it reads the map as well; `None`
    /// inside if nobody but the pool does, and outside if somebody else reads the map later.
    fn last_reader(&self, at: usize, operation: &Operation, x: Value, map: Operand) -> Option<Option<usize>> {
        let is_field = matches!(map.storage, Storage::Field(_)) && map.storage != self.forward.output().storage;
        let is_pool = operation.layer().is_some_and(|layer| is_apart(&layer.kind));
        // What is only asked for goes to the caller's buffer, and a sum of gradients is not known yet.
        let is_whole = self.needs.is_trained(x) && self.readers.get(x) == Some(&1);
        if !(is_field && is_pool && is_whole) {
            return None;
        }
        let reads = |reader: &usize| {
            let operation = self.network.operation(*reader).filter(|_| self.needs.goes_back(*reader));
            let x = operation.and_then(|operation| operation.inputs.first().copied()).unwrap_or_default();
            operation
                .and_then(|operation| self.kept(*reader, operation, x))
                .is_some_and(|kept| kept.storage == map.storage)
        };
        let mut readers = (0..at).filter(reads);
        match (readers.next(), readers.next()) {
            (None, _) => Some(None),
            (Some(reader), None) if reader + 1 == x && self.has_slope_of_output(reader) => Some(Some(reader)),
            _ => None,
        }
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
