//! Shape rules: what a layer accepts and what it gives, each one a `const fn` returning why not.
//!
//! The macro evaluates these while it expands; the layers assert the same relations on their tensors.

use core::fmt;

mod error;
#[doc(hidden)]
pub mod flow;
mod inferred;
mod rules;
mod window;

#[cfg(test)]
mod tests;

pub use error::{ShapeError, Side};
#[doc(hidden)]
pub use inferred::Inferred;
pub use rules::{
    adaptive_pool1d, adaptive_pool2d, channels, concat, conv_transpose2d, conv1d, conv2d, flatten, global_pool2d,
    group_norm, linear, map_only, over_features, pool1d, pool2d, sum, upsample2d, zero_pad2d,
};
pub use window::{Axis, Window2d};

/// The shape of a value that flows between layers, without the batch.
///
/// A size `D` is a number everywhere but in the macro, for which some have a name only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape<D = usize> {
    /// `[n]`: features without an order in space.
    Flat(D),
    /// `[channels, length]`.
    Sequence([D; 2]),
    /// `[channels, height, width]`.
    Map([D; 3]),
}

impl Shape {
    /// The number of entries.
    ///
    /// # Errors
    ///
    /// If a dimension is 0, or an `f64` each would exceed `isize::MAX` bytes.
    pub const fn entries(self) -> Result<usize, ShapeError> {
        let [a, b, c] = match self {
            Shape::Flat(n) => [n, 1, 1],
            Shape::Sequence([channels, length]) => [channels, length, 1],
            Shape::Map(map) => map,
        };
        if a == 0 || b == 0 || c == 0 {
            return Err(ShapeError::Zero { argument: "a dimension" });
        }
        let Some(two) = a.checked_mul(b) else { return Err(ShapeError::Overflow) };
        let Some(three) = two.checked_mul(c) else { return Err(ShapeError::Overflow) };
        if three > isize::MAX as usize / 8 { Err(ShapeError::Overflow) } else { Ok(three) }
    }
}

impl<D: Copy> Shape<D> {
    /// The first dimension: channels, or features.
    #[must_use]
    pub const fn channels(self) -> D {
        match self {
            Shape::Flat(channels) | Shape::Sequence([channels, _]) | Shape::Map([channels, _, _]) => channels,
        }
    }
}

impl<D> Shape<D> {
    /// All dimensions.
    #[must_use]
    pub const fn sizes(&self) -> &[D] {
        match self {
            Shape::Flat(n) => core::slice::from_ref(n),
            Shape::Sequence(sizes) => sizes,
            Shape::Map(sizes) => sizes,
        }
    }
}

impl<D: fmt::Display> fmt::Display for Shape<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shape::Flat(n) => write!(f, "[{n}]"),
            Shape::Sequence([c, l]) => write!(f, "[{c}, {l}]"),
            Shape::Map([c, h, w]) => write!(f, "[{c}, {h}, {w}]"),
        }
    }
}
