//! Shape rules: what a layer accepts and what it gives, each one a `const fn` returning why not.
//!
//! The macro evaluates these while it expands; the layers assert the same relations on their tensors.

use core::fmt;

/// The shape of a value that flows between layers, without the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `[n]`: features without an order in space.
    Flat(usize),
    /// `[channels, height, width]`.
    Map([usize; 3]),
}

/// Kernel, stride and padding of a convolution or a pool, `[height, width]` each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window2d {
    /// Extent of the window, at least 1.
    pub kernel: [usize; 2],
    /// Distance between neighbouring windows, at least 1.
    pub stride: [usize; 2],
    /// Rows and columns added on each side.
    pub padding: [usize; 2],
}

/// Height or width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// Rows.
    Height,
    /// Columns.
    Width,
}

/// Why a layer cannot take its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShapeError {
    /// The layer works on `[channels, height, width]`.
    NeedsMap {
        /// The features it was given.
        found: usize,
    },
    /// The layer works on `[n]`.
    NeedsFlat {
        /// The map it was given.
        found: [usize; 3],
    },
    /// The window is larger than the padded input.
    WindowTooLarge {
        /// Along which axis.
        axis: Axis,
        /// Size of the input along it.
        input: usize,
        /// Size of the window.
        kernel: usize,
        /// Padding on each side.
        padding: usize,
    },
    /// A pool's padding exceeds half of its window, so that a window could lie in the padding alone.
    PaddingTooLarge {
        /// Along which axis.
        axis: Axis,
        /// Size of the window.
        kernel: usize,
        /// Padding on each side.
        padding: usize,
    },
    /// A size that must be at least 1 is 0.
    Zero {
        /// The argument's name.
        argument: &'static str,
    },
    /// The number of entries or parameters does not fit in memory.
    Overflow,
}

impl Window2d {
    /// A window from its three arguments.
    #[must_use]
    pub const fn new(kernel: [usize; 2], stride: [usize; 2], padding: [usize; 2]) -> Self {
        Self { kernel, stride, padding }
    }

    /// The number of windows along both axes of an input: `⌊(n + 2·padding − kernel) / stride⌋ + 1`.
    ///
    /// # Errors
    ///
    /// If a kernel or stride is 0, or the kernel exceeds the padded input.
    pub const fn output(&self, input: [usize; 2]) -> Result<[usize; 2], ShapeError> {
        match (self.along(Axis::Height, input[0]), self.along(Axis::Width, input[1])) {
            (Ok(height), Ok(width)) => Ok([height, width]),
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    }

    const fn along(&self, axis: Axis, input: usize) -> Result<usize, ShapeError> {
        let a = axis as usize;
        let (kernel, stride, padding) = (self.kernel[a], self.stride[a], self.padding[a]);
        if kernel == 0 {
            return Err(ShapeError::Zero { argument: "kernel" });
        }
        if stride == 0 {
            return Err(ShapeError::Zero { argument: "stride" });
        }
        let Some(both_sides) = padding.checked_mul(2) else { return Err(ShapeError::Overflow) };
        let Some(padded) = input.checked_add(both_sides) else { return Err(ShapeError::Overflow) };
        if kernel > padded {
            return Err(ShapeError::WindowTooLarge { axis, input, kernel, padding });
        }
        Ok((padded - kernel) / stride + 1)
    }
}

impl Shape {
    /// The number of entries.
    ///
    /// # Errors
    ///
    /// If a dimension is 0, or an `f64` each would exceed `isize::MAX` bytes.
    pub const fn entries(self) -> Result<usize, ShapeError> {
        let dimensions = match self {
            Shape::Flat(n) => [n, 1, 1],
            Shape::Map(map) => map,
        };
        product(dimensions)
    }
}

/// The product of sizes, if none is 0 and that many `f64` fit in the address space.
const fn product(sizes: [usize; 3]) -> Result<usize, ShapeError> {
    if sizes[0] == 0 || sizes[1] == 0 || sizes[2] == 0 {
        return Err(ShapeError::Zero { argument: "a dimension" });
    }
    let Some(two) = sizes[0].checked_mul(sizes[1]) else { return Err(ShapeError::Overflow) };
    let Some(three) = two.checked_mul(sizes[2]) else { return Err(ShapeError::Overflow) };
    if three > isize::MAX as usize / 8 { Err(ShapeError::Overflow) } else { Ok(three) }
}

/// The input of a layer that works on maps.
const fn map(input: Shape) -> Result<[usize; 3], ShapeError> {
    match input {
        Shape::Map(map) => Ok(map),
        Shape::Flat(found) => Err(ShapeError::NeedsMap { found }),
    }
}

/// `Conv2d`: a map of any channels to `out` channels.
///
/// # Errors
///
/// If the input is flat, `out` is 0, the window does not fit, or the output is too large.
pub const fn conv2d(input: Shape, out: usize, window: &Window2d) -> Result<Shape, ShapeError> {
    let [_, height, width] = match map(input) {
        Ok(map) => map,
        Err(error) => return Err(error),
    };
    if out == 0 {
        return Err(ShapeError::Zero { argument: "out" });
    }
    match window.output([height, width]) {
        Ok([h, w]) => checked(Shape::Map([out, h, w])),
        Err(error) => Err(error),
    }
}

/// `MaxPool2d` and `AvgPool2d`: each channel by itself.
///
/// # Errors
///
/// If the input is flat, the window does not fit, or the padding exceeds half of the window.
pub const fn pool2d(input: Shape, window: &Window2d) -> Result<Shape, ShapeError> {
    let [channels, height, width] = match map(input) {
        Ok(map) => map,
        Err(error) => return Err(error),
    };
    let mut a = 0;
    while a < 2 {
        let (kernel, padding) = (window.kernel[a], window.padding[a]);
        if kernel > 0 && padding > kernel / 2 {
            let axis = if a == 0 { Axis::Height } else { Axis::Width };
            return Err(ShapeError::PaddingTooLarge { axis, kernel, padding });
        }
        a += 1;
    }
    match window.output([height, width]) {
        Ok([h, w]) => checked(Shape::Map([channels, h, w])),
        Err(error) => Err(error),
    }
}

/// `GlobalAvgPool2d`: each channel to one feature.
///
/// # Errors
///
/// If the input is flat.
pub const fn global_pool2d(input: Shape) -> Result<Shape, ShapeError> {
    match input {
        Shape::Map([channels, _, _]) => Ok(Shape::Flat(channels)),
        Shape::Flat(found) => Err(ShapeError::NeedsMap { found }),
    }
}

/// `Linear`: features to `out` features.
///
/// # Errors
///
/// If the input is a map, `out` is 0, or the weights are too many.
pub const fn linear(input: Shape, out: usize) -> Result<Shape, ShapeError> {
    match input {
        Shape::Map(found) => Err(ShapeError::NeedsFlat { found }),
        Shape::Flat(_) if out == 0 => Err(ShapeError::Zero { argument: "out" }),
        Shape::Flat(features) => match product([features, out, 1]) {
            Ok(_) => Ok(Shape::Flat(out)),
            Err(error) => Err(error),
        },
    }
}

/// `Flatten`: any shape to features, the last dimension fastest.
///
/// # Errors
///
/// If the entries are too many.
pub const fn flatten(input: Shape) -> Result<Shape, ShapeError> {
    match input.entries() {
        Ok(entries) => Ok(Shape::Flat(entries)),
        Err(error) => Err(error),
    }
}

/// `Softmax` and `LogSoftmax`: over all features.
///
/// # Errors
///
/// If the input is a map.
pub const fn over_features(input: Shape) -> Result<Shape, ShapeError> {
    match input {
        Shape::Map(found) => Err(ShapeError::NeedsFlat { found }),
        Shape::Flat(_) => Ok(input),
    }
}

const fn checked(shape: Shape) -> Result<Shape, ShapeError> {
    match shape.entries() {
        Ok(_) => Ok(shape),
        Err(error) => Err(error),
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shape::Flat(n) => write!(f, "[{n}]"),
            Shape::Map([c, h, w]) => write!(f, "[{c}, {h}, {w}]"),
        }
    }
}

impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Axis::Height => "rows",
            Axis::Width => "columns",
        })
    }
}

/// What was found, what was wanted, and the cure; the layer's name is the caller's to add.
impl fmt::Display for ShapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.describe("it gets", f)
    }
}

impl ShapeError {
    /// The same message, which says where the input comes from: `source` is such as "`conv2` above gives".
    #[must_use]
    pub fn after(self, source: &str) -> impl fmt::Display {
        struct After<'a>(ShapeError, &'a str);

        impl fmt::Display for After<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.describe(self.1, f)
            }
        }

        After(self, source)
    }

    fn describe(&self, source: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NeedsMap { found } => {
                write!(f, "needs a map [channels, height, width], but {source} [{found}]; put it before `Flatten`")
            }
            Self::NeedsFlat { found: [c, h, w] } => write!(
                f,
                "needs a flat input, but {source} [{c}, {h}, {w}]; put `Flatten` before it ({c} * {h} * {w} = {} features)",
                c.saturating_mul(h).saturating_mul(w)
            ),
            Self::WindowTooLarge { axis, input, kernel, padding } => write!(
                f,
                "kernel {kernel} exceeds the {input} {axis} of its input with padding {padding} on each side; \
                 use a kernel of at most {} or a padding of at least {}",
                input.saturating_add(padding.saturating_mul(2)),
                kernel.saturating_sub(input).div_ceil(2)
            ),
            Self::PaddingTooLarge { axis, kernel, padding } => write!(
                f,
                "padding {padding} on its {axis} exceeds half of kernel {kernel}, so a window would see padding alone; \
                 use a padding of at most {}",
                kernel / 2
            ),
            Self::Zero { argument } => write!(f, "{argument} is 0, but must be at least 1"),
            Self::Overflow => {
                f.write_str("has sizes that multiply to more than the address space holds; make them smaller")
            }
        }
    }
}

impl core::error::Error for ShapeError {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts the windows one by one.
    fn positions(input: usize, kernel: usize, stride: usize, padding: usize) -> usize {
        (0..).step_by(stride).take_while(|start| start + kernel <= input + 2 * padding).count()
    }

    #[test]
    fn windows_equal_a_count_of_positions() {
        for input in 1..12 {
            for kernel in 1..8 {
                for stride in 1..5 {
                    for padding in 0..4 {
                        let window = Window2d::new([kernel; 2], [stride; 2], [padding; 2]);
                        let want = positions(input, kernel, stride, padding);
                        match window.output([input; 2]) {
                            Ok(got) => assert_eq!(got, [want; 2]),
                            Err(_) => assert_eq!(want, 0),
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn extremes_are_refused_without_overflow() {
        let input = Shape::Map([3, usize::MAX, 2]);
        let window = Window2d::new([1, 1], [1, 1], [usize::MAX / 2 + 1, 0]);
        assert_eq!(conv2d(input, 1, &window), Err(ShapeError::Overflow));
        assert_eq!(linear(Shape::Flat(usize::MAX / 2), 4), Err(ShapeError::Overflow));
        assert_eq!(flatten(Shape::Map([usize::MAX; 3])), Err(ShapeError::Overflow));
    }

    #[test]
    fn lenet_flows() {
        let same = Window2d::new([5, 5], [1, 1], [2, 2]);
        let valid = Window2d::new([5, 5], [1, 1], [0, 0]);
        let halve = Window2d::new([2, 2], [2, 2], [0, 0]);
        let x = conv2d(Shape::Map([1, 28, 28]), 6, &same).unwrap();
        let x = pool2d(x, &halve).unwrap();
        let x = conv2d(x, 16, &valid).unwrap();
        let x = pool2d(x, &halve).unwrap();
        assert_eq!(x, Shape::Map([16, 5, 5]));
        assert_eq!(flatten(x), Ok(Shape::Flat(400)));
        assert_eq!(linear(x, 120), Err(ShapeError::NeedsFlat { found: [16, 5, 5] }));
    }
}
