//! One axis of a correlation: which taps of the kernel meet which inputs, for each output.
//!
//! Output n sums the taps t for which its input `input(n) + t·tap_move` lies in `0..extent`. Forward this is
//! `n·stride − padding + t`. The gradient with respect to the input runs the same loop with inputs and outputs
//! exchanged: there position p meets tap k where p + padding − k is a multiple of the stride, so the positions
//! fall into `stride` residue classes, and within a class neighbouring positions meet neighbouring outputs.

use core::ops::Range;

#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    /// Where output 0 is written, and the distance to the next.
    pub output: usize,
    pub output_step: usize,
    pub outputs: usize,
    /// Tap 0 within the kernel, and the distance to the next.
    pub tap: usize,
    pub tap_step: usize,
    pub taps: usize,
    /// The input that tap 0 of output 0 meets, and how it moves with the output and with the tap.
    pub input: isize,
    pub input_step: isize,
    pub tap_move: isize,
    /// Inputs that exist.
    pub extent: usize,
}

impl Line {
    /// Outputs from inputs.
    pub fn forward(inputs: usize, outputs: usize, kernel: usize, stride: usize, padding: usize) -> Self {
        Self {
            output: 0,
            output_step: 1,
            outputs,
            tap: 0,
            tap_step: 1,
            taps: kernel,
            input: -padding.cast_signed(),
            input_step: stride.cast_signed(),
            tap_move: 1,
            extent: inputs,
        }
    }

    /// Input gradients from output gradients, for the class of position `first`, which is below the stride.
    pub fn transposed(
        inputs: usize,
        outputs: usize,
        kernel: usize,
        stride: usize,
        padding: usize,
        first: usize,
    ) -> Self {
        let residue = (first + padding) % stride;
        Self {
            output: first,
            output_step: stride,
            outputs: inputs.saturating_sub(first).div_ceil(stride),
            tap: residue,
            tap_step: stride,
            taps: kernel.saturating_sub(residue).div_ceil(stride),
            input: ((first + padding - residue) / stride).cast_signed(),
            input_step: 1,
            tap_move: -1,
            extent: outputs,
        }
    }

    /// The input that tap 0 of output `n` meets, existing or not.
    #[inline(always)]
    pub fn input_of(&self, n: usize) -> isize {
        self.input + n.cast_signed() * self.input_step
    }

    /// The taps of output `n` that meet an existing input.
    #[inline(always)]
    pub fn valid(&self, n: usize) -> Range<usize> {
        let (base, extent) = (self.input_of(n), self.extent.cast_signed());
        let (low, high) = if self.tap_move > 0 { (-base, extent - base) } else { (base - extent + 1, base + 1) };
        let high = high.clamp(0, self.taps.cast_signed()).cast_unsigned();
        low.clamp(0, high.cast_signed()).cast_unsigned()..high
    }

    /// The outputs all of whose taps meet an existing input; they are neighbours.
    pub fn interior(&self) -> Range<usize> {
        let full = |&n: &usize| self.valid(n) == (0..self.taps);
        let start = (0..self.outputs).find(full).unwrap_or(self.outputs);
        let end = (start..self.outputs).find(|n| !full(n)).unwrap_or(self.outputs);
        start..end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each product of a correlation is met once, forward and transposed.
    #[test]
    fn every_product_is_met_once() {
        for (inputs, kernel, stride, padding) in [
            (7_usize, 3_usize, 1_usize, 0_usize),
            (7, 3, 1, 1),
            (8, 5, 2, 2),
            (9, 2, 3, 0),
            (5, 4, 3, 3),
            (4, 1, 2, 0),
            (3, 5, 1, 2),
        ] {
            let outputs = (inputs + 2 * padding - kernel) / stride + 1;
            let mut want = [[[false; 8]; 16]; 16];
            for o in 0..outputs {
                for k in 0..kernel {
                    if let Some(i) = (o * stride + k).checked_sub(padding).filter(|&i| i < inputs) {
                        want[o][i][k] = true;
                    }
                }
            }
            let mut forward = [[[false; 8]; 16]; 16];
            let line = Line::forward(inputs, outputs, kernel, stride, padding);
            for n in 0..line.outputs {
                for t in line.valid(n) {
                    let i = (line.input_of(n) + t.cast_signed()).cast_unsigned();
                    assert!(!core::mem::replace(&mut forward[n][i][t], true));
                }
            }
            assert_eq!(forward, want);
            let mut transposed = [[[false; 8]; 16]; 16];
            let mut positions = 0;
            for first in 0..stride.min(inputs) {
                let line = Line::transposed(inputs, outputs, kernel, stride, padding, first);
                positions += line.outputs;
                for n in 0..line.outputs {
                    for t in line.valid(n) {
                        let o = (line.input_of(n) - t.cast_signed()).cast_unsigned();
                        let (i, k) = (line.output + n * line.output_step, line.tap + t * line.tap_step);
                        assert!(!core::mem::replace(&mut transposed[o][i][k], true));
                    }
                }
            }
            assert_eq!(positions, inputs, "every position belongs to one class");
            assert_eq!(transposed, want);
        }
    }
}
