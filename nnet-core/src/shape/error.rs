//! Why a layer cannot take its input: what was found, what was wanted, and the cure.

use core::fmt;

use super::{Axis, Shape};

/// Why a layer cannot take its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShapeError {
    /// The layer works on `[channels, height, width]`.
    NeedsMap {
        /// What it was given.
        found: Shape,
    },
    /// The layer works on `[channels, length]`.
    NeedsSequence {
        /// What it was given.
        found: Shape,
    },
    /// The layer works on `[n]`.
    NeedsFlat {
        /// What it was given.
        found: Shape,
    },
    /// The window is larger than the padded input.
    WindowTooLarge {
        /// Along which axis.
        axis: Axis,
        /// Size of the input along it.
        input: usize,
        /// Taps of the window.
        kernel: usize,
        /// Distance between its taps.
        dilation: usize,
        /// Padding before and after.
        padding: [usize; 2],
    },
    /// A pool's padding exceeds half of its window, so that a window could lie in the padding alone.
    PaddingTooLarge {
        /// Along which axis.
        axis: Axis,
        /// What the window spans.
        kernel: usize,
        /// The larger padding of the two sides.
        padding: usize,
    },
    /// The padding of a transposed convolution leaves nothing of its output.
    PaddingTakesAll {
        /// Along which axis.
        axis: Axis,
        /// Size of the output without padding.
        size: usize,
        /// Padding before and after.
        padding: [usize; 2],
    },
    /// The output padding of a transposed convolution is not below its stride or dilation.
    OutputPaddingTooLarge {
        /// Along which axis.
        axis: Axis,
        /// What was asked for.
        output_padding: usize,
        /// Distance between neighbouring windows.
        stride: usize,
        /// Distance between neighbouring taps.
        dilation: usize,
    },
    /// The channels do not fall into groups of one size.
    GroupsDoNotDivide {
        /// Which channels.
        side: Side,
        /// How many channels.
        channels: usize,
        /// How many groups.
        groups: usize,
        /// The largest number that divides all channels on both sides.
        common: usize,
    },
    /// Arms whose values are added have two shapes.
    ArmsDiffer {
        /// The shapes of two arms, in their order.
        found: [Shape; 2],
    },
    /// Arms that are joined along their channels differ in something else.
    ArmsDoNotJoin {
        /// The shapes of two arms, in their order.
        found: [Shape; 2],
    },
    /// A size that must be at least 1 is 0.
    Zero {
        /// The argument's name.
        argument: &'static str,
    },
    /// The number of entries or parameters does not fit in memory.
    Overflow,
}

/// The channels that a layer takes, or those that it gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What it takes.
    Input,
    /// What it gives.
    Output,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Side::Input => "input",
            Side::Output => "output",
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
            Self::NeedsMap { .. } | Self::NeedsSequence { .. } | Self::NeedsFlat { .. } => self.kind(source, f),
            Self::WindowTooLarge { .. }
            | Self::PaddingTooLarge { .. }
            | Self::PaddingTakesAll { .. }
            | Self::OutputPaddingTooLarge { .. } => self.window(f),
            Self::GroupsDoNotDivide { side, channels, groups, common } => {
                let [below, above] = divisors_beside(common, groups);
                write!(f, "groups {groups} do not divide its {channels} {side} channels; use {below}")?;
                if above == below { Ok(()) } else { write!(f, " or {above}") }
            }
            Self::ArmsDiffer { found: [a, b] } => {
                write!(f, "adds values of one shape, but its arms give {a} and {b}; make them equal")
            }
            Self::ArmsDoNotJoin { found: [a, b] } => {
                write!(f, "joins its arms along the first dimension, but they give {a} and {b}; make the others equal")
            }
            Self::Zero { argument } => write!(f, "{argument} is 0, but must be at least 1"),
            Self::Overflow => {
                f.write_str("has sizes that multiply to more than the address space holds; make them smaller")
            }
        }
    }

    /// The wrong kind of input.
    fn kind(&self, source: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NeedsMap { found } => {
                write!(f, "needs a map [channels, height, width], but {source} {found}; ")?;
                f.write_str(match found {
                    Shape::Sequence(_) => "sequences have layers of their own, such as `Conv1d`",
                    _ => "put it before `Flatten`",
                })
            }
            Self::NeedsSequence { found } => {
                write!(f, "needs a sequence [channels, length], but {source} {found}; ")?;
                f.write_str(match found {
                    Shape::Map(_) => "maps have layers of their own, such as `Conv2d`",
                    _ => "put it before `Flatten`",
                })
            }
            Self::NeedsFlat { found } => {
                write!(f, "needs a flat input, but {source} {found}; put `Flatten` before it (")?;
                match found {
                    Shape::Flat(n) => write!(f, "{n}")?,
                    Shape::Sequence([c, l]) => write!(f, "{c} * {l} = {}", c.saturating_mul(l))?,
                    Shape::Map([c, h, w]) => {
                        write!(f, "{c} * {h} * {w} = {}", c.saturating_mul(h).saturating_mul(w))?;
                    }
                }
                f.write_str(" features)")
            }
            _ => Ok(()),
        }
    }

    /// A window that does not fit.
    fn window(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::WindowTooLarge { axis, input, kernel, dilation, padding } => {
                let extent = kernel.saturating_sub(1).saturating_mul(dilation).saturating_add(1);
                let padded = input.saturating_add(padding[0]).saturating_add(padding[1]);
                write!(f, "kernel {kernel} ")?;
                if dilation != 1 {
                    write!(f, "of dilation {dilation} spans {extent}, which ")?;
                }
                write!(f, "exceeds the {input} {axis} of its input with {}; ", Sides(padding))?;
                f.write_str("use ")?;
                let widest = padded.saturating_sub(1) / kernel.saturating_sub(1).max(1);
                if dilation != 1 && widest > 0 {
                    write!(f, "a dilation of at most {widest}, ")?;
                }
                write!(f, "a kernel of at most {} ", padded.saturating_sub(1) / dilation.max(1) + 1)?;
                write!(f, "or a padding of at least {}", extent.saturating_sub(input).div_ceil(2))
            }
            Self::PaddingTooLarge { axis, kernel, padding } => write!(
                f,
                "padding {padding} on its {axis} exceeds half of kernel {kernel}, so a window would see padding alone; \
                 use a padding of at most {}",
                kernel / 2
            ),
            Self::PaddingTakesAll { axis, size, padding } => write!(
                f,
                "{} takes away all {size} {axis} of its output; use a padding of at most {}",
                Sides(padding),
                size.saturating_sub(1) / 2
            ),
            Self::OutputPaddingTooLarge { axis, output_padding, stride, dilation } => write!(
                f,
                "output_padding {output_padding} on its {axis} is not below stride {stride} or dilation {dilation}; \
                 use at most {}",
                stride.max(dilation).saturating_sub(1)
            ),
            _ => Ok(()),
        }
    }
}

/// The padding of both sides, in words.
struct Sides([usize; 2]);

impl fmt::Display for Sides {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [begin, end] if begin == end => write!(f, "padding {begin} on each side"),
            [begin, end] => write!(f, "padding {begin} before and {end} after"),
        }
    }
}

/// The divisors of a positive `channels` next to `groups`, below and above; one of them twice, if there is no other.
fn divisors_beside(channels: usize, groups: usize) -> [usize; 2] {
    let divides = |divisor: &usize| channels.is_multiple_of(*divisor);
    let below = (1..groups.min(channels).saturating_add(1)).rev().find(divides).unwrap_or(1);
    let above = (groups..channels.saturating_add(1)).find(|divisor| *divisor > 0 && divides(divisor));
    [below, above.unwrap_or(below)]
}
