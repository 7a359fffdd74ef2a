//! From a layer of floats and the ranges of its values to a layer of bytes.

use super::{Affine, Conv2dInt8, LinearInt8, QuantizeError, Range, Rescale};
use crate::layers::{Conv1d, Conv2d, Linear};

/// The tensors of a layer, channel by channel.
struct Channels<'a> {
    weight: &'a mut [i8],
    bias: &'a mut [i32],
    multiplier: &'a mut [i32],
    shift: &'a mut [u8],
}

impl Channels<'_> {
    /// Fills them from `weight` and `bias`, which may have no entries; gives what the bytes of y stand for.
    fn fill(
        self,
        layer: &'static str,
        weight: &[f32],
        bias: &[f32],
        x: Affine,
        y: Range,
    ) -> Result<Affine, QuantizeError> {
        if let Some(number) = weight.iter().chain(bias).find(|number| !number.is_finite()) {
            return Err(QuantizeError::Weight { layer, number: *number });
        }
        let length = weight.len() / self.bias.len().max(1);
        let (from, x_scale) = (weight.chunks_exact(length.max(1)), f64::from(x.scale[0]));
        // A finer scale than that of the products says nothing, and `Rescale` wants a factor below 1/4.
        let widest = from.clone().map(scale).fold(0.0, f64::max);
        #[allow(clippy::cast_possible_truncation, reason = "an infinity if it is too large, which is refused below")]
        let y = y.affine((4.001 * x_scale * widest) as f32);
        let to = self.weight.chunks_exact_mut(length.max(1)).zip(self.bias).zip(self.multiplier).zip(self.shift);
        for (o, (from, (((w, b), multiplier), shift))) in from.zip(to).enumerate() {
            let scale = scale(from);
            for (q, r) in w.iter_mut().zip(from) {
                // The largest is 127 but for rounding.
                *q = i8::try_from(nearest(f64::from(*r) / scale)).unwrap_or(127);
            }
            let (sum, reach) = w.iter().fold((0, 0), |(sum, reach), q| {
                let q = i64::from(*q);
                (sum + q, reach + q.abs() * 128)
            });
            let of_float = nearest(f64::from(bias.get(o).copied().unwrap_or_default()) / (x_scale * scale));
            let folded = of_float.saturating_sub(i64::from(x.zero_point[0]) * sum);
            *b = i32::try_from(folded)
                .ok()
                .filter(|_| folded.saturating_abs().saturating_add(reach) <= i32::MAX.into())
                .ok_or(QuantizeError::Overflow { layer, channel: o })?;
            let rescale = Rescale::new(x_scale * scale / f64::from(y.scale[0]));
            (*multiplier, *shift) = (rescale.multiplier, rescale.shift);
        }
        Ok(y)
    }
}

/// That of the weights of a channel, whose largest becomes ±127.
fn scale(weight: &[f32]) -> f64 {
    let largest = weight.iter().fold(0.0_f32, |largest, w| largest.max(w.abs()));
    f64::from(largest.max(f32::MIN_POSITIVE)) / 127.0
}

/// Half away from 0; a number beyond the range, its end.
#[allow(clippy::cast_possible_truncation, reason = "casts from floats saturate")]
fn nearest(r: f64) -> i64 {
    (if r < 0.0 { r - 0.5 } else { r + 0.5 }) as i64
}

impl<const OUT: usize, const IN: usize> LinearInt8<OUT, IN> {
    /// Fills the layer, called `name`, from one of floats; gives what the bytes of y stand for.
    ///
    /// # Errors
    ///
    /// If a weight is not finite, or sums could exceed 32 bits.
    pub fn quantize<const BIAS: usize>(
        &mut self,
        name: &'static str,
        layer: &Linear<f32, OUT, IN, BIAS>,
        x: Affine,
        y: Range,
    ) -> Result<Affine, QuantizeError> {
        let Self { bias, multiplier, shift, weight, zero_points } = self;
        let channels = Channels { weight: weight.as_flattened_mut(), bias, multiplier, shift };
        let y = channels.fill(name, layer.weight.as_flattened(), &layer.bias, x, y)?;
        *zero_points = [x.zero_point[0], y.zero_point[0]];
        Ok(y)
    }
}

impl<const OUT: usize, const IN: usize, const KH: usize, const KW: usize> Conv2dInt8<OUT, IN, KH, KW> {
    /// As [`LinearInt8::quantize`].
    ///
    /// # Errors
    ///
    /// If a weight is not finite, or sums could exceed 32 bits.
    pub fn quantize<const BIAS: usize>(
        &mut self,
        name: &'static str,
        layer: &Conv2d<f32, OUT, IN, KH, KW, BIAS>,
        x: Affine,
        y: Range,
    ) -> Result<Affine, QuantizeError> {
        self.fill(name, layer.weight.as_flattened().as_flattened().as_flattened(), &layer.bias, x, y)
    }

    fn fill(
        &mut self,
        name: &'static str,
        from: &[f32],
        from_bias: &[f32],
        x: Affine,
        y: Range,
    ) -> Result<Affine, QuantizeError> {
        let Self { bias, multiplier, shift, weight, zero_points } = self;
        let weight = weight.as_flattened_mut().as_flattened_mut().as_flattened_mut();
        let y = Channels { weight, bias, multiplier, shift }.fill(name, from, from_bias, x, y)?;
        *zero_points = [x.zero_point[0], y.zero_point[0]];
        Ok(y)
    }
}

impl<const OUT: usize, const IN: usize, const K: usize> Conv2dInt8<OUT, IN, 1, K> {
    /// As [`LinearInt8::quantize`], from a convolution of sequences: maps of height 1.
    ///
    /// # Errors
    ///
    /// If a weight is not finite, or sums could exceed 32 bits.
    pub fn quantize_1d<const BIAS: usize>(
        &mut self,
        name: &'static str,
        layer: &Conv1d<f32, OUT, IN, K, BIAS>,
        x: Affine,
        y: Range,
    ) -> Result<Affine, QuantizeError> {
        self.fill(name, layer.weight.as_flattened().as_flattened(), &layer.bias, x, y)
    }
}
