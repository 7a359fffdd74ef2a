//! How long each value is in a work area: what a budget and the summary tell of the plan.

use super::forward::{Forward, Step};
use super::{Operand, Storage};
use crate::infer::{Network, Value, Work};
use crate::size::Size;

/// A value in a work area, from the operation that writes it to the last that touches it.
pub struct Stay {
    pub area: usize,
    pub value: Value,
    pub begin: usize,
    pub end: usize,
}

/// All values that are in work areas for a while.
pub fn stays(network: &Network, forward: &Forward) -> Vec<Stay> {
    let mut stays: Vec<Stay> = Vec::new();
    for (at, step) in by_operation(network, forward) {
        for (operand, is_new) in operands(step) {
            let Some(area) = area(operand) else { continue };
            match stays.iter_mut().rev().find(|stay| stay.area == area) {
                Some(stay) if !is_new => stay.end = at,
                _ => stays.push(Stay { area, value: operand.value, begin: at, end: at }),
            }
        }
    }
    // The output is there in the end.
    let output = area(forward.output());
    if let Some(last) = stays.iter_mut().rev().find(|stay| Some(stay.area) == output) {
        last.end = network.operations.len();
    }
    stays
}

/// The steps, each with its operation: those of an operation follow each other.
fn by_operation(network: &Network, forward: &Forward) -> Vec<(usize, Step)> {
    let mut steps = forward.steps.iter().copied().peekable();
    let mut found = Vec::new();
    for (at, operation) in network.operations.iter().enumerate() {
        // One arm of a sum is overwritten, or copied.
        let mut sums = if matches!(operation.work, Work::Add) { operation.inputs.len() - 1 } else { 0 };
        let mut is_own = |step: &Step| match *step {
            Step::Through { operation, .. }
            | Step::InPlace { operation, .. }
            | Step::Statistics { operation, .. }
            | Step::Meet { operation } => operation == at,
            Step::Copy { to, .. } | Step::Part { to, .. } => to.value == at + 1,
            Step::Add { .. } => {
                let is_own = sums > 0;
                sums = sums.saturating_sub(1);
                is_own
            }
        };
        while let Some(step) = steps.next_if(&mut is_own) {
            found.push((at, step));
        }
    }
    found
}

/// What a step touches, and whether it is written for the first time there; what is read comes first.
fn operands(step: Step) -> Vec<(Operand, bool)> {
    match step {
        Step::Through { x, y, .. } => vec![(x, false), (y, true)],
        Step::InPlace { y, .. } => vec![(y, false)],
        Step::Copy { from, to } => vec![(from, false), (to, true)],
        Step::Add { from, to } => vec![(from, false), (to, false)],
        Step::Part { from, to, offset } => vec![(from, false), (to, offset == Size::Known(0))],
        Step::Statistics { x, .. } => vec![(x, false)],
        Step::Meet { .. } => Vec::new(),
    }
}

fn area(operand: Operand) -> Option<usize> {
    if let Storage::Area(area) = operand.storage { Some(area) } else { None }
}

/// The areas that an operation reads or writes.
pub fn touched(network: &Network, forward: &Forward, at: usize) -> Vec<usize> {
    let own = by_operation(network, forward).into_iter().filter(|(operation, _)| *operation == at);
    own.flat_map(|(_, step)| operands(step)).filter_map(|(operand, _)| area(operand)).collect()
}
