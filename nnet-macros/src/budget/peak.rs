//! The memory of `predict`: which value makes each work area as large as it is, and which operation needs the most at
//! once. The areas are all there all the time, so their sum is the figure; it is decided by one operation where that
//! needs the largest value of each area.

use super::{Share, bytes, smaller_output};
use crate::generate::words::layer_type;
use crate::infer::{Network, Value};
use crate::plan::{Plan, Room, Stay, entries, stays, touched};
use crate::size::Size;
use crate::table::thousands;

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
