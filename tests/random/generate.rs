//! Random networks: from shape to shape, a layer or a block at a time, the rarer the likelier.

mod blocks;
mod fit;

use std::collections::BTreeSet;

use nnet::Random;
use nnet::shape::Shape;

use crate::layers::{self, Drawn, KINDS, between, chance, pick};
use crate::tree::{BLOCKS, Counts, Item, LOSSES, Network, Node};

/// A network has about this many parameters at most.
const PARAMETERS: usize = 1500;
/// A block lies in at most two others.
const DEPTH: usize = 3;

/// Names that the generated code might use itself, for layers.
const TEMPTING: &[&str] = &[
    "x",
    "y",
    "dx",
    "dy",
    "tape",
    "pass",
    "stage",
    "samples",
    "scratch",
    "gradients",
    "groups",
    "meeting",
    "targets",
    "weight",
    "bias",
    "input",
    "output",
    "random",
    "area",
    "area_a",
    "init",
    "forward",
    "backward",
    "shortcut_of",
    "e",
    "statistics",
    "conv1_tape",
];

/// `number` networks that follow from `seed`, named `Net0` and so on. Each of them learns something.
pub fn networks(seed: u64, number: usize) -> Vec<Network> {
    let (mut made, mut counts) = (Vec::new(), Counts::new());
    for index in 0..number {
        // Each from its own seed, so that a change of one leaves most others as they are.
        let mut seeds = Random::new(seed.wrapping_add(index as u64));
        let mut next = || {
            let random = Random::new(seeds.next_u64());
            Build { random, counts: &counts, made: &made, draft: Draft::default() }.network(index)
        };
        let mut network = next();
        while network.learned == 0 {
            network = next();
        }
        network.count(&mut counts);
        made.push(network);
    }
    made
}

/// A network on the way.
struct Build<'a> {
    random: Random,
    /// Of the networks before.
    counts: &'a Counts,
    made: &'a [Network],
    draft: Draft,
}

/// What is known of a network so far.
#[derive(Default)]
struct Draft {
    parameters: usize,
    learned: usize,
    is_frozen: bool,
    varies: bool,
    names: BTreeSet<String>,
    /// Whether some block has a shortcut, whose name another in its structure would share.
    has_shortcut: bool,
}

/// What flows between layers.
#[derive(Clone, Copy)]
struct Value {
    shape: Shape,
    /// Whether something before it learns.
    trains: bool,
}

/// Where a layer stands.
#[derive(Clone, Copy)]
struct Around {
    depth: usize,
    frozen: bool,
    /// How often it is repeated.
    times: usize,
    /// Whether it may turn maps and sequences into features.
    may_flatten: bool,
}

impl Build<'_> {
    fn network(mut self, index: usize) -> Network {
        let around = Around { depth: 0, frozen: false, times: 1, may_flatten: true };
        let mut layers = Vec::new();
        let input;
        let mut value;
        if !self.made.is_empty() && chance(&mut self.random, 0.08) {
            let first = &self.made[self.random.below(self.made.len())];
            input = first.input;
            let frozen = chance(&mut self.random, 0.5);
            let path = self.path(around, Value { shape: input, trains: false }, first, frozen);
            layers.push(path.0);
            value = path.1;
        } else {
            input = self.input();
            value = Value { shape: input, trains: false };
        }
        let length = between(&mut self.random, 1, 9);
        let (more, end) = self.sequence(around, value, length);
        layers.extend(more);
        value = end;
        let (loss, last, output) = self.loss(around, value);
        layers.extend(last);
        let Draft { parameters, learned, is_frozen, varies, .. } = self.draft;
        let name = format!("Net{index}");
        Network { name, input, output, layers, loss, parameters, learned, is_frozen, varies }
    }

    fn input(&mut self) -> Shape {
        let random = &mut self.random;
        match random.below(8) {
            0 | 1 => Shape::Flat(between(random, 1, 12)),
            2 | 3 => Shape::Sequence([between(random, 1, 4), between(random, 3, 12)]),
            _ => Shape::Map([between(random, 1, 4), between(random, 3, 8), between(random, 3, 8)]),
        }
    }

    /// The rarest loss, the layers before it, and the shape that they give.
    fn loss(&mut self, around: Around, value: Value) -> (String, Vec<Item>, Shape) {
        let loss = self.rarest(LOSSES);
        let classes = Shape::Flat(between(&mut self.random, 2, 5));
        let (mut layers, mut end) = (Vec::new(), value);
        if matches!(loss, "cross_entropy" | "nll") || chance(&mut self.random, 0.4) {
            (layers, end) = self.fit(around, value, classes);
        }
        let mut text = loss.to_owned();
        if loss == "nll" {
            layers.push(layer("LogSoftmax".to_owned()));
        } else if loss == "huber" {
            text += pick(&mut self.random, &["", "(0.7)", "(delta = 2)"]);
        }
        (text, layers, end.shape)
    }

    /// One of `words`, those that occur less the likelier.
    fn rarest(&mut self, words: &[&'static str]) -> &'static str {
        let weight = |word: &&str| 1.0 / (1.0 + self.counts.get(*word).copied().unwrap_or_default() as f64);
        let mut at = self.random.uniform() * words.iter().map(weight).sum::<f64>();
        for word in words {
            at -= weight(word);
            if at < 0.0 {
                return word;
            }
        }
        words[0]
    }

    fn sequence(&mut self, around: Around, x: Value, length: usize) -> (Vec<Item>, Value) {
        let (mut items, mut value) = (Vec::new(), x);
        for _ in 0..length {
            let more;
            (more, value) = self.next(around, value);
            items.extend(more);
        }
        (items, value)
    }

    /// A block, a network by its path, or a layer.
    fn next(&mut self, around: Around, x: Value) -> (Vec<Item>, Value) {
        if around.depth < DEPTH && chance(&mut self.random, 0.25) {
            let word = self.rarest(BLOCKS);
            let (item, value) = self.block(around, x, word);
            return (vec![item], value);
        }
        if chance(&mut self.random, 0.06)
            && let Some(found) = self.some_path(around, x)
        {
            return found;
        }
        let (item, value) = self.leaf(around, x);
        (vec![item], value)
    }

    fn leaf(&mut self, around: Around, x: Value) -> (Item, Value) {
        for _ in 0..30 {
            let kind = self.rarest(KINDS);
            let flattens = matches!(kind, "Flatten" | "GlobalAvgPool2d");
            if flattens && !around.may_flatten {
                continue;
            }
            if let Some(drawn) =
                layers::draw(&mut self.random, kind, x.shape).filter(|drawn| self.affords(around, drawn))
            {
                return self.place(around, x, drawn);
            }
        }
        (layer("Tanh".to_owned()), x)
    }

    fn affords(&self, around: Around, drawn: &Drawn) -> bool {
        self.draft.parameters + around.times * drawn.parameters <= PARAMETERS
    }

    /// The layer with perhaps a name, an attribute and a contract.
    fn place(&mut self, around: Around, x: Value, drawn: Drawn) -> (Item, Value) {
        let kind = drawn.call.split('(').next().unwrap_or_default().to_owned();
        let wish = if x.trains { 0.08 } else { 0.2 };
        let own = drawn.parameters > 0 && chance(&mut self.random, wish);
        let frozen = own || around.frozen;
        let learns = drawn.parameters > 0 && !frozen;
        self.draft.parameters += around.times * drawn.parameters;
        self.draft.learned += if learns { around.times * drawn.parameters } else { 0 };
        self.draft.is_frozen |= drawn.parameters > 0 && frozen;
        self.draft.varies |= kind.starts_with("Dropout") || (kind == "BatchNorm" && !frozen);
        let name = self.name(&kind.to_lowercase(), 0.4);
        let contract = self.contract(drawn.output);
        let item = Item { name, frozen: own, node: Node::Layer(drawn.call), contract };
        (item, Value { shape: drawn.output, trains: x.trains || learns })
    }

    fn contract(&mut self, shape: Shape) -> Option<Shape> {
        chance(&mut self.random, 0.12).then_some(shape)
    }

    /// A name that the network does not have yet, or none.
    fn name(&mut self, kind: &str, probability: f64) -> Option<String> {
        if !chance(&mut self.random, probability) {
            return None;
        }
        let tempting = pick(&mut self.random, TEMPTING).to_owned();
        let is_layer = KINDS.iter().any(|known| known.to_lowercase() == kind);
        let name = if is_layer && chance(&mut self.random, 0.15) && !self.draft.names.contains(&tempting) {
            tempting
        } else {
            format!("{kind}{}", self.draft.names.len() + 1)
        };
        self.draft.names.insert(name.clone());
        Some(name)
    }

    /// Some network before this one as a layer, behind what leads to its input.
    fn some_path(&mut self, around: Around, x: Value) -> Option<(Vec<Item>, Value)> {
        let room = PARAMETERS.saturating_sub(self.draft.parameters + 200) / around.times;
        let rank = |shape: Shape| std::mem::discriminant(&shape);
        let fits = |network: &&Network| {
            let keeps = around.may_flatten || rank(network.output) == rank(x.shape);
            let is_frozen = network.is_frozen || around.frozen;
            keeps && rank(network.input) == rank(x.shape) && network.parameters <= room && !is_frozen
        };
        let candidates: Vec<_> = self.made.iter().filter(fits).collect();
        let network = *candidates.get(self.random.below(candidates.len().max(1)))?;
        let (mut items, value) = self.fit(around, x, network.input);
        let (item, value) = self.path(around, value, network, false);
        items.push(item);
        Some((items, value))
    }

    /// `network` as a layer; `x` has the shape of its input.
    fn path(&mut self, around: Around, x: Value, network: &Network, frozen: bool) -> (Item, Value) {
        self.draft.parameters += around.times * network.parameters;
        self.draft.learned += if frozen { 0 } else { around.times * network.learned };
        self.draft.is_frozen |= frozen || network.is_frozen;
        self.draft.varies |= network.varies && !frozen;
        let name = self.name("net", 0.6);
        let prefix = if chance(&mut self.random, 0.5) { "self" } else { "crate::networks" };
        let node = Node::Path(format!("{prefix}::{}", network.name));
        let item = Item { name, frozen, node, contract: Some(network.output) };
        (item, Value { shape: network.output, trains: x.trains || !frozen })
    }
}

/// A layer without a name.
fn layer(call: String) -> Item {
    Item { name: None, frozen: false, node: Node::Layer(call), contract: None }
}
