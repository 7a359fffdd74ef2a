//! The correlation of one sample, scalar by scalar: in tiles of a few channels and columns.
//!
//! A tile that meets the padding, or whose taps run backwards, reads a copy of its inputs with zeros for those that do not
//! exist. So all tiles are alike, and a program for a microcontroller holds the loop once for each number of channels.

use core::ops::Range;

use super::{Correlation, Row};
use crate::kernels::line::Line;
use crate::kernels::tile::{Sums, even_blocks, keep_rolled};
use crate::scalar::Scalar;
use crate::simd::{MANY_REGISTERS, Vectors};

/// Channels whose tiles share a copy of their inputs.
pub(super) const CHANNELS: usize = 2 * BLOCK;
/// Channels and columns of a tile: with their inputs and a weight they fit into 32 registers, or 16.
const BLOCK: usize = 3;
const COLUMNS: usize = if MANY_REGISTERS { 5 } else { 4 };
/// Neighbouring taps for which each input is loaded once for all the taps and columns that it meets.
const TURN: usize = 5;
/// Taps whose inputs are copied at a time.
const TAPS: usize = 6 * TURN;
/// Scalars of a copy: at least TAPS · COLUMNS.
const COPY: usize = 256;

/// The sums of some columns.
type Tiles<S> = [[S; COLUMNS]; CHANNELS];

/// `count` columns from `m` on, of `size` channels from `first` on.
struct Place {
    first: usize,
    size: usize,
    m: usize,
    count: usize,
}

/// Room for the copies of a kernel's run.
pub(super) struct Copied<S>([S; COPY]);

impl<S: Scalar> Copied<S> {
    pub(super) const ROOM: Self = Self([S::ZERO; COPY]);
}

impl<S: Vectors> Correlation<'_, S> {
    /// Writes y, or adds to it.
    pub(super) fn by_scalars(&self) {
        let (interior, mut copied) = (self.columns.interior(), Copied::ROOM);
        for group in 0..self.channels.groups {
            let group = self.group(group);
            for n in 0..self.rows.outputs {
                for (first, size) in even_blocks(CHANNELS, self.channels.to) {
                    let row = group.row_of(0, n, first);
                    let columns = 0..self.columns.outputs;
                    // SAFETY: `row` comes from `row_of`, and `size` channels from `first` on exist.
                    unsafe { group.scalars(&row, [first, size], columns, &interior, &mut copied) };
                }
            }
        }
    }

    /// Some columns of the row at `row`, for `size` channels from `first` on.
    ///
    /// # Safety
    ///
    /// `row` comes from `row_of`, or writes to a place with room for `columns` of so many channels, at most [`CHANNELS`].
    pub(super) unsafe fn scalars(
        &self,
        row: &Row<S>,
        [first, size]: [usize; 2],
        columns: Range<usize>,
        interior: &Range<usize>,
        copied: &mut Copied<S>,
    ) {
        // The last tile is a whole one, which computes some columns once more, unless that would add twice.
        let last = if self.adds { columns.end } else { columns.end.saturating_sub(COLUMNS).max(columns.start) };
        let taps = self.columns.taps;
        let turns = if taps > TURN { taps - taps % TURN } else { taps };
        let mut tiles = [[S::ZERO; COLUMNS]; CHANNELS];
        let mut next = columns.start;
        while next < columns.end {
            let m = next.min(last);
            next = m + COLUMNS;
            let count = COLUMNS.min(columns.end - m);
            let place = Place { first, size, m, count };
            // SAFETY: the caller's promise.
            unsafe { self.start(row, &place, &mut tiles) };
            if interior.start <= m && next <= interior.end && count == COLUMNS && !self.is_backward() {
                for part in [0..turns, turns..taps] {
                    if part.is_empty() {
                        continue;
                    }
                    let mut sums = row.sums;
                    sums.extents[2] = part.len();
                    let w = row.w.wrapping_offset(part.start.cast_signed() * sums.w_step[2]);
                    let x = m.cast_signed() * sums.x_column + part.start.cast_signed() * sums.x_step[2];
                    // SAFETY: all taps of the interior's columns meet existing inputs.
                    unsafe { add(size, &sums, w, row.x.wrapping_offset(x), &mut tiles) };
                }
            } else {
                for part in [0..turns, turns..taps] {
                    if !part.is_empty() {
                        // SAFETY: the caller's promise.
                        unsafe { self.add_copied(row, &place, part, &mut tiles, copied) };
                    }
                }
            }
            // SAFETY: the caller's promise.
            unsafe { self.finish(row, &place, &tiles) };
        }
    }

    /// Whether a tile is computed from right to left, so that its taps run forwards.
    fn is_backward(&self) -> bool {
        self.columns.tap_move < 0 && self.columns.taps > 1 && self.slides()
    }

    /// Whether tap v of column c meets the same input as tap v + 1 of a neighbour of c.
    fn slides(&self) -> bool {
        self.columns.input_step == self.columns.tap_move.abs()
    }

    /// What the sums begin with: the bias, or what is in y.
    ///
    /// # Safety
    ///
    /// As `scalars`; the columns of `place` exist.
    #[inline(always)]
    unsafe fn start(&self, row: &Row<S>, place: &Place, tiles: &mut Tiles<S>) {
        let (mut sums, mut y) = (tiles.as_mut_ptr(), row.y.wrapping_add(place.m * row.step));
        for a in 0..place.size {
            keep_rolled();
            let bias = self.b.get(place.first + a).copied().unwrap_or(S::ZERO);
            for b in 0..COLUMNS {
                keep_rolled();
                // SAFETY: a column of one of CHANNELS tiles.
                unsafe { sums.cast::<S>().wrapping_add(b).write(bias) };
            }
            for b in 0..if self.adds { place.count } else { 0 } {
                // SAFETY: the channel and the column exist.
                let so_far = unsafe { y.wrapping_add(b * row.step).read() };
                // SAFETY: a column of one of CHANNELS tiles.
                unsafe { sums.cast::<S>().wrapping_add(b).write(so_far) };
            }
            sums = sums.wrapping_add(1);
            y = y.wrapping_add(row.plane);
        }
    }

    /// Writes the sums to y.
    ///
    /// # Safety
    ///
    /// As `scalars`; the columns of `place` exist.
    #[inline(always)]
    unsafe fn finish(&self, row: &Row<S>, place: &Place, tiles: &Tiles<S>) {
        let (mut sums, mut y) = (tiles.as_ptr(), row.y.wrapping_add(place.m * row.step));
        let is_backward = self.is_backward();
        for _ in 0..place.size {
            keep_rolled();
            let tile = sums.cast::<S>();
            if place.count == COLUMNS && row.step == 1 && !is_backward {
                for b in 0..COLUMNS {
                    // Five moves, where a call to copy 20 bytes would be five times as many.
                    keep_rolled();
                    // SAFETY: a column of one of CHANNELS tiles.
                    let sum = unsafe { tile.wrapping_add(b).read() };
                    // SAFETY: the channel and the columns exist, and y is borrowed mutably by the caller.
                    unsafe { y.wrapping_add(b).write(sum) };
                }
            } else {
                for b in 0..place.count {
                    keep_rolled();
                    // SAFETY: as above.
                    let sum = unsafe { tile.wrapping_add(if is_backward { COLUMNS - 1 - b } else { b }).read() };
                    // SAFETY: as above.
                    unsafe { y.wrapping_add(b * row.step).write(sum) };
                }
            }
            sums = sums.wrapping_add(1);
            y = y.wrapping_add(row.plane);
        }
    }

    /// Adds the products of the taps `part`, whose inputs may be outside of x.
    ///
    /// # Safety
    ///
    /// As `scalars`.
    #[inline(never)]
    unsafe fn add_copied(
        &self,
        row: &Row<S>,
        place: &Place,
        part: Range<usize>,
        tiles: &mut Tiles<S>,
        Copied(copy): &mut Copied<S>,
    ) {
        let [channels, rows, _] = row.sums.extents;
        let [w_j, w_u, w_v] = row.sums.w_step;
        let [x_j, x_u, _] = row.sums.x_step;
        let slides = self.slides();
        let width = |taps: usize| if slides { COLUMNS + taps - 1 } else { COLUMNS * taps };
        // As many taps, then rows, then channels as there is room for, in the order of the sums.
        let most_taps = part.len().min(TAPS);
        let fit = COPY / width(most_taps).max(1);
        let most_rows = if most_taps < part.len() { 1 } else { rows.min(fit) };
        let most_channels = if most_rows < rows { 1 } else { fit / rows.max(1) };
        for (j, channels) in pieces(channels, most_channels) {
            for (u, rows) in pieces(rows, most_rows) {
                for (v, taps) in pieces(part.len(), most_taps) {
                    let (tap, width) = (part.start + v, width(taps));
                    let (strips, length) = if slides { (1, width) } else { (taps, COLUMNS) };
                    for strip in 0..strips {
                        let line = self.inputs(place.m, tap + strip, length);
                        let [j, u] = [j, u].map(usize::cast_signed);
                        let x = row.x.wrapping_offset(j * x_j + u * x_u + line.input - self.columns.input);
                        let to = copy.as_mut_ptr().wrapping_add(strip * COLUMNS);
                        // SAFETY: the rows exist by the caller's promise, and there is room for so many of this width.
                        unsafe { copy_rows(&line, [channels, rows], [x_j, x_u], x, to, width) };
                    }
                    let [row_step, tap_step] = [width, if slides { 1 } else { COLUMNS }].map(usize::cast_signed);
                    let sums = Sums {
                        extents: [channels, rows, taps],
                        x_step: [rows.cast_signed() * row_step, row_step, tap_step],
                        x_column: 1,
                        ..row.sums
                    };
                    let [j, u, v] = [j, u, tap].map(usize::cast_signed);
                    let w = row.w.wrapping_offset(j * w_j + u * w_u + v * w_v);
                    // SAFETY: the weights are those of the row, the inputs the copy.
                    unsafe { add(place.size, &sums, w, copy.as_ptr(), tiles) };
                }
            }
        }
    }

    /// The inputs that COLUMNS columns from `m` on meet with `tap`, and if they slide the further taps: as the taps of a
    /// line's first output.
    fn inputs(&self, m: usize, tap: usize, length: usize) -> Line {
        let (first, step) =
            if self.is_backward() { (m + COLUMNS - 1, -self.columns.input_step) } else { (m, self.columns.input_step) };
        let input = self.columns.input_of(first) + tap.cast_signed() * self.columns.tap_move;
        Line { input, tap_move: step, taps: length, ..self.columns }
    }
}

/// Copies the inputs of `line`, with zeros for those that do not exist, from some rows of some channels at `x` to rows that
/// begin `width` apart.
///
/// # Safety
///
/// The inputs of the line that are valid can be read in all these rows, and its length be written in all those.
#[inline(always)]
unsafe fn copy_rows<S: Scalar>(
    line: &Line,
    [channels, rows]: [usize; 2],
    [x_j, x_u]: [isize; 2],
    x: *const S,
    to: *mut S,
    width: usize,
) {
    let (Range { start, end }, mut row, mut to) = (line.valid(0), x, to);
    for _ in 0..channels {
        let mut x = row;
        for _ in 0..rows {
            let mut entry = x.wrapping_offset(start.cast_signed() * line.tap_move);
            for k in 0..start {
                keep_rolled();
                // SAFETY: by this function's contract.
                unsafe { to.wrapping_add(k).write(S::ZERO) };
            }
            for k in start..end {
                keep_rolled();
                // SAFETY: a valid entry of this row.
                let value = unsafe { entry.read() };
                // SAFETY: by this function's contract.
                unsafe { to.wrapping_add(k).write(value) };
                entry = entry.wrapping_offset(line.tap_move);
            }
            for k in end..line.taps {
                keep_rolled();
                // SAFETY: by this function's contract.
                unsafe { to.wrapping_add(k).write(S::ZERO) };
            }
            x = x.wrapping_offset(x_u);
            to = to.wrapping_add(width);
        }
        row = row.wrapping_offset(x_j);
    }
}

/// The starts and lengths of pieces of at most `most`, at least 1, which make up the whole.
pub(super) fn pieces(whole: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    let mut start = 0;
    core::iter::from_fn(move || {
        let piece = (start, (whole - start).min(most.max(1)));
        start += piece.1;
        (piece.1 > 0).then_some(piece)
    })
}

/// Adds the sums of `size` channels to their tiles.
///
/// # Safety
///
/// Every `w` and `x` that the formula of [`Sums`] names can be read.
#[inline(never)]
unsafe fn add<S: Scalar>(size: usize, sums: &Sums, w: *const S, x: *const S, tiles: &mut Tiles<S>) {
    for (first, size) in even_blocks(BLOCK, size) {
        let w = w.wrapping_offset(first.cast_signed() * sums.w_output);
        let Some(tile) = tiles.get_mut(first..) else { return };
        match size {
            // SAFETY: the same contract.
            1 => unsafe { add_to::<S, 1>(sums, w, x, tile) },
            // SAFETY: the same contract.
            2 => unsafe { add_to::<S, 2>(sums, w, x, tile) },
            // SAFETY: the same contract.
            _ => unsafe { add_to::<S, BLOCK>(sums, w, x, tile) },
        }
    }
}

/// # Safety
///
/// As [`add`].
#[inline(always)]
unsafe fn add_to<S: Scalar, const A: usize>(sums: &Sums, w: *const S, x: *const S, tile: &mut [[S; COLUMNS]]) {
    let Some(acc) = tile.first_chunk_mut::<A>() else { return };
    let ([channels, rows, taps], [w_j, w_u, w_v], [x_j, x_u, x_v]) = (sums.extents, sums.w_step, sums.x_step);
    let are_neighbours = (w_v, x_v, sums.x_column) == (1, 1, 1);
    if are_neighbours && taps == 3 {
        // SAFETY: the same contract.
        return unsafe { slide::<S, A, 3>(sums, w, x, acc) };
    }
    if are_neighbours && taps.is_multiple_of(TURN) {
        // The outermost sum of a turn alone is that over the channels.
        let is_one = taps == TURN;
        let turn = TURN.cast_signed();
        let (times, sums) = if is_one {
            (1, *sums)
        } else {
            let extents = [rows, taps / TURN, TURN];
            (channels, Sums { extents, w_step: [w_u, turn, 1], x_step: [x_u, turn, 1], ..*sums })
        };
        for j in 0..times.cast_signed() {
            // SAFETY: the same contract.
            unsafe { slide::<S, A, TURN>(&sums, w.wrapping_offset(j * w_j), x.wrapping_offset(j * x_j), acc) };
        }
        return;
    }
    // SAFETY: the same contract.
    unsafe { step::<S, A>(sums, w, x, acc) };
}

/// # Safety
///
/// As [`add`].
#[inline(always)]
unsafe fn step<S: Scalar, const A: usize>(sums: &Sums, w: *const S, x: *const S, acc: &mut [[S; COLUMNS]; A]) {
    let ([channels, rows, taps], [w_j, w_u, w_v], [x_j, x_u, x_v]) = (sums.extents, sums.w_step, sums.x_step);
    #[cfg(all(target_arch = "arm", target_abi = "eabihf"))]
    if crate::kernels::vfp::is_f32::<S>() {
        // One tap in all, as in a pointwise convolution: the channels are the innermost sum.
        let is_pointwise = rows == 1 && taps == 1;
        let (outer, taps, steps) = if is_pointwise { (1, channels, [w_j, x_j]) } else { (channels, taps, [w_v, x_v]) };
        for j in 0..outer.cast_signed() {
            for u in 0..rows.cast_signed() {
                let (w, x) = (w.wrapping_offset(j * w_j + u * w_u), x.wrapping_offset(j * x_j + u * x_u));
                let acc = acc.as_mut_ptr().cast();
                // SAFETY: the same contract.
                unsafe { crate::kernels::vfp::step::<A>(sums, taps, steps, w.cast(), x.cast(), acc) };
            }
        }
        return;
    }
    let mut sum = *acc;
    for j in 0..channels.cast_signed() {
        for u in 0..rows.cast_signed() {
            let mut w = w.wrapping_offset(j * w_j + u * w_u);
            let mut x = x.wrapping_offset(j * x_j + u * x_u);
            for _ in 0..taps {
                let mut inputs = [S::ZERO; COLUMNS];
                for (b, input) in inputs.iter_mut().enumerate() {
                    // SAFETY: one of the x of the formula.
                    *input = unsafe { x.wrapping_offset(b.cast_signed() * sums.x_column).read() };
                }
                for (a, row) in sum.iter_mut().enumerate() {
                    // SAFETY: one of the w of the formula.
                    let weight = unsafe { w.wrapping_offset(a.cast_signed() * sums.w_output).read() };
                    for (sum, input) in row.iter_mut().zip(inputs) {
                        *sum += weight * input;
                    }
                }
                w = w.wrapping_offset(w_v);
                x = x.wrapping_offset(x_v);
            }
        }
    }
    *acc = sum;
}

/// The same where the innermost sum is over T neighbours and columns are neighbours, too: each input is loaded once for
/// all the taps and columns that it meets, as is each row of weights. The order of the sums is the same.
///
/// # Safety
///
/// As [`add`].
#[inline(always)]
unsafe fn slide<S: Scalar, const A: usize, const T: usize>(
    sums: &Sums,
    w: *const S,
    x: *const S,
    acc: &mut [[S; COLUMNS]; A],
) {
    #[cfg(all(target_arch = "arm", target_abi = "eabihf"))]
    if crate::kernels::vfp::is_f32::<S>() {
        // SAFETY: the same contract.
        return unsafe { crate::kernels::vfp::slide::<A, T>(sums, w.cast(), x.cast(), acc.as_mut_ptr().cast()) };
    }
    let ([w_j, w_u, _], [x_j, x_u, _]) = (sums.w_step, sums.x_step);
    let mut sum = *acc;
    for j in 0..sums.extents[0].cast_signed() {
        for u in 0..sums.extents[1].cast_signed() {
            let w = w.wrapping_offset(j * w_j + u * w_u);
            let x = x.wrapping_offset(j * x_j + u * x_u);
            let mut inputs = [S::ZERO; COLUMNS + TURN - 1];
            for (i, input) in inputs[..COLUMNS + T - 1].iter_mut().enumerate() {
                // SAFETY: the x of column b and tap i − b.
                *input = unsafe { x.wrapping_add(i).read() };
            }
            for (a, row) in sum.iter_mut().enumerate() {
                let w = w.wrapping_offset(a.cast_signed() * sums.w_output);
                for tap in 0..T {
                    // One tap after the other, or the compiler begins with all products and has no registers for them.
                    keep_rolled();
                    // SAFETY: one of the w of the formula.
                    let weight = unsafe { w.wrapping_add(tap).read() };
                    for (b, sum) in row.iter_mut().enumerate() {
                        *sum += weight * inputs[tap + b];
                    }
                }
            }
        }
    }
    *acc = sum;
}
