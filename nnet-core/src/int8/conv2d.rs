//! Convolution of bytes, and the maximum pool behind it in the same pass:
//! y[o][r][c] = rescaled(max over a window of b[o] + Σᵢ Σₖₕ Σₖ𝓌 w[o][i][kh][kw] · x[i][..][..]), x = zero point outside.
//!
//! Rescaling never falls, so that it may follow the pool. Rows with padding are copied to a strip first, which is as high
//! as one row of the pool's output needs.
#![allow(unsafe_code, reason = "the inner loops read through pointers")]

use core::hint::assert_unchecked;

use super::{Bytes, Rescale, dot};
use crate::shape::Window2d;

/// A convolution, and the rectifier behind it if there is one: bytes below its zero point do not exist.
///
/// `IN` is the channels of one group, as in [`Conv2d`](crate::layers::Conv2d).
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct Conv2dInt8<const OUT: usize, const IN: usize, const KH: usize, const KW: usize> {
    /// b: `[OUT]`, in steps of scale of x · scale of w, less the zero point of x times the sum of the kernel.
    pub bias: [i32; OUT],
    /// See [`Rescale`]: `[OUT]`.
    pub multiplier: [i32; OUT],
    /// See [`Rescale`]: `[OUT]`.
    pub shift: [u8; OUT],
    /// Those of x and y.
    pub zero_points: [i8; 2],
    /// w: `[OUT, IN, KH, KW]`.
    pub weight: [[[[i8; KW]; KH]; IN]; OUT],
}

/// Where a window moves, and over how many of its places the maximum is taken; made at compile time.
#[derive(Clone, Copy, Debug)]
pub struct Geometry {
    /// Channels of x.
    pub(super) channels: usize,
    /// Height and width of x.
    pub(super) input: [usize; 2],
    /// The window of the convolution, or of a pool by itself.
    pub(super) window: Window2d,
    /// Rows and columns of the maximum behind it; `[1, 1]` for none.
    pub(super) pool: [usize; 2],
    /// Rows and columns of y.
    pub(super) output: [usize; 2],
    /// Rows and columns of x that one row of y needs, with the padding, if there is any.
    strip: Option<[usize; 2]>,
}

impl Geometry {
    /// # Panics
    ///
    /// If the window does not fit into x, or the pool not into what it gives.
    #[must_use]
    pub const fn new(channels: usize, input: [usize; 2], window: Window2d, pool: [usize; 2]) -> Self {
        let Ok([rows, columns]) = window.output(input) else { panic!("the window fits into x") };
        assert!(pool[0] > 0 && pool[1] > 0 && rows >= pool[0] && columns >= pool[1], "the pool fits into its map");
        let Window2d { kernel, stride, dilation, padding: [top, left], padding_end: [bottom, right] } = window;
        let is_padded = top + left + bottom + right > 0;
        let rows_of_x = (pool[0] - 1) * stride[0] + (kernel[0] - 1) * dilation[0] + 1;
        let strip = if is_padded { Some([rows_of_x, left + input[1] + right]) } else { None };
        Self { channels, input, window, pool, output: [rows / pool[0], columns / pool[1]], strip }
    }

    /// Rows and columns of y.
    #[must_use]
    pub const fn output(&self) -> [usize; 2] {
        self.output
    }

    /// Bytes of the strip for rows with padding; 0 if there is none.
    #[must_use]
    pub const fn strip(&self) -> usize {
        match self.strip {
            Some([rows, columns]) => self.channels * rows * columns,
            None => 0,
        }
    }
}

impl<const OUT: usize, const IN: usize, const KH: usize, const KW: usize> Conv2dInt8<OUT, IN, KH, KW> {
    /// Zero everywhere.
    pub const ZERO: Self = Self {
        bias: [0; OUT],
        multiplier: [0; OUT],
        shift: [0; OUT],
        zero_points: [0; 2],
        weight: [[[[0; KW]; KH]; IN]; OUT],
    };

    /// x: `[channels, H, W]`  →  y: `[OUT, PH, PW]`; `strip` has [`Geometry::strip`] bytes or more.
    ///
    /// # Panics
    ///
    /// If the geometry is not that of the layer, of x, y and the strip. Of a constant one no check is left in the code.
    #[inline(always)]
    pub fn predict<X: Bytes, Y: Bytes, R: Bytes>(&self, geometry: &Geometry, x: &X, y: &mut Y, strip: &mut R) {
        let [height, width] = geometry.input;
        let [rows, columns] = geometry.output;
        assert!(
            geometry.window.kernel[0] == KH
                && geometry.window.kernel[1] == KW
                && size_of::<X>() == geometry.channels * height * width
                && size_of::<Y>() == OUT * rows * columns
                && size_of::<R>() >= geometry.strip()
                && IN > 0
                && KH > 0
                && geometry.channels >= IN
                && geometry.channels % IN == 0
                && OUT % (geometry.channels / IN) == 0,
            "the geometry is that of the layer"
        );
        let layer = Layer {
            weight: self.weight.as_flattened().as_flattened().as_flattened().as_ptr(),
            bias: &self.bias,
            multiplier: &self.multiplier,
            shift: &self.shift,
            zero_points: self.zero_points,
            inner: IN,
            group: OUT / (geometry.channels / IN),
        };
        let strip = (&raw mut *strip).cast();
        // SAFETY: the assertion above: the geometry leads from the bytes of x to those of y, the weights are `OUT` kernels
        // of `IN · KH · KW`, and the strip is large enough.
        unsafe { layer.run::<KH, KW>(geometry, (&raw const *x).cast(), (&raw mut *y).cast(), strip) };
    }
}

/// A layer whose sizes are numbers, so that layers of one kernel size share their code.
struct Layer<'a> {
    weight: *const i8,
    bias: &'a [i32],
    multiplier: &'a [i32],
    shift: &'a [u8],
    zero_points: [i8; 2],
    /// Channels of x that each of y looks at.
    inner: usize,
    /// Channels of y that look at the same ones of x.
    group: usize,
}

/// Rows of x, from the first one that a row of y looks at.
#[derive(Clone, Copy)]
struct Rows {
    from: *const i8,
    /// From a row to the next, and from a channel to the next.
    row: usize,
    channel: usize,
}

/// What is found so far of the pooled entry in the making.
struct Best {
    sum: i32,
    /// Columns that it still needs.
    left: usize,
    y: *mut i8,
}

impl Layer<'_> {
    /// # Safety
    ///
    /// As [`Conv2dInt8::predict`] asserts.
    unsafe fn run<const KH: usize, const KW: usize>(
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
                // SAFETY: the windows of row `r` begin in this row of x.
                Rows { from: unsafe { x.add(first * width) }, row: width, channel: height * width }
            };
            let (mut group, mut left) = (rows_of_x, self.group);
            let rescale = self.bias.iter().zip(self.multiplier).zip(self.shift).enumerate();
            for (o, ((bias, multiplier), shift)) in rescale {
                if left == 0 {
                    // SAFETY: the next group's channels, as many as there are groups.
                    group.from = unsafe { group.from.add(self.inner * group.channel) };
                    left = self.group;
                }
                left -= 1;
                let rescale = Rescale { multiplier: *multiplier, shift: *shift };
                // SAFETY: kernel `o` and row `r` of channel `o` are among theirs.
                unsafe {
                    let w = self.weight.add(o * self.inner * KH * KW);
                    let y = y.add((o * rows + r) * columns);
                    self.row::<KH, KW>(geometry, group, w, *bias, rescale, y);
                }
            }
        }
    }

    /// The strip ← rows of x from `first` on, counted with the padding, the zero point around them.
    ///
    /// # Safety
    ///
    /// As [`Conv2dInt8::predict`] asserts.
    unsafe fn fill(&self, geometry: &Geometry, [rows, padded]: [usize; 2], first: usize, x: *const i8, strip: *mut i8) {
        let ([height, width], [top, left]) = (geometry.input, geometry.window.padding);
        // SAFETY: the strip has so many bytes.
        unsafe { strip.write_bytes(self.zero_points[0].cast_unsigned(), geometry.channels * rows * padded) };
        for channel in 0..geometry.channels {
            for row in 0..rows {
                let of_x = (first + row).wrapping_sub(top);
                if of_x < height {
                    // SAFETY: a row of x, and the middle of one of the strip.
                    unsafe {
                        let from = x.add((channel * height + of_x) * width);
                        from.copy_to_nonoverlapping(strip.add((channel * rows + row) * padded + left), width);
                    }
                }
            }
        }
    }

    /// A row of one channel of y.
    ///
    /// # Safety
    ///
    /// `x` leads to all rows that the row of y looks at, `w` to the channel's kernel, `y` to the row.
    #[inline(always)]
    unsafe fn row<const KH: usize, const KW: usize>(
        &self,
        geometry: &Geometry,
        x: Rows,
        w: *const i8,
        bias: i32,
        rescale: Rescale,
        y: *mut i8,
    ) {
        let columns = geometry.output[1] * geometry.pool[1];
        let is_dense = geometry.window.stride[1] == 1 && geometry.window.dilation[1] == 1;
        let mut best = Best { sum: i32::MIN, left: geometry.pool[1], y };
        let mut column = 0;
        // SAFETY: the columns of each block are among those of the map.
        unsafe {
            while is_dense && columns % 5 == 0 && column < columns {
                self.block::<KH, KW, 5>(geometry, x, column, w, bias, rescale, &mut best);
                column += 5;
            }
            while is_dense && column + 4 <= columns {
                self.block::<KH, KW, 4>(geometry, x, column, w, bias, rescale, &mut best);
                column += 4;
            }
            while is_dense && column + 2 <= columns {
                self.block::<KH, KW, 2>(geometry, x, column, w, bias, rescale, &mut best);
                column += 2;
            }
            while column < columns {
                self.block::<KH, KW, 1>(geometry, x, column, w, bias, rescale, &mut best);
                column += 1;
            }
        }
    }

    /// `N` neighbouring columns of the map.
    ///
    /// # Safety
    ///
    /// As [`Self::row`], and the columns are there. More than one only if stride and dilation along the row are 1.
    #[inline(always)]
    unsafe fn block<const KH: usize, const KW: usize, const N: usize>(
        &self,
        geometry: &Geometry,
        x: Rows,
        column: usize,
        w: *const i8,
        bias: i32,
        rescale: Rescale,
        best: &mut Best,
    ) {
        let Window2d { stride, dilation, .. } = geometry.window;
        // SAFETY: asserted before: there is no kernel without channels, and no pool without rows.
        unsafe { assert_unchecked(self.inner > 0 && geometry.pool[0] > 0) };
        let mut greatest = [i32::MIN; N];
        let (to_next, to_channel) = (x.row * dilation[0], x.channel);
        for row in 0..geometry.pool[0] {
            let mut sums = [bias; N];
            let mut w = w;
            // SAFETY: the caller's promise, here and below: it is where the rows of the kernel meet x.
            let mut of_channel = unsafe { x.from.add(row * stride[0] * x.row + column * stride[1]) };
            for _ in 0..self.inner {
                let mut x = of_channel;
                for _ in 0..KH {
                    // SAFETY: as above.
                    w = unsafe { taps::<KW, N>(&mut sums, w, x, dilation[1]) };
                    x = x.wrapping_add(to_next);
                }
                of_channel = of_channel.wrapping_add(to_channel);
            }
            for (greatest, sum) in greatest.iter_mut().zip(sums) {
                *greatest = (*greatest).max(sum);
            }
        }
        for sum in greatest {
            best.sum = best.sum.max(sum);
            best.left -= 1;
            if best.left == 0 {
                // SAFETY: as many entries are written as the row of y has.
                unsafe {
                    best.y.write(rescale.apply(best.sum, self.zero_points[1]));
                    *best = Best { sum: i32::MIN, left: geometry.pool[1], y: best.y.add(1) };
                }
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
    // SAFETY: the caller's promise.
    unsafe {
        if N > 1 || dilation == 1 {
            return dot::slide::<KW, N>(sums, w, x);
        }
        for k in 0..KW {
            dot::rows::<N, 1>(sums, w.add(k), x.add(k * dilation));
        }
        w.add(KW)
    }
}
