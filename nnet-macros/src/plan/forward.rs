//! Forward: each value into a buffer, a work area or a field of the tape.

use std::ops::RangeInclusive;

use super::areas::{Interval, Room, assign};
use super::{Operand, Storage, behind, fused};
use crate::infer::{Network, Operation, Value, Work};
use crate::layer::Manner;
use crate::size::Size;

pub struct Forward {
    pub steps: Vec<Step>,
    /// The work areas.
    pub areas: Vec<Room>,
    /// The operations whose buffer is a field of the tape.
    pub fields: Vec<usize>,
    /// Where each value was left.
    places: Vec<Operand>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// An operation and those that follow it up to `last`, in one pass, read `x` and write `y`.
    Through { operation: usize, last: usize, x: Operand, y: Operand },
    /// An operation overwrites `y`.
    InPlace { operation: usize, y: Operand },
    /// `to` ← `from`, perhaps in another shape.
    Copy { from: Operand, to: Operand },
    /// `to` += `from`.
    Add { from: Operand, to: Operand },
    /// The entries of `to` from `offset` on ← `from`.
    Part { from: Operand, to: Operand, offset: Size },
    /// A batch norm looks at `x`.
    Statistics { operation: usize, x: Operand },
    /// All samples of the batch wait for each other, for this batch norm.
    Meet { operation: usize },
}

#[derive(Clone, Copy, PartialEq)]
pub enum Mode {
    Predict,
    Train,
    /// Predict, and keep every value.
    Trace,
    /// Predict with bytes.
    Int8,
}

impl Forward {
    /// Where a value lies that is still there in the end.
    pub fn place(&self, value: Value) -> Operand {
        self.places.get(value).copied().unwrap_or(Operand { storage: Storage::Input, value: 0 })
    }

    /// The value behind the last operation.
    pub fn output(&self) -> Operand {
        self.place(self.places.len() - 1)
    }
}

/// Numbers in one place, which may be called several values.
struct Buffer {
    /// The first value; `None` for the network's input.
    first: Option<Value>,
    values: Vec<Value>,
    begin: usize,
}

/// A step whose operands are (buffer, value) still.
struct Walk<'a> {
    network: &'a Network,
    mode: Mode,
    kept: &'a [bool],
    /// The last operation that reads each value.
    last_read: Vec<usize>,
    buffers: Vec<Buffer>,
    /// Of each value: its buffer, and the value whose name it goes by.
    places: Vec<(usize, Value)>,
    steps: Vec<Step>,
}

/// The steps, if the values in `kept` must survive.
pub fn plan(network: &Network, mode: Mode, kept: &[bool]) -> Forward {
    let mut last_read = vec![0; network.operations.len() + 1];
    for (at, operation) in network.operations.iter().enumerate() {
        for input in &operation.inputs {
            if let Some(last) = last_read.get_mut(*input) {
                *last = at;
            }
        }
    }
    if let Some(output) = last_read.last_mut() {
        *output = usize::MAX;
    }
    let input = Buffer { first: None, values: vec![0], begin: 0 };
    let (buffers, places) = (vec![input], vec![(0, 0)]);
    let mut walk = Walk { network, mode, kept, last_read, buffers, places, steps: Vec::new() };
    while let Some(operation) = network.operation(walk.places.len() - 1) {
        walk.operation(walk.places.len() - 1, operation);
    }
    walk.finish()
}

impl Walk<'_> {
    fn operation(&mut self, at: usize, operation: &Operation) {
        let x = operation.inputs.first().copied().unwrap_or_default();
        match &operation.work {
            Work::Layer(layer) => {
                let manner = match self.mode {
                    Mode::Train => layer.kind.trains(layer.frozen),
                    Mode::Predict | Mode::Trace | Mode::Int8 => layer.kind.predicts(),
                };
                match manner {
                    Manner::View => self.view(at, x),
                    Manner::InPlace => {
                        self.in_place(at, x);
                        let y = self.operand(at + 1);
                        self.steps.push(Step::InPlace { operation: at, y });
                    }
                    Manner::Through => {
                        let last = match self.mode {
                            Mode::Predict => fused::last(self.network, at),
                            Mode::Int8 => fused::last_of_bytes(self.network, at),
                            Mode::Train | Mode::Trace => at,
                        };
                        self.through(at..=last, x, operation.meets() && self.mode == Mode::Train);
                    }
                }
            }
            Work::Add => self.add(at, &operation.inputs),
            Work::Concat(shapes) => {
                let y = self.write(at);
                let mut offset = Size::Known(0);
                for (input, shape) in operation.inputs.iter().zip(shapes) {
                    let from = self.operand(*input);
                    self.steps.push(Step::Part { from, to: y, offset });
                    offset = behind(offset, *shape);
                }
            }
        }
    }

    fn through(&mut self, operations: RangeInclusive<usize>, x: Value, meets: bool) {
        let (at, last) = (*operations.start(), *operations.end());
        let x = self.operand(x);
        if meets {
            self.steps.push(Step::Statistics { operation: at, x });
            self.steps.push(Step::Meet { operation: at });
        }
        // It is written while x is read. The values on the way are nowhere.
        self.buffers.push(Buffer { first: Some(last + 1), values: Vec::new(), begin: at });
        for at in operations {
            self.put(self.buffers.len() - 1, at, last + 1);
        }
        let y = self.operand(last + 1);
        self.steps.push(Step::Through { operation: at, last, x, y });
    }

    /// Another name for the same numbers; the input itself cannot be the output.
    fn view(&mut self, at: usize, x: Value) {
        let is_output = at + 1 == self.network.operations.len();
        if self.buffer(x) == 0 && is_output {
            self.copy(at, x);
            return;
        }
        let (buffer, name) = self.places.get(x).copied().unwrap_or_default();
        // A layer that does nothing needs no name of its own.
        let is_same = self.network.shape(x) == self.network.shape(at + 1);
        self.put(buffer, at, if is_same { name } else { at + 1 });
    }

    fn in_place(&mut self, at: usize, x: Value) {
        if self.may_overwrite(x, at) {
            let (buffer, name) = self.places.get(x).copied().unwrap_or_default();
            self.put(buffer, at, name);
        } else {
            self.copy(at, x);
        }
    }

    /// Overwrites an arm that nobody else needs with the sum, or a copy of the first one.
    fn add(&mut self, at: usize, inputs: &[Value]) {
        let is_alone =
            |value: &Value| inputs.iter().filter(|other| self.buffer(**other) == self.buffer(*value)).count() == 1;
        let target = inputs.iter().copied().find(|value| is_alone(value) && self.may_overwrite(*value, at));
        let first = target.or_else(|| inputs.first().copied()).unwrap_or_default();
        let others: Vec<_> = inputs.iter().map(|input| self.operand(*input)).collect();
        let skipped = inputs.iter().position(|input| *input == first);
        match target {
            Some(target) => {
                let (buffer, name) = self.places.get(target).copied().unwrap_or_default();
                self.put(buffer, at, name);
            }
            None => self.copy(at, first),
        }
        let to = self.operand(at + 1);
        for (_, from) in others.into_iter().enumerate().filter(|(number, _)| Some(*number) != skipped) {
            self.steps.push(Step::Add { from, to });
        }
    }

    fn copy(&mut self, at: usize, x: Value) {
        let from = self.operand(x);
        let to = self.write(at);
        self.steps.push(Step::Copy { from, to });
    }

    /// A new buffer for what the operation gives.
    fn write(&mut self, at: usize) -> Operand {
        self.buffers.push(Buffer { first: Some(at + 1), values: Vec::new(), begin: at });
        self.put(self.buffers.len() - 1, at, at + 1);
        self.operand(at + 1)
    }

    fn put(&mut self, buffer: usize, at: usize, name: Value) {
        self.places.push((buffer, name));
        if let Some(buffer) = self.buffers.get_mut(buffer) {
            buffer.values.push(at + 1);
        }
    }

    fn buffer(&self, value: Value) -> usize {
        self.places.get(value).map_or(0, |(buffer, _)| *buffer)
    }

    /// The value's place, its buffer still by number.
    fn operand(&self, value: Value) -> Operand {
        let (buffer, value) = self.places.get(value).copied().unwrap_or_default();
        Operand { storage: Storage::Area(buffer), value }
    }

    /// Whether nobody needs the buffer of `x` after operation `at`.
    fn may_overwrite(&self, x: Value, at: usize) -> bool {
        let buffer = self.buffer(x);
        let is_done = |value: &Value| {
            self.last_read.get(*value).is_some_and(|last| *last <= at)
                && !self.kept.get(*value).is_some_and(|kept| *kept)
        };
        buffer != 0 && self.buffers.get(buffer).is_some_and(|buffer| buffer.values.iter().all(is_done))
    }

    /// Gives each buffer its place.
    fn finish(self) -> Forward {
        let is_kept =
            |buffer: &Buffer| buffer.values.iter().any(|value| self.kept.get(*value).is_some_and(|kept| *kept));
        let mut areas = Vec::new();
        let passing: Vec<_> = self.buffers.iter().filter(|buffer| buffer.first.is_some() && !is_kept(buffer)).collect();
        let intervals: Vec<_> = passing.iter().map(|buffer| self.interval(buffer)).collect();
        let mut assigned = assign(&intervals, &mut areas).into_iter();
        let mut fields = Vec::new();
        let storages: Vec<_> = self
            .buffers
            .iter()
            .map(|buffer| match buffer.first {
                None => Storage::Input,
                Some(first) if is_kept(buffer) => {
                    fields.push(first - 1);
                    Storage::Field(first - 1)
                }
                Some(_) => Storage::Area(assigned.next().unwrap_or_default()),
            })
            .collect();
        let place = |operand: Operand| match operand.storage {
            Storage::Area(buffer) => {
                Operand { storage: storages.get(buffer).copied().unwrap_or(Storage::Input), ..operand }
            }
            _ => operand,
        };
        let steps = self.steps.iter().map(|step| step.placed(place)).collect();
        let places = (0..self.places.len()).map(|value| place(self.operand(value))).collect();
        Forward { steps, areas, fields, places }
    }

    fn interval(&self, buffer: &Buffer) -> Interval {
        let room = buffer.first.map_or(Room::Entries(0, Vec::new()), |first| Room::of(self.network.shape(first)));
        let end = buffer.values.iter().filter_map(|value| self.last_read.get(*value)).max();
        Interval { room, begin: buffer.begin, end: end.copied().unwrap_or_default() }
    }
}

impl Step {
    /// The same step with its operands' final places.
    fn placed(self, place: impl Fn(Operand) -> Operand) -> Self {
        match self {
            Step::Through { operation, last, x, y } => Step::Through { operation, last, x: place(x), y: place(y) },
            Step::InPlace { operation, y } => Step::InPlace { operation, y: place(y) },
            Step::Copy { from, to } => Step::Copy { from: place(from), to: place(to) },
            Step::Add { from, to } => Step::Add { from: place(from), to: place(to) },
            Step::Part { from, to, offset } => Step::Part { from: place(from), to: place(to), offset },
            Step::Statistics { operation, x } => Step::Statistics { operation, x: place(x) },
            Step::Meet { operation } => Step::Meet { operation },
        }
    }
}
