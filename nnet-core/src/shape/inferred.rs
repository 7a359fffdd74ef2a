//! Shapes of networks whose sizes have names: rustc infers what the macro cannot, and reports what does not fit.

use super::flow::{Gives, Piece};
use super::{Shape, ShapeError, concat, sum};

/// The shape that a layer gives, or a guess behind a mistake, so that one mistake is one error.
#[derive(Clone, Copy, Debug)]
pub struct Inferred {
    /// If it is not known, some shape of the right kind.
    pub shape: Shape,
    is_known: bool,
    error: Option<ShapeError>,
}

impl Inferred {
    /// A shape that is stated, such as that of the network's input.
    #[must_use]
    pub const fn stated(shape: Shape) -> Self {
        let error = match shape.entries() {
            Ok(_) => None,
            Err(error) => Some(error),
        };
        Self { shape, is_known: error.is_none(), error }
    }

    /// What a rule gives for the shapes `before`; if one of them is not known or it does not fit, `guess`.
    #[must_use]
    pub const fn by(rule: Result<Shape, ShapeError>, before: &[Self], guess: Shape) -> Self {
        let mut i = 0;
        while i < before.len() {
            if !before[i].is_known {
                return Self { shape: guess, is_known: false, error: None };
            }
            i += 1;
        }
        match rule {
            Ok(shape) => Self { shape, is_known: true, error: None },
            Err(error) => Self { shape: guess, is_known: false, error: Some(error) },
        }
    }

    /// What arms give together that are added, or joined along their first dimension. Whether they differ is not seen
    /// to here.
    #[must_use]
    pub const fn joined(are_added: bool, arms: &[Self], guess: Shape) -> Self {
        let mut shape = arms[0].shape;
        let mut i = 1;
        while i < arms.len() {
            let both = if are_added { sum(shape, arms[i].shape) } else { concat(shape, arms[i].shape) };
            let Ok(both) = both else { return Self { shape: guess, is_known: false, error: None } };
            shape = both;
            i += 1;
        }
        Self::by(Ok(shape), arms, guess)
    }

    /// What is stated of it, which holds behind a mistake as well; unknown if it is another.
    #[must_use]
    pub const fn as_stated(&self, stated: &Self) -> Self {
        Self { shape: stated.shape, is_known: stated.is_known && !self.differs(stated), error: None }
    }

    /// The size along one dimension.
    #[must_use]
    pub const fn size(&self, dimension: usize) -> usize {
        self.shape.sizes()[dimension]
    }

    /// Whether it breaks its rule.
    #[must_use]
    pub const fn is_wrong(&self) -> bool {
        self.error.is_some()
    }

    /// Why it breaks its rule; `source` says where its input comes from.
    #[must_use]
    pub const fn why<'a>(&self, source: &'a str) -> Piece<'a> {
        match self.error {
            Some(error) => Piece::Error(error, source),
            None => Piece::Text(""),
        }
    }

    /// Whether both are known, and not equal.
    #[must_use]
    pub const fn differs(&self, other: &Self) -> bool {
        self.is_known && other.is_known && sum(self.shape, other.shape).is_err()
    }

    /// Whether both are known, and differ in more than their first dimension.
    #[must_use]
    pub const fn does_not_join(&self, other: &Self) -> bool {
        self.is_known && other.is_known && concat(self.shape, other.shape).is_err()
    }

    /// Whether it is known to have fewer entries.
    #[must_use]
    pub const fn has_fewer(&self, entries: usize) -> bool {
        match self.shape.entries() {
            Ok(found) => self.is_known && found < entries,
            Err(_) => false,
        }
    }

    /// What stands behind it in a shape flow.
    #[must_use]
    pub const fn gives<'a>(&self) -> Gives<'a> {
        match self.error {
            Some(error) => Gives::Error(error),
            None if self.is_known => Gives::Shape(self.shape),
            None => Gives::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Window2d, conv2d};
    use super::*;

    #[test]
    fn a_mistake_is_found_once() {
        let window = Window2d::new([5, 5], [1, 1], [0, 0]);
        let rule = |x: Inferred| conv2d(x.shape, 2, 1, &window);
        let guess = Shape::Map([2, 1, 1]);
        let x = Inferred::stated(Shape::Map([1, 7, 7]));
        let fits = Inferred::by(rule(x), &[x], guess);
        assert_eq!((fits.shape, fits.is_wrong()), (Shape::Map([2, 3, 3]), false));
        let wrong = Inferred::by(rule(fits), &[fits], guess);
        assert_eq!((wrong.shape, wrong.is_wrong()), (guess, true));
        let behind = Inferred::by(rule(wrong), &[wrong], guess);
        assert!(!behind.is_wrong() && !behind.differs(&x) && !x.differs(&behind));
        let stated = behind.as_stated(&x);
        assert!(!stated.differs(&x) && stated.differs(&fits) && !stated.does_not_join(&x));
        assert!(fits.as_stated(&x).as_stated(&fits).differs(&x));
        assert!(!fits.as_stated(&x).differs(&fits), "unknown behind a contract that does not hold");
    }
}
