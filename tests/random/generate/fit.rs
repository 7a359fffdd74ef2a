//! From one shape to another by as few layers as possible: what the arms of a block and a loss ask for.

use nnet::shape::Shape;

use super::{Around, Build, Item, PARAMETERS, Value, layer};
use crate::layers::{self, Drawn, convolutions_between, pick};

impl Build<'_> {
    /// Layers from `x` to `target`, which is no map or sequence if `x` is flat.
    pub(super) fn fit(&mut self, around: Around, x: Value, target: Shape) -> (Vec<Item>, Value) {
        let (mut items, mut value) = (Vec::new(), x);
        while value.shape != target {
            let drawn = self.step(around, value.shape, target);
            let item;
            (item, value) = self.place(around, value, drawn);
            items.push(item);
        }
        (items, value)
    }

    /// One layer from `x` to `target`, if one does it.
    pub(super) fn single(&mut self, x: Shape, target: Shape) -> Option<Drawn> {
        match (x, target) {
            (Shape::Flat(_), Shape::Flat(out)) => layers::linear(&mut self.random, x, out).ok(),
            (Shape::Map(_), Shape::Map(_)) | (Shape::Sequence(_), Shape::Sequence(_)) => {
                let mut found = convolutions_between(&mut self.random, x, target);
                let few = found.iter().map(|drawn| drawn.parameters).min()?;
                let room = PARAMETERS.saturating_sub(self.draft.parameters) / 4;
                found.retain(|drawn| drawn.parameters <= room.max(few));
                let place = self.random.below(found.len());
                Some(found.swap_remove(place))
            }
            _ => None,
        }
    }

    /// One layer from `x` towards `target`.
    fn step(&mut self, around: Around, x: Shape, target: Shape) -> Drawn {
        if let Some(drawn) = self.single(x, target) {
            return drawn;
        }
        let pooled = |call: String, output| Drawn { call, output, parameters: 0 };
        match (x, target) {
            (Shape::Map([channels, ..]), Shape::Map([_, height, width])) => {
                pooled(format!("AdaptiveAvgPool2d([{height}, {width}])"), Shape::Map([channels, height, width]))
            }
            (Shape::Sequence([channels, _]), Shape::Sequence([_, length])) => {
                pooled(format!("AdaptiveAvgPool1d({length})"), Shape::Sequence([channels, length]))
            }
            (_, Shape::Flat(out)) => {
                let entries = x.entries().expect("shapes so far have entries");
                let is_large = self.draft.parameters + around.times * (entries + 1) * out > PARAMETERS;
                match x {
                    Shape::Map([channels, ..]) if is_large => {
                        pooled("GlobalAvgPool2d".to_owned(), Shape::Flat(channels))
                    }
                    Shape::Sequence([channels, length]) if is_large && length > 1 => {
                        pooled("AdaptiveAvgPool1d(1)".to_owned(), Shape::Sequence([channels, 1]))
                    }
                    _ => pooled("Flatten".to_owned(), Shape::Flat(entries)),
                }
            }
            _ => panic!("no layer leads from {x} to {target}"),
        }
    }

    /// Something that changes nothing but values.
    pub(super) fn activation(&mut self) -> Item {
        layer(pick(&mut self.random, &["Tanh", "Sigmoid", "Silu", "Relu"]).to_owned())
    }
}
