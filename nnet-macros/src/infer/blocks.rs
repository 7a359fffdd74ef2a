//! Blocks on the walk: structures of their own, arms that come together, layers that are repeated.

use nnet_core::shape::{self, ShapeError};

use super::report::{Compared, block_subject, compared, join_words, merged};
use super::{Content, Field, Flowing, Inferred, Module, Piece, Rule, Segment, Walk, Work, measure};
use crate::check::{self, Join};
use crate::init::Following;
use crate::size::{self, Shape, Size};

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
            self.module.fields.push(Field { name, attributes, content, is_known: true });
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
        let (Some(from), Some(to), Some(other)) = (x.shape, y.shape, way.shape) else { return Flowing::UNKNOWN };
        let (second, cure) = match shortcut {
            Some(_) => ("what its shortcut gives", "make them equal".to_owned()),
            None => ("its input", projected(layer, from, to)),
        };
        let words = ["adds what its block gives,", &format!(", to {second},"), &cure];
        if self.arms_fit(layer, Join::Add, [(y, to), (way, other)], words) {
            self.joined(layer, Join::Add, &[y, way])
        } else {
            Flowing::UNKNOWN
        }
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
        let (does, cure) = join_words(join);
        let mut named = arms.iter().map(|arm| &arm.name).zip(&found);
        let Some((first, a)) = named.next() else { return Flowing::UNKNOWN };
        for (other, b) in named {
            let (Some(x), Some(y)) = (a.shape, b.shape) else { return Flowing::UNKNOWN };
            let words = [&*format!("{does}, but `{first}` gives"), &format!(" and `{other}` gives"), cure];
            if !self.arms_fit(layer, join, [(*a, x), (*b, y)], words) {
                return Flowing::UNKNOWN;
            }
        }
        self.joined(layer, join, &found)
    }

    /// An arm sees the input of the block, not what the arm above it gives.
    fn arm(&mut self, arm: &check::Layer, x: Flowing, following: &Following) -> Flowing {
        self.flow.push(self.depth, "input", "", x.gives());
        self.layer(arm, x, &Following { layers: &[], then: Some(following) })
    }

    /// Whether two arms go together, as far as the macro can tell; rustc sees to the rest.
    fn arms_fit(
        &mut self,
        layer: &check::Layer,
        join: Join,
        [(a, x), (b, y)]: [(Flowing, Shape); 2],
        [does, and, cure]: [&str; 3],
    ) -> bool {
        // Along the first dimension joined arms may differ.
        let other = if join == Join::Concat { with_channels(y, x.channels()) } else { y };
        match compared(x, other) {
            Compared::Equal => true,
            Compared::Open => {
                let [a, b] = [(a, x), (b, y)].map(|(arm, shape)| arm.inferred.unwrap_or(Inferred::Stated(shape)));
                let text = |text: String| Piece::Text(text);
                let pieces = vec![
                    text(format!("{}{does} ", block_subject(layer))),
                    Piece::Shape(a),
                    text(format!("{and} ")),
                    Piece::Shape(b),
                    text(format!("; {cure}")),
                ];
                self.check_arms(layer, join, [a, b], pieces);
                true
            }
            Compared::Different | Compared::Never(_) => {
                self.report_text(layer, &format!("{does} {x}{and} {y}; {cure}"));
                false
            }
        }
    }

    /// The operation that brings arms together which fit.
    fn joined(&mut self, layer: &check::Layer, join: Join, arms: &[Flowing]) -> Flowing {
        let shapes: Option<Vec<_>> = arms.iter().map(|arm| arm.shape).collect();
        let Some((first, others)) = shapes.as_deref().and_then(<[Shape]>::split_first) else {
            return Flowing::UNKNOWN;
        };
        let plain: Option<Vec<_>> = arms.iter().map(|arm| arm.shape.and_then(size::known)).collect();
        let output = match (plain, join) {
            (Some(plain), _) => measure::join(join, &plain).map(|output| (size::shape(output), None)),
            (None, join) => self.joined_names(layer, join, *first, others, arms),
        };
        let counted = output.and_then(|(output, inferred)| {
            measure::joined(output, &mut self.totals)?;
            Ok((output, inferred))
        });
        match counted {
            Ok((output, inferred)) if self.suits_types(layer, output.sizes().to_vec()) => {
                let shapes = shapes.unwrap_or_default();
                let work = if join == Join::Add { Work::Add } else { Work::Concat(shapes) };
                let inputs = arms.iter().map(|arm| arm.value).collect();
                let input = arms.first().and_then(|arm| arm.shape).unwrap_or(output);
                Flowing { inferred, ..self.push(work, inputs, layer, input, output) }
            }
            Ok(_) => Flowing::UNKNOWN,
            Err(error) => {
                self.report(error, layer, None);
                Flowing::UNKNOWN
            }
        }
    }

    /// What arms of which some have names in their shapes give together.
    fn joined_names(
        &mut self,
        layer: &check::Layer,
        join: Join,
        first: Shape,
        others: &[Shape],
        arms: &[Flowing],
    ) -> Result<(Shape, Option<Inferred>), ShapeError> {
        let output = others.iter().fold(first, |a, b| merged(a, with_channels(*b, a.channels())));
        let channels = match join {
            Join::Add => others.iter().fold(first.channels(), |a, b| a.clearer(b.channels())),
            Join::Concat => {
                let all = std::iter::once(&first).chain(others).map(|shape| shape.channels());
                size::sum(all).ok_or(ShapeError::Overflow)?
            }
        };
        let output = with_channels(output, channels);
        let each = arms.iter().zip(std::iter::once(&first).chain(others));
        let arms = each.map(|(arm, shape)| arm.inferred.unwrap_or(Inferred::Stated(*shape))).collect();
        let rule = Rule::Join { join, arms, guess: output };
        Ok((output, Some(self.constant(&layer.name.to_string(), rule))))
    }

    pub(super) fn repeat(&mut self, layer: &check::Layer, count: usize, body: &[check::Layer], x: Flowing) -> Flowing {
        let mut count = count;
        self.depth += 1;
        let around = self.enter(layer);
        self.place.push(Segment::Index(0));
        let before = self.operations.len();
        let mut end = self.sequence(body, x, None);
        let block = self.module.clone();
        let mut given = end.shape;
        end = self.repeated(layer, x, end);
        // Empty braces do nothing, however often.
        let each = self.operations.len() - before;
        let is_known = self.is_whole && end.shape.is_some() && each > 0;
        let mut times = if is_known { count } else { 1 };
        if each.saturating_mul(times - 1).saturating_add(self.operations.len()) > MOST_OPERATIONS {
            let message = format!("gives more than {MOST_OPERATIONS} layers in all; repeat it less often");
            self.report_text(layer, &message);
            end = Flowing::UNKNOWN;
            (times, count) = (1, 1);
        }
        let shown = self.flow.len();
        for index in 1..times {
            self.place.pop();
            self.place.push(Segment::Index(index));
            end = self.sequence(body, end, None);
            if !self.is_whole {
                break;
            }
            given = end.shape;
            end = self.as_taken(layer, x, end);
        }
        // Behind the block its own sizes hold.
        end.shape = end.shape.and(given);
        self.flow.truncate(shown);
        self.place.pop();
        self.leave(around);
        self.add_block(layer, Content::Blocks(count, block));
        self.depth -= 1;
        end
    }

    /// What a block gives, if that is what it takes, as far as the macro can tell; rustc sees to the rest.
    fn repeated(&mut self, layer: &check::Layer, x: Flowing, y: Flowing) -> Flowing {
        let (Some(from), Some(to)) = (x.shape, y.shape) else { return y };
        let does = "must give what it takes, but its block takes";
        let cure = "put the layers that change the shape before it";
        if !self.arms_fit(layer, Join::Add, [(x, from), (y, to)], [does, " and gives", cure]) {
            return Flowing::UNKNOWN;
        }
        self.as_taken(layer, x, y)
    }

    /// What a repeated block gives, by the sizes of what it takes: its layers have one type for all times.
    fn as_taken(&mut self, layer: &check::Layer, x: Flowing, y: Flowing) -> Flowing {
        let (Some(from), Some(to)) = (x.shape, y.shape) else { return y };
        if from == to {
            return y;
        }
        let stated = x.inferred.unwrap_or(Inferred::Stated(from));
        let of = y.inferred.unwrap_or(Inferred::Stated(to));
        let inferred = self.constant(&layer.name.to_string(), Rule::AsStated { of, stated });
        Flowing { shape: Some(from), inferred: Some(inferred), ..y }
    }
}

fn with_channels(shape: Shape, channels: Size) -> Shape {
    match shape {
        Shape::Flat(_) => Shape::Flat(channels),
        Shape::Sequence([_, length]) => Shape::Sequence([channels, length]),
        Shape::Map([_, height, width]) => Shape::Map([channels, height, width]),
    }
}

/// What to do where a block gives another shape than it takes.
fn projected(layer: &check::Layer, x: Shape, y: Shape) -> String {
    let word = layer.type_name();
    match size::known(x).zip(size::known(y)).and_then(|(x, y)| projection(x, y)) {
        Some(projection) => format!("give it a shortcut of that shape: `{word}(shortcut = {projection}) {{ .. }}`"),
        None => "make them equal, or give it a `shortcut { .. }` of that shape".to_owned(),
    }
}

/// A layer that leads from one shape to another, such as `Conv2d(32, kernel = 1, stride = 2)`.
fn projection(x: shape::Shape, y: shape::Shape) -> Option<String> {
    use shape::Shape::{Flat, Map};
    match (x, y) {
        (Flat(_), Flat(out)) => Some(format!("Linear({out})")),
        (Map([_, height, width]), Map([out, h, w])) => {
            let stride = height.div_ceil(h);
            let fits = h == height.div_ceil(stride) && w == width.div_ceil(stride);
            let stride = if stride == 1 { String::new() } else { format!(", stride = {stride}") };
            fits.then(|| format!("Conv2d({out}, kernel = 1{stride})"))
        }
        _ => None,
    }
}
