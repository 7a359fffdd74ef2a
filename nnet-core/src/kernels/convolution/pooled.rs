//! Convolution, activation and pool in one pass: the map between them exists a few rows at a time.
//!
//! Windows that lie side by side see every output of the convolution at most once, so nothing is computed twice.

mod scalars;

use core::ops::Range;

use super::row::{Apart, along};
use super::{Convolution, Correlation, Row as Target, area, correlation, product};
use crate::kernels::activation::{self, Function};
use crate::kernels::entries::entries;
use crate::kernels::pool::displaces;
use crate::kernels::tile::{blocks, even_blocks};
use crate::scalar::Scalar;
use crate::simd::{Kernel, Row, RowKernel, Simd, Vectors};
use crate::tensor::Tensor;

/// The most entries of a window.
const WINDOW: usize = 64;
/// Scalars that hold a window of a block of outputs: of vectors over samples, along a row.
const GROUP: usize = 6 * WINDOW * 16;
const ROW: usize = 24 * WINDOW;

/// A convolution with what follows it.
#[derive(Clone, Copy, Debug)]
pub struct Pooled<S> {
    /// The convolution; its `y` is the map before the pool.
    pub convolution: Convolution,
    /// What is done to each entry of the map.
    pub function: Option<Function>,
    /// Height and width of the pool's windows, and how far they are apart.
    pub window: [usize; 2],
    /// What the sum of a window is multiplied by for its mean; none for its largest entry.
    pub share: Option<S>,
}

impl<S: Scalar> Pooled<S> {
    /// A pass with that function between convolution and pool, which takes the mean of a window or its largest entry.
    #[inline(always)]
    pub fn new(convolution: Convolution, function: Option<Function>, window: [usize; 2], mean: bool) -> Self {
        let share = mean.then(|| S::ONE / S::from_f64(area(window) as f64));
        Self { convolution, function, window, share }
    }

    /// Whether the pass needs no function of each entry: there is none, or max(x, 0) before the largest entry, which is max
    /// of the largest and 0.
    #[inline(always)]
    fn is_plain(&self) -> bool {
        match self.function {
            None => true,
            Some(Function::Relu) => self.share.is_none(),
            Some(_) => false,
        }
    }

    /// y[o] = the pool of f(b[o] + Σ w[o][i] ⋆ x[i])
    ///
    /// # Panics
    ///
    /// If a slice has not the length that follows from the sizes, or the pool's window has no entry or too many.
    #[inline(always)]
    pub fn run(self, lanes: usize, w: &[S], b: &[S], x: &[S], y: &mut [S]) {
        if self.is_plain() {
            S::convolution_pooled(lanes, self, w, b, x, y);
        } else {
            S::convolution_activated_pooled(lanes, self, w, b, x, y);
        }
    }
}

impl<S> Pooled<S> {
    /// Height and width of y: the windows that fit.
    #[inline(always)]
    fn y(&self) -> [usize; 2] {
        let ([height, width], map) = (self.window, self.convolution.y);
        [map[0].checked_div(height).unwrap_or(0), map[1].checked_div(width).unwrap_or(0)]
    }
}

/// # Panics
///
/// As `Convolution::check`, or if the pool's window has no entry or too many, or does not lead to y.
#[inline(always)]
pub(in crate::kernels) fn check<S: Scalar>(lanes: usize, shape: Pooled<S>, w: &[S], b: &[S], x: &[S], y: &[S]) {
    let Pooled { convolution, window, .. } = shape;
    convolution.check_inputs(lanes, w, x);
    assert!(b.is_empty() || b.len() == convolution.outputs, "b: [OUT]");
    let entries = product([window[0], window[1], 1, 1]);
    assert!(
        entries.is_some_and(|entries| (1..=WINDOW).contains(&entries)),
        "the pool's window has at most {WINDOW} entries"
    );
    let [rows, columns] = shape.y();
    assert!(product([convolution.outputs, rows, columns, lanes]) == Some(y.len()), "y: [OUT, PH, PW]");
}

/// # Panics
///
/// As `check`, or if there is a function of each entry.
#[inline(always)]
pub(in crate::kernels) fn check_plain<S: Scalar>(lanes: usize, shape: Pooled<S>, w: &[S], b: &[S], x: &[S], y: &[S]) {
    assert!(shape.is_plain(), "a pass without a function of each entry");
    check(lanes, shape, w, b, x, y);
}

/// y[o][r][c] = the pool of f(b[o] + Σ w[o][i] ⋆ x[i]) over the window at (r·PH, c·PW)
///
/// # Safety
///
/// [`check`] has returned, or [`check_plain`] for a `PLAIN` one.
#[inline(always)]
pub(in crate::kernels) unsafe fn pooled<S: Vectors, const PLAIN: bool>(
    lanes: usize,
    shape: Pooled<S>,
    w: &[S],
    b: &[S],
    x: &[S],
    y: &mut [S],
) {
    // It writes to a buffer instead of y.
    let correlation = correlation(lanes, &shape.convolution, w, b, x, core::ptr::null_mut());
    let [rows, columns] = shape.y();
    let Pooled { function, window, share, .. } = shape;
    let is_row = correlation.is_along_rows() && windows_in_a_row(window) > 0;
    let activate = if PLAIN { None } else { Some(activation::forward::<S> as fn(Function, &mut [S])) };
    let pass = Pass { correlation, function, activate, window, share, rows, columns, y };
    if lanes > 1 {
        return S::dispatch(lanes, pass);
    }
    let done = if is_row { S::dispatch_row(pass) } else { Err(pass) };
    if let Err(pass) = done {
        pass.by_scalars::<PLAIN>();
    }
}

/// How many windows the buffer of a row holds, for 6 channels and with up to 16 columns behind the last.
fn windows_in_a_row([height, width]: [usize; 2]) -> usize {
    (ROW / (6 * height).max(1)).saturating_sub(16) / width.max(1)
}

struct Pass<'a, S> {
    correlation: Correlation<'a, S>,
    function: Option<Function>,
    /// What applies the function to each entry of the map, unless it comes after the pool. A program that needs none holds
    /// none, and the pass is compiled once for both.
    activate: Option<fn(Function, &mut [S])>,
    window: [usize; 2],
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

impl<S: Vectors> RowKernel<S> for Pass<'_, S> {
    #[inline(always)]
    fn run<I: Row<Scalar = S>>(mut self, simd: I) {
        let mut buffer = [S::ZERO; ROW];
        let [height, width] = self.window;
        let interior = self.correlation.rows.interior();
        let most = windows_in_a_row(self.window);
        for group in 0..self.correlation.channels.groups {
            let of_group = self.correlation.group(group);
            let mut row = 0;
            while row < self.rows {
                // Rows of one vector each share their weights: two or four, of one or two rows of y.
                let has_all_taps = |row: usize| interior.contains(&(2 * row)) && interior.contains(&(2 * row + 1));
                let is_narrow = height == 2 && self.columns * width <= I::WIDTH && self.columns <= most;
                let pairs = match is_narrow {
                    true if I::REGISTERS >= 32 && row + 1 < self.rows && has_all_taps(row) && has_all_taps(row + 1) => {
                        2
                    }
                    true if has_all_taps(row) => 1,
                    _ => 0,
                };
                let rows = pairs.max(1);
                for start in (0..self.columns).step_by(most) {
                    let windows = start..self.columns.min(start + most);
                    let columns = windows.start * width..windows.end * width;
                    // Whole vectors: what is behind the last column is not looked at.
                    let pitch = columns.len().next_multiple_of(I::WIDTH);
                    let (m, end) = (columns.start, columns.start + pitch);
                    for (first, size) in even_blocks(I::BLOCK, of_group.channels.to) {
                        let map = &mut buffer[..size * rows * height * pitch];
                        // One block: what follows it is compiled once, not for each size.
                        blocks!(I::BLOCK, size, |_start, A| {
                            let below = Apart { y: pitch, ..of_group.below() };
                            let (apart, count) =
                                if pairs > 0 { (below, 2 * pairs) } else { (along::<I>(), pitch / I::WIDTH) };
                            for k in (0..rows * height).step_by(if pairs > 0 { 2 * pairs } else { 1 }) {
                                let y = map[k * pitch..].as_mut_ptr().wrapping_sub(m);
                                let target = of_group.row_of(0, row * height + k, first);
                                let target = Target { y, plane: rows * height * pitch, ..target };
                                // SAFETY: these rows exist, pairs of them with all taps; `map` has room for them, A times.
                                unsafe { of_group.strip::<I, A>(simd, &target, first, m..end, apart, count) };
                            }
                        });
                        let channel = group * of_group.channels.to + first;
                        let block = Block { channel, row, windows: windows.clone(), part: 0 };
                        match self.share {
                            None => self.pool_rows::<I, false>(simd, &block, [rows, pitch], map),
                            Some(_) => self.pool_rows::<I, true>(simd, &block, [rows, pitch], map),
                        }
                    }
                }
                row += rows;
            }
        }
    }
}

/// Each row with the starts of its pieces of at most `most` columns.
#[inline(always)]
fn steps(rows: usize, columns: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..rows).flat_map(move |row| (0..columns).step_by(most).map(move |start| (row, start)))
}

impl<S: Vectors> Kernel<S> for Pass<'_, S> {
    /// All of y through a buffer: the vectors `part` of the rows of a window, one after the other.
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(mut self, simd: I) {
        let mut buffer = [S::ZERO; GROUP];
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
                    for (first, size) in even_blocks(I::BLOCK, of_group.channels.to) {
                        let map = &mut buffer[..size * height * pitch];
                        for k in 0..height {
                            let y = map[k * pitch..].as_mut_ptr().wrapping_sub(columns.start * I::WIDTH);
                            let target = of_group.row_of(part, row * height + k, first);
                            let target = Target { y, plane: height * pitch, step: I::WIDTH, ..target };
                            blocks!(I::BLOCK, size, |_start, A| {
                                of_group.row::<I, A>(simd, &target, first, columns.clone(), &interior);
                            });
                        }
                        let channel = group * of_group.channels.to + first;
                        let block = Block { channel, row, windows: windows.clone(), part };
                        match I::WIDTH {
                            1 => self.pool_entries::<1>(&block, map),
                            4 => self.pool_entries::<4>(&block, map),
                            8 => self.pool_entries::<8>(&block, map),
                            16 => self.pool_entries::<16>(&block, map),
                            _ => unreachable!("a vector is 1, 4, 8 or 16 scalars"),
                        }
                    }
                }
            }
        }
    }
}

impl<S: Vectors> Pass<'_, S> {
    /// Whether max(y, 0) follows the pool.
    fn comes_last(&self) -> bool {
        self.activate.is_none() && self.function.is_some()
    }

    /// f of what the convolution left, unless it comes last.
    #[inline(always)]
    fn activate(&self, map: &mut [S]) {
        if let (Some(function), Some(activate)) = (self.function, self.activate) {
            activate(function, map);
        }
    }

    #[inline(always)]
    fn pool_entries<const L: usize>(&mut self, block: &Block, map: &mut [S]) {
        match self.share {
            None => self.pool::<L, false>(block, map),
            Some(_) => self.pool::<L, true>(block, map),
        }
    }

    /// y of a block whose map is `[channel][row of the window][column][L]`.
    #[inline(always)]
    fn pool<const L: usize, const MEAN: bool>(&mut self, block: &Block, map: &mut [S]) {
        self.activate(map);
        let ([height, width], share, comes_last) = (self.window, self.share, self.comes_last());
        let lanes = self.correlation.lanes;
        let columns = block.windows.len() * width;
        let map: &[[S; L]] = entries(&*map);
        for (a, map) in map.chunks_exact(height * columns).enumerate() {
            for (q, window) in block.windows.clone().enumerate() {
                let start = if MEAN { S::ZERO } else { S::NEG_INFINITY };
                let mut pooled = [start; L];
                for k in 0..height {
                    for x in &map[k * columns + q * width..][..width] {
                        for (pooled, &x) in pooled.iter_mut().zip(x) {
                            *pooled = joined::<S, MEAN>(*pooled, x);
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

    /// `rows` rows of y of a block of one sample whose map is `[channel][row of y][row of the window][pitch]`, first down
    /// the columns and then along the row.
    #[inline(always)]
    fn pool_rows<I: Row<Scalar = S>, const MEAN: bool>(
        &mut self,
        simd: I,
        block: &Block,
        [rows, pitch]: [usize; 2],
        map: &mut [S],
    ) {
        self.activate(map);
        let ([height, width], share, comes_last) = (self.window, self.share, self.comes_last());
        for (a, map) in map.chunks_exact_mut(rows * height * pitch).enumerate() {
            for (row, map) in map.chunks_exact_mut(height * pitch).enumerate() {
                let place = ((block.channel + a) * self.rows + block.row + row) * self.columns + block.windows.start;
                let y = &mut self.y[place..][..block.windows.len()];
                if width == 2 {
                    pairs::<I, MEAN>(simd, share, comes_last, map, pitch, y);
                    continue;
                }
                for start in (0..pitch).step_by(I::WIDTH) {
                    let column = column::<I, MEAN>(simd, map, pitch, start);
                    // SAFETY: the slice is WIDTH scalars.
                    unsafe { simd.store(map[start..][..I::WIDTH].as_mut_ptr(), column) };
                }
                for (y, window) in y.iter_mut().zip(map.chunks_exact(width)) {
                    let pooled = window[1..].iter().fold(window[0], |so_far, &x| joined::<S, MEAN>(so_far, x));
                    let pooled = share.map_or(pooled, |share| pooled * share);
                    *y = if comes_last && pooled < S::ZERO { S::ZERO } else { pooled };
                }
            }
        }
    }
}

/// The sums or the largest entries down the columns from `start` on, a vector of them.
#[inline(always)]
fn column<I: Row, const MEAN: bool>(simd: I, map: &[I::Scalar], pitch: usize, start: usize) -> I::Vector {
    // SAFETY: the slice is WIDTH scalars.
    let mut joined = unsafe { simd.load(map[start..][..I::WIDTH].as_ptr()) };
    for row in map.chunks_exact(pitch).skip(1) {
        // SAFETY: the slice is WIDTH scalars.
        let x = unsafe { simd.load(row[start..][..I::WIDTH].as_ptr()) };
        joined = join::<I, MEAN>(simd, joined, x);
    }
    joined
}

/// y = the pool of windows two wide, in registers: what was stored under a mask is slow to load again.
#[inline(always)]
fn pairs<I: Row, const MEAN: bool>(
    simd: I,
    share: Option<I::Scalar>,
    comes_last: bool,
    map: &[I::Scalar],
    pitch: usize,
    y: &mut [I::Scalar],
) {
    let zero = simd.splat(I::Scalar::ZERO);
    for (y, start) in y.chunks_mut(I::WIDTH).zip((0..pitch).step_by(2 * I::WIDTH)) {
        let first = column::<I, MEAN>(simd, map, pitch, start);
        let second = start + I::WIDTH;
        let second = if second < pitch { column::<I, MEAN>(simd, map, pitch, second) } else { zero };
        let [even, odd] = simd.split_pairs(first, second);
        let pooled = join::<I, MEAN>(simd, even, odd);
        let pooled = match share {
            Some(share) => simd.mul_add(simd.splat(share), pooled, zero),
            None => pooled,
        };
        let pooled = if comes_last { simd.larger(zero, pooled) } else { pooled };
        // SAFETY: the mask leaves the scalars of `y`.
        unsafe { simd.store_masked(y.as_mut_ptr(), simd.mask(0..y.len()), pooled) };
    }
}

/// The sums of two vectors, or the larger ones.
#[inline(always)]
fn join<I: Row, const MEAN: bool>(simd: I, so_far: I::Vector, x: I::Vector) -> I::Vector {
    if MEAN { simd.mul_add(x, simd.splat(I::Scalar::ONE), so_far) } else { simd.larger(so_far, x) }
}

/// The sum of two numbers, or the larger one.
#[inline(always)]
fn joined<S: Vectors, const MEAN: bool>(so_far: S, x: S) -> S {
    if MEAN {
        so_far + x
    } else if displaces(x, so_far) {
        x
    } else {
        so_far
    }
}
