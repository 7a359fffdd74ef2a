//! The rules, one a layer or a family of layers.

use super::{Axis, Shape, ShapeError, Side, Window2d};

/// The value of a result, or its error to the caller: `?`, which a `const fn` may not use.
macro_rules! pass {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(error) => return Err(error),
        }
    };
}

/// `Conv2d`: a map to `out` channels, each of which sees the input channels of its group.
///
/// # Errors
///
/// If the input is no map, `out` or `groups` is 0, the groups do not divide the channels, the window does not fit, or
/// the output is too large.
pub const fn conv2d(input: Shape, out: usize, groups: usize, window: &Window2d) -> Result<Shape, ShapeError> {
    let [channels, height, width] = pass!(map(input));
    pass!(grouped(channels, out, groups));
    let [h, w] = pass!(window.output([height, width]));
    checked(Shape::Map([out, h, w]))
}

/// `Conv1d`: a sequence to `out` channels, by the width of `window`.
///
/// # Errors
///
/// As [`conv2d`], for a sequence.
pub const fn conv1d(input: Shape, out: usize, groups: usize, window: &Window2d) -> Result<Shape, ShapeError> {
    let [channels, length] = pass!(sequence(input));
    pass!(grouped(channels, out, groups));
    checked(Shape::Sequence([out, pass!(window.along(Axis::Length, length))]))
}

/// `ConvTranspose2d`: a map to `out` channels, of a size from which `window` leads to the input's:
/// (n − 1)·stride − begin − end + dilation·(kernel − 1) + `output_padding` + 1.
///
/// # Errors
///
/// As [`conv2d`]; also if the output padding is not below the stride or the dilation, or the padding leaves nothing.
pub const fn conv_transpose2d(
    input: Shape,
    out: usize,
    groups: usize,
    window: &Window2d,
    output_padding: [usize; 2],
) -> Result<Shape, ShapeError> {
    let [channels, height, width] = pass!(map(input));
    pass!(grouped(channels, out, groups));
    let h = pass!(window.transposed(Axis::Height, height, output_padding[0]));
    let w = pass!(window.transposed(Axis::Width, width, output_padding[1]));
    checked(Shape::Map([out, h, w]))
}

/// `MaxPool2d` and `AvgPool2d`: each channel by itself.
///
/// # Errors
///
/// If the input is no map, the window does not fit, or the padding exceeds half of what the window spans.
pub const fn pool2d(input: Shape, window: &Window2d) -> Result<Shape, ShapeError> {
    let [channels, height, width] = pass!(map(input));
    let h = pass!(pooled(window, Axis::Height, height));
    let w = pass!(pooled(window, Axis::Width, width));
    checked(Shape::Map([channels, h, w]))
}

/// `MaxPool1d` and `AvgPool1d`: each channel by itself, by the width of `window`.
///
/// # Errors
///
/// As [`pool2d`], for a sequence.
pub const fn pool1d(input: Shape, window: &Window2d) -> Result<Shape, ShapeError> {
    let [channels, length] = pass!(sequence(input));
    checked(Shape::Sequence([channels, pass!(pooled(window, Axis::Length, length))]))
}

/// `GlobalAvgPool2d` and `GlobalMaxPool2d`: each channel to one feature.
///
/// # Errors
///
/// If the input is no map.
pub const fn global_pool2d(input: Shape) -> Result<Shape, ShapeError> {
    let [channels, _, _] = pass!(map(input));
    Ok(Shape::Flat(channels))
}

/// `AdaptiveAvgPool2d` and `AdaptiveMaxPool2d`: each channel to `[height, width]`, smaller or larger.
///
/// # Errors
///
/// If the input is no map, a size is 0, or the output is too large.
pub const fn adaptive_pool2d(input: Shape, [h, w]: [usize; 2]) -> Result<Shape, ShapeError> {
    let [channels, _, _] = pass!(map(input));
    pass!(positive(h, "out"));
    pass!(positive(w, "out"));
    checked(Shape::Map([channels, h, w]))
}

/// `AdaptiveAvgPool1d` and `AdaptiveMaxPool1d`: each channel to a length, smaller or larger.
///
/// # Errors
///
/// If the input is no sequence, the length is 0, or the output is too large.
pub const fn adaptive_pool1d(input: Shape, length: usize) -> Result<Shape, ShapeError> {
    let [channels, _] = pass!(sequence(input));
    pass!(positive(length, "out"));
    checked(Shape::Sequence([channels, length]))
}

/// `Upsample2d`: `scale` times the height and the width.
///
/// # Errors
///
/// If the input is no map, a scale is 0, or the output is too large.
pub const fn upsample2d(input: Shape, scale: [usize; 2]) -> Result<Shape, ShapeError> {
    let [channels, height, width] = pass!(map(input));
    pass!(positive(scale[0], "scale"));
    pass!(positive(scale[1], "scale"));
    match (height.checked_mul(scale[0]), width.checked_mul(scale[1])) {
        (Some(h), Some(w)) => checked(Shape::Map([channels, h, w])),
        _ => Err(ShapeError::Overflow),
    }
}

/// `ZeroPad2d`: rows and columns of zeros, `[left, right, top, bottom]` as in PyTorch.
///
/// # Errors
///
/// If the input is no map, or the output is too large.
pub const fn zero_pad2d(input: Shape, [left, right, top, bottom]: [usize; 4]) -> Result<Shape, ShapeError> {
    let [channels, height, width] = pass!(map(input));
    match (sum_of([height, top, bottom]), sum_of([width, left, right])) {
        (Some(h), Some(w)) => checked(Shape::Map([channels, h, w])),
        _ => Err(ShapeError::Overflow),
    }
}

/// `Linear`: features to `out` features.
///
/// # Errors
///
/// If the input is not flat, `out` is 0, or the weights are too many.
pub const fn linear(input: Shape, out: usize) -> Result<Shape, ShapeError> {
    let features = pass!(flat(input));
    pass!(positive(out, "out"));
    pass!(Shape::Map([features, out, 1]).entries());
    Ok(Shape::Flat(out))
}

/// `Flatten`: any shape to features, the last dimension fastest.
///
/// # Errors
///
/// If the entries are too many.
pub const fn flatten(input: Shape) -> Result<Shape, ShapeError> {
    Ok(Shape::Flat(pass!(input.entries())))
}

/// `Softmax` and `LogSoftmax`: over all features.
///
/// # Errors
///
/// If the input is not flat.
pub const fn over_features(input: Shape) -> Result<Shape, ShapeError> {
    Ok(Shape::Flat(pass!(flat(input))))
}

/// Layers with numbers for each channel, such as `BatchNorm` and `PRelu`: any shape, unchanged.
///
/// # Errors
///
/// If a dimension is 0, or the entries are too many.
pub const fn channels(input: Shape) -> Result<Shape, ShapeError> {
    checked(input)
}

/// `GroupNorm`: any shape, unchanged, whose channels fall into `groups`.
///
/// # Errors
///
/// If `groups` is 0 or does not divide the channels.
pub const fn group_norm(input: Shape, groups: usize) -> Result<Shape, ShapeError> {
    pass!(positive(groups, "groups"));
    pass!(divided(Side::Input, input.channels(), groups, input.channels()));
    checked(input)
}

/// Layers that drop or scale whole channels of a map, such as `Dropout2d`: a map, unchanged.
///
/// # Errors
///
/// If the input is no map.
pub const fn map_only(input: Shape) -> Result<Shape, ShapeError> {
    Ok(Shape::Map(pass!(map(input))))
}

/// The sum of two arms, one of which may be a residual's input.
///
/// # Errors
///
/// If they differ.
pub const fn sum(a: Shape, b: Shape) -> Result<Shape, ShapeError> {
    let equal = match (a, b) {
        (Shape::Flat(a), Shape::Flat(b)) => a == b,
        (Shape::Sequence([c, l]), Shape::Sequence([c2, l2])) => c == c2 && l == l2,
        (Shape::Map([c, h, w]), Shape::Map([c2, h2, w2])) => c == c2 && h == h2 && w == w2,
        _ => false,
    };
    if equal { Ok(a) } else { Err(ShapeError::ArmsDiffer { found: [a, b] }) }
}

/// Two arms behind one another along their channels or features; more arms are folded from the left.
///
/// # Errors
///
/// If they differ in anything but channels, or the output is too large.
pub const fn concat(a: Shape, b: Shape) -> Result<Shape, ShapeError> {
    let Some(channels) = a.channels().checked_add(b.channels()) else { return Err(ShapeError::Overflow) };
    checked(match (a, b) {
        (Shape::Flat(_), Shape::Flat(_)) => Shape::Flat(channels),
        (Shape::Sequence([_, l]), Shape::Sequence([_, l2])) if l == l2 => Shape::Sequence([channels, l]),
        (Shape::Map([_, h, w]), Shape::Map([_, h2, w2])) if h == h2 && w == w2 => Shape::Map([channels, h, w]),
        _ => return Err(ShapeError::ArmsDoNotJoin { found: [a, b] }),
    })
}

/// The input of a layer that works on maps.
const fn map(input: Shape) -> Result<[usize; 3], ShapeError> {
    match input {
        Shape::Map(map) => Ok(map),
        Shape::Flat(_) | Shape::Sequence(_) => Err(ShapeError::NeedsMap { found: input }),
    }
}

/// The input of a layer that works on sequences.
const fn sequence(input: Shape) -> Result<[usize; 2], ShapeError> {
    match input {
        Shape::Sequence(sequence) => Ok(sequence),
        Shape::Flat(_) | Shape::Map(_) => Err(ShapeError::NeedsSequence { found: input }),
    }
}

/// The input of a layer that works on features.
const fn flat(input: Shape) -> Result<usize, ShapeError> {
    match input {
        Shape::Flat(features) => Ok(features),
        Shape::Sequence(_) | Shape::Map(_) => Err(ShapeError::NeedsFlat { found: input }),
    }
}

const fn positive(size: usize, argument: &'static str) -> Result<(), ShapeError> {
    if size == 0 { Err(ShapeError::Zero { argument }) } else { Ok(()) }
}

/// The channels of a convolution on both sides, in groups.
const fn grouped(channels: usize, out: usize, groups: usize) -> Result<(), ShapeError> {
    pass!(positive(out, "out"));
    pass!(positive(groups, "groups"));
    let common = common_divisor(channels, out);
    pass!(divided(Side::Input, channels, groups, common));
    divided(Side::Output, out, groups, common)
}

/// `groups` is positive.
const fn divided(side: Side, channels: usize, groups: usize, common: usize) -> Result<(), ShapeError> {
    if channels.is_multiple_of(groups) {
        Ok(())
    } else {
        Err(ShapeError::GroupsDoNotDivide { side, channels, groups, common })
    }
}

/// The greatest common divisor (Euclid).
const fn common_divisor(a: usize, b: usize) -> usize {
    let (mut a, mut b) = (a, b);
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// The number of a pool's windows along one axis.
const fn pooled(window: &Window2d, axis: Axis, input: usize) -> Result<usize, ShapeError> {
    let kernel = pass!(window.extent(axis));
    let [begin, end] = window.paddings(axis);
    let padding = if begin > end { begin } else { end };
    if padding > kernel / 2 {
        return Err(ShapeError::PaddingTooLarge { axis, kernel, padding });
    }
    window.along(axis, input)
}

const fn sum_of([a, b, c]: [usize; 3]) -> Option<usize> {
    match a.checked_add(b) {
        Some(sum) => sum.checked_add(c),
        None => None,
    }
}

const fn checked(shape: Shape) -> Result<Shape, ShapeError> {
    match shape.entries() {
        Ok(_) => Ok(shape),
        Err(error) => Err(error),
    }
}
