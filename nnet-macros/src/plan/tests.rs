//! The plan run on an abstract machine: each buffer holds the name of a value, and each step must find what it reads.

use std::collections::HashMap;

use super::*;
use crate::errors::Errors;
use crate::infer::Network;
use crate::{check, infer, parse};

/// What a buffer holds: the value or the gradient behind so many layers.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Content {
    Value(usize),
    Gradient(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Buffer {
    Input,
    Field(usize),
    A,
    B,
    OutputGradient,
    InputGradient,
}

impl From<Area> for Buffer {
    fn from(area: Area) -> Self {
        if area == Area::A { Buffer::A } else { Buffer::B }
    }
}

/// Buffers with their contents, and locals with the buffers that they are.
struct Machine<'a> {
    network: &'a Network,
    areas: Areas,
    contents: HashMap<Buffer, Content>,
    values: HashMap<Value, Buffer>,
    gradients: HashMap<usize, Buffer>,
}

impl<'a> Machine<'a> {
    fn new(network: &'a Network, areas: Areas) -> Self {
        let contents = HashMap::from([(Buffer::Input, Content::Value(0))]);
        let values = HashMap::from([(Value::Input, Buffer::Input)]);
        Self { network, areas, contents, values, gradients: HashMap::new() }
    }

    fn layer(&self, position: usize) -> &'a Layer {
        &self.network.layers[position]
    }

    fn expect(&self, buffer: Buffer, content: Content) {
        assert_eq!(self.contents.get(&buffer), Some(&content), "{buffer:?} of {}", describe(self.network));
    }

    /// Writes to a buffer, which must be large enough and no longer be read.
    fn write(&mut self, buffer: Buffer, content: Content, shape: Shape, read: Option<Buffer>) {
        assert_ne!(Some(buffer), read, "{}", describe(self.network));
        let room = match buffer {
            Buffer::A => self.areas.a,
            Buffer::B => self.areas.b,
            Buffer::Field(layer) => entries(self.layer(layer).output),
            Buffer::OutputGradient => entries(self.network.output),
            Buffer::Input | Buffer::InputGradient => entries(self.network.input),
        };
        assert!(entries(shape) <= room, "{}", describe(self.network));
        self.contents.insert(buffer, content);
    }

    fn forward(&mut self, plan: &Forward) {
        for step in &plan.steps {
            let layer = self.layer(step.layer);
            let (before, after) = (Content::Value(step.layer), Content::Value(step.layer + 1));
            let x = self.values[&step.x];
            self.expect(x, before);
            let place = |place| match place {
                Place::Area(area) => Buffer::from(area),
                Place::Field => Buffer::Field(step.layer),
            };
            let y = match step.action {
                Action::Write(to) | Action::Copy(to) => {
                    self.write(place(to), after, layer.output, Some(x));
                    place(to)
                }
                Action::InPlace => {
                    assert_ne!(x, Buffer::Input, "{}", describe(self.network));
                    assert!(layer.kind.is_in_place());
                    self.write(x, after, layer.output, None);
                    x
                }
                // A view is the same content, called as the value behind the layer.
                Action::View => {
                    self.contents.insert(x, after);
                    x
                }
            };
            self.values.insert(step.y(), y);
        }
        assert_ne!(self.values[&plan.output()], Buffer::Input, "{}", describe(self.network));
    }

    fn gradient(&self, gradient: Gradient) -> Buffer {
        match gradient {
            Gradient::Output => Buffer::OutputGradient,
            Gradient::Of(name) => self.gradients[&name],
            Gradient::Input { .. } => Buffer::InputGradient,
        }
    }

    /// Whether the value behind so many layers is still where forward left it. Views are one content.
    fn expect_value(&self, value: Value, mut behind: usize) {
        while behind < self.network.layers.len() && self.layer(behind).kind.is_view() {
            behind += 1;
        }
        let buffer = self.values[&value];
        if buffer == Buffer::Input {
            assert!(self.network.layers.iter().take(behind).all(|layer| layer.kind.is_view()));
        } else {
            self.expect(buffer, Content::Value(behind));
        }
    }

    fn backward(&mut self, steps: &[BackwardStep]) {
        for step in steps {
            match *step {
                BackwardStep::Through { layer, x, dy, dx } => {
                    let dy = self.gradient(dy);
                    self.expect_gradient(dy, layer + 1);
                    if let Some(x) = x {
                        self.expect_value(x, layer);
                    }
                    let to = self.target(dx);
                    self.write(to, Content::Gradient(layer), self.layer(layer).input, Some(dy));
                }
                BackwardStep::InPlace { layer, kept, dy } => {
                    let reads_input = self.layer(layer).kind.backward_reads_input();
                    self.expect_value(kept, if reads_input { layer } else { layer + 1 });
                    let dy = self.gradient(dy);
                    self.expect_gradient(dy, layer + 1);
                    self.contents.insert(dy, Content::Gradient(layer));
                }
                BackwardStep::View { layer, dy, name } => {
                    let dy = self.gradient(dy);
                    self.expect_gradient(dy, layer + 1);
                    self.contents.insert(dy, Content::Gradient(layer));
                    self.gradients.insert(name, dy);
                }
                BackwardStep::Copy { .. } => {
                    self.expect(Buffer::OutputGradient, Content::Gradient(self.network.layers.len()));
                    self.contents.insert(Buffer::InputGradient, Content::Gradient(self.network.layers.len()));
                }
            }
        }
    }

    /// The caller's gradient is viewed without a step.
    fn expect_gradient(&self, buffer: Buffer, mut behind: usize) {
        while buffer == Buffer::InputGradient && self.contents[&buffer] != Content::Gradient(behind) {
            assert!(self.network.layers.get(behind).is_some_and(|layer| layer.kind.is_view()));
            behind += 1;
        }
        self.expect(buffer, Content::Gradient(behind));
    }

    fn target(&mut self, target: Target) -> Buffer {
        match target {
            Target::Area { name, area } | Target::AreaIfAsked { name, area } => {
                self.gradients.insert(name, area.into());
                area.into()
            }
            Target::Caller { .. } | Target::CallerIfAsked { .. } => Buffer::InputGradient,
        }
    }
}

fn describe(network: &Network) -> String {
    network.layers.iter().map(|layer| layer.declaration.as_str()).collect::<Vec<_>>().join(", ")
}

/// A network, if the layers fit together.
fn network(input: &str, output: &str, layers: &str) -> Option<Network> {
    let tokens = format!("struct Net: {input} -> {output} {{ {layers} }}").parse().expect("tokens");
    let mut errors = Errors::default();
    let declaration = parse::declaration(tokens, &mut errors)?;
    let draft = infer::infer(check::check(declaration, &mut errors), &mut errors);
    draft.complete().filter(|_| errors.is_empty())
}

/// Runs a plan, and checks that the tape holds nothing that backward does not read.
fn run(network: &Network) {
    let plan = plan(network);
    Machine::new(network, plan.scratch).forward(&plan.predict);
    let mut machine = Machine::new(network, plan.tape.areas);
    machine.forward(&plan.train);
    machine.contents.insert(Buffer::OutputGradient, Content::Gradient(network.layers.len()));
    machine.backward(&plan.backward.always);
    machine.backward(&plan.backward.asked);
    // The gradient of the input reaches the caller; leading views of it need no step.
    let views = network.layers.iter().take_while(|layer| layer.kind.is_view()).count();
    assert!(
        (0..=views).any(|behind| machine.contents.get(&Buffer::InputGradient) == Some(&Content::Gradient(behind))),
        "{}",
        describe(network)
    );
    let steps = plan.backward.always.iter().chain(&plan.backward.asked);
    let mut read: Vec<_> = steps.filter_map(BackwardStep::reads).map(|value| plan.train.buffer(value)).collect();
    read.push(plan.train.buffer(plan.train.output()));
    for field in &plan.tape.fields {
        assert!(read.contains(&Value::Of(*field)), "{field} is kept for nothing in {}", describe(network));
    }
}

const LAYERS: [&str; 15] = [
    "Conv2d(2, 3, padding = 1)",
    "Conv2d(3, 1)",
    "MaxPool2d(2)",
    "AvgPool2d(1)",
    "GlobalAvgPool2d",
    "Linear(7)",
    "Linear(3)",
    "Flatten",
    "Flatten",
    "Relu",
    "Sigmoid",
    "Gelu",
    "Gelu",
    "LeakyRelu",
    "Softmax",
];

#[test]
fn nothing_is_overwritten_between_its_last_write_and_its_last_use() {
    let mut state = 1_u64;
    let mut random = |below: usize| {
        // Knuth's MMIX generator; the upper bits are good enough here.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut lengths = 0;
    for _ in 0..1000 {
        let input = ["[2, 9, 8]", "[5]"][random(2)];
        let mut layers = Vec::new();
        let mut shape = None;
        for _ in 0..=random(9) {
            layers.push(LAYERS[random(LAYERS.len())]);
            match output(input, &layers.join(", ")) {
                None => _ = layers.pop(),
                fitting => shape = fitting,
            }
        }
        if let Some(shape) = shape {
            run(&network(input, &shape, &layers.join(", ")).expect("each layer fits"));
            lengths += layers.len();
        }
    }
    assert!(lengths > 3000, "{lengths}");
}

/// The shape that layers give.
fn output(input: &str, layers: &str) -> Option<String> {
    // A header that cannot be right names the shape that is.
    let tokens = format!("struct Net: {input} -> [987654] {{ {layers} }}").parse().expect("tokens");
    let mut errors = Errors::default();
    let declaration = parse::declaration(tokens, &mut errors)?;
    let draft = infer::infer(check::check(declaration, &mut errors), &mut errors);
    draft.layers.last()?.as_ref().map(|layer| layer.output.to_string())
}

#[test]
fn lenet_by_hand() {
    let layers = "conv1: Conv2d(6, 5, padding = 2), Relu, MaxPool2d(2), conv2: Conv2d(16, 5), Relu, MaxPool2d(2), \
                  Flatten, fc1: Linear(120), Relu, fc2: Linear(84), Relu, fc3: Linear(10)";
    let plan = plan(&network("[1, 28, 28]", "[10]", layers).expect("LeNet fits"));
    assert_eq!(plan.scratch, Areas { a: 4704, b: 1176 });
    assert_eq!(plan.tape.areas, Areas { a: 1176, b: 4704 });
    assert_eq!(plan.tape.fields, [0, 2, 3, 5, 7, 9, 11]);
}

#[test]
fn activations_copy_only_where_their_input_is_needed() {
    let actions = |input, output, layers| -> Vec<_> {
        let plan = plan(&network(input, output, layers).expect("it fits"));
        plan.train.steps.iter().map(|step| step.action).collect()
    };
    let (field, area) = (Place::Field, Place::Area(Area::A));
    // A rectifier needs its own output only, a sigmoid before it needs its own too.
    let after_linear = [Action::Write(field), Action::InPlace, Action::Copy(field)];
    assert_eq!(actions("[4]", "[4]", "Linear(4), Sigmoid, Relu"), after_linear);
    assert_eq!(actions("[4]", "[4]", "Linear(4), Gelu"), [Action::Write(field), Action::Copy(field)]);
    assert_eq!(actions("[4]", "[4]", "Relu"), [Action::Copy(field)]);
    let pooled = [Action::Write(area), Action::Write(field), Action::View];
    assert_eq!(actions("[1, 4, 4]", "[4]", "Conv2d(1, 1), AvgPool2d(2), Flatten"), pooled);
    assert_eq!(actions("[1, 2, 2]", "[4]", "Flatten"), [Action::Copy(field)]);
}
