//! Why a layer cannot take its input: what was found, what was wanted, and the cure.

use core::fmt;

use super::{Axis, Shape};
use crate::text::Text;

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

/// What was found, what was wanted, and the cure; the layer's name is the caller's to add.
impl fmt::Display for ShapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.after("it gets").as_str())
    }
}

impl ShapeError {
    /// The message, which says where the input comes from: `source` is such as "`conv2` above gives".
    #[must_use]
    pub const fn after(&self, source: &str) -> Text<512> {
        let mut text = Text::new();
        self.write(source, &mut text);
        text
    }

    /// The same behind other words.
    #[doc(hidden)]
    pub const fn write<const N: usize>(&self, source: &str, text: &mut Text<N>) {
        match *self {
            Self::NeedsMap { .. } | Self::NeedsSequence { .. } | Self::NeedsFlat { .. } => self.kind(source, text),
            Self::WindowTooLarge { .. }
            | Self::PaddingTooLarge { .. }
            | Self::PaddingTakesAll { .. }
            | Self::OutputPaddingTooLarge { .. } => self.window(text),
            Self::GroupsDoNotDivide { side, channels, groups, common } => {
                let [below, above] = divisors_beside(common, groups);
                text.push("groups ").number(groups).push(" do not divide its ").number(channels);
                text.push(match side {
                    Side::Input => " input",
                    Side::Output => " output",
                });
                text.push(" channels; use ").number(below);
                if above != below {
                    text.push(" or ").number(above);
                }
            }
            Self::ArmsDiffer { found: [a, b] } => {
                text.push("adds values of one shape, but its arms give ").shape(a).push(" and ").shape(b);
                text.push("; make them equal");
            }
            Self::ArmsDoNotJoin { found: [a, b] } => {
                text.push("joins its arms along the first dimension, but they give ").shape(a).push(" and ").shape(b);
                text.push("; make the others equal");
            }
            Self::Zero { argument } => {
                text.push(argument).push(" is 0, but must be at least 1");
            }
            Self::Overflow => {
                text.push("has sizes that multiply to more than the address space holds; make them smaller");
            }
        }
    }

    /// What the last row of a shape flow says.
    #[doc(hidden)]
    #[must_use]
    pub const fn verdict(&self) -> &'static str {
        match self {
            Self::NeedsFlat { .. } => "needs [n]",
            Self::NeedsSequence { .. } => "needs [channels, length]",
            Self::NeedsMap { .. } => "needs [channels, height, width]",
            Self::Zero { .. } => "is empty",
            Self::Overflow => "is too large",
            _ => "does not fit",
        }
    }

    /// The wrong kind of input.
    const fn kind<const N: usize>(&self, source: &str, text: &mut Text<N>) {
        let (found, wanted) = match *self {
            Self::NeedsMap { found } => (found, "a map [channels, height, width]"),
            Self::NeedsSequence { found } => (found, "a sequence [channels, length]"),
            Self::NeedsFlat { found } => (found, "a flat input"),
            _ => return,
        };
        text.push("needs ").push(wanted).push(", but ").push(source).push(" ").shape(found).push("; ");
        match (self, found) {
            (Self::NeedsFlat { .. }, _) => {
                text.push("put `Flatten` before it (").product(found).push(" features)");
            }
            (_, Shape::Flat(_)) => {
                text.push("put it before `Flatten`");
            }
            (_, Shape::Sequence(_)) => {
                text.push("sequences have layers of their own, such as `Conv1d`");
            }
            (_, Shape::Map(_)) => {
                text.push("maps have layers of their own, such as `Conv2d`");
            }
        }
    }

    /// A window that does not fit.
    const fn window<const N: usize>(&self, text: &mut Text<N>) {
        match *self {
            Self::WindowTooLarge { axis, input, kernel, dilation, padding } => {
                let extent = kernel.saturating_sub(1).saturating_mul(dilation).saturating_add(1);
                let padded = input.saturating_add(padding[0]).saturating_add(padding[1]);
                let gaps = if kernel > 2 { kernel - 1 } else { 1 };
                let widest = padded.saturating_sub(1) / gaps;
                text.push("kernel ").number(kernel);
                if dilation != 1 {
                    text.push(" of dilation ").number(dilation).push(" spans ").number(extent).push(", which");
                }
                text.push(" exceeds the ").number(input).push(" ").push(axis.words()).push(" of its input with ");
                sides(padding, text);
                text.push("; use ");
                if dilation != 1 && widest > 0 {
                    text.push("a dilation of at most ").number(widest).push(", ");
                }
                let taps = padded.saturating_sub(1) / (if dilation > 1 { dilation } else { 1 }) + 1;
                text.push("a kernel of at most ").number(taps);
                text.push(" or a padding of at least ").number(extent.saturating_sub(input).div_ceil(2));
            }
            Self::PaddingTooLarge { axis, kernel, padding } => {
                text.push("padding ").number(padding).push(" on its ").push(axis.words());
                text.push(" exceeds half of kernel ").number(kernel).push(", so a window would see padding alone; ");
                text.push("use a padding of at most ").number(kernel / 2);
            }
            Self::PaddingTakesAll { axis, size, padding } => {
                sides(padding, text);
                text.push(" takes away all ").number(size).push(" ").push(axis.words()).push(" of its output; ");
                text.push("use a padding of at most ").number(size.saturating_sub(1) / 2);
            }
            Self::OutputPaddingTooLarge { axis, output_padding, stride, dilation } => {
                let most = (if stride > dilation { stride } else { dilation }).saturating_sub(1);
                text.push("output_padding ").number(output_padding).push(" on its ").push(axis.words());
                text.push(" is not below stride ").number(stride).push(" or dilation ").number(dilation);
                text.push("; use at most ").number(most);
            }
            _ => {}
        }
    }
}

/// The padding of both sides, in words.
const fn sides<const N: usize>([begin, end]: [usize; 2], text: &mut Text<N>) {
    text.push("padding ").number(begin);
    if begin == end {
        text.push(" on each side");
    } else {
        text.push(" before and ").number(end).push(" after");
    }
}

/// The divisors of a positive `channels` next to `groups`, below and above; one of them twice, if there is no other.
const fn divisors_beside(channels: usize, groups: usize) -> [usize; 2] {
    let mut below = if groups < channels { groups } else { channels };
    while below > 1 && !channels.is_multiple_of(below) {
        below -= 1;
    }
    let mut above = if groups > 1 { groups } else { 1 };
    while above < channels && !channels.is_multiple_of(above) {
        above += 1;
    }
    if below == 0 {
        below = 1;
    }
    [below, if above <= channels { above } else { below }]
}

impl<const N: usize> Text<N> {
    /// Adds a shape: `[6, 28, 28]`.
    pub(super) const fn shape(&mut self, shape: Shape) -> &mut Self {
        match shape {
            Shape::Flat(n) => self.sizes(&[n]),
            Shape::Sequence(sizes) => self.sizes(&sizes),
            Shape::Map(sizes) => self.sizes(&sizes),
        }
    }

    /// Adds the number of a shape's entries, and how it comes about: `16 * 5 * 5 = 400`.
    const fn product(&mut self, shape: Shape) -> &mut Self {
        match shape {
            Shape::Flat(n) => self.number(n),
            Shape::Sequence([c, l]) => self.number(c).push(" * ").number(l).push(" = ").number(c.saturating_mul(l)),
            Shape::Map([c, h, w]) => {
                self.number(c).push(" * ").number(h).push(" * ").number(w);
                self.push(" = ").number(c.saturating_mul(h).saturating_mul(w))
            }
        }
    }
}
