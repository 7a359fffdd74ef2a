//! Forward: each value into a buffer, a work area or a field of the tape.

use super::{Area, Areas, Place, Value};
use crate::infer::Layer;

pub struct Forward {
    /// One a layer.
    pub steps: Vec<Step>,
    pub areas: Areas,
}

/// How one layer runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    pub layer: usize,
    pub x: Value,
    pub action: Action,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action {
    /// Reads `x` and writes a new buffer.
    Write(Place),
    /// Copies `x` to a new buffer, and overwrites that.
    Copy(Place),
    /// Overwrites `x`.
    InPlace,
    /// Gives `x` another shape.
    View,
}

impl Step {
    /// The value behind the layer.
    pub fn y(&self) -> Value {
        if self.action == Action::InPlace { self.x } else { Value::Of(self.layer) }
    }
}

impl Forward {
    /// The value behind the last layer.
    pub fn output(&self) -> Value {
        self.steps.last().map_or(Value::Input, Step::y)
    }

    /// The layers that write a field of the tape.
    pub fn fields(&self) -> Vec<usize> {
        let is_field = |step: &&Step| matches!(step.action, Action::Write(Place::Field) | Action::Copy(Place::Field));
        self.steps.iter().filter(is_field).map(|step| step.layer).collect()
    }

    /// Whether `value` is a view of another.
    pub fn viewed(&self, value: Value) -> Option<Value> {
        let Value::Of(layer) = value else { return None };
        self.steps.get(layer).filter(|step| step.action == Action::View).map(|step| step.x)
    }

    /// The buffer that holds `value`.
    pub fn buffer(&self, value: Value) -> Value {
        self.viewed(value).map_or(value, |x| self.buffer(x))
    }
}

/// For each layer, whether backward reads what it gives. The output is always kept.
pub fn needed_by_backward(layers: &[Layer]) -> Vec<bool> {
    let next_reads = layers.iter().skip(1).map(|next| next.kind.backward_reads_input()).chain([true]);
    let mut needed: Vec<_> =
        layers.iter().zip(next_reads).map(|(layer, next)| layer.kind.backward_reads_output() || next).collect();
    // What a view shows must stay if what it views must.
    for view in 1..layers.len() {
        if layers.get(view).is_some_and(|layer| layer.kind.is_view())
            && let Some([viewed, shown]) = needed.get_mut(view - 1..=view)
        {
            *shown |= *viewed;
        }
    }
    needed
}

/// The steps, if the values behind the layers in `kept` must survive.
pub fn plan(layers: &[Layer], kept: &[bool]) -> Forward {
    let mut forward = Forward { steps: Vec::new(), areas: Areas::default() };
    let mut x = Value::Input;
    // The area that `x` lies in, if it does.
    let mut busy = None;
    for (position, layer) in layers.iter().enumerate() {
        let is_input = forward.buffer(x) == Value::Input;
        let is_output = position + 1 == layers.len();
        let may_overwrite = !is_input && !kept_before(kept, position);
        let is_new = match () {
            () if layer.kind.is_view() => is_input && is_output,
            () if layer.kind.is_in_place() => !may_overwrite,
            () => true,
        };
        let action = if is_new {
            let place = place(layers, kept, position, busy);
            busy = if let Place::Area(area) = place { Some(area) } else { None };
            if let Some(area) = busy {
                forward.areas.fit(area, layer.output);
            }
            let copies = layer.kind.is_view() || layer.kind.is_in_place();
            if copies { Action::Copy(place) } else { Action::Write(place) }
        } else if layer.kind.is_view() {
            Action::View
        } else {
            Action::InPlace
        };
        let step = Step { layer: position, x, action };
        x = step.y();
        forward.steps.push(step);
    }
    forward
}

fn kept_before(kept: &[bool], position: usize) -> bool {
    position.checked_sub(1).and_then(|before| kept.get(before)).is_none_or(|kept| *kept)
}

/// A field, if anything is kept that will be in the buffer that the layer writes; else the area that is not busy.
fn place(layers: &[Layer], kept: &[bool], position: usize, busy: Option<Area>) -> Place {
    let stays = |at: usize, layer: &Layer| {
        at == position || layer.kind.is_view() || (layer.kind.is_in_place() && !kept_before(kept, at))
    };
    let in_buffer = layers.iter().enumerate().skip(position).take_while(|(at, layer)| stays(*at, layer));
    if in_buffer.zip(kept.iter().skip(position)).any(|(_, kept)| *kept) {
        Place::Field
    } else {
        Place::Area(busy.map_or(Area::A, Area::other))
    }
}
