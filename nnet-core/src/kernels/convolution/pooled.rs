//! Convolution, activation and pool in one pass: the map between them exists a few rows at a time.
//!
//! Windows that lie side by side see every output of the convolution at most once, so nothing is computed twice.

use core::ops::Range;

use super::row::Apart;
use super::{Convolution, Correlation, area, correlation, product};
use crate::kernels::Function;
use crate::kernels::activation;
use crate::kernels::entries::entries;
use crate::kernels::pool::displaces;
use crate::kernels::tile::blocks;
use crate::simd::{Kernel, Row, RowKernel, Simd, Vectors};

/// The most entries of a window.
const WINDOW: usize = 64;
/// Scalars that hold a window of a block of outputs: of one scalar each, of vectors over samples, along a row.
const SCALAR: usize = 4 * WINDOW;
const GROUP: usize = 6 * WINDOW * 16;
const ROW: usize = 24 * WINDOW;

/// A convolution with what follows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pooled {
    /// The convolution; its `y` is the map before the pool.
    pub convolution: Convolution,
    /// What is done to each entry of the map.
    pub function: Option<Function>,
    /// Height and width of the pool's windows, and how far they are apart.
    pub window: [usize; 2],
    /// Whether the pool takes the mean of a window, or its largest entry.
    pub mean: bool,
}

impl Pooled {
    /// Height and width of y: the windows that fit.
    fn y(&self) -> [usize; 2] {
        let ([height, width], map) = (self.window, self.convolution.y);
        [map[0] / height, map[1] / width]
    }
}

/// y[o][r][c] = the pool of f(b[o] + Σ w[o][i] ⋆ x[i]) over the window at (r·PH, c·PW)
pub(in crate::kernels) fn pooled<S: Vectors>(lanes: usize, shape: &Pooled, w: &[S], b: &[S], x: &[S], y: &mut [S]) {
    let Pooled { convolution, function, window, mean } = shape;
    convolution.check_inputs(lanes, w, x);
    assert!(b.is_empty() || b.len() == convolution.outputs, "b: [OUT]");
    let entries = product([window[0], window[1], 1, 1]);
    assert!(
        entries.is_some_and(|entries| (1..=WINDOW).contains(&entries)),
        "the pool's window has at most {WINDOW} entries"
    );
    let [rows, columns] = shape.y();
    assert_eq!(Some(y.len()), product([convolution.outputs, rows, columns, lanes]), "y: [OUT, PH, PW]");
    // It writes to a buffer instead of y.
    let correlation = correlation(lanes, convolution, w, b, x, core::ptr::null_mut());
    let share = mean.then(|| S::ONE / S::from_f64(area(*window) as f64));
    let is_row = correlation.is_along_rows();
    let pass = Pass { correlation, function: *function, window: *window, share, rows, columns, y };
    let done = if is_row { S::dispatch_row(pass) } else { Err(pass) };
    if let Err(pass) = done {
        S::dispatch(lanes, pass);
    }
}

struct Pass<'a, S> {
    correlation: Correlation<'a, S>,
    function: Option<Function>,
    window: [usize; 2],
    /// What a mean multiplies the sum of its window by; none for the largest entry.
    share: Option<S>,
    /// Height and width of y.
    rows: usize,
    columns: usize,
    y: &'a mut [S],
}

/// Some windows of a row of windows, for a block of channels.
struct Block {
    /// The first channel of y, and the row of y.
    channel: usize,
    row: usize,
    windows: Range<usize>,
    /// The vector within an entry.
    part: usize,
}

impl<S: Vectors> Kernel<S> for Pass<'_, S> {
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(self, simd: I) {
        // A microcontroller, which works with scalars, has less of a stack.
        if I::WIDTH == 1 {
            self.through(simd, &mut [S::ZERO; SCALAR])
        } else {
            self.through(simd, &mut [S::ZERO; GROUP])
        }
    }
}

impl<S: Vectors> RowKernel<S> for Pass<'_, S> {
    #[inline(always)]
    fn run<I: Row<Scalar = S>>(mut self, simd: I) {
        let mut buffer = [S::ZERO; ROW];
        let [height, width] = self.window;
        let interior = self.correlation.rows.interior();
        let most = buffer.len() / (I::BLOCK * area(self.window));
        for group in 0..self.correlation.channels.groups {
            let of_group = self.correlation.group(group);
            for (row, start) in steps(self.rows, self.columns, most) {
                let windows = start..self.columns.min(start + most);
                let columns = windows.start * width..windows.end * width;
                let pitch = columns.len();
                // Two rows of one vector each share their weights.
                let is_pair = height == 2
                    && pitch <= I::WIDTH
                    && interior.contains(&(2 * row))
                    && interior.contains(&(2 * row + 1));
                blocks!(I::BLOCK, of_group.channels.to, |first, A| {
                    for k in (0..height).step_by(if is_pair { 2 } else { 1 }) {
                        let mut target = of_group.row_of(0, row * height + k, first);
                        target.y = buffer[k * pitch..].as_mut_ptr().wrapping_sub(columns.start);
                        target.plane = height * pitch;
                        if is_pair {
                            let apart = Apart { y: pitch, ..of_group.below() };
                            let (m, end) = (columns.start, columns.end);
                            // SAFETY: both rows exist and have all taps; the buffer has room for A times 2 rows of `pitch`.
                            unsafe { of_group.vectors::<I, A, 2>(simd, &target, first, m, end, apart) };
                        } else {
                            of_group.row_along::<I, A>(simd, &target, first, columns.clone());
                        }
                    }
                    let channel = group * of_group.channels.to + first;
                    let block = Block { channel, row, windows: windows.clone(), part: 0 };
                    self.pool_rows(&block, &mut buffer[..A * height * pitch]);
                });
            }
        }
    }
}

/// Each row with the starts of its pieces of at most `most` columns.
#[inline(always)]
fn steps(rows: usize, columns: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..rows).flat_map(move |row| (0..columns).step_by(most).map(move |start| (row, start)))
}

impl<S: Vectors> Pass<'_, S> {
    /// All of y through a buffer: the vectors `part` of the rows of a window, one after the other.
    #[inline(always)]
    fn through<I: Simd<Scalar = S>>(mut self, simd: I, buffer: &mut [S]) {
        let [height, width] = self.window;
        let interior = self.correlation.columns.interior();
        let most = buffer.len() / (I::BLOCK * area(self.window) * I::WIDTH);
        for group in 0..self.correlation.channels.groups {
            let of_group = self.correlation.group(group);
            for part in (0..of_group.lanes).step_by(I::WIDTH) {
                for (row, start) in steps(self.rows, self.columns, most) {
                    let windows = start..self.columns.min(start + most);
                    let columns = windows.start * width..windows.end * width;
                    let pitch = columns.len() * I::WIDTH;
                    blocks!(I::BLOCK, of_group.channels.to, |first, A| {
                        let buffer = &mut buffer[..A * height * pitch];
                        for k in 0..height {
                            let mut target = of_group.row_of(part, row * height + k, first);
                            target.y = buffer[k * pitch..].as_mut_ptr().wrapping_sub(columns.start * I::WIDTH);
                            target.plane = height * pitch;
                            target.step = I::WIDTH;
                            of_group.row::<I, A>(simd, &target, first, columns.clone(), &interior);
                        }
                        let channel = group * of_group.channels.to + first;
                        let block = Block { channel, row, windows: windows.clone(), part };
                        match I::WIDTH {
                            1 => self.pool::<1>(&block, buffer),
                            4 => self.pool::<4>(&block, buffer),
                            8 => self.pool::<8>(&block, buffer),
                            16 => self.pool::<16>(&block, buffer),
                            _ => unreachable!("a vector is 1, 4, 8 or 16 scalars"),
                        }
                    });
                }
            }
        }
    }

    /// Whether the function may follow the pool: the largest of max(x, 0) is max of the largest and 0.
    fn comes_last(&self) -> bool {
        self.share.is_none() && self.function == Some(Function::Relu)
    }

    /// f of what the convolution left, unless it comes last.
    #[inline(always)]
    fn activate(&self, map: &mut [S]) {
        if let Some(function) = self.function
            && !self.comes_last()
        {
            activation::forward(function, map);
        }
    }

    /// y of a block whose map is `[channel][row of the window][column][L]`.
    #[inline(always)]
    fn pool<const L: usize>(&mut self, block: &Block, map: &mut [S]) {
        self.activate(map);
        let ([height, width], share, comes_last) = (self.window, self.share, self.comes_last());
        let lanes = self.correlation.lanes;
        let columns = block.windows.len() * width;
        let map: &[[S; L]] = entries(&*map);
        for (a, map) in map.chunks_exact(height * columns).enumerate() {
            for (q, window) in block.windows.clone().enumerate() {
                let start = if share.is_some() { S::ZERO } else { S::NEG_INFINITY };
                let mut pooled = [start; L];
                for k in 0..height {
                    for x in &map[k * columns + q * width..][..width] {
                        for (pooled, &x) in pooled.iter_mut().zip(x) {
                            *pooled = join(share.is_some(), *pooled, x);
                        }
                    }
                }
                if let Some(share) = share {
                    pooled = pooled.map(|sum| sum * share);
                }
                if comes_last {
                    pooled = pooled.map(|y| if y < S::ZERO { S::ZERO } else { y });
                }
                let place = ((block.channel + a) * self.rows + block.row) * self.columns + window;
                self.y[place * lanes + block.part..][..L].copy_from_slice(&pooled);
            }
        }
    }

    /// y of a block of one sample, first down the columns and then along the row.
    #[inline(always)]
    fn pool_rows(&mut self, block: &Block, map: &mut [S]) {
        self.activate(map);
        let ([height, width], share, comes_last) = (self.window, self.share, self.comes_last());
        let columns = block.windows.len() * width;
        for (a, map) in map.chunks_exact_mut(height * columns).enumerate() {
            let (first, below) = map.split_at_mut(columns);
            for row in below.chunks_exact(columns) {
                for (to, &from) in first.iter_mut().zip(row) {
                    *to = join(share.is_some(), *to, from);
                }
            }
            let place = ((block.channel + a) * self.rows + block.row) * self.columns + block.windows.start;
            let y = &mut self.y[place..][..block.windows.len()];
            match width {
                1 => y.copy_from_slice(first),
                2 => along::<S, 2>(share.is_some(), first, y),
                3 => along::<S, 3>(share.is_some(), first, y),
                4 => along::<S, 4>(share.is_some(), first, y),
                _ => {
                    for (y, window) in y.iter_mut().zip(first.chunks_exact(width)) {
                        *y = window[1..].iter().fold(window[0], |sum, &x| join(share.is_some(), sum, x));
                    }
                }
            }
            if let Some(share) = share {
                y.iter_mut().for_each(|y| *y *= share);
            }
            if comes_last {
                y.iter_mut().for_each(|y| *y = if *y < S::ZERO { S::ZERO } else { *y });
            }
        }
    }
}

/// The sum of two numbers, or the larger one.
#[inline(always)]
fn join<S: Vectors>(is_sum: bool, so_far: S, x: S) -> S {
    if is_sum {
        so_far + x
    } else if displaces(x, so_far) {
        x
    } else {
        so_far
    }
}

/// y = the sum or the largest of each W neighbours.
#[inline(always)]
fn along<S: Vectors, const W: usize>(is_sum: bool, x: &[S], y: &mut [S]) {
    for (y, window) in y.iter_mut().zip(x.as_chunks::<W>().0) {
        *y = window[1..].iter().fold(window[0], |so_far, &x| join(is_sum, so_far, x));
    }
}
