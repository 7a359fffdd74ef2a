//! Windows: ⌊(n + begin + end − dilation·(kernel − 1) − 1) / stride⌋ + 1 of them along an axis of n entries.

use super::ShapeError;

/// Kernel, stride, padding and dilation of a convolution or a pool, `[height, width]` each.
///
/// A sequence is a map of height 1, so its window has a kernel of `[1, k]`. A size `D` is a number everywhere but in the
/// macro, for which some have a name only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window2d<D = usize> {
    /// Taps of the window, at least 1.
    pub kernel: [D; 2],
    /// Distance between neighbouring windows, at least 1.
    pub stride: [D; 2],
    /// Rows added at the top and columns added at the left.
    pub padding: [D; 2],
    /// Rows added at the bottom and columns added at the right.
    pub padding_end: [D; 2],
    /// Distance between neighbouring taps, at least 1.
    pub dilation: [D; 2],
}

/// Along what a window moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// Rows of a map.
    Height,
    /// Columns of a map.
    Width,
    /// Positions of a sequence.
    Length,
}

/// No padded size may exceed this, so that signed positions within it never overflow.
const LIMIT: usize = isize::MAX as usize / 8;

impl Window2d {
    /// A window with the same padding on both sides and neighbouring taps.
    #[must_use]
    pub const fn new(kernel: [usize; 2], stride: [usize; 2], padding: [usize; 2]) -> Self {
        Self { kernel, stride, padding, padding_end: padding, dilation: [1, 1] }
    }

    /// The same window with other padding at the bottom and at the right.
    #[must_use]
    pub const fn with_padding_end(self, padding_end: [usize; 2]) -> Self {
        Self { padding_end, ..self }
    }

    /// The same window with taps `dilation` apart.
    #[must_use]
    pub const fn with_dilation(self, dilation: [usize; 2]) -> Self {
        Self { dilation, ..self }
    }

    /// The window of stride 1 that gives as many rows and columns as it gets: PyTorch's `padding = "same"`, which adds
    /// dilation·(kernel − 1) in all, an odd one at the end.
    ///
    /// ```
    /// use nnet_core::shape::Window2d;
    ///
    /// let window = Window2d::same([3, 4], [2, 1]);
    /// assert_eq!((window.padding, window.padding_end), ([2, 1], [2, 2]));
    /// assert_eq!(window.output([9, 9]), Ok([9, 9]));
    /// ```
    #[must_use]
    pub const fn same(kernel: [usize; 2], dilation: [usize; 2]) -> Self {
        // A kernel of 0 is refused by `output`, and so is a sum that saturates.
        let height = kernel[0].saturating_sub(1).saturating_mul(dilation[0]);
        let width = kernel[1].saturating_sub(1).saturating_mul(dilation[1]);
        let begin = [height / 2, width / 2];
        let end = [height - begin[0], width - begin[1]];
        Self { kernel, stride: [1, 1], padding: begin, padding_end: end, dilation }
    }

    /// The number of windows along both axes of an input.
    ///
    /// # Errors
    ///
    /// If a kernel, stride or dilation is 0, or the window exceeds the padded input.
    #[inline(always)]
    pub const fn output(&self, input: [usize; 2]) -> Result<[usize; 2], ShapeError> {
        match (self.along(Axis::Height, input[0]), self.along(Axis::Width, input[1])) {
            (Ok(height), Ok(width)) => Ok([height, width]),
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    }

    /// The number of windows along one axis of an input.
    #[inline(always)]
    pub(super) const fn along(&self, axis: Axis, input: usize) -> Result<usize, ShapeError> {
        let a = axis.index();
        let (kernel, dilation, padding) = (self.kernel[a], self.dilation[a], self.paddings(axis));
        let extent = match self.extent(axis) {
            Ok(extent) => extent,
            Err(error) => return Err(error),
        };
        let Some(begun) = input.checked_add(padding[0]) else { return Err(ShapeError::Overflow) };
        let Some(padded) = begun.checked_add(padding[1]) else { return Err(ShapeError::Overflow) };
        if padded > LIMIT {
            return Err(ShapeError::Overflow);
        }
        if extent > padded {
            return Err(ShapeError::WindowTooLarge { axis, input, kernel, dilation, padding });
        }
        Ok((padded - extent) / self.stride[a] + 1)
    }

    /// The padding before and after along an axis.
    #[inline(always)]
    pub(super) const fn paddings(&self, axis: Axis) -> [usize; 2] {
        [self.padding[axis.index()], self.padding_end[axis.index()]]
    }

    /// How many entries a window spans along an axis: dilation·(kernel − 1) + 1.
    #[inline(always)]
    pub(super) const fn extent(&self, axis: Axis) -> Result<usize, ShapeError> {
        let a = axis.index();
        if self.kernel[a] == 0 {
            return Err(ShapeError::Zero { argument: "kernel" });
        }
        if self.stride[a] == 0 {
            return Err(ShapeError::Zero { argument: "stride" });
        }
        if self.dilation[a] == 0 {
            return Err(ShapeError::Zero { argument: "dilation" });
        }
        match (self.kernel[a] - 1).checked_mul(self.dilation[a]) {
            Some(gaps) if gaps < LIMIT => Ok(gaps + 1),
            _ => Err(ShapeError::Overflow),
        }
    }

    /// Whether a transposed convolution by this window leads from `x` to `y`, with some output padding.
    pub(crate) fn leads_back(&self, x: [usize; 2], y: [usize; 2]) -> bool {
        let output_padding = |axis: Axis, x: usize, y: usize| {
            let covered = x.checked_sub(1)?.checked_mul(self.stride[axis.index()])?;
            let covered = covered.checked_add(self.extent(axis).ok()?)?;
            let [begin, end] = self.paddings(axis);
            y.checked_add(begin)?.checked_add(end)?.checked_sub(covered)
        };
        [(Axis::Height, x[0], y[0]), (Axis::Width, x[1], y[1])]
            .into_iter()
            .all(|(axis, x, y)| output_padding(axis, x, y).is_some_and(|more| self.transposed(axis, x, more) == Ok(y)))
    }

    /// The size of which the window makes `input` and `output_padding` more than the least such size:
    /// (input − 1)·stride − begin − end + dilation·(kernel − 1) + `output_padding` + 1.
    pub(super) const fn transposed(
        &self,
        axis: Axis,
        input: usize,
        output_padding: usize,
    ) -> Result<usize, ShapeError> {
        let a = axis.index();
        let extent = match self.extent(axis) {
            Ok(extent) => extent,
            Err(error) => return Err(error),
        };
        let (stride, dilation, padding) = (self.stride[a], self.dilation[a], self.paddings(axis));
        if output_padding >= stride && output_padding >= dilation {
            return Err(ShapeError::OutputPaddingTooLarge { axis, output_padding, stride, dilation });
        }
        let Some(steps) = input.saturating_sub(1).checked_mul(stride) else { return Err(ShapeError::Overflow) };
        let Some(covered) = steps.checked_add(extent) else { return Err(ShapeError::Overflow) };
        let Some(whole) = covered.checked_add(output_padding) else { return Err(ShapeError::Overflow) };
        let Some(both) = padding[0].checked_add(padding[1]) else { return Err(ShapeError::Overflow) };
        if whole > LIMIT {
            return Err(ShapeError::Overflow);
        }
        if both >= whole {
            return Err(ShapeError::PaddingTakesAll { axis, size: whole, padding });
        }
        Ok(whole - both)
    }
}

impl Axis {
    /// Its place in a pair `[height, width]`.
    #[inline(always)]
    const fn index(self) -> usize {
        match self {
            Axis::Height => 0,
            Axis::Width | Axis::Length => 1,
        }
    }

    /// What there are along it.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Axis::Height => "rows",
            Axis::Width => "columns",
            Axis::Length => "positions",
        }
    }
}
