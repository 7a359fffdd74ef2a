//! Backward: the gradient of each value, from the output's back to the first layers that learn, and on to the input if
//! the caller asks.
//!
//! A value that several operations read gets the sum of what they give. Where values are added, one buffer is the
//! gradient of all of them until one must be overwritten. Where nobody needs a kept value any more, the gradient may
//! take its place (`over`).

mod over;

use super::areas::{Interval, Room, assign};
use super::{Forward, Needs, Operand, Storage, behind};
use crate::infer::{Network, Operation, Value, Work};
use crate::layer::{Manner, Reads};
use crate::size::Size;

pub struct Backward {
    pub steps: Vec<Asked>,
    /// The work areas, those of forward included.
    pub areas: Vec<Room>,
    /// Whether the gradient of the input can be asked for.
    pub input_gradient: bool,
}

/// A step, and whether only the gradient of the input needs it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Asked {
    pub step: Step,
    pub only_if_asked: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// Reads `dy` and writes the gradient of its input, which may be needed only if asked for.
    Through { operation: usize, x: Option<Operand>, dy: Operand, dx: Option<Operand>, dx_only_if_asked: bool },
    /// A pool reads `dy` and overwrites `x`, its input, with the gradient of that; or of what the activation took that gave it.
    Over { operation: usize, activation: Option<usize>, x: Operand, dy: Operand },
    /// Overwrites `dy`.
    InPlace { operation: usize, kept: Option<Operand>, dy: Operand },
    /// A batch norm sums over `dy`.
    Sums { operation: usize, x: Operand, dy: Operand },
    /// All samples of the batch wait for each other, for this batch norm.
    Meet { operation: usize },
    /// A batch norm whose weights nothing needs any more as they are may change them: behind all else that it does.
    Learn { operation: usize },
    /// `to` ← `from`, perhaps in another shape.
    Copy { from: Operand, to: Operand },
    /// `to` += `from`, perhaps in another shape.
    Add { from: Operand, to: Operand },
    /// `to` ← the entries of `from` from `offset` on.
    Part { from: Operand, to: Operand, offset: Size },
}

/// A gradient: its buffer, and the value that it goes by.
#[derive(Clone, Copy)]
struct Gradient {
    buffer: usize,
    name: Value,
}

const OUTPUT: usize = 0;
const CALLER: usize = 1;

struct Walk<'a> {
    network: &'a Network,
    needs: &'a Needs,
    forward: &'a Forward,
    /// How many operations read each value.
    readers: Vec<usize>,
    /// Gradients of values whose operation is still to come.
    waiting: Vec<Option<Gradient>>,
    /// How many values wait with each buffer.
    users: Vec<usize>,
    /// When each buffer is needed; those of the output and the caller come first.
    intervals: Vec<Interval>,
    /// Where each buffer is, if not in a work area.
    fixed: Vec<Option<Storage>>,
    caller_is_used: bool,
    steps: Vec<Asked>,
}

pub fn plan(network: &Network, needs: &Needs, forward: &Forward) -> Backward {
    let values = network.operations.len() + 1;
    let mut readers = vec![0; values];
    for input in network.operations.iter().flat_map(|operation| &operation.inputs) {
        if let Some(count) = readers.get_mut(*input) {
            *count += 1;
        }
    }
    let nothing = Interval { room: Room::Entries(0, Vec::new()), begin: 0, end: 0 };
    let mut walk = Walk {
        network,
        needs,
        forward,
        readers,
        waiting: vec![None; values],
        users: vec![1, 0],
        intervals: vec![nothing; 2],
        fixed: vec![Some(Storage::OutputGradient), Some(Storage::Caller)],
        caller_is_used: false,
        steps: Vec::new(),
    };
    if let Some(output) = walk.waiting.last_mut() {
        *output = Some(Gradient { buffer: OUTPUT, name: forward.output().value });
    }
    for (at, operation) in network.operations.iter().enumerate().rev() {
        if needs.goes_back(at) {
            walk.operation(at, operation);
        }
    }
    walk.finish()
}

impl Walk<'_> {
    fn operation(&mut self, at: usize, operation: &Operation) {
        // Every operation leads to the output, so its gradient is there, unless another step went through it.
        let Some(dy) = self.waiting.get_mut(at + 1).and_then(Option::take) else { return };
        self.release(dy);
        let x = operation.inputs.first().copied().unwrap_or_default();
        match &operation.work {
            Work::Add => self.add(&operation.inputs, dy),
            Work::Concat(shapes) => {
                let mut offset = Size::Known(0);
                for (x, shape) in operation.inputs.iter().zip(shapes) {
                    if self.wants(*x) {
                        let dx = self.fresh(*x);
                        let (from, to) = (operand(dy), operand(dx));
                        self.push(Step::Part { from, to, offset }, !self.needs.is_trained(*x));
                        self.contribute(*x, dx);
                    }
                    offset = behind(offset, *shape);
                }
            }
            Work::Layer(layer) => match layer.kind.goes_back() {
                Manner::View if self.wants(x) => {
                    let is_same = self.network.shape(x) == self.network.shape(at + 1);
                    let name = if is_same { dy.name } else { self.forward.place(x).value };
                    self.contribute(x, Gradient { name, ..dy });
                }
                Manner::View => {}
                Manner::InPlace => self.in_place(at, operation, x, dy),
                Manner::Through => self.through(at, operation, x, dy),
            },
        }
    }

    fn add(&mut self, inputs: &[Value], dy: Gradient) {
        let wanted: Vec<_> = inputs.iter().copied().filter(|x| self.wants(*x)).collect();
        // Until the last of them has its share, nobody may overwrite it.
        for _ in &wanted {
            self.hold(dy);
        }
        for x in wanted {
            self.release(dy);
            self.contribute(x, dy);
        }
    }

    fn in_place(&mut self, at: usize, operation: &Operation, x: Value, dy: Gradient) {
        let kept = self.kept(at, operation, x);
        if operation.meets() {
            let x = self.forward.place(x);
            self.push(Step::Sums { operation: at, x, dy: operand(dy) }, false);
            self.push(Step::Meet { operation: at }, false);
        }
        if self.wants(x) {
            let only_if_asked = !self.needs.is_trained(x);
            let target = if self.is_free(dy) { dy } else { self.copied(x, dy, only_if_asked) };
            self.push(Step::InPlace { operation: at, kept, dy: operand(target) }, only_if_asked);
            self.contribute(x, target);
        }
        if operation.meets() {
            self.push(Step::Learn { operation: at }, false);
        }
    }

    fn through(&mut self, at: usize, operation: &Operation, x: Value, dy: Gradient) {
        if self.over(at, operation, x, dy) {
            return;
        }
        let kept = self.kept(at, operation, x);
        let dx = self.wants(x).then(|| self.fresh(x));
        let dx_only_if_asked = !self.needs.is_trained(x);
        let step = Step::Through { operation: at, x: kept, dy: operand(dy), dx: dx.map(operand), dx_only_if_asked };
        self.push(step, !self.needs.is_trained(at + 1));
        if let Some(dx) = dx {
            self.contribute(x, dx);
        }
    }

    /// The value that the operation's backward reads.
    fn kept(&self, at: usize, operation: &Operation, x: Value) -> Option<Operand> {
        let layer = operation.layer()?;
        match layer.kind.backward_reads(layer.frozen) {
            Reads::Nothing => None,
            Reads::Input => Some(self.forward.place(x)),
            Reads::Output => Some(self.forward.place(at + 1)),
        }
    }

    fn wants(&self, x: Value) -> bool {
        self.needs.is_trained(x) || self.needs.input_gradient
    }

    /// Makes `new` the gradient of `x`, or adds it to the one that is there.
    fn contribute(&mut self, x: Value, new: Gradient) {
        let Some(old) = self.waiting.get_mut(x).and_then(Option::take) else {
            self.wait(x, new);
            return;
        };
        self.release(old);
        let only_if_asked = !self.needs.is_trained(x);
        let is_free = |walk: &Self, gradient: Gradient| gradient.buffer != CALLER && walk.is_free(gradient);
        let (from, to) = match (old, new) {
            (old, new) if old.buffer == new.buffer => (old, self.copied(x, new, only_if_asked)),
            (old, new) if old.buffer == CALLER => (new, old),
            (old, new) if new.buffer == CALLER || is_free(self, new) => (old, new),
            (old, new) if is_free(self, old) => (new, old),
            (old, new) => (old, self.copied(x, new, only_if_asked)),
        };
        self.push(Step::Add { from: operand(from), to: operand(to) }, only_if_asked);
        self.wait(x, to);
    }

    /// A copy that may be overwritten.
    fn copied(&mut self, x: Value, gradient: Gradient, only_if_asked: bool) -> Gradient {
        let copy = Gradient { name: gradient.name, ..self.fresh(x) };
        let (from, to) = (operand(gradient), operand(copy));
        self.push(Step::Copy { from, to }, only_if_asked);
        copy
    }

    /// A buffer for the gradient of `x`: the caller's, if only views and activations lie between the input and `x`.
    fn fresh(&mut self, x: Value) -> Gradient {
        let name = self.forward.place(x).value;
        if self.wants_caller(x) && self.leads_softly(x) {
            self.caller_is_used = true;
            return Gradient { buffer: CALLER, name };
        }
        self.buffer(Room::of(self.network.shape(x)), None, name)
    }

    /// A buffer that is there already.
    fn fixed(&mut self, storage: Storage) -> Gradient {
        self.buffer(Room::Entries(0, Vec::new()), Some(storage), 0)
    }

    fn buffer(&mut self, room: Room, fixed: Option<Storage>, name: Value) -> Gradient {
        let begin = self.steps.len();
        self.intervals.push(Interval { room, begin, end: begin });
        self.fixed.push(fixed);
        self.users.push(0);
        Gradient { buffer: self.intervals.len() - 1, name }
    }

    fn wants_caller(&self, x: Value) -> bool {
        self.needs.input_gradient && !self.caller_is_used && !self.needs.is_trained(x)
    }

    fn leads_softly(&self, x: Value) -> bool {
        let Some(at) = x.checked_sub(1) else { return true };
        let Some(operation) = self.network.operation(at) else { return false };
        let is_soft = operation.layer().is_some_and(|layer| layer.kind.goes_back() != Manner::Through);
        let before = operation.inputs.first().copied().unwrap_or_default();
        is_soft && self.readers.get(before) == Some(&1) && self.leads_softly(before)
    }

    /// Whether no value waits with its buffer.
    fn is_free(&self, gradient: Gradient) -> bool {
        self.users.get(gradient.buffer) == Some(&0)
    }

    fn wait(&mut self, x: Value, gradient: Gradient) {
        self.hold(gradient);
        if let Some(waiting) = self.waiting.get_mut(x) {
            *waiting = Some(gradient);
        }
    }

    fn hold(&mut self, gradient: Gradient) {
        if let Some(users) = self.users.get_mut(gradient.buffer) {
            *users += 1;
        }
    }

    fn release(&mut self, gradient: Gradient) {
        if let Some(users) = self.users.get_mut(gradient.buffer) {
            *users = users.saturating_sub(1);
        }
    }

    fn push(&mut self, step: Step, only_if_asked: bool) {
        let now = self.steps.len();
        for operand in step.gradients().into_iter().flatten() {
            if let Storage::Area(buffer) = operand.storage
                && let Some(interval) = self.intervals.get_mut(buffer)
            {
                interval.end = now;
            }
        }
        self.steps.push(Asked { step, only_if_asked });
    }

    fn finish(mut self) -> Backward {
        if let Some(end) = self.waiting.first_mut().and_then(Option::take).filter(|end| end.buffer != CALLER) {
            let to = operand(Gradient { buffer: CALLER, name: 0 });
            self.push(Step::Copy { from: operand(end), to }, true);
        }
        let mut areas = self.forward.areas.clone();
        let passing = self.intervals.iter().zip(&self.fixed).filter(|(_, fixed)| fixed.is_none());
        let buffers: Vec<_> = passing.map(|(interval, _)| interval.clone()).collect();
        let mut assigned = assign(&buffers, &mut areas).into_iter();
        let mut storage =
            |fixed: &Option<Storage>| fixed.unwrap_or_else(|| Storage::Area(assigned.next().unwrap_or_default()));
        let storages: Vec<_> = self.fixed.iter().map(&mut storage).collect();
        let place = |operand: Operand| match operand.storage {
            Storage::Area(buffer) => {
                Operand { storage: storages.get(buffer).copied().unwrap_or(Storage::OutputGradient), ..operand }
            }
            _ => operand,
        };
        let steps = self.steps.into_iter().map(|asked| Asked { step: asked.step.placed(place), ..asked }).collect();
        Backward { steps, areas, input_gradient: self.needs.input_gradient }
    }
}

/// A gradient's place, its buffer still by number.
fn operand(gradient: Gradient) -> Operand {
    Operand { storage: Storage::Area(gradient.buffer), value: gradient.name }
}

impl Step {
    /// The gradients that it touches.
    fn gradients(&self) -> [Option<Operand>; 2] {
        match *self {
            Step::Through { dy, dx, .. } => [Some(dy), dx],
            Step::Over { dy, .. } | Step::InPlace { dy, .. } | Step::Sums { dy, .. } => [Some(dy), None],
            Step::Copy { from, to } | Step::Add { from, to } | Step::Part { from, to, .. } => [Some(from), Some(to)],
            Step::Meet { .. } | Step::Learn { .. } => [None; 2],
        }
    }

    /// The same step with the final places of its gradients.
    fn placed(self, place: impl Fn(Operand) -> Operand) -> Self {
        match self {
            Step::Through { operation, x, dy, dx, dx_only_if_asked } => {
                Step::Through { operation, x, dy: place(dy), dx: dx.map(place), dx_only_if_asked }
            }
            Step::Over { operation, activation, x, dy } => Step::Over { operation, activation, x, dy: place(dy) },
            Step::InPlace { operation, kept, dy } => Step::InPlace { operation, kept, dy: place(dy) },
            Step::Sums { operation, x, dy } => Step::Sums { operation, x, dy: place(dy) },
            Step::Meet { operation } => Step::Meet { operation },
            Step::Learn { operation } => Step::Learn { operation },
            Step::Copy { from, to } => Step::Copy { from: place(from), to: place(to) },
            Step::Add { from, to } => Step::Add { from: place(from), to: place(to) },
            Step::Part { from, to, offset } => Step::Part { from: place(from), to: place(to), offset },
        }
    }
}
