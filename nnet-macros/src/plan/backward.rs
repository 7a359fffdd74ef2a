//! Backward: each gradient into a work area, from the output's back to the first layer that learns, and on to the
//! input if the caller asks.

use super::{Area, Areas, Forward, Value, first_with_parameters};
use crate::infer::Layer;

pub struct Backward {
    /// The `Flatten` layers whose view of a kept value is read again.
    pub views: Vec<usize>,
    /// Down to the first layer that learns.
    pub always: Vec<Step>,
    /// From there to the input, if its gradient is asked for.
    pub asked: Vec<Step>,
    pub areas: Areas,
}

/// A gradient, called by the layer that gave the value which it belongs to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Gradient {
    Output,
    Of(usize),
    /// The caller's, in the input's shape or viewed as flat.
    Input {
        viewed: bool,
    },
}

/// Where a layer writes the gradient of its input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// Into an area, under this layer's name.
    Area { name: usize, area: Area },
    /// The same, only if the caller asks for the input's gradient.
    AreaIfAsked { name: usize, area: Area },
    /// To the caller.
    Caller { viewed: bool },
    /// To the caller if it asks; `again` if later steps need it too.
    CallerIfAsked { viewed: bool, again: bool },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// Reads `dy` and writes the gradient of its input.
    Through { layer: usize, x: Option<Value>, dy: Gradient, dx: Target },
    /// Overwrites `dy`; `kept` is the activation's output, or the input of one that reads that.
    InPlace { layer: usize, kept: Value, dy: Gradient },
    /// Gives `dy` the shape of the layer's input, as the gradient called `name`.
    View { layer: usize, dy: Gradient, name: usize },
    /// Copies the output's gradient to the caller's.
    Copy { viewed: bool },
}

impl Step {
    /// The kept value that it reads.
    pub fn reads(&self) -> Option<Value> {
        match self {
            Step::Through { x, .. } => *x,
            Step::InPlace { kept, .. } => Some(*kept),
            Step::View { .. } | Step::Copy { .. } => None,
        }
    }
}

/// What is known while going back.
struct Planner<'a> {
    layers: &'a [Layer],
    forward: &'a Forward,
    /// The layers that learn begin here.
    first: Option<usize>,
    /// The layers before this one overwrite or view the caller's gradient.
    soft: usize,
    dy: Gradient,
    /// The area that `dy` lies in, if it does.
    busy: Option<Area>,
    plan: Backward,
}

pub fn plan(layers: &[Layer], forward: &Forward) -> Backward {
    let is_soft = |layer: &&Layer| layer.kind.is_view() || layer.kind.is_in_place();
    let plan = Backward { views: Vec::new(), always: Vec::new(), asked: Vec::new(), areas: Areas::default() };
    let (first, soft) = (first_with_parameters(layers), layers.iter().take_while(is_soft).count());
    let mut planner = Planner { layers, forward, first, soft, dy: Gradient::Output, busy: None, plan };
    if soft == layers.len() {
        let viewed = planner.is_viewed(soft);
        planner.plan.asked.push(Step::Copy { viewed });
        planner.dy = Gradient::Input { viewed };
    }
    for (position, layer) in layers.iter().enumerate().rev() {
        planner.go_back(position, layer);
    }
    planner.finish()
}

impl Planner<'_> {
    fn go_back(&mut self, position: usize, layer: &Layer) {
        let Some(forward) = self.forward.steps.get(position) else { return };
        let dy = self.dy;
        let step = if layer.kind.is_in_place() {
            let kept = if layer.kind.backward_reads_input() { forward.x } else { forward.y() };
            Step::InPlace { layer: position, kept, dy }
        } else if layer.kind.is_view() {
            if let Gradient::Input { .. } = dy {
                self.dy = Gradient::Input { viewed: self.is_viewed(position) };
                return;
            }
            let name = self.name_before(position);
            self.dy = Gradient::Of(name);
            Step::View { layer: position, dy, name }
        } else {
            let x = layer.kind.backward_reads_input().then_some(forward.x);
            Step::Through { layer: position, x, dy, dx: self.target(position, layer) }
        };
        if self.first.is_some_and(|first| position >= first) {
            self.plan.always.push(step);
        } else {
            self.plan.asked.push(step);
        }
    }

    /// Where the gradient of the layer's input goes, which is the next `dy`.
    fn target(&mut self, position: usize, layer: &Layer) -> Target {
        let is_first = self.first == Some(position);
        if position == self.soft {
            let viewed = self.is_viewed(position);
            self.dy = Gradient::Input { viewed };
            let again = self.layers.iter().take(position).any(|layer| layer.kind.is_in_place());
            return if is_first { Target::CallerIfAsked { viewed, again } } else { Target::Caller { viewed } };
        }
        let name = self.name_before(position);
        let area = self.busy.map_or(Area::A, Area::other);
        self.plan.areas.fit(area, layer.input);
        self.dy = Gradient::Of(name);
        self.busy = Some(area);
        if is_first { Target::AreaIfAsked { name, area } } else { Target::Area { name, area } }
    }

    /// The name of the gradient of the layer's input: that of the layer before all activations in between.
    fn name_before(&self, position: usize) -> usize {
        let before = self.layers.iter().take(position).rposition(|layer| !layer.kind.is_in_place());
        before.unwrap_or_default()
    }

    /// Whether the input of the layer at `position` is a view of the network's input, activations aside.
    fn is_viewed(&self, position: usize) -> bool {
        self.layers.iter().take(position).any(|layer| layer.kind.is_view())
    }

    fn finish(mut self) -> Backward {
        let mut views = Vec::new();
        for value in self.plan.always.iter().chain(&self.plan.asked).filter_map(Step::reads) {
            let mut value = value;
            while let (Value::Of(layer), Some(x)) = (value, self.forward.viewed(value)) {
                views.push(layer);
                value = x;
            }
        }
        views.sort_unstable();
        views.dedup();
        self.plan.views = views;
        self.plan
    }
}
