//! Blocks on the walk: structures of their own, arms that come together, layers that are repeated.

use nnet_core::shape::Shape;

use super::report::{join_error, sum_error};
use super::{Content, Field, Flowing, Module, Segment, Walk, Work, measure};
use crate::check::{self, Join};
use crate::init::Following;

/// More operations than this would keep the compiler busy for long: a `repeat` with a wrong number.
const MOST_OPERATIONS: usize = 10_000;

impl Walk<'_> {
    /// What `inside` gives, its layers in a structure of their own if the block has a name.
    pub(super) fn block(&mut self, layer: &check::Layer, inside: impl FnOnce(&mut Self) -> Flowing) -> Flowing {
        self.depth += 1;
        let around = layer.is_named.then(|| self.enter(layer));
        let found = inside(self);
        if let Some(around) = around {
            let block = self.leave(around);
            self.add_block(layer, Content::Block(block));
        }
        self.depth -= 1;
        found
    }

    /// Begins a structure; gives the one around it.
    fn enter(&mut self, layer: &check::Layer) -> Module {
        let mut words = self.module.words.clone();
        words.push(layer.name.to_string());
        self.place.push(Segment::Field(layer.name.clone()));
        std::mem::replace(&mut self.module, Module { words, fields: Vec::new() })
    }

    /// Ends a structure; gives it.
    fn leave(&mut self, around: Module) -> Module {
        self.place.pop();
        std::mem::replace(&mut self.module, around)
    }

    fn add_block(&mut self, layer: &check::Layer, content: Content) {
        let (Content::Block(module) | Content::Blocks(_, module)) = &content else { return };
        if !module.fields.is_empty() {
            let (name, attributes) = (layer.name.clone(), layer.attributes.clone());
            self.module.fields.push(Field { name, attributes, content });
        }
    }

    pub(super) fn residual(
        &mut self,
        layer: &check::Layer,
        body: &[check::Layer],
        shortcut: Option<&check::Layer>,
        x: Flowing,
        following: &Following,
    ) -> Flowing {
        let y = self.sequence(body, x, Some(following));
        let way = shortcut.map_or(x, |shortcut| self.arm(shortcut, x, following));
        let error = sum_error(layer, x, y, way, shortcut.is_some());
        self.joined(layer, Join::Add, &[y, way], error)
    }

    pub(super) fn join(
        &mut self,
        layer: &check::Layer,
        join: Join,
        arms: &[check::Layer],
        x: Flowing,
        following: &Following,
    ) -> Flowing {
        let found: Vec<_> = arms.iter().map(|arm| self.arm(arm, x, following)).collect();
        self.joined(layer, join, &found, join_error(join, arms, &found))
    }

    /// An arm sees the input of the block, not what the arm above it gives.
    fn arm(&mut self, arm: &check::Layer, x: Flowing, following: &Following) -> Flowing {
        self.flow.restart(self.depth, x.shape);
        self.layer(arm, x, &Following { layers: &[], then: Some(following) })
    }

    /// The operation that brings arms together, if they fit or `error` says why not.
    fn joined(&mut self, layer: &check::Layer, join: Join, arms: &[Flowing], error: Option<String>) -> Flowing {
        let unknown = Flowing { value: 0, shape: None };
        let shapes: Option<Vec<_>> = arms.iter().map(|arm| arm.shape).collect();
        let Some(shapes) = shapes else { return unknown };
        let output = measure::join(join, &shapes, &mut self.totals);
        let work = if join == Join::Add { Work::Add } else { Work::Concat(shapes.clone()) };
        match (error, output) {
            (None, Ok(output)) => {
                let inputs = arms.iter().map(|arm| arm.value).collect();
                let input = shapes.first().copied().unwrap_or(output);
                self.push(work, inputs, layer, input, output)
            }
            (Some(message), _) => {
                self.report_text(layer, &message);
                unknown
            }
            (None, Err(error)) => {
                self.report(error, layer);
                unknown
            }
        }
    }

    pub(super) fn repeat(&mut self, layer: &check::Layer, count: usize, body: &[check::Layer], x: Flowing) -> Flowing {
        self.depth += 1;
        let around = self.enter(layer);
        self.place.push(Segment::Index(0));
        let before = self.operations.len();
        let mut end = self.sequence(body, x, None);
        let block = self.module.clone();
        if let Some(message) = repeat_error(x.shape, end.shape) {
            self.report_text(layer, &message);
            end.shape = None;
        }
        // Empty braces do nothing, however often.
        let is_known = self.is_whole && end.shape.is_some() && self.operations.len() > before;
        let shown = self.flow.len();
        for index in 1..if is_known { count } else { 1 } {
            self.place.pop();
            self.place.push(Segment::Index(index));
            end = self.sequence(body, end, None);
            if !self.is_whole {
                break;
            }
            if self.operations.len() > MOST_OPERATIONS {
                self.report_text(
                    layer,
                    &format!("gives more than {MOST_OPERATIONS} layers in all; repeat it less often"),
                );
                break;
            }
        }
        self.flow.truncate(shown);
        self.place.pop();
        self.leave(around);
        self.add_block(layer, Content::Blocks(count, block));
        self.depth -= 1;
        end
    }
}

/// Why a block cannot be repeated.
fn repeat_error(x: Option<Shape>, y: Option<Shape>) -> Option<String> {
    let (x, y) = x.zip(y).filter(|(x, y)| x != y)?;
    let cure = "put the layers that change the shape before it";
    Some(format!("must give what it takes, but its block takes {x} and gives {y}; {cure}"))
}
