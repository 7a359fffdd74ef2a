//! Vectors: one small trait that the kernels are written over, and the choice of the instruction set.
//!
//! A kernel is a value with its arguments that implements `Kernel`; `Vectors::dispatch` runs it inside a function
//! compiled for the instruction set in use. With `std` the processor is asked once; without, the compile-time
//! target decides.
#![allow(unsafe_code, reason = "loads and stores through pointers")]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod choice;
#[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
mod neon;
mod portable;
mod row;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd128;
#[cfg(target_arch = "x86_64")]
mod sse2;

pub use choice::{InstructionSet, active};
pub(crate) use portable::MANY_REGISTERS;
pub(crate) use row::{Row, RowKernel};

use crate::element::LANES;
use crate::scalar::Scalar;
use crate::tensor::Tensor;
#[cfg(any(test, not(target_arch = "x86_64")))]
use portable::Quad;
use portable::Single;

/// A register full of scalars, and what kernels do with it.
///
/// All methods are inlined into a function compiled for the instruction set; the value is the proof that the
/// processor has it.
pub(crate) trait Simd: Copy {
    type Scalar: Scalar;
    type Vector: Copy;
    /// Scalars in a vector; divides [`crate::LANES`].
    const WIDTH: usize;
    /// Vector registers of the instruction set.
    const REGISTERS: usize;
    /// Outputs in a tile, 3 to 6: fewer where speed matters less than size.
    const BLOCK: usize;

    fn splat(self, value: Self::Scalar) -> Self::Vector;
    /// # Safety
    /// `from` is valid for reading `WIDTH` scalars.
    unsafe fn load(self, from: *const Self::Scalar) -> Self::Vector;
    /// # Safety
    /// `to` is valid for writing `WIDTH` scalars.
    unsafe fn store(self, to: *mut Self::Scalar, value: Self::Vector);
    /// a·b + c, fused where the instruction set fuses.
    fn mul_add(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;
    /// Lane by lane `a` where x < y, else `b`, as where one of them is no number.
    fn where_less(self, x: Self::Vector, y: Self::Vector, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// The sum of all entries.
    fn sum(self, value: Self::Vector) -> Self::Scalar;

    /// The entries of both in turn: a₀ b₀ a₁ b₁ …
    #[inline(always)]
    fn interleave(self, a: Self::Vector, b: Self::Vector) -> [Self::Vector; 2] {
        let mut from = [[Self::Scalar::ZERO; LANES]; 2];
        // SAFETY: a vector is at most LANES scalars.
        unsafe { self.store(from[0].as_mut_ptr(), a) };
        // SAFETY: as above.
        unsafe { self.store(from[1].as_mut_ptr(), b) };
        let mut both = [[Self::Scalar::ZERO; 2]; LANES];
        for (both, (a, b)) in both.iter_mut().zip(from[0].into_iter().zip(from[1])) {
            *both = [a, b];
        }
        let both = both.as_flattened();
        // SAFETY: both vectors are at most 2 · LANES scalars.
        [0, Self::WIDTH].map(|begin| unsafe { self.load(both[begin..][..Self::WIDTH].as_ptr()) })
    }
}

/// An algorithm with its arguments, to be run on any vectors of `S`.
pub(crate) trait Kernel<S: Scalar> {
    fn run<I: Simd<Scalar = S>>(self, simd: I);
}

/// Scalars with vectors.
pub(crate) trait Vectors: Scalar {
    /// Runs a kernel on the best vectors for entries of `lanes` scalars: 1, or a multiple of every vector.
    fn dispatch<K: Kernel<Self>>(lanes: usize, kernel: K);

    /// Runs a kernel on vectors along one sample; gives it back where there are none, for its scalar form.
    fn dispatch_row<K: RowKernel<Self>>(kernel: K) -> Result<(), K>;
}

impl Vectors for f64 {
    // f64 is for checks: one body, no vectors.
    fn dispatch<K: Kernel<f64>>(_lanes: usize, kernel: K) {
        kernel.run(Single::<f64>::new());
    }

    fn dispatch_row<K: RowKernel<f64>>(kernel: K) -> Result<(), K> {
        Err(kernel)
    }
}

impl Vectors for f32 {
    #[inline(always)]
    fn dispatch<K: Kernel<f32>>(lanes: usize, kernel: K) {
        if lanes == 1 {
            return kernel.run(Single::<f32>::new());
        }
        match active() {
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512 => avx512::run(kernel),
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx2 => avx2::run(kernel),
            #[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
            InstructionSet::Neon => kernel.run(neon::Neon),
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            InstructionSet::Simd128 => kernel.run(simd128::Simd128),
            #[cfg(target_arch = "x86_64")]
            _ => kernel.run(sse2::Sse2),
            #[cfg(not(target_arch = "x86_64"))]
            _ => kernel.run(Quad),
        }
    }

    fn dispatch_row<K: RowKernel<f32>>(kernel: K) -> Result<(), K> {
        match active() {
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512 => {
                avx512::run_row(kernel);
                Ok(())
            }
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx2 => {
                avx2::run_row(kernel);
                Ok(())
            }
            // Sums in the order of the scalar form, so that all targets without fused multiply-adds agree in every bit.
            _ => Err(kernel),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Interleaves;

    impl Kernel<f32> for Interleaves {
        fn run<I: Simd<Scalar = f32>>(self, simd: I) {
            let mut numbers = [0.0; 2 * LANES];
            for (i, number) in (0_u8..).zip(&mut numbers) {
                *number = f32::from(i);
            }
            let (a, b) = numbers.split_at(LANES);
            // SAFETY: a vector is at most LANES scalars.
            let a = unsafe { simd.load(a.as_ptr()) };
            // SAFETY: as above.
            let b = unsafe { simd.load(b.as_ptr()) };
            let mut got = [f32::NAN; 2 * LANES];
            for (vector, got) in simd.interleave(a, b).into_iter().zip(got.chunks_mut(I::WIDTH)) {
                // SAFETY: a chunk is WIDTH scalars, which divides the whole.
                unsafe { simd.store(got.as_mut_ptr(), vector) };
            }
            for (i, pair) in got[..2 * I::WIDTH].chunks(2).enumerate() {
                assert_eq!(pair, [numbers[i], numbers[LANES + i]], "pair {i} of {}", I::WIDTH);
            }
        }
    }

    #[test]
    fn two_vectors_are_interleaved() {
        for lanes in [1, LANES] {
            f32::dispatch(lanes, Interleaves);
        }
        Interleaves.run(Quad);
    }

    /// Sums, choices and their order, as bits.
    struct Bits<'a>(&'a mut [u32; 4]);

    impl Kernel<f32> for Bits<'_> {
        fn run<I: Simd<Scalar = f32>>(self, simd: I) {
            let numbers: [f32; 8] = [0.1, 1e8, -3.7, f32::NAN, 1e-3, -1e8, 7.7, 1.0];
            // SAFETY: a vector of 4 lies in the first half, another in the second.
            let [a, b] = [0, 4].map(|at| unsafe { simd.load(numbers[at..].as_ptr()) });
            let (product, less) = (simd.mul_add(b, b, simd.splat(0.3)), simd.where_less(a, b, a, b));
            let mut chosen = [0.0; LANES];
            // SAFETY: a vector is at most LANES scalars.
            unsafe { simd.store(chosen.as_mut_ptr(), less) };
            let chosen = chosen.iter().fold(0, |bits, x| u32::rotate_left(bits, 5) ^ x.to_bits());
            *self.0 = [simd.sum(b).to_bits(), simd.sum(product).to_bits(), simd.sum(less).to_bits(), chosen];
        }
    }

    /// Targets without fused multiply-adds agree in every bit.
    #[cfg(target_arch = "x86_64")]
    #[test]
    fn sse2_gives_the_bits_of_plain_code() {
        let [mut plain, mut sse2] = [[0; 4]; 2];
        Bits(&mut plain).run(Quad);
        Bits(&mut sse2).run(sse2::Sse2);
        assert_eq!(plain, sse2);
    }
}
