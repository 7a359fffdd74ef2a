//! The loops of a convolution of bytes: rows of y, channels, blocks of neighbouring columns.

use core::hint::assert_unchecked;

use super::Geometry;
use crate::int8::{Rescale, dot};
use crate::shape::Window2d;

/// A layer whose sizes are numbers, so that layers of one kernel size share their code.
pub(super) struct Layer<'a> {
    pub(super) weight: *const i8,
    pub(super) bias: &'a [i32],
    pub(super) multiplier: &'a [i32],
    pub(super) shift: &'a [u8],
    pub(super) zero_points: [i8; 2],
    /// Channels of x that each of y looks at.
    pub(super) inner: usize,
    /// Channels of y that look at the same ones of x.
    pub(super) group: usize,
}

/// Rows of x, from the first one that a row of y looks at.
#[derive(Clone, Copy)]
struct Rows {
    from: *const i8,
    /// From a row to the next, and from a channel to the next.
    row: usize,
    channel: usize,
}

/// A row of one channel of y in the making.
struct Row<'a> {
    geometry: &'a Geometry,
    x: Rows,
    /// The channel's kernel, and how many channels of x it has.
    w: *const i8,
    inner: usize,
    bias: i32,
    rescale: Rescale,
    zero_point: i8,
    /// The next entry of y: its sum so far, and the columns that it still needs.
    y: *mut i8,
    greatest: i32,
    left: usize,
}

impl Layer<'_> {
    /// # Safety
    ///
    /// As [`Conv2dInt8::predict`](super::Conv2dInt8::predict) asserts.
    pub(super) unsafe fn run<const KH: usize, const KW: usize>(
        &self,
        geometry: &Geometry,
        x: *const i8,
        y: *mut i8,
        strip: *mut i8,
    ) {
        let ([height, width], [rows, columns]) = (geometry.input, geometry.output);
        for r in 0..rows {
            let first = r * geometry.pool[0] * geometry.window.stride[0];
            let rows_of_x = if let Some(size) = geometry.strip {
                // SAFETY: x and the strip are as large as the geometry says.
                unsafe { self.fill(geometry, size, first, x, strip) };
                Rows { from: strip, row: size[1], channel: size[0] * size[1] }
            } else {
                Rows { from: x.wrapping_add(first * width), row: width, channel: height * width }
            };
            let (mut group, mut left) = (rows_of_x, self.group);
            let channels = self.bias.iter().zip(self.multiplier).zip(self.shift).enumerate();
            for (o, ((bias, multiplier), shift)) in channels {
                if left == 0 {
                    group.from = group.from.wrapping_add(self.inner * group.channel);
                    left = self.group;
                }
                left -= 1;
                let row = Row {
                    geometry,
                    x: group,
                    w: self.weight.wrapping_add(o * self.inner * KH * KW),
                    inner: self.inner,
                    bias: *bias,
                    rescale: Rescale { multiplier: *multiplier, shift: *shift },
                    zero_point: self.zero_points[1],
                    y: y.wrapping_add((o * rows + r) * columns),
                    greatest: i32::MIN,
                    left: geometry.pool[1],
                };
                // SAFETY: kernel `o` and row `r` of channel `o` are among theirs, and `x` begins where the row's windows do.
                unsafe { row.fill::<KH, KW>() };
            }
        }
    }

    /// The strip ← rows of x from `first` on, counted with the padding, the zero point around them.
    ///
    /// # Safety
    ///
    /// As [`run`](Self::run); `rows` and `padded` are the strip's size.
    unsafe fn fill(&self, geometry: &Geometry, [rows, padded]: [usize; 2], first: usize, x: *const i8, strip: *mut i8) {
        let ([height, width], [top, left]) = (geometry.input, geometry.window.padding);
        // SAFETY: the strip has so many bytes.
        unsafe { strip.write_bytes(self.zero_points[0].cast_unsigned(), geometry.channels * rows * padded) };
        for channel in 0..geometry.channels {
            for row in 0..rows {
                let of_x = (first + row).wrapping_sub(top);
                if of_x < height {
                    let from = x.wrapping_add((channel * height + of_x) * width);
                    let to = strip.wrapping_add((channel * rows + row) * padded + left);
                    // SAFETY: a row of x, and the middle of one of the strip.
                    unsafe { from.copy_to_nonoverlapping(to, width) };
                }
            }
        }
    }
}

impl Row<'_> {
    /// # Safety
    ///
    /// `x` leads to all rows that the row of y looks at, `w` to the channel's kernel, `y` to the row.
    #[inline(always)]
    unsafe fn fill<const KH: usize, const KW: usize>(mut self) {
        let columns = self.geometry.output[1] * self.geometry.pool[1];
        let is_dense = self.geometry.window.stride[1] == 1 && self.geometry.window.dilation[1] == 1;
        let mut column = 0;
        while is_dense && columns.is_multiple_of(5) && column < columns {
            // SAFETY: the columns are among those of the map, here and below.
            unsafe { self.block::<KH, KW, 5>(column) };
            column += 5;
        }
        while is_dense && column + 4 <= columns {
            // SAFETY: as above.
            unsafe { self.block::<KH, KW, 4>(column) };
            column += 4;
        }
        while is_dense && column + 2 <= columns {
            // SAFETY: as above.
            unsafe { self.block::<KH, KW, 2>(column) };
            column += 2;
        }
        while column < columns {
            // SAFETY: as above.
            unsafe { self.block::<KH, KW, 1>(column) };
            column += 1;
        }
    }

    /// `N` neighbouring columns of the map.
    ///
    /// # Safety
    ///
    /// As [`fill`](Self::fill), and the columns are there. More than one only if stride and dilation along the row are 1.
    #[inline(always)]
    unsafe fn block<const KH: usize, const KW: usize, const N: usize>(&mut self, column: usize) {
        let Window2d { stride, dilation, .. } = self.geometry.window;
        // SAFETY: asserted before: there is no kernel without channels, and no pool without rows.
        unsafe { assert_unchecked(self.inner > 0 && self.geometry.pool[0] > 0) };
        let mut greatest = [i32::MIN; N];
        let (to_row, to_channel) = (self.x.row * dilation[0], self.x.channel);
        for row in 0..self.geometry.pool[0] {
            let mut sums = [self.bias; N];
            let mut w = self.w;
            let mut channel = self.x.from.wrapping_add(row * stride[0] * self.x.row + column * stride[1]);
            for _ in 0..self.inner {
                let mut x = channel;
                for _ in 0..KH {
                    // SAFETY: the next row of the kernel, and where it meets x.
                    w = unsafe { taps::<KW, N>(&mut sums, w, x, dilation[1]) };
                    x = x.wrapping_add(to_row);
                }
                channel = channel.wrapping_add(to_channel);
            }
            for (greatest, sum) in greatest.iter_mut().zip(sums) {
                *greatest = (*greatest).max(sum);
            }
        }
        for sum in greatest {
            self.greatest = self.greatest.max(sum);
            self.left -= 1;
            if self.left == 0 {
                let y = self.rescale.apply(self.greatest, self.zero_point);
                // SAFETY: as many entries are written as the row of y has.
                unsafe { self.y.write(y) };
                (self.y, self.greatest, self.left) = (self.y.wrapping_add(1), i32::MIN, self.geometry.pool[1]);
            }
        }
    }
}

/// One row of a kernel for `N` columns; gives what follows its taps.
///
/// # Safety
///
/// `w` is followed by `KW` bytes, `x` by those that they meet; `N` is 1 if `dilation` is not.
#[inline(always)]
unsafe fn taps<const KW: usize, const N: usize>(
    sums: &mut [i32; N],
    w: *const i8,
    x: *const i8,
    dilation: usize,
) -> *const i8 {
    if N > 1 || dilation == 1 {
        // SAFETY: the caller's promise.
        return unsafe { dot::slide::<KW, N>(sums, w, x) };
    }
    for k in 0..KW {
        // SAFETY: one tap, and what it meets.
        unsafe { dot::rows::<N, 1>(sums, w.wrapping_add(k), x.wrapping_add(k * dilation)) };
    }
    w.wrapping_add(KW)
}
