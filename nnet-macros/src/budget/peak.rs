//! The memory of `predict`: which value makes each work area as large as it is, and which operation needs the most at
//! once. The areas are all there all the time, so their sum is the figure; it is decided by one operation where that
//! needs the largest value of each area.

use super::{Share, bytes, smaller_output};
use crate::generate::words::layer_type;
use crate::infer::{Network, Value, Work};
use crate::plan::{Forward, ForwardStep as Step, Operand, Plan, Room, Storage, entries};
use crate::size::Size;
use crate::table::thousands;

/// A value in a work area, from the operation that writes it to the last that touches it.
struct Stay {
    area: usize,
    value: Value,
    begin: usize,
    end: usize,
}

/// The work areas, each by the first of its largest values, and what layers by path work in.
pub fn shares(network: &Network, plan: &Plan) -> Vec<Share> {
    let stays = stays(network, &plan.predict);
    let areas = plan.scratch.iter().enumerate().map(|(area, room)| {
        let is_largest = |stay: &&Stay| stay.area == area && room.may_be_for(network.shape(stay.value));
        let largest = stays.iter().find(is_largest);
        let value = largest.map_or(0, |stay| stay.value);
        area_share(network, value, largest.map_or(0, |stay| stay.begin), room)
    });
    let inner = network.operations.iter().filter(|operation| operation.is_by_path()).filter_map(|operation| {
        let layer = layer_type(operation.layer()?, &code!(::core::primitive::f32));
        let memory = code!(<#layer as ::nnet::__private::Layer>::Scratch<::core::primitive::f32>);
        Some(Share {
            name: operation.label.clone(),
            what: format!("inside {}", operation.declaration),
            size: Size::Known(0),
            unknown: vec![code!(::core::mem::size_of::<#memory>())],
            cure: "",
        })
    });
    areas.chain(inner).collect()
}

/// `begin` is the operation that fills the area, or a pass that ends with the one that gives the value.
fn area_share(network: &Network, value: Value, begin: usize, room: &Room) -> Share {
    let giver = value.checked_sub(1).and_then(|_| network.operation(begin));
    Share {
        name: giver.map_or("input", |giver| giver.label.as_str()).to_owned(),
        what: format!("output {}", network.shape(value)),
        size: bytes(room.entries().unwrap_or(Size::Known(0))),
        unknown: Vec::new(),
        cure: giver.map_or("", smaller_output),
    }
}

/// Who gives a value.
pub fn name(network: &Network, value: Value) -> &str {
    value.checked_sub(1).and_then(|at| network.operation(at)).map_or("input", |giver| giver.label.as_str())
}

/// The operation that needs the most at once, and what that is, if `figure` is all that `predict` needs.
pub fn decided(network: &Network, plan: &Plan, figure: usize) -> String {
    let stays = stays(network, &plan.predict);
    let needed = |at: usize| stays.iter().filter(move |stay| (stay.begin..=stay.end).contains(&at));
    let size = |value: Value| bytes(entries(network.shape(value))).known().unwrap_or_default();
    let bytes = |at: usize| needed(at).map(|stay| size(stay.value)).sum::<usize>();
    // The first of equal ones.
    let Some(peak) = (0..network.operations.len()).rev().max_by_key(|at| bytes(*at)) else { return String::new() };
    let Some(operation) = network.operation(peak) else { return String::new() };
    let mut needed: Vec<_> = needed(peak).collect();
    let touched = touched(network, &plan.predict, peak);
    let rank = |stay: &Stay| match () {
        () if !touched.contains(&stay.area) => 2,
        () if stay.begin == peak => 1,
        () => 0,
    };
    needed.sort_by_key(|stay| rank(stay));
    let described = needed.iter().enumerate().map(|(number, stay)| {
        let (giver, shape) = (name(network, stay.value), network.shape(stay.value));
        let what = match rank(stay) {
            0 => format!("its input {shape} from `{giver}`"),
            1 if stay.value == peak + 1 => format!("its output {shape}"),
            1 => format!("the output {shape} of `{giver}`, made in the same pass,"),
            _ => format!("the output {shape} of `{giver}`, which is needed later,"),
        };
        let (verb, unit) = if number == 0 { (" takes", " bytes") } else { ("", "") };
        format!("{what}{verb} {}{unit}", thousands(size(stay.value)))
    });
    let described = sentence(&described.collect::<Vec<_>>());
    let label = &operation.label;
    match bytes(peak) {
        all if all == figure => format!("`{label}` decides it: {described}"),
        most => format!("`{label}` needs most of it at once, {} bytes: {described}", thousands(most)),
    }
}

/// `a, b and c`
fn sentence(parts: &[String]) -> String {
    match parts {
        [before @ .., last] if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        parts => parts.concat(),
    }
}

/// The areas that an operation reads or writes.
fn touched(network: &Network, forward: &Forward, at: usize) -> Vec<usize> {
    let own = by_operation(network, forward).into_iter().filter(|(operation, _)| *operation == at);
    own.flat_map(|(_, step)| operands(step)).filter_map(|(operand, _)| area(operand)).collect()
}

/// All values that are in work areas for a while.
fn stays(network: &Network, forward: &Forward) -> Vec<Stay> {
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
