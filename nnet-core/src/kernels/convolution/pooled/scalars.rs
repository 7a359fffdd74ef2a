//! The pass for one sample, scalar by scalar.

use super::{Pass, Target, WINDOW, joined};
use crate::kernels::activation;
use crate::kernels::convolution::scalars::{CHANNELS, Copied, pieces};
use crate::kernels::tile::{even_blocks, keep_rolled};
use crate::simd::Vectors;

/// Scalars that hold a window of a block of channels, or some: a microcontroller has little of a stack.
const MAP: usize = CHANNELS * WINDOW;

impl<S: Vectors> Pass<'_, S> {
    /// All of y, some windows of a row for some channels at a time. What is not known while this is compiled is not left out of a
    /// program: a `PLAIN` pass has no function of each entry.
    pub(super) fn by_scalars<const PLAIN: bool>(self) {
        let Self { correlation, rows, columns, .. } = self;
        let [height, width] = self.window();
        let interior = correlation.columns.interior();
        let (mut map, mut copied) = ([S::ZERO; MAP], Copied::ROOM);
        let most = MAP / (CHANNELS * height * width).max(1);
        for group in 0..correlation.channels.groups {
            let of_group = correlation.group(group);
            for row in 0..rows {
                for (first_window, windows) in pieces(columns, most) {
                    let (start, pitch) = (first_window * width, windows * width);
                    for (first, size) in even_blocks(CHANNELS, of_group.channels.to) {
                        for k in 0..height {
                            let y = map.as_mut_ptr().wrapping_add(k * pitch).wrapping_sub(start);
                            let target = of_group.row_of(0, row * height + k, first);
                            let target = Target { y, plane: height * pitch, step: 1, ..target };
                            // SAFETY: the row exists, and `map` has room for its columns, `size` times.
                            unsafe {
                                of_group.scalars(&target, [first, size], start..start + pitch, &interior, &mut copied);
                            }
                        }
                        if !PLAIN
                            && let (Some(function), Some(map)) = (self.function, map.get_mut(..size * height * pitch))
                        {
                            activation::forward(function, map);
                        }
                        for a in 0..size {
                            let channel = group * of_group.channels.to + first + a;
                            let map = map.as_ptr().wrapping_add(a * height * pitch);
                            let y = self.y.as_mut_ptr().wrapping_add((channel * rows + row) * columns + first_window);
                            for q in 0..windows {
                                keep_rolled();
                                // SAFETY: the map holds `height` rows of `windows` windows.
                                let pooled = unsafe { self.pooled::<PLAIN>(map.wrapping_add(q * width), pitch) };
                                // SAFETY: y has these windows of the row.
                                unsafe { y.wrapping_add(q).write(pooled) };
                            }
                        }
                    }
                }
            }
        }
    }

    /// The pool's window. The check has refused 0, for which the compiler would write loops of their own.
    #[inline(always)]
    fn window(&self) -> [usize; 2] {
        self.window.map(|size| size.max(1))
    }

    /// What the window whose first entry is at `map` gives.
    ///
    /// # Safety
    ///
    /// Its rows begin `pitch` apart, all of their entries can be read.
    #[inline(always)]
    unsafe fn pooled<const PLAIN: bool>(&self, map: *const S, pitch: usize) -> S {
        let [height, width] = self.window();
        // SAFETY: the caller's promise.
        let entry = |row: usize, column: usize| unsafe { map.wrapping_add(row * pitch + column).read() };
        if let (None, [2, 2]) = (self.share, self.window) {
            // The commonest window, without its loops.
            let mut largest = S::NEG_INFINITY;
            for (row, column) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                largest = joined::<S, false>(largest, entry(row, column));
            }
            return self.last::<PLAIN>(largest);
        }
        let mut pooled = if self.share.is_some() { S::ZERO } else { S::NEG_INFINITY };
        for row in 0..height {
            for column in 0..width {
                keep_rolled();
                let x = entry(row, column);
                pooled = if self.share.is_some() { pooled + x } else { joined::<S, false>(pooled, x) };
            }
        }
        self.last::<PLAIN>(self.share.map_or(pooled, |share| pooled * share))
    }

    /// max(y, 0), if it follows the pool.
    #[inline(always)]
    fn last<const PLAIN: bool>(&self, y: S) -> S {
        if PLAIN && self.function.is_some() && y < S::ZERO { S::ZERO } else { y }
    }
}
