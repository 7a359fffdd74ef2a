//! The gradient of a largest entry over the input itself, where windows do not overlap: dx takes the place of x.

use core::ops::Range;

use super::{Pool, Windows, displaces};
use crate::element::LANES;
use crate::kernels::activation::{self, Function};
use crate::kernels::entries::entries;
use crate::shape::Window2d;
use crate::simd::{Kernel, Simd, Vectors};

/// Forward: y = x at the first largest entry   so   x ← dy there and 0 elsewhere;
/// after forward x = f(z), y = x there   so   x ← f′(x)·dy there
pub(in crate::kernels) fn max_gradient<S: Vectors>(
    lanes: usize,
    shape: &Pool,
    function: Option<Function>,
    dy: &[S],
    x: &mut [S],
) {
    shape.check(lanes, x, dy);
    let Windows::Sliding(window) = &shape.windows else { panic!("windows of one size") };
    let Window2d { kernel, stride, padding, padding_end, dilation } = *window;
    assert!(kernel[0] <= stride[0] && kernel[1] <= stride[1], "the windows do not overlap");
    assert!([padding, padding_end] == [[0; 2]; 2] && dilation == [1; 2], "the windows are neither padded nor dilated");
    assert!(function.is_none_or(Function::has_slope_of_output), "the gradient of the function follows from its output");
    S::dispatch(lanes, MaxGradient { lanes, sizes: Sizes { kernel, stride, x: shape.x, y: shape.y }, function, dy, x });
}

/// Heights and widths.
#[derive(Clone, Copy)]
struct Sizes {
    kernel: [usize; 2],
    stride: [usize; 2],
    x: [usize; 2],
    y: [usize; 2],
}

struct MaxGradient<'a, S> {
    lanes: usize,
    sizes: Sizes,
    function: Option<Function>,
    dy: &'a [S],
    x: &'a mut [S],
}

impl<S: Vectors> Kernel<S> for MaxGradient<'_, S> {
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(self, _simd: I) {
        if self.lanes == 1 { self.with_entries::<1>() } else { self.with_entries::<LANES>() }
    }
}

impl<S: Vectors> MaxGradient<'_, S> {
    #[inline(always)]
    fn with_entries<const L: usize>(self) {
        let Self { sizes, function, dy, x, .. } = self;
        let (dy, x) = (entries::<L, _>(dy), entries::<L, _>(x));
        match function {
            None => each_strip(sizes, Identity, dy, x),
            Some(Function::Relu) => each_strip(sizes, Rectified, dy, x),
            Some(function) => each_strip(sizes, Other(function), dy, x),
        }
    }
}

/// dy ← f′·dy for an entry. No closure: one that is not inlined has not the instruction set.
trait Slope<S, const L: usize>: Copy {
    fn multiply(self, kept: &[S; L], dy: &mut [S; L]);
}

#[derive(Clone, Copy)]
struct Identity;

#[derive(Clone, Copy)]
struct Rectified;

#[derive(Clone, Copy)]
struct Other(Function);

impl<S: Vectors, const L: usize> Slope<S, L> for Identity {
    #[inline(always)]
    fn multiply(self, _: &[S; L], _: &mut [S; L]) {}
}

impl<S: Vectors, const L: usize> Slope<S, L> for Rectified {
    #[inline(always)]
    fn multiply(self, kept: &[S; L], dy: &mut [S; L]) {
        for (dy, &kept) in dy.iter_mut().zip(kept) {
            *dy = if kept > S::ZERO { *dy } else { S::ZERO };
        }
    }
}

impl<S: Vectors, const L: usize> Slope<S, L> for Other {
    #[inline(always)]
    fn multiply(self, kept: &[S; L], dy: &mut [S; L]) {
        activation::gradient(self.0, kept, dy);
    }
}

/// A strip is the rows of x from one window to the next one below.
#[inline(always)]
fn each_strip<S: Vectors, const L: usize>(sizes: Sizes, slope: impl Slope<S, L>, dy: &[[S; L]], x: &mut [[S; L]]) {
    let [height, width] = sizes.x;
    let channels = x.chunks_exact_mut(height * width).zip(dy.chunks_exact(sizes.y[0] * sizes.y[1]));
    for (x, dy) in channels {
        let mut rows = dy.chunks_exact(sizes.y[1]);
        for strip in x.chunks_mut(sizes.stride[0] * width) {
            let Some(dy) = rows.next() else {
                strip.fill([S::ZERO; L]);
                continue;
            };
            let (seen, unseen) = strip.split_at_mut(sizes.kernel[0] * width);
            if L == 1 {
                each_window_of_one(sizes, slope, dy, seen);
            } else {
                each_window(sizes, slope, dy, seen);
            }
            unseen.fill([S::ZERO; L]);
        }
    }
}

/// The columns of a window, and those from there to the next one.
#[inline(always)]
fn columns(sizes: Sizes, window: usize) -> [Range<usize>; 2] {
    let begin = window * sizes.stride[1];
    let end = begin + sizes.kernel[1];
    let next = if window + 1 < sizes.y[1] { begin + sizes.stride[1] } else { sizes.x[1] };
    [begin..end, end..next]
}

/// A row of windows, the lanes side by side: the first entry that is not below the largest takes dx, and leaves 0 to the
/// others.
#[inline(always)]
fn each_window<S: Vectors, const L: usize>(sizes: Sizes, slope: impl Slope<S, L>, dy: &[[S; L]], x: &mut [[S; L]]) {
    for (c, dy) in dy.iter().enumerate() {
        let [seen, unseen] = columns(sizes, c);
        let mut largest = [S::NEG_INFINITY; L];
        for row in x.chunks_exact(sizes.x[1]) {
            for x in &row[seen.clone()] {
                for l in 0..L {
                    largest[l] = if displaces(x[l], largest[l]) { x[l] } else { largest[l] };
                }
            }
        }
        let mut left = *dy;
        slope.multiply(&largest, &mut left);
        for row in x.chunks_exact_mut(sizes.x[1]) {
            for x in &mut row[seen.clone()] {
                for l in 0..L {
                    let is_below = x[l] < largest[l];
                    x[l] = if is_below { S::ZERO } else { left[l] };
                    left[l] = if is_below { left[l] } else { S::ZERO };
                }
            }
            row[unseen.clone()].fill([S::ZERO; L]);
        }
    }
}

/// A row of windows of one sample: each entry is cleared as it is seen.
#[inline(always)]
fn each_window_of_one<S: Vectors, const L: usize>(
    sizes: Sizes,
    slope: impl Slope<S, L>,
    dy: &[[S; L]],
    x: &mut [[S; L]],
) {
    for (c, dy) in dy.iter().enumerate() {
        let [seen, unseen] = columns(sizes, c);
        let (mut largest, mut place, mut row_begin) = ([S::NEG_INFINITY; L], seen.start, 0);
        for row in x.chunks_exact_mut(sizes.x[1]) {
            for (at, x) in seen.clone().zip(&mut row[seen.clone()]) {
                if displaces(x[0], largest[0]) {
                    (largest, place) = (*x, row_begin + at);
                }
                *x = [S::ZERO; L];
            }
            row[unseen.clone()].fill([S::ZERO; L]);
            row_begin += sizes.x[1];
        }
        let mut dx = *dy;
        slope.multiply(&largest, &mut dx);
        x[place] = dx;
    }
}
