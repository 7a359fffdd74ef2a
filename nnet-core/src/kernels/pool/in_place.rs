//! The gradient of a largest entry over the input itself, where windows do not overlap: dx takes the place of x.

use core::ops::Range;
use core::slice::{from_mut, from_ref};

use super::{Pool, Windows, displaces};
use crate::element::LANES;
use crate::kernels::activation::{self, Function};
use crate::kernels::entries::entries;
use crate::kernels::norm::{Part, parts};
use crate::scalar::Scalar;
use crate::shape::Window2d;
use crate::simd::{Kernel, Simd, Vectors};
use crate::tensor::Tensor;

/// Forward: y = x at the first largest entry   so   x ← dy there and 0 elsewhere;
/// after forward x = f(z), y = x there   so   x ← f′(x)·dy there
#[inline(always)]
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

impl Sizes {
    /// Whether the windows are 2×2, side by side.
    fn is_halved(&self) -> bool {
        self.kernel[0] == 2 && self.kernel[1] == 2 && self.stride[0] == 2 && self.stride[1] == 2
    }
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
    fn run<I: Simd<Scalar = S>>(self, simd: I) {
        if self.lanes == 1 { self.with_entries::<I, 1>(simd) } else { self.with_entries::<I, LANES>(simd) }
    }
}

impl<S: Vectors> MaxGradient<'_, S> {
    #[inline(always)]
    fn with_entries<I: Simd<Scalar = S>, const L: usize>(self, simd: I) {
        let Self { sizes, function, dy, x, .. } = self;
        let (dy, x) = (entries::<L, _>(dy), entries::<L, _>(x));
        match function {
            None => each_strip(simd, sizes, Identity, dy, x),
            Some(Function::Relu) => each_strip(simd, sizes, Rectified, dy, x),
            Some(function) => each_strip(simd, sizes, Other(function), dy, x),
        }
    }
}

/// f′·dy, from what f has given.
trait Slope: Copy {
    fn times<I: Simd<Scalar: Vectors>>(self, part: Part<I>, kept: I::Vector, dy: I::Vector) -> I::Vector;
    fn times_one<S: Vectors>(self, kept: S, dy: S) -> S;
}

#[derive(Clone, Copy)]
struct Identity;

#[derive(Clone, Copy)]
struct Rectified;

#[derive(Clone, Copy)]
struct Other(Function);

impl Slope for Identity {
    #[inline(always)]
    fn times<I: Simd<Scalar: Vectors>>(self, _: Part<I>, _: I::Vector, dy: I::Vector) -> I::Vector {
        dy
    }

    #[inline(always)]
    fn times_one<S: Vectors>(self, _: S, dy: S) -> S {
        dy
    }
}

impl Slope for Rectified {
    #[inline(always)]
    fn times<I: Simd<Scalar: Vectors>>(self, part: Part<I>, kept: I::Vector, dy: I::Vector) -> I::Vector {
        let zero = part.splat(I::Scalar::ZERO);
        part.where_less(zero, kept, dy, zero)
    }

    #[inline(always)]
    fn times_one<S: Vectors>(self, kept: S, dy: S) -> S {
        if kept > S::ZERO { dy } else { S::ZERO }
    }
}

impl Slope for Other {
    #[inline(always)]
    fn times<I: Simd<Scalar: Vectors>>(self, part: Part<I>, kept: I::Vector, dy: I::Vector) -> I::Vector {
        let (mut keeps, mut gradients) = ([I::Scalar::ZERO; LANES], [I::Scalar::ZERO; LANES]);
        part.store(&mut keeps, kept);
        part.store(&mut gradients, dy);
        activation::gradient(self.0, &keeps, &mut gradients);
        part.load(&gradients)
    }

    #[inline(always)]
    fn times_one<S: Vectors>(self, kept: S, mut dy: S) -> S {
        activation::gradient(self.0, from_ref(&kept), from_mut(&mut dy));
        dy
    }
}

/// A strip is the rows of x from one window to the next one below.
#[inline(always)]
fn each_strip<I: Simd<Scalar: Vectors>, const L: usize>(
    simd: I,
    sizes: Sizes,
    slope: impl Slope,
    dy: &[[I::Scalar; L]],
    x: &mut [[I::Scalar; L]],
) {
    let ([height, width], is_halved) = (sizes.x, sizes.is_halved());
    let channels = x.chunks_exact_mut(height * width).zip(dy.chunks_exact(sizes.y[0] * sizes.y[1]));
    for (x, dy) in channels {
        let mut rows = dy.chunks_exact(sizes.y[1]);
        for strip in x.chunks_mut(sizes.stride[0] * width) {
            let Some(dy) = rows.next() else {
                strip.fill([I::Scalar::ZERO; L]);
                continue;
            };
            let (seen, unseen) = strip.split_at_mut(sizes.kernel[0] * width);
            if L == 1 && is_halved {
                halved_one(slope, dy, seen);
            } else if L == 1 {
                windows_of_one(sizes, slope, dy, seen);
            } else {
                windows(simd, sizes, slope, dy, seen);
            }
            unseen.fill([I::Scalar::ZERO; L]);
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

/// A row of windows: in each lane the first entry that is not below the largest takes dx, and leaves 0 to the others. If
/// one is no number, some entry takes it.
#[inline(always)]
fn windows<I: Simd<Scalar: Vectors>, const L: usize>(
    simd: I,
    sizes: Sizes,
    slope: impl Slope,
    dy: &[[I::Scalar; L]],
    x: &mut [[I::Scalar; L]],
) {
    let zero = simd.splat(I::Scalar::ZERO);
    for (c, dy) in dy.iter().enumerate() {
        let [seen, unseen] = columns(sizes, c);
        for part in parts(simd, L) {
            let mut largest = simd.splat(I::Scalar::NEG_INFINITY);
            for row in x.chunks_exact(sizes.x[1]) {
                for x in &row[seen.clone()] {
                    let x = part.load(x);
                    largest = part.where_less(x, largest, largest, x);
                }
            }
            let mut left = slope.times(part, largest, part.load(dy));
            for row in x.chunks_exact_mut(sizes.x[1]) {
                for entry in &mut row[seen.clone()] {
                    let x = part.load(entry);
                    part.store(entry, part.where_less(x, largest, zero, left));
                    left = part.where_less(x, largest, left, zero);
                }
            }
        }
        if !unseen.is_empty() {
            x.chunks_exact_mut(sizes.x[1]).for_each(|row| row[unseen.clone()].fill([I::Scalar::ZERO; L]));
        }
    }
}

/// A row of windows of one sample, 2×2 and side by side as most are: a fraction of the instructions. If one is no number, some
/// entry takes dx.
#[inline(always)]
fn halved_one<S: Vectors, const L: usize>(slope: impl Slope, dy: &[[S; L]], x: &mut [[S; L]]) {
    let (top, bottom) = x.split_at_mut(x.len() / 2);
    let ((top, top_rest), (bottom, bottom_rest)) = (top.as_chunks_mut::<2>(), bottom.as_chunks_mut::<2>());
    for ((top, bottom), dy) in top.iter_mut().zip(bottom).zip(dy) {
        let (at_top, at_bottom) = (usize::from(top[1][0] > top[0][0]), usize::from(bottom[1][0] > bottom[0][0]));
        let (above, below) = (top[at_top][0], bottom[at_bottom][0]);
        (*top, *bottom) = ([[S::ZERO; L]; 2], [[S::ZERO; L]; 2]);
        if below > above {
            bottom[at_bottom][0] = slope.times_one(below, dy[0]);
        } else {
            top[at_top][0] = slope.times_one(above, dy[0]);
        }
    }
    // An odd column, which no window sees.
    top_rest.fill([S::ZERO; L]);
    bottom_rest.fill([S::ZERO; L]);
}

/// A row of windows of one sample: each entry is cleared as it is seen.
#[inline(always)]
fn windows_of_one<S: Vectors, const L: usize>(sizes: Sizes, slope: impl Slope, dy: &[[S; L]], x: &mut [[S; L]]) {
    for (c, dy) in dy.iter().enumerate() {
        let [seen, unseen] = columns(sizes, c);
        let (mut largest, mut place, mut row_begin) = (S::NEG_INFINITY, seen.start, 0);
        for row in x.chunks_exact_mut(sizes.x[1]) {
            for (at, x) in seen.clone().zip(&mut row[seen.clone()]) {
                if displaces(x[0], largest) {
                    (largest, place) = (x[0], row_begin + at);
                }
                x[0] = S::ZERO;
            }
            row[unseen.clone()].fill([S::ZERO; L]);
            row_begin += sizes.x[1];
        }
        x[place][0] = slope.times_one(largest, dy[0]);
    }
}
