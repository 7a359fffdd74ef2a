//! Convolution of bytes, and the maximum pool behind it in the same pass:
//! y[o][r][c] = rescaled(max over a window of b[o] + Σᵢ Σₖₕ Σₖ𝓌 w[o][i][kh][kw] · x[i][..][..]), x = zero point outside.
//!
//! Rescaling never falls, so that it may follow the pool. Rows with padding are copied to a strip first, which is as high
//! as one row of the pool's output needs.
#![allow(unsafe_code, reason = "it promises to the inner loops what they read and write")]

mod pass;

use self::pass::Layer;
use super::Bytes;
use crate::shape::Window2d;

/// A convolution, and the rectifier behind it if there is one: bytes below its zero point do not exist.
///
/// `IN` is the channels of one group, as in [`Conv2d`](crate::layers::Conv2d).
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct Conv2dInt8<const OUT: usize, const IN: usize, const KH: usize, const KW: usize> {
    /// b: `[OUT]`, in steps of scale of x · scale of w, less the zero point of x times the sum of the kernel.
    pub bias: [i32; OUT],
    /// See [`Rescale`](super::Rescale): `[OUT]`.
    pub multiplier: [i32; OUT],
    /// See [`Rescale`](super::Rescale): `[OUT]`.
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
                && geometry.channels.is_multiple_of(IN)
                && OUT.is_multiple_of(geometry.channels / IN),
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
