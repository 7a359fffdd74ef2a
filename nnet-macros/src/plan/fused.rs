//! Which operations predict in one pass: a convolution, the activation behind it if there is one, and a pool whose
//! windows lie side by side. The maps between them need no memory.

use crate::infer::Network;
use crate::layer::{Activation, Kind};
use crate::size::{Size, Window, is_padded};

/// The most entries of a window for which there is such a pass.
const WINDOW: usize = 64;

/// The last operation of the pass that begins with operation `at`: itself, if it is alone.
pub fn last(network: &Network, at: usize) -> usize {
    let kind = |at| kind_of(network, at);
    if !kind(at).is_some_and(|kind| matches!(kind, Kind::Conv2d(_) | Kind::Conv1d(_))) {
        return at;
    }
    let behind = |at: usize| only_reader(network, at + 1);
    let Some(next) = behind(at) else { return at };
    let pool = if kind(next).is_some_and(is_pointwise) { behind(next) } else { Some(next) };
    pool.filter(|pool| kind(*pool).is_some_and(is_side_by_side)).unwrap_or(at)
}

/// The same for bytes: a convolution or a linear layer, rectifiers behind it, and with a convolution one maximum pool.
pub fn last_of_bytes(network: &Network, at: usize) -> usize {
    let kind = |at| kind_of(network, at);
    let mut may_pool = match kind(at) {
        Some(Kind::Conv2d(_) | Kind::Conv1d(_)) => true,
        Some(Kind::Linear { .. }) => false,
        _ => return at,
    };
    let mut last = at;
    while let Some(next) = only_reader(network, last + 1) {
        match kind(next) {
            Some(Kind::Activation(Activation::Relu | Activation::Relu6)) => {}
            Some(pool @ (Kind::MaxPool2d { .. } | Kind::MaxPool1d { .. })) if may_pool && is_side_by_side(pool) => {
                may_pool = false;
            }
            _ => break,
        }
        last = next;
    }
    last
}

fn kind_of(network: &Network, at: usize) -> Option<&Kind> {
    network.operation(at).and_then(|operation| operation.layer()).map(|layer| &layer.kind)
}

/// The operation that reads a value, if it is the one that follows its making and no other does.
fn only_reader(network: &Network, value: usize) -> Option<usize> {
    let mut readers = network.operations.iter().enumerate().filter(|(_, operation)| operation.inputs.contains(&value));
    let (reader, _) = readers.next()?;
    (reader == value && readers.next().is_none()).then_some(reader)
}

pub fn is_pointwise(kind: &Kind) -> bool {
    matches!(kind, Kind::Activation(activation) if !matches!(activation, Activation::Softmax | Activation::LogSoftmax))
}

fn is_side_by_side(kind: &Kind) -> bool {
    let (Kind::MaxPool2d { window }
    | Kind::MaxPool1d { window }
    | Kind::AvgPool2d { window, .. }
    | Kind::AvgPool1d { window, .. }) = kind
    else {
        return false;
    };
    let Window { kernel, stride, dilation, .. } = window;
    let entries = kernel[0].known().zip(kernel[1].known()).and_then(|(height, width)| height.checked_mul(width));
    entries.is_some_and(|entries| entries <= WINDOW)
        && kernel == stride
        && !is_padded(window)
        && *dilation == [Size::ONE; 2]
}
