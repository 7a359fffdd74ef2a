//! Pools: the largest or the mean entry of each window, each channel by itself.

use core::ops::Range;

use super::convolution::{area, product};
use super::entries::entries;
use crate::element::LANES;
use crate::shape::Window2d;
use crate::simd::{Kernel, Simd, Vectors};

pub(super) mod in_place;
#[cfg(test)]
mod tests;

/// Which entries of x an entry of y looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Windows {
    /// Windows of one size, a stride apart.
    Sliding(Window2d),
    /// As many as y has entries: window i of `out` over n entries is ⌊i·n / out⌋ .. ⌈(i + 1)·n / out⌉.
    Adaptive,
}

/// The sizes of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Channels of x and y.
    pub channels: usize,
    /// What each entry of y looks at.
    pub windows: Windows,
    /// Whether a mean divides by the size of the kernel, or by the entries that the window finds.
    pub padding_counts: bool,
    /// Height and width of x.
    pub x: [usize; 2],
    /// Height and width of y.
    pub y: [usize; 2],
}

/// Rows or columns of x: `start`, `start + step`, and so on below `end`.
#[derive(Clone, Copy)]
struct Taps {
    start: usize,
    end: usize,
    step: usize,
}

/// The entries of x that one entry of y looks at; if `DENSE`, the taps are known to be neighbours.
struct View<const DENSE: bool> {
    /// The first entry of the channel.
    channel: usize,
    /// Columns of x.
    width: usize,
    rows: Taps,
    columns: Taps,
}

impl<const DENSE: bool> View<DENSE> {
    /// Calls `run` with the indices of neighbouring entries, row by row: all of a row, or one at a time.
    #[inline(always)]
    fn each_run(&self, mut run: impl FnMut(Range<usize>)) {
        let Self { channel, width, rows, columns } = *self;
        let mut row = rows.start;
        while row < rows.end {
            let first = channel + row * width;
            if DENSE {
                run(first + columns.start..first + columns.end);
                row += 1;
            } else {
                let mut column = columns.start;
                while column < columns.end {
                    run(first + column..first + column + 1);
                    column += columns.step;
                }
                row += rows.step;
            }
        }
    }

    /// 1 / the number of its entries, without gaps.
    #[inline(always)]
    fn share<S: Vectors>(&self) -> S {
        one_over((self.rows.end - self.rows.start) * (self.columns.end - self.columns.start))
    }
}

impl Pool {
    fn check<S>(&self, lanes: usize, x: &[S], y: &[S]) {
        match &self.windows {
            Windows::Sliding(window) => {
                assert_eq!(window.output(self.x), Ok(self.y), "the window leads from x to y");
                for a in 0..2 {
                    let extent = window.dilation[a] * (window.kernel[a] - 1) + 1;
                    let padding = window.padding[a].max(window.padding_end[a]);
                    assert!(padding <= extent / 2, "the padding is at most half of the window");
                }
            }
            Windows::Adaptive => assert!(self.x[0] > 0 && self.x[1] > 0, "no window is empty"),
        }
        assert_eq!(Some(x.len()), product([self.channels, self.x[0], self.x[1], lanes]), "x: [C, H, W]");
        assert_eq!(Some(y.len()), product([self.channels, self.y[0], self.y[1], lanes]), "y: [C, OH, OW]");
    }

    /// Whether the taps of each window are neighbours; pools with such windows are compiled by themselves.
    fn is_dense(&self) -> bool {
        matches!(&self.windows, Windows::Sliding(window) if window.dilation == [1, 1])
    }

    /// Whether the windows are 2×2, side by side.
    fn is_halved(&self) -> bool {
        let Windows::Sliding(Window2d { kernel, stride, padding, padding_end, dilation }) = &self.windows else {
            return false;
        };
        let all = |pairs: [&[usize; 2]; 2], size| pairs.iter().all(|pair| pair[0] == size && pair[1] == size);
        all([kernel, stride], 2) && all([padding, padding_end], 0) && all([dilation, dilation], 1)
    }

    /// The rows or columns of x in window `n` along axis `a`, those in the padding left out.
    #[inline(always)]
    fn taps<const DENSE: bool>(&self, a: usize, n: usize) -> Taps {
        match &self.windows {
            Windows::Sliding(window) => {
                let (begin, padding) = (n * window.stride[a], window.padding[a]);
                if DENSE {
                    // The padding is at most half of the window, so its end lies behind the padding.
                    let end = (begin + window.kernel[a] - padding).min(self.x[a]);
                    return Taps { start: begin.saturating_sub(padding), end, step: 1 };
                }
                let step = window.dilation[a];
                let end = (begin + step * (window.kernel[a] - 1) + 1).saturating_sub(padding).min(self.x[a]);
                // Taps in the padding are skipped: whole steps.
                let skipped = padding.saturating_sub(begin).next_multiple_of(step);
                Taps { start: begin + skipped - padding, end, step }
            }
            Windows::Adaptive => {
                let (x, y) = (self.x[a], self.y[a]);
                Taps { start: n * x / y, end: ((n + 1) * x).div_ceil(y), step: 1 }
            }
        }
    }

    /// Calls `window` for each entry of y with its index and the entries of x that it looks at.
    #[inline(always)]
    fn each_window<const DENSE: bool>(&self, mut window: impl FnMut(usize, View<DENSE>)) {
        let (mut index, width) = (0, self.x[1]);
        for channel in 0..self.channels {
            let channel = channel * self.x[0] * width;
            for r in 0..self.y[0] {
                let rows = self.taps::<DENSE>(0, r);
                for c in 0..self.y[1] {
                    window(index, View { channel, width, rows, columns: self.taps::<DENSE>(1, c) });
                    index += 1;
                }
            }
        }
    }

    fn check_mean(&self) {
        if let Windows::Sliding(window) = &self.windows {
            assert_eq!(window.dilation, [1, 1], "the window of a mean has no gaps");
        }
    }

    /// 1 / the size of the kernel, if that is what every mean divides by.
    fn share<S: Vectors>(&self) -> Option<S> {
        match &self.windows {
            Windows::Sliding(window) if self.padding_counts => Some(one_over(area(window.kernel))),
            _ => None,
        }
    }
}

#[inline(always)]
fn one_over<S: Vectors>(count: usize) -> S {
    S::ONE / S::from_f64(count as f64)
}

/// y = max x over the window; NaN if one is there; −∞ if all taps of a dilated one are in the padding
#[inline(always)]
pub(super) fn max<S: Vectors>(lanes: usize, shape: &Pool, x: &[S], y: &mut [S]) {
    shape.check(lanes, x, y);
    S::dispatch(lanes, Max { lanes, shape, x, y });
}

/// Forward: y = x at the first largest entry   so   dx += dy there
#[inline(always)]
pub(super) fn max_gradient<S: Vectors>(lanes: usize, shape: &Pool, x: &[S], dy: &[S], dx: &mut [S]) {
    shape.check(lanes, x, dy);
    assert_eq!(x.len(), dx.len(), "dx: [C, H, W]");
    S::dispatch(lanes, MaxGradient { lanes, shape, x, dy, dx });
}

/// y = Σ x / n, n the size of the kernel, or the entries in the window
#[inline(always)]
pub(super) fn avg<S: Vectors>(lanes: usize, shape: &Pool, x: &[S], y: &mut [S]) {
    shape.check(lanes, x, y);
    shape.check_mean();
    S::dispatch(lanes, Avg { lanes, shape, x, y });
}

/// Forward: y = Σ x / n   so   dx += dy / n
#[inline(always)]
pub(super) fn avg_gradient<S: Vectors>(lanes: usize, shape: &Pool, dy: &[S], dx: &mut [S]) {
    shape.check(lanes, dx, dy);
    shape.check_mean();
    S::dispatch(lanes, AvgGradient { lanes, shape, dy, dx });
}

/// Declares a kernel that runs the same body with entries of 1 or LANES scalars, as arrays of that length.
macro_rules! by_entry {
    ($name:ident { $($slice:ident: $kind:ty),* } => $body:ident) => {
        struct $name<'a, S> { lanes: usize, shape: &'a Pool, $($slice: $kind),* }

        impl<S: Vectors> Kernel<S> for $name<'_, S> {
            #[inline(always)]
            fn run<I: Simd<Scalar = S>>(self, _simd: I) {
                match (self.lanes, self.shape.is_dense()) {
                    (1, true) => $body::<S, 1, true>(self.shape, $(entries(self.$slice)),*),
                    (1, false) => $body::<S, 1, false>(self.shape, $(entries(self.$slice)),*),
                    (_, true) => $body::<S, LANES, true>(self.shape, $(entries(self.$slice)),*),
                    (_, false) => $body::<S, LANES, false>(self.shape, $(entries(self.$slice)),*),
                }
            }
        }
    };
}
by_entry!(Max { x: &'a [S], y: &'a mut [S] } => max_body);
by_entry!(MaxGradient { x: &'a [S], dy: &'a [S], dx: &'a mut [S] } => max_gradient_body);
by_entry!(Avg { x: &'a [S], y: &'a mut [S] } => avg_body);
by_entry!(AvgGradient { dy: &'a [S], dx: &'a mut [S] } => avg_gradient_body);

/// Whether `x` displaces `largest`: it is larger, or not a number.
#[inline(always)]
#[allow(clippy::eq_op, reason = "NaN is what differs from itself")]
pub(super) fn displaces<S: Vectors>(x: S, largest: S) -> bool {
    x > largest || x != x
}

#[inline(always)]
fn max_body<S: Vectors, const L: usize, const DENSE: bool>(shape: &Pool, x: &[[S; L]], y: &mut [[S; L]]) {
    if L == 1 && DENSE && shape.is_halved() {
        halved_max(shape, x, y);
        return;
    }
    shape.each_window::<DENSE>(|index, view| {
        let mut largest = [S::NEG_INFINITY; L];
        view.each_run(|run| {
            for x in &x[run] {
                for (largest, &x) in largest.iter_mut().zip(x) {
                    *largest = if displaces(x, *largest) { x } else { *largest };
                }
            }
        });
        y[index] = largest;
    });
}

/// One sample, row by row of windows, as most pools of a microcontroller are: a fraction of the instructions.
#[inline(always)]
fn halved_max<S: Vectors, const L: usize>(shape: &Pool, x: &[[S; L]], y: &mut [[S; L]]) {
    let ([height, width], [rows, columns]) = (shape.x, shape.y);
    let channels = x.chunks_exact(height * width).zip(y.chunks_exact_mut(rows * columns));
    for (x, y) in channels {
        for (x, y) in x.chunks_exact(2 * width).zip(y.chunks_exact_mut(columns)) {
            let (top, bottom) = x.split_at(width);
            for ((top, bottom), y) in top.as_chunks::<2>().0.iter().zip(bottom.as_chunks::<2>().0).zip(y) {
                let larger = |largest: S, x: &[S; L]| if displaces(x[0], largest) { x[0] } else { largest };
                y[0] = larger(larger(larger(top[0][0], &top[1]), &bottom[0]), &bottom[1]);
            }
        }
    }
}

#[inline(always)]
fn max_gradient_body<S: Vectors, const L: usize, const DENSE: bool>(
    shape: &Pool,
    x: &[[S; L]],
    dy: &[[S; L]],
    dx: &mut [[S; L]],
) {
    dx.fill([S::ZERO; L]);
    shape.each_window::<DENSE>(|index, view| {
        let dy = dy[index];
        let mut largest = [S::NEG_INFINITY; L];
        let mut place = [S::ZERO; L];
        let mut count = S::ZERO;
        view.each_run(|run| {
            for x in &x[run] {
                for l in 0..L {
                    let better = displaces(x[l], largest[l]);
                    largest[l] = if better { x[l] } else { largest[l] };
                    place[l] = if better { count } else { place[l] };
                }
                count += S::ONE;
            }
        });
        count = S::ZERO;
        view.each_run(|run| {
            for dx in &mut dx[run] {
                for l in 0..L {
                    dx[l] += if place[l] == count { dy[l] } else { S::ZERO };
                }
                count += S::ONE;
            }
        });
    });
}

#[inline(always)]
fn avg_body<S: Vectors, const L: usize, const DENSE: bool>(shape: &Pool, x: &[[S; L]], y: &mut [[S; L]]) {
    let share = shape.share();
    shape.each_window::<DENSE>(|index, view| {
        let share: S = share.unwrap_or_else(|| view.share());
        let mut sum = [S::ZERO; L];
        view.each_run(|run| {
            for x in &x[run] {
                for (sum, &x) in sum.iter_mut().zip(x) {
                    *sum += x;
                }
            }
        });
        y[index] = sum.map(|sum| sum * share);
    });
}

#[inline(always)]
fn avg_gradient_body<S: Vectors, const L: usize, const DENSE: bool>(shape: &Pool, dy: &[[S; L]], dx: &mut [[S; L]]) {
    let share = shape.share();
    dx.fill([S::ZERO; L]);
    shape.each_window::<DENSE>(|index, view| {
        let share: S = share.unwrap_or_else(|| view.share());
        let part = dy[index].map(|dy| dy * share);
        view.each_run(|run| {
            for dx in &mut dx[run] {
                for (dx, &part) in dx.iter_mut().zip(&part) {
                    *dx += part;
                }
            }
        });
    });
}
