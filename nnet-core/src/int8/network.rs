//! What `quantize = int8;` generates: a network of bytes, and the way to it from the network of floats.
#![allow(unsafe_code, reason = "nested arrays of bytes, seen as slices and in other shapes")]

use core::slice;

use super::{Affine, Range};
use crate::network::Network;
use crate::network::baked::Baked;

/// Nested arrays of `i8`, such as `[[[i8; 28]; 28]; 1]`.
///
/// # Safety
///
/// The type is `i8`, or an array of such a type.
pub unsafe trait Bytes: Copy + Send + Sync + 'static {
    /// Zero everywhere.
    const ZERO: Self;
}

// SAFETY: `i8` itself.
unsafe impl Bytes for i8 {
    const ZERO: Self = 0;
}

// SAFETY: an array of such a type.
unsafe impl<T: Bytes, const N: usize> Bytes for [T; N] {
    const ZERO: Self = [T::ZERO; N];
}

/// All bytes in their order.
#[inline]
pub(super) fn flat<T: Bytes>(bytes: &T) -> &[i8] {
    // SAFETY: by the contract of `Bytes`, so many `i8` behind one another; the slice borrows them.
    unsafe { slice::from_raw_parts((&raw const *bytes).cast(), size_of::<T>()) }
}

/// All bytes in their order, to write.
#[inline]
pub(super) fn flat_mut<T: Bytes>(bytes: &mut T) -> &mut [i8] {
    // SAFETY: as in `flat`; the slice borrows them alone.
    unsafe { slice::from_raw_parts_mut((&raw mut *bytes).cast(), size_of::<T>()) }
}

/// The first bytes of a work area, in the shape of `T`.
#[inline]
pub fn part<T: Bytes, A: Bytes>(area: &A) -> &T {
    const { assert!(size_of::<T>() <= size_of::<A>(), "the value fits into its area") };
    // SAFETY: both are `i8` behind one another, of which `area` has enough, as asserted.
    unsafe { &*(&raw const *area).cast() }
}

/// The first bytes of a work area, in the shape of `T`, to write.
#[inline]
pub fn part_mut<T: Bytes, A: Bytes>(area: &mut A) -> &mut T {
    const { assert!(size_of::<T>() <= size_of::<A>(), "the value fits into its area") };
    // SAFETY: as in `part`.
    unsafe { &mut *(&raw mut *area).cast() }
}

/// The place of the greatest byte: the class that a network tells. The first of equal ones; 0 if there are none.
///
/// ```
/// assert_eq!(nnet_core::int8::greatest(&[-128, 7, 3, 7]), 1);
/// ```
#[must_use]
#[inline]
pub fn greatest(scores: &[i8]) -> usize {
    let (mut found, mut greatest) = (0, i8::MIN);
    for (place, score) in scores.iter().enumerate() {
        if *score > greatest {
            (found, greatest) = (place, *score);
        }
    }
    found
}

/// A network of bytes, made by `quantize = int8;` in the declaration of a network of floats.
///
/// It predicts one sample at a time, needs no float and no heap, and cannot panic. Every target gives the same bits. Where
/// the processor has conditional instructions, as a Cortex-M has, it does as many for any input.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a network of bytes",
    note = "write `quantize = int8;` behind the layers of `network!`, which declares `LeNetInt8` beside `LeNet`"
)]
pub trait Int8Network: Baked + Send + Sync + 'static {
    /// One input sample, such as `[[[i8; 28]; 28]; 1]`.
    type Input: Bytes;
    /// One output, such as `[i8; 10]`.
    type Output: Bytes;
    /// What [`predict`](Int8Network::predict) works in.
    type Scratch: Send + Sync + 'static;

    /// Bytes of the weights and of what rescales them.
    const WEIGHT_BYTES: usize = size_of::<Self>();
    /// Bytes that predicting needs besides the weights and the input: [`Scratch`](Int8Network::Scratch).
    const INFERENCE_BYTES: usize = size_of::<Self::Scratch>();

    /// What the bytes of the input stand for.
    fn input_affine(&self) -> Affine;

    /// What the bytes of the output stand for.
    fn output_affine(&self) -> Affine;

    /// The output for `x`. The greatest byte belongs to the greatest score.
    fn predict<'s>(&self, x: &Self::Input, scratch: &'s mut Self::Scratch) -> &'s Self::Output;

    /// The bytes of an input, number by number in its order. If one side has more, the rest of it is left alone.
    fn quantize_input(&self, numbers: &[f32], x: &mut Self::Input) {
        let affine = self.input_affine();
        for (q, r) in flat_mut(x).iter_mut().zip(numbers) {
            *q = affine.quantize(*r);
        }
    }

    /// The numbers that the bytes of an output stand for. If one side has more, the rest of it is left alone.
    fn dequantize_output(&self, y: &Self::Output, numbers: &mut [f32]) {
        let affine = self.output_affine();
        for (r, q) in numbers.iter_mut().zip(flat(y)) {
            *r = affine.dequantize(*q);
        }
    }
}

/// A network of floats that has a network of bytes beside it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no network of bytes beside it",
    note = "write `quantize = int8;` behind the layers of its declaration; where it has batch norms, it is \
            the folded network that is quantized: `nnet::folded(&network)`"
)]
pub trait Quantize: Network<Scalar = f32> {
    /// The network of bytes.
    type Int8: Int8Network;
    /// Every value of one prediction.
    type Trace: crate::Flat<Scalar = f32>;
    /// How many values there are, the input among them.
    const VALUES: usize;

    /// Predicts `x`, and tells all values by their numbers.
    fn trace(&self, x: &Self::Input<f32>, trace: &mut Self::Trace, see: impl FnMut(usize, &[f32]));

    /// Fills `to` by the ranges of all values.
    ///
    /// # Errors
    ///
    /// If a weight is not finite, or sums of a layer could exceed 32 bits.
    fn quantize_into(&self, ranges: &[Range], to: &mut Self::Int8) -> Result<(), QuantizeError>;
}

/// Why a network was not quantized.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum QuantizeError {
    /// There was no sample to calibrate with.
    NoSamples,
    /// An input, or what a layer makes of it.
    NotFinite {
        /// Which sample, from 0.
        sample: usize,
        /// The layer; `None` for the input itself.
        layer: Option<&'static str>,
        /// The first such number.
        number: f32,
    },
    /// A weight or bias is an infinity or NaN.
    Weight {
        /// The layer.
        layer: &'static str,
        /// The first such number.
        number: f32,
    },
    /// Weights so far apart or biases so large that sums could leave 32 bits.
    Overflow {
        /// The layer.
        layer: &'static str,
        /// The output channel.
        channel: usize,
    },
}

impl core::fmt::Display for QuantizeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NoSamples => {
                f.write_str("no sample to calibrate with; give some hundred inputs of the kind it will see")
            }
            Self::NotFinite { sample, layer: None, number } => write!(f, "sample {sample} holds {number}"),
            Self::NotFinite { sample, layer: Some(layer), number } => {
                write!(f, "`{layer}` gives {number} for sample {sample}")
            }
            Self::Weight { layer, number } => write!(f, "`{layer}` has the weight or bias {number}"),
            Self::Overflow { layer, channel } => {
                write!(f, "channel {channel} of `{layer}` could exceed 32 bits: its bias is too large for its weights")
            }
        }
    }
}

impl core::error::Error for QuantizeError {}
