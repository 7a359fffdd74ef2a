//! One axis of a correlation: which taps of the kernel meet which inputs, for each output.
//!
//! Output n sums the taps t for which its input `input(n) + t·tap_move` lies in `0..extent`. Forward this is
//! `n·stride − padding + t·dilation`. The gradient with respect to the input runs the same loop with inputs and
//! outputs exchanged: there position p meets tap k where p + padding − k·dilation is a multiple of the stride, so the
//! positions fall into `stride` residue classes, and within a class neighbouring positions meet neighbouring outputs.
//! With g = gcd(dilation, stride), a class meets every (stride/g)-th tap or, if g does not divide its residue, none.

use core::ops::Range;

use super::tile::keep_rolled;
use crate::shape::Window2d;

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
    /// Outputs from inputs, along axis `a` of a window.
    pub fn forward(window: &Window2d, a: usize, inputs: usize, outputs: usize) -> Self {
        Self {
            output: 0,
            output_step: 1,
            outputs,
            tap: 0,
            tap_step: 1,
            taps: window.kernel[a],
            input: -window.padding[a].cast_signed(),
            input_step: window.stride[a].cast_signed(),
            tap_move: window.dilation[a].cast_signed(),
            extent: inputs,
        }
    }

    /// Input gradients from output gradients, for the class of position `first`, which is below the stride.
    pub fn transposed(window: &Window2d, a: usize, inputs: usize, outputs: usize, first: usize) -> Self {
        let (kernel, stride, dilation) = (window.kernel[a], window.stride[a], window.dilation[a]);
        let divisor = greatest_common_divisor(dilation, stride);
        let tap_step = stride / divisor;
        let meets = |&tap: &usize| (tap * dilation) % stride == (first + window.padding[a]) % stride;
        let tap = (0..tap_step.min(kernel)).find(meets).unwrap_or(kernel);
        Self {
            output: first,
            output_step: stride,
            outputs: inputs.saturating_sub(first).div_ceil(stride),
            tap,
            tap_step,
            taps: (kernel - tap).div_ceil(tap_step),
            input: ((first + window.padding[a]).cast_signed() - (tap * dilation).cast_signed()) / stride.cast_signed(),
            input_step: 1,
            tap_move: -(dilation / divisor).cast_signed(),
            extent: outputs,
        }
    }

    /// Weight gradients from output gradients: the kernel's taps are the outputs, and y's positions the taps.
    pub fn weights(window: &Window2d, a: usize, inputs: usize, outputs: usize) -> Self {
        Self {
            output: 0,
            output_step: 1,
            outputs: window.kernel[a],
            tap: 0,
            tap_step: 1,
            taps: outputs,
            input: -window.padding[a].cast_signed(),
            input_step: window.dilation[a].cast_signed(),
            tap_move: window.stride[a].cast_signed(),
            extent: inputs,
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
        let high = self.taps_within(high).min(self.taps);
        self.taps_within(low).min(high)..high
    }

    /// The taps among the first `distance` inputs that tap 0 meets or passes.
    #[inline(always)]
    fn taps_within(&self, distance: isize) -> usize {
        let (distance, tap_move) = (distance.max(0).cast_unsigned(), self.tap_move.unsigned_abs());
        // A division costs more than a tap.
        if tap_move == 1 { distance } else { distance.div_ceil(tap_move.max(2)) }
    }

    /// The outputs all of whose taps meet an existing input; they are neighbours.
    #[inline(never)]
    pub fn interior(&self) -> Range<usize> {
        let mut interior = self.outputs..self.outputs;
        for n in 0..self.outputs {
            keep_rolled();
            let is_full = self.valid(n) == (0..self.taps);
            if is_full && interior.is_empty() {
                interior.start = n;
            } else if !is_full && !interior.is_empty() {
                interior.end = n;
                break;
            }
        }
        interior
    }
}

/// Of a positive number and another.
fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Met = [[[bool; 6]; 16]; 24];

    /// The products of a correlation by its definition, at `[output][input][tap]`.
    fn wanted(window: &Window2d, inputs: usize, outputs: usize) -> Met {
        let mut want = [[[false; 6]; 16]; 24];
        for o in 0..outputs {
            for k in 0..window.kernel[1] {
                let padded = o * window.stride[1] + k * window.dilation[1];
                if let Some(i) = padded.checked_sub(window.padding[1]).filter(|&i| i < inputs) {
                    want[o][i][k] = true;
                }
            }
        }
        want
    }

    /// Marks the products that a line meets, `transposed` or not, each once.
    fn mark(line: &Line, transposed: bool, met: &mut Met) {
        let interior = line.interior();
        for n in 0..line.outputs {
            let valid = line.valid(n);
            assert_eq!(interior.contains(&n), valid == (0..line.taps), "the outputs with all taps are neighbours");
            for t in valid {
                let source = (line.input_of(n) + t.cast_signed() * line.tap_move).cast_unsigned();
                let (target, k) = (line.output + n * line.output_step, line.tap + t * line.tap_step);
                let (o, i) = if transposed { (source, target) } else { (target, source) };
                assert!(!core::mem::replace(&mut met[o][i][k], true));
            }
        }
    }

    fn check(window: &Window2d, inputs: usize, outputs: usize) {
        let want = wanted(window, inputs, outputs);
        let mut forward = [[[false; 6]; 16]; 24];
        mark(&Line::forward(window, 1, inputs, outputs), false, &mut forward);
        assert_eq!(forward, want, "{window:?}");
        let mut transposed = [[[false; 6]; 16]; 24];
        let mut positions = 0;
        for first in 0..window.stride[1].min(inputs) {
            let line = Line::transposed(window, 1, inputs, outputs, first);
            positions += line.outputs;
            mark(&line, true, &mut transposed);
        }
        assert_eq!(positions, inputs, "every position belongs to one class");
        assert_eq!(transposed, want, "{window:?}");
    }

    /// Each product of a correlation is met once, forward and transposed, in all small windows.
    #[test]
    fn every_product_is_met_once() {
        let mut checked = 0;
        for n in 0..5 * 5 * 4 * 3 * 4 {
            let (kernel, stride, padding) = (n % 5 + 1, n / 5 % 5 + 1, n / 25 % 4);
            let (end, dilation) = (n / 100 % 3, n / 300 + 1);
            let window = Window2d::new([1, kernel], [1, stride], [0, padding])
                .with_padding_end([0, end])
                .with_dilation([1, dilation]);
            for inputs in 1..10 {
                let Ok([_, outputs]) = window.output([1, inputs]) else { continue };
                check(&window, inputs, outputs);
                // A transposed convolution may have fewer positions than the window allows.
                check(&window, inputs, outputs - 1);
                checked += 1;
            }
        }
        assert!(checked > 5000, "{checked} windows fit");
    }
}
