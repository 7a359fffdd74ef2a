//! Pools: the largest or the mean entry of each window, each channel by itself.

use core::ops::Range;

use super::convolution::{area, product};
use crate::element::LANES;
use crate::shape::Window2d;
use crate::simd::{Kernel, Simd, Vectors};

/// The sizes of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Channels of x and y.
    pub channels: usize,
    /// Kernel, stride and padding.
    pub window: Window2d,
    /// Height and width of x.
    pub x: [usize; 2],
    /// Height and width of y.
    pub y: [usize; 2],
}

impl Pool {
    fn check<S>(&self, lanes: usize, x: &[S], y: &[S]) {
        assert_eq!(self.window.output(self.x), Ok(self.y), "the window leads from x to y");
        for a in 0..2 {
            assert!(self.window.padding[a] <= self.window.kernel[a] / 2, "no window lies in the padding alone");
        }
        assert_eq!(Some(x.len()), product([self.channels, self.x[0], self.x[1], lanes]), "x: [C, H, W]");
        assert_eq!(Some(y.len()), product([self.channels, self.y[0], self.y[1], lanes]), "y: [C, OH, OW]");
    }

    /// The rows or columns of x in window `n` along axis `a`, the padding left out.
    #[inline(always)]
    fn inside(&self, a: usize, n: usize) -> Range<usize> {
        let begin = n * self.window.stride[a];
        let end = (begin + self.window.kernel[a] - self.window.padding[a]).min(self.x[a]);
        begin.saturating_sub(self.window.padding[a])..end
    }

    /// Calls `window` for each entry of y with its index and the rows and columns of x that it looks at.
    #[inline(always)]
    fn each_window(&self, mut window: impl FnMut(usize, usize, Range<usize>, Range<usize>)) {
        let mut index = 0;
        for channel in 0..self.channels {
            for r in 0..self.y[0] {
                let rows = self.inside(0, r);
                let rows = channel * self.x[0] + rows.start..channel * self.x[0] + rows.end;
                for c in 0..self.y[1] {
                    window(index, self.x[1], rows.clone(), self.inside(1, c));
                    index += 1;
                }
            }
        }
    }
}

/// y = max x over the window; NaN if one is there
pub(super) fn max<S: Vectors>(lanes: usize, shape: &Pool, x: &[S], y: &mut [S]) {
    shape.check(lanes, x, y);
    S::dispatch(lanes, Max { lanes, shape, x, y });
}

/// Forward: y = x at the first largest entry   so   dx += dy there
pub(super) fn max_gradient<S: Vectors>(lanes: usize, shape: &Pool, x: &[S], dy: &[S], dx: &mut [S]) {
    shape.check(lanes, x, dy);
    assert_eq!(x.len(), dx.len(), "dx: [C, H, W]");
    S::dispatch(lanes, MaxGradient { lanes, shape, x, dy, dx });
}

/// y = Σ x / (KH·KW), the padding counted as zeros
pub(super) fn avg<S: Vectors>(lanes: usize, shape: &Pool, x: &[S], y: &mut [S]) {
    shape.check(lanes, x, y);
    S::dispatch(lanes, Avg { lanes, shape, x, y });
}

/// Forward: y = Σ x / (KH·KW)   so   dx += dy / (KH·KW)
pub(super) fn avg_gradient<S: Vectors>(lanes: usize, shape: &Pool, dy: &[S], dx: &mut [S]) {
    shape.check(lanes, dx, dy);
    S::dispatch(lanes, AvgGradient { lanes, shape, dy, dx });
}

#[allow(clippy::cast_precision_loss, reason = "windows are small")]
fn one_over_area<S: Vectors>(shape: &Pool) -> S {
    S::ONE / S::from_f64(area(shape.window.kernel) as f64)
}

/// Declares a kernel that runs the same body with entries of 1 or LANES scalars, as arrays of that length.
macro_rules! by_entry {
    ($name:ident { $($slice:ident: $kind:ty),* } => $body:ident) => {
        struct $name<'a, S> { lanes: usize, shape: &'a Pool, $($slice: $kind),* }

        impl<S: Vectors> Kernel<S> for $name<'_, S> {
            #[inline(always)]
            fn run<I: Simd<Scalar = S>>(self, _simd: I) {
                if self.lanes == 1 {
                    $body::<S, 1>(self.shape, $(entries(self.$slice)),*);
                } else {
                    $body::<S, LANES>(self.shape, $(entries(self.$slice)),*);
                }
            }
        }
    };
}
by_entry!(Max { x: &'a [S], y: &'a mut [S] } => max_body);
by_entry!(MaxGradient { x: &'a [S], dy: &'a [S], dx: &'a mut [S] } => max_gradient_body);
by_entry!(Avg { x: &'a [S], y: &'a mut [S] } => avg_body);
by_entry!(AvgGradient { dy: &'a [S], dx: &'a mut [S] } => avg_gradient_body);

/// Scalars as entries of L of them, shared or mutable.
trait Entries<const L: usize> {
    type Entries;
    fn entries(self) -> Self::Entries;
}

impl<'a, S, const L: usize> Entries<L> for &'a [S] {
    type Entries = &'a [[S; L]];
    #[inline(always)]
    fn entries(self) -> &'a [[S; L]] {
        self.as_chunks().0
    }
}

impl<'a, S, const L: usize> Entries<L> for &'a mut [S] {
    type Entries = &'a mut [[S; L]];
    #[inline(always)]
    fn entries(self) -> &'a mut [[S; L]] {
        self.as_chunks_mut().0
    }
}

#[inline(always)]
fn entries<const L: usize, T: Entries<L>>(slice: T) -> T::Entries {
    slice.entries()
}

/// Whether `x` displaces `largest`: it is larger, or not a number.
#[inline(always)]
#[allow(clippy::eq_op, reason = "NaN is what differs from itself")]
fn displaces<S: Vectors>(x: S, largest: S) -> bool {
    x > largest || x != x
}

#[inline(always)]
fn max_body<S: Vectors, const L: usize>(shape: &Pool, x: &[[S; L]], y: &mut [[S; L]]) {
    shape.each_window(|index, width, rows, columns| {
        let mut largest = [S::NEG_INFINITY; L];
        for row in rows {
            for x in &x[row * width + columns.start..row * width + columns.end] {
                for (largest, &x) in largest.iter_mut().zip(x) {
                    *largest = if displaces(x, *largest) { x } else { *largest };
                }
            }
        }
        y[index] = largest;
    });
}

#[inline(always)]
fn max_gradient_body<S: Vectors, const L: usize>(shape: &Pool, x: &[[S; L]], dy: &[[S; L]], dx: &mut [[S; L]]) {
    dx.fill([S::ZERO; L]);
    shape.each_window(|index, width, rows, columns| {
        let dy = dy[index];
        let mut largest = [S::NEG_INFINITY; L];
        let mut place = [S::ZERO; L];
        let mut count = S::ZERO;
        for row in rows.clone() {
            for x in &x[row * width + columns.start..row * width + columns.end] {
                for l in 0..L {
                    let better = displaces(x[l], largest[l]);
                    largest[l] = if better { x[l] } else { largest[l] };
                    place[l] = if better { count } else { place[l] };
                }
                count += S::ONE;
            }
        }
        count = S::ZERO;
        for row in rows {
            for dx in &mut dx[row * width + columns.start..row * width + columns.end] {
                for l in 0..L {
                    dx[l] += if place[l] == count { dy[l] } else { S::ZERO };
                }
                count += S::ONE;
            }
        }
    });
}

#[inline(always)]
fn avg_body<S: Vectors, const L: usize>(shape: &Pool, x: &[[S; L]], y: &mut [[S; L]]) {
    let share = one_over_area(shape);
    shape.each_window(|index, width, rows, columns| {
        let mut sum = [S::ZERO; L];
        for row in rows {
            for x in &x[row * width + columns.start..row * width + columns.end] {
                for (sum, &x) in sum.iter_mut().zip(x) {
                    *sum += x;
                }
            }
        }
        y[index] = sum.map(|sum| sum * share);
    });
}

#[inline(always)]
fn avg_gradient_body<S: Vectors, const L: usize>(shape: &Pool, dy: &[[S; L]], dx: &mut [[S; L]]) {
    let share = one_over_area(shape);
    dx.fill([S::ZERO; L]);
    shape.each_window(|index, width, rows, columns| {
        let part = dy[index].map(|dy| dy * share);
        for row in rows {
            for dx in &mut dx[row * width + columns.start..row * width + columns.end] {
                for (dx, &part) in dx.iter_mut().zip(&part) {
                    *dx += part;
                }
            }
        }
    });
}
