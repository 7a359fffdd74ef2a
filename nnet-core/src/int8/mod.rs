//! Networks of bytes: int8 weights and activations, int32 sums.
//!
//! A number r stands as a byte q, r = scale · (q − zero point). Weights have a scale for each output channel and zero
//! point 0; what flows between layers has one of both for a whole value. A layer adds up exact products in 32 bits and
//! [`Rescale`]s the sum to a byte (Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient
//! Integer-Arithmetic-Only Inference", section 2). No float takes part, so every target gives the same bits.
//!
//! `quantize = int8;` in a declaration makes `LeNetInt8` beside `LeNet`; `nnet::host::int8::quantize` fills it.

mod affine;
mod conv2d;
mod dot;
mod linear;
mod network;
mod pool;
mod quantize;
mod rescale;
#[cfg(all(test, feature = "std"))]
mod tests;

pub use affine::{Affine, Range};
pub use conv2d::{Conv2dInt8, Geometry};
pub use linear::LinearInt8;
pub use network::{Bytes, Int8Network, Quantize, QuantizeError, greatest, part, part_mut};
pub use pool::{average_pool, max_pool};
pub use rescale::Rescale;

/// A rectifier that no layer before it has taken over: y = max(x, 0), 0 being the zero point.
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct ReluInt8 {
    /// That of x and y.
    pub zero_point: [i8; 1],
}

impl ReluInt8 {
    /// Zero everywhere.
    pub const ZERO: Self = Self { zero_point: [0] };

    /// y ← max(y, zero point)
    #[inline]
    pub fn predict<Y: Bytes>(&self, y: &mut Y) {
        let [zero] = self.zero_point;
        for y in network::flat_mut(y) {
            *y = (*y).max(zero);
        }
    }
}
