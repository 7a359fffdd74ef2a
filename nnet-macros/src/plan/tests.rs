//! The plan run on an abstract machine, in which numbers stand for tensors: an operation multiplies by a number of its
//! own, a sum adds. What the steps leave must be what the network means, in forward and in backward.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::*;
use crate::errors::Errors;
use crate::infer::Work;
use crate::layer::Manner;
use crate::tests::{Random, network};

/// The number that an operation multiplies by, odd so that nothing is lost.
fn factor(operation: usize, part: usize) -> u64 {
    let mut state = (operation as u64 + 1) << 8 | part as u64;
    for _ in 0..3 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state ^= state >> 29;
    }
    state | 1
}

/// The offset of each arm of a join.
fn offsets(operation: &Operation) -> Vec<usize> {
    let Work::Concat(shapes) = &operation.work else { return Vec::new() };
    let mut offset = Size::Known(0);
    let mut begin = |shape: &Shape| {
        let begin = offset;
        offset = behind(offset, *shape);
        number(begin)
    };
    shapes.iter().map(&mut begin).collect()
}

/// A number for each size, that of a name being its own.
fn number(size: Size) -> usize {
    let mut hasher = DefaultHasher::new();
    size.hash(&mut hasher);
    size.known().unwrap_or(usize::try_from(hasher.finish() >> 9).expect("small"))
}

/// What each value is, by the meaning of the network.
fn values(network: &Network, is_view: impl Fn(&Operation) -> bool) -> Vec<u64> {
    let mut values = vec![factor(usize::MAX >> 9, 0)];
    for (at, operation) in network.operations.iter().enumerate() {
        let inputs = operation.inputs.iter().map(|input| values[*input]);
        let value = match &operation.work {
            Work::Add => inputs.fold(0, u64::wrapping_add),
            Work::Concat(_) => {
                let parts = inputs.zip(offsets(operation));
                parts.fold(0_u64, |sum, (input, offset)| sum.wrapping_add(input.wrapping_mul(factor(at, offset))))
            }
            Work::Layer(_) if is_view(operation) => values[operation.inputs[0]],
            Work::Layer(_) => values[operation.inputs[0]].wrapping_mul(factor(at, 0)),
        };
        values.push(value);
    }
    values
}

/// What each gradient is, from that of the output back.
fn gradients(network: &Network) -> Vec<u64> {
    let mut gradients = vec![0_u64; network.operations.len() + 1];
    *gradients.last_mut().expect("the output") = 1;
    for (at, operation) in network.operations.iter().enumerate().rev() {
        let dy = gradients[at + 1];
        let offsets = offsets(operation);
        for (number, input) in operation.inputs.iter().enumerate() {
            let dx = match &operation.work {
                Work::Add => dy,
                Work::Concat(_) => dy.wrapping_mul(factor(at, offsets[number])),
                Work::Layer(layer) if layer.kind.goes_back() == Manner::View => dy,
                Work::Layer(_) => dy.wrapping_mul(factor(at, 0)),
            };
            gradients[*input] = gradients[*input].wrapping_add(dx);
        }
    }
    gradients
}

/// Buffers with what is in them.
struct Machine<'a> {
    network: &'a Network,
    areas: &'a [Room],
    contents: HashMap<Storage, u64>,
}

impl Machine<'_> {
    fn read(&self, operand: Operand) -> u64 {
        *self.contents.get(&operand.storage).unwrap_or_else(|| panic!("{operand:?} is read before it is written"))
    }

    fn write(&mut self, operand: Operand, content: u64) {
        let room = match operand.storage {
            Storage::Area(area) => self.areas[area].clone(),
            Storage::Field(at) => Room::of(self.network.operations[at].output),
            Storage::OutputGradient => Room::of(self.network.output),
            Storage::Input => panic!("the input is not written"),
            Storage::Caller => Room::of(self.network.input),
        };
        assert!(room.holds(&Room::of(self.network.shape(operand.value))));
        self.contents.insert(operand.storage, content);
    }

    fn forward(&mut self, forward: &Forward) {
        for step in &forward.steps {
            match *step {
                ForwardStep::Through { operation, last, x, y } => {
                    assert_ne!(x.storage, y.storage);
                    let factors = (operation..=last).map(|at| factor(at, 0));
                    self.write(y, factors.fold(self.read(x), u64::wrapping_mul));
                }
                ForwardStep::InPlace { operation, y } => self.write(y, self.read(y).wrapping_mul(factor(operation, 0))),
                ForwardStep::Copy { from, to } => {
                    assert_ne!(from.storage, to.storage);
                    self.write(to, self.read(from));
                }
                ForwardStep::Add { from, to } => {
                    assert_ne!(from.storage, to.storage);
                    self.write(to, self.read(to).wrapping_add(self.read(from)));
                }
                ForwardStep::Part { from, to, offset } => {
                    assert_ne!(from.storage, to.storage);
                    let at = to.value - 1;
                    let before = if offset == Size::Known(0) { 0 } else { self.read(to) };
                    self.write(to, before.wrapping_add(self.read(from).wrapping_mul(factor(at, number(offset)))));
                }
                ForwardStep::Statistics { x, .. } => _ = self.read(x),
                ForwardStep::Meet { .. } => {}
            }
        }
    }

    fn backward(&mut self, backward: &Backward, is_asked: bool, values: &[u64], gradients: &[u64]) {
        for asked in backward.steps.iter().filter(|asked| is_asked || !asked.only_if_asked) {
            match asked.step {
                BackwardStep::Through { operation, x, dy, dx, dx_only_if_asked } => {
                    self.expect(operation, x, values);
                    assert_eq!(self.read(dy), gradients[operation + 1]);
                    if let Some(dx) = dx.filter(|_| is_asked || !dx_only_if_asked) {
                        assert_ne!(dx.storage, dy.storage);
                        self.write(dx, self.read(dy).wrapping_mul(factor(operation, 0)));
                    }
                }
                BackwardStep::Over { operation, activation, x, dy } => {
                    self.expect(operation, Some(x), values);
                    assert_eq!(self.read(dy), gradients[operation + 1]);
                    assert_ne!(x.storage, dy.storage);
                    if let Some(activation) = activation {
                        self.expect(activation, Some(x), values);
                        assert_eq!(self.network.operations[operation].inputs, [activation + 1]);
                    }
                    let factors = [Some(operation), activation].into_iter().flatten().map(|at| factor(at, 0));
                    self.write(x, factors.fold(self.read(dy), u64::wrapping_mul));
                }
                BackwardStep::InPlace { operation, kept, dy } => {
                    self.expect(operation, kept, values);
                    assert_eq!(self.read(dy), gradients[operation + 1]);
                    self.write(dy, self.read(dy).wrapping_mul(factor(operation, 0)));
                }
                BackwardStep::Sums { operation, x, dy } => {
                    self.expect(operation, Some(x), values);
                    assert_eq!(self.read(dy), gradients[operation + 1]);
                }
                BackwardStep::Meet { .. } | BackwardStep::Learn { .. } => {}
                BackwardStep::Copy { from, to } => {
                    assert_ne!(from.storage, to.storage);
                    self.write(to, self.read(from));
                }
                BackwardStep::Add { from, to } => {
                    assert_ne!(from.storage, to.storage);
                    self.write(to, self.read(to).wrapping_add(self.read(from)));
                }
                BackwardStep::Part { from, to, offset } => {
                    let at = self.part_of(number(offset), to.value);
                    self.write(to, self.read(from).wrapping_mul(factor(at, number(offset))));
                }
            }
        }
    }

    /// The join that a part of a gradient comes from: the value at that place of it goes by the name of `value`.
    fn part_of(&self, offset: usize, value: Value) -> usize {
        let reads = |operation: &Operation| {
            let mut arms = operation.inputs.iter().zip(offsets(operation));
            arms.any(|(input, begin)| begin == offset && self.shares(*input, value))
        };
        let mut found = self.network.operations.iter().enumerate().filter(|(_, operation)| reads(operation));
        found.next().expect("a join").0
    }

    /// Whether `value` is `input`, or what it was before operations in place.
    fn shares(&self, input: Value, value: Value) -> bool {
        if input == value {
            return true;
        }
        let Some(operation) = input.checked_sub(1).map(|at| &self.network.operations[at]) else { return false };
        let is_in_place = match &operation.work {
            Work::Layer(layer) => layer.kind.trains(layer.frozen) != Manner::Through,
            Work::Add => true,
            Work::Concat(_) => false,
        };
        is_in_place && operation.inputs.iter().any(|input| self.shares(*input, value))
    }

    /// The value that backward reads must be what forward made it.
    fn expect(&self, operation: usize, kept: Option<Operand>, values: &[u64]) {
        let Some(kept) = kept else { return };
        let operation_at = &self.network.operations[operation];
        let layer = operation_at.layer().expect("joins keep nothing");
        let value = match layer.kind.backward_reads(layer.frozen) {
            Reads::Input => operation_at.inputs[0],
            Reads::Output => operation + 1,
            Reads::Nothing => panic!("nothing is kept"),
        };
        assert_eq!(self.read(kept), values[value]);
    }
}

/// Runs a plan in all three ways, and checks that the tape holds nothing that backward does not read. Counts the gradients
/// over kept maps, and those of them that go through an activation as well.
fn run(network: &Network) -> [usize; 2] {
    let plan = plan(network);
    let input = values(network, |_| false)[0];
    let start = HashMap::from([(Storage::Input, input)]);
    let predicted =
        values(network, |operation| operation.layer().is_some_and(|layer| layer.kind.predicts() == Manner::View));
    let mut machine = Machine { network, areas: &plan.scratch, contents: start.clone() };
    machine.forward(&plan.predict);
    assert_eq!(machine.read(plan.predict.output()), *predicted.last().expect("the output"));
    assert_ne!(plan.predict.output().storage, Storage::Input);
    let trained = values(network, |operation| {
        operation.layer().is_some_and(|layer| layer.kind.trains(layer.frozen) == Manner::View)
    });
    let gradients = gradients(network);
    for is_asked in [false, true] {
        let mut machine = Machine { network, areas: &plan.tape.areas, contents: start.clone() };
        machine.forward(&plan.train);
        assert_eq!(machine.read(plan.train.output()), *trained.last().expect("the output"));
        assert!(matches!(plan.train.output().storage, Storage::Field(_)));
        // What lies in areas need not survive.
        machine.contents.retain(|storage, _| !matches!(storage, Storage::Area(_)));
        machine.contents.insert(Storage::OutputGradient, 1);
        machine.backward(&plan.backward, is_asked && plan.backward.input_gradient, &trained, &gradients);
        if is_asked && plan.backward.input_gradient {
            assert_eq!(machine.contents.get(&Storage::Caller), Some(&gradients[0]));
        } else {
            assert_eq!(machine.contents.get(&Storage::Caller), None);
        }
    }
    let reads: Vec<_> = plan.backward.steps.iter().filter_map(|asked| kept(asked.step)).collect();
    for field in &plan.tape.fields {
        let is_output = plan.train.output().storage == Storage::Field(*field);
        assert!(is_output || reads.contains(&Storage::Field(*field)), "{field} is kept for nothing");
    }
    let over = plan.backward.steps.iter().filter_map(|asked| match asked.step {
        BackwardStep::Over { activation, .. } => Some(activation),
        _ => None,
    });
    [over.clone().count(), over.flatten().count()]
}

fn kept(step: BackwardStep) -> Option<Storage> {
    match step {
        BackwardStep::Through { x: kept, .. } | BackwardStep::InPlace { kept, .. } => kept.map(|kept| kept.storage),
        BackwardStep::Sums { x, .. } | BackwardStep::Over { x, .. } => Some(x.storage),
        _ => None,
    }
}

const LAYERS: [&str; 30] = [
    "Conv2d(2, 3, padding = 1)",
    "Conv2d(3, 1)",
    "MaxPool2d(2)",
    "MaxPool2d(1)",
    "Relu, MaxPool2d(1)",
    "Gelu, MaxPool2d(1)",
    "MaxPool2d(1, stride = 2)",
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
    "BatchNorm",
    "BatchNorm",
    "Dropout",
    "Dropout",
    "LayerNorm",
    "PRelu",
    "#[frozen] Linear(4)",
    "#[frozen] BatchNorm",
    "#[frozen] Conv2d(2, 1)",
    "ZeroPad2d(0)",
    "Mish",
];

/// A layer or a block, which may fit or not.
fn item(random: &mut Random, depth: usize) -> String {
    if depth == 0 || random.below(4) > 0 {
        return LAYERS[random.below(LAYERS.len())].to_owned();
    }
    let mut inside = |length: usize| {
        let items: Vec<_> = (0..length).map(|_| item(random, depth - 1)).collect();
        items.join(", ")
    };
    let (first, second) = (inside(2), inside(1));
    match random.below(6) {
        0 => format!("residual {{ {first} }}"),
        1 => format!("residual {{ {second} }} shortcut {{ {first} }}"),
        2 => format!("concat {{ {{ {first} }}, {{ {second} }}, {{}} }}"),
        3 => format!("add {{ {{ {first} }}, {{}}, {{ {second} }} }}"),
        4 => format!("repeat(2) {{ {first} }}"),
        _ => format!("{{ {first} }}"),
    }
}

/// The shape that layers give, if they fit together.
fn output(input: &str, layers: &str) -> Option<String> {
    // A header that cannot be right names the shape that is.
    let tokens = format!("struct Net: {input} -> [987654] {{ {layers} }}").parse().expect("tokens");
    let mut errors = Errors::default();
    let declaration = crate::parse::declaration(tokens, &mut errors)?;
    let checked = crate::check::check(declaration, &mut errors);
    let draft = crate::infer::infer(checked, &mut errors);
    let is_header = |message: &String| message.starts_with("output: the header states");
    (errors.messages().iter().all(is_header)).then(|| draft.operations.last().map(|last| last.output.to_string()))?
}

#[test]
fn the_plan_computes_what_the_network_means() {
    let mut random = Random(1);
    let (mut layers_in_all, mut blocks, mut over) = (0, 0, [0; 2]);
    for _ in 0..4000 {
        let input = ["[2, 9, 8]", "[5]", "[2, 4]"][random.below(3)];
        let mut layers = Vec::new();
        let mut shape = None;
        for _ in 0..=random.below(8) {
            layers.push(item(&mut random, 2));
            match output(input, &layers.join(", ")) {
                None => _ = layers.pop(),
                fitting => shape = fitting,
            }
        }
        if let Some(shape) = shape {
            let declaration = format!("struct Net: {input} -> {shape} {{ {} }}", layers.join(", "));
            let outcome = std::panic::catch_unwind(|| run(&network(&declaration)));
            let Ok(counts) = outcome else { panic!("{declaration}") };
            over = [0, 1].map(|at| over[at] + counts[at]);
            layers_in_all += layers.len();
            blocks += layers.iter().filter(|layer| layer.contains('{')).count();
        }
    }
    assert!(layers_in_all > 5000 && blocks > 500, "{layers_in_all} {blocks}");
    assert!(over[0] > 200 && over[1] > 60, "{over:?}");
}

#[test]
fn lenet_by_hand() {
    let layers = "conv1: Conv2d(6, 5, padding = 2), Relu, MaxPool2d(2), conv2: Conv2d(16, 5), Relu, MaxPool2d(2), \
                  Flatten, fc1: Linear(120), Relu, fc2: Linear(84), Relu, fc3: Linear(10)";
    let plan = plan(&network(&format!("struct N: [1, 28, 28] -> [10] {{ {layers} }}")));
    let rooms = |areas: &[Room]| areas.iter().map(|room| room.entries().expect("numbers")).collect::<Vec<_>>();
    // Each convolution predicts in one pass with its pool.
    assert_eq!(rooms(&plan.scratch), [1176, 400].map(Size::Known));
    // The gradients of both maps take their places.
    assert_eq!(rooms(&plan.tape.areas), [1176, 120].map(Size::Known));
    assert_eq!(plan.tape.fields, [0, 2, 3, 5, 7, 9, 11]);
}

#[test]
fn a_convolution_predicts_in_one_pass_with_a_pool_side_by_side() {
    let passes = |layers: &str, output: &str| {
        let plan = plan(&network(&format!("struct N: [1, 8, 8] -> {output} {{ {layers} }}")));
        let last = |step: &ForwardStep| match *step {
            ForwardStep::Through { operation, last, .. } => Some(last - operation),
            _ => None,
        };
        plan.predict.steps.iter().filter_map(last).collect::<Vec<_>>()
    };
    assert_eq!(passes("Conv2d(2, 1), Tanh, AvgPool2d(2)", "[2, 4, 4]"), [2]);
    assert_eq!(passes("Conv2d(2, 1), MaxPool2d(4), Relu", "[2, 2, 2]"), [1]);
    // windows that overlap, are padded or large, a norm between, a map that another layer reads
    assert_eq!(passes("Conv2d(2, 1), Relu, MaxPool2d(2, stride = 1)", "[2, 7, 7]"), [0, 0]);
    assert_eq!(passes("Conv2d(2, 1), Relu, MaxPool2d(2, padding = 1)", "[2, 5, 5]"), [0, 0]);
    assert_eq!(passes("Conv2d(2, 2, padding = 1), AvgPool2d(9)", "[2, 1, 1]"), [0, 0]);
    assert_eq!(passes("Conv2d(2, 1), BatchNorm, MaxPool2d(2)", "[2, 4, 4]"), [0, 0]);
    assert_eq!(passes("Conv2d(2, 1), Conv2d(2, 1), residual { Relu }, MaxPool2d(2)", "[2, 4, 4]"), [0, 0, 0]);
    assert_eq!(passes("Conv2d(2, 1), concat { { MaxPool2d(2) }, { AvgPool2d(2) } }", "[4, 4, 4]"), [0, 0, 0]);
}

#[test]
fn activations_copy_only_where_their_input_is_needed() {
    let copies = |declaration: &str| {
        let plan = plan(&network(declaration));
        plan.train.steps.iter().filter(|step| matches!(step, ForwardStep::Copy { .. })).count()
    };
    // A rectifier needs its own output only, a sigmoid before it needs its own too.
    assert_eq!(copies("struct N: [4] -> [4] { Linear(4), Sigmoid, Relu }"), 1);
    assert_eq!(copies("struct N: [4] -> [4] { Linear(4), Gelu }"), 1);
    assert_eq!(copies("struct N: [4] -> [4] { Linear(4), Relu, Linear(4) }"), 0);
    assert_eq!(copies("struct N: [1, 2, 2] -> [4] { Flatten }"), 1);
}

#[test]
fn a_pool_goes_back_over_the_map_that_nobody_else_needs() {
    let over = |layers: &str, output: &str| {
        let plan = plan(&network(&format!("struct N: [1, 8, 8] -> {output} {{ {layers} }}")));
        let over = plan.backward.steps.iter().filter_map(|asked| match asked.step {
            BackwardStep::Over { activation, .. } => Some(activation),
            _ => None,
        });
        over.collect::<Vec<_>>()
    };
    assert_eq!(over("Conv2d(2, 1), Relu, MaxPool2d(2)", "[2, 4, 4]"), [Some(1)]);
    assert_eq!(over("Conv2d(2, 1), MaxPool2d(2, stride = 3), Relu, MaxPool2d(2)", "[2, 1, 1]"), [Some(2), None]);
    // Who reads the map has it in another place, or has been there before.
    assert_eq!(over("Conv2d(2, 1), Gelu, MaxPool2d(2)", "[2, 4, 4]"), [None]);
    assert_eq!(over("Conv2d(2, 1), BatchNorm, Relu, MaxPool2d(2)", "[2, 4, 4]"), [Some(2)]);
    // windows that overlap, no layer that learns before it, a map that another one reads
    assert_eq!(over("Conv2d(2, 1), Relu, MaxPool2d(2, stride = 1)", "[2, 7, 7]"), []);
    assert_eq!(over("Relu, MaxPool2d(2), Conv2d(2, 1)", "[2, 4, 4]"), []);
    assert_eq!(over("Conv2d(2, 1), Relu, concat { { MaxPool2d(2) }, { AvgPool2d(2) } }", "[4, 4, 4]"), []);
}

#[test]
fn a_residual_block_needs_no_copy_in_either_direction() {
    let block = "residual { Conv2d(2, 3, padding = 1), BatchNorm, Relu, Conv2d(2, 3, padding = 1), BatchNorm }, Relu";
    let plan = plan(&network(&format!("struct N: [2, 8, 8] -> [2, 8, 8] {{ Conv2d(2, 1), {block}, {block} }}")));
    assert!(!plan.train.steps.iter().any(|step| matches!(step, ForwardStep::Copy { .. })));
    let copies = plan.backward.steps.iter().filter(|asked| matches!(asked.step, BackwardStep::Copy { .. })).count();
    // Batch norm goes back in place, and its gradient is that of the shortcut as well.
    assert_eq!(copies, 2);
}

#[test]
fn frozen_layers_in_front_keep_nothing() {
    let front = "#[frozen] Conv2d(4, 3), Tanh, #[frozen] BatchNorm, Relu, Flatten";
    let plan = plan(&network(&format!("struct N: [2, 8, 8] -> [3] {{ {front}, Linear(3) }}")));
    assert!(!plan.backward.input_gradient);
    assert_eq!(plan.tape.fields.len(), 2, "the input of the last layer and the output: {:?}", plan.tape.fields);
    assert_eq!(plan.backward.steps.len(), 1);
}
