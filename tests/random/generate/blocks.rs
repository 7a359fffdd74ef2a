//! Blocks: arms from one value that come together, layers that are repeated, layers in braces.

use nnet::shape::Shape;

use super::{Around, Build, DEPTH, Item, Value, between, chance};
use crate::tree::Node;

impl Build<'_> {
    pub(super) fn block(&mut self, around: Around, x: Value, word: &str) -> (Item, Value) {
        let kind = if word == "{ }" { "block" } else { word.split(['(', ' ']).next().unwrap_or(word) };
        let has_shortcut = word.contains("shortcut");
        // Layers of blocks without a name belong to the structure around them, which has room for one `shortcut`.
        let name = self.name(kind, if has_shortcut && self.draft.has_shortcut { 1.0 } else { 0.5 });
        self.draft.has_shortcut |= has_shortcut;
        let own = chance(&mut self.random, if x.trains { 0.06 } else { 0.12 });
        let inside = Around { depth: around.depth + 1, frozen: around.frozen || own, ..around };
        let (node, value) = match word {
            "residual" => self.residual(inside, x),
            "residual(shortcut)" => self.residual_by(inside, x),
            "residual shortcut" => self.residual_shortcut(inside, x),
            "concat" => self.concat(inside, x),
            "add" => self.sum(inside, x),
            "repeat" => self.repeat(inside, x),
            _ => {
                let length = between(&mut self.random, 1, 3);
                let (items, value) = self.sequence(inside, x, length);
                (Node::Plain(items), value)
            }
        };
        let contract = self.contract(value.shape);
        (Item { name, frozen: own, node, contract }, value)
    }

    /// One to three layers that keep maps maps.
    fn body(&mut self, around: Around, x: Value) -> (Vec<Item>, Value) {
        let length = between(&mut self.random, 1, 3);
        self.sequence(Around { may_flatten: matches!(x.shape, Shape::Flat(_)), ..around }, x, length)
    }

    fn residual(&mut self, around: Around, x: Value) -> (Node, Value) {
        let (mut body, value) = self.body(around, x);
        let (rest, value) = self.fit(around, value, x.shape);
        body.extend(rest);
        (Node::Residual(body), value)
    }

    /// The shortcut is one layer, if one leads there.
    fn residual_by(&mut self, around: Around, x: Value) -> (Node, Value) {
        let (body, value) = self.body(around, x);
        let room = self.single(x.shape, value.shape).filter(|drawn| self.affords(around, drawn));
        let Some(drawn) = room else {
            let (shortcut, way) = self.shortcut(around, x, value.shape);
            return (Node::ResidualShortcut(body, shortcut), joined(&[value, way], value.shape));
        };
        let (call, learns) = (drawn.call.clone(), !around.frozen);
        self.draft.parameters += around.times * drawn.parameters;
        self.draft.learned += if learns { around.times * drawn.parameters } else { 0 };
        self.draft.is_frozen |= !learns;
        let trains = value.trains || learns;
        (Node::ResidualBy(call, body), Value { trains, ..value })
    }

    fn residual_shortcut(&mut self, around: Around, x: Value) -> (Node, Value) {
        let (body, value) = self.body(around, x);
        let (shortcut, way) = self.shortcut(around, x, value.shape);
        (Node::ResidualShortcut(body, shortcut), joined(&[value, way], value.shape))
    }

    /// At least one layer.
    fn shortcut(&mut self, around: Around, x: Value, target: Shape) -> (Vec<Item>, Value) {
        let (mut items, value) = self.fit(around, x, target);
        if items.is_empty() || chance(&mut self.random, 0.3) {
            items.push(self.activation());
        }
        (items, value)
    }

    /// Two or three arms, each led to what `target` makes of the shape of the first.
    fn arms(
        &mut self,
        around: Around,
        x: Value,
        target: impl Fn(&mut Self, Shape) -> Shape,
    ) -> (Vec<Item>, Vec<Value>) {
        let (first, value) = self.arm(around, x, None);
        let (mut items, mut values) = (vec![first], vec![value]);
        for _ in 1..between(&mut self.random, 2, 3) {
            let target = target(self, value.shape);
            let (item, value) = self.arm(around, x, Some(target));
            items.push(item);
            values.push(value);
        }
        let places = [0, items.len() - 1];
        if chance(&mut self.random, 0.5) {
            items.swap(places[0], places[1]);
            values.swap(places[0], places[1]);
        }
        (items, values)
    }

    fn arm(&mut self, around: Around, x: Value, target: Option<Shape>) -> (Item, Value) {
        let is_free = target.is_none();
        let inside = Around { may_flatten: around.may_flatten && is_free, ..around };
        let length = between(&mut self.random, usize::from(is_free), 2);
        let mut named = chance(&mut self.random, 0.4);
        let (mut items, mut value) = if target == Some(x.shape) && chance(&mut self.random, 0.5) {
            (Vec::new(), x)
        } else {
            let inside = Around { may_flatten: inside.may_flatten || matches!(x.shape, Shape::Flat(_)), ..inside };
            self.sequence(inside, x, length)
        };
        if let Some(target) = target {
            let rest;
            (rest, value) = self.fit(inside, value, target);
            items.extend(rest);
        }
        named &= !items.is_empty();
        if items.len() == 1 && !named {
            return (items.swap_remove(0), value);
        }
        let name = if named { self.name("arm", 1.0) } else { None };
        (Item { name, frozen: false, node: Node::Plain(items), contract: None }, value)
    }

    fn sum(&mut self, around: Around, x: Value) -> (Node, Value) {
        let (items, values) = self.arms(around, x, |_, first| first);
        (Node::Add(items), joined(&values, values[0].shape))
    }

    fn concat(&mut self, around: Around, x: Value) -> (Node, Value) {
        let (items, values) = self.arms(around, x, |this, first| {
            // As it came, where it fits, so that some arms are empty.
            if with_channels(x.shape, 1) == with_channels(first, 1) && chance(&mut this.random, 0.5) {
                return x.shape;
            }
            with_channels(first, between(&mut this.random, 1, 3))
        });
        let channels = values.iter().map(|value| value.shape.channels()).sum();
        let shape = with_channels(values[0].shape, channels);
        (Node::Concat(items), joined(&values, shape))
    }

    fn repeat(&mut self, around: Around, x: Value) -> (Node, Value) {
        let times = between(&mut self.random, 1, 3);
        let may_flatten = matches!(x.shape, Shape::Flat(_));
        let around = Around { depth: around.depth.max(DEPTH - 1), times: around.times * times, may_flatten, ..around };
        let (mut body, value) = self.body(around, x);
        let (rest, value) = self.fit(around, value, x.shape);
        body.extend(rest);
        (Node::Repeat(times, body), value)
    }
}

fn joined(values: &[Value], shape: Shape) -> Value {
    Value { shape, trains: values.iter().any(|value| value.trains) }
}

fn with_channels(shape: Shape, channels: usize) -> Shape {
    match shape {
        Shape::Flat(_) => Shape::Flat(channels),
        Shape::Sequence([_, length]) => Shape::Sequence([channels, length]),
        Shape::Map([_, height, width]) => Shape::Map([channels, height, width]),
    }
}
