//! The products of one sample, scalar by scalar, in blocks of outputs.

use super::Product;
use crate::scalar::Scalar;
use crate::simd::MANY_REGISTERS;

/// Outputs of a block.
const BLOCK: usize = if MANY_REGISTERS { 8 } else { 4 };

impl<S: Scalar, const TRANSPOSED: bool> Product<'_, S, TRANSPOSED> {
    /// y of the one sample. The last block is a whole one, which computes some outputs once more.
    pub(super) fn by_scalars(self) {
        let Some(last) = self.y.len().checked_sub(BLOCK) else {
            for o in 0..self.y.len() {
                let [sum] = self.sums::<1>(o);
                self.y[o] = sum;
            }
            return;
        };
        let mut next = 0;
        while next < self.y.len() {
            let first = next.min(last);
            let sums = self.sums::<BLOCK>(first);
            if let Some(y) = self.y.get_mut(first..first + BLOCK) {
                y.copy_from_slice(&sums);
            }
            next += BLOCK;
        }
    }

    /// The outputs from `first` on.
    #[inline(always)]
    fn sums<const A: usize>(&self, first: usize) -> [S; A] {
        let (inputs, outputs) = (self.x.len(), self.y.len());
        let mut sums = [S::ZERO; A];
        for (sum, &b) in sums.iter_mut().zip(self.b.iter().skip(first)) {
            *sum = b;
        }
        let [w_output, w_input] = if TRANSPOSED { [1, outputs] } else { [inputs, 1] };
        let w = self.w.as_ptr().wrapping_add(first * w_output);
        #[cfg(all(target_arch = "arm", target_abi = "eabihf"))]
        // SAFETY: w is [OUT, IN] or its transpose by `check`, and the block lies within the outputs.
        let done = unsafe { block::<S, A, TRANSPOSED>(w, w_output.max(w_input), self.x, &mut sums) };
        #[cfg(not(all(target_arch = "arm", target_abi = "eabihf")))]
        let done = 0;
        for (i, &x) in self.x.iter().enumerate().skip(done) {
            for (a, sum) in sums.iter_mut().enumerate() {
                // SAFETY: as above.
                *sum += unsafe { w.wrapping_add(a * w_output + i * w_input).read() } * x;
            }
        }
        sums
    }
}

/// Adds the inputs that the floating-point unit takes in blocks, and returns how many they are.
///
/// # Safety
///
/// `w` is followed by the weights of all inputs and A outputs, rows of them `pitch` apart.
#[cfg(all(target_arch = "arm", target_abi = "eabihf"))]
#[inline(always)]
unsafe fn block<S: Scalar, const A: usize, const TRANSPOSED: bool>(
    w: *const S,
    pitch: usize,
    x: &[S],
    sums: &mut [S; A],
) -> usize {
    use crate::kernels::vfp::{is_f32, linear_columns, linear_rows};
    let turns = x.len() / 8;
    if A != 8 || !is_f32::<S>() || turns == 0 {
        return 0;
    }
    // SAFETY: eight scalars, which are `f32` as looked at above, borrowed alone.
    let sums = unsafe { &mut *(&raw mut *sums).cast::<[f32; 8]>() };
    let (w, inputs) = (w.cast(), x.as_ptr().cast());
    if TRANSPOSED {
        // SAFETY: all inputs are there, and their weights.
        unsafe { linear_columns(w, pitch, inputs, x.len(), sums) };
        return x.len();
    }
    // SAFETY: 8·turns inputs are there, and their weights.
    unsafe { linear_rows(w, pitch, inputs, turns, sums) };
    8 * turns
}
