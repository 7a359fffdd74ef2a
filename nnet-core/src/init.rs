//! Initial weights: random, with a spread that keeps the size of values constant from layer to layer.

use crate::random::Random;
use crate::scalar::Scalar;

/// How the weights of a layer begin. Biases begin at 0.
///
/// `gain` makes up for what the activation after the layer takes away: √2 for `Relu`, 5/3 for `Tanh`, 1 for none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// Uniform in ±gain·√(6 / (in + out)) (Glorot and Bengio, 2010).
    XavierUniform {
        /// Factor on the deviation.
        gain: f64,
    },
    /// Normal with deviation gain·√(2 / (in + out)) (Glorot and Bengio, 2010).
    XavierNormal {
        /// Factor on the deviation.
        gain: f64,
    },
    /// Uniform in ±gain·√(3 / in) (He and others, 2015).
    KaimingUniform {
        /// Factor on the deviation.
        gain: f64,
    },
    /// Normal with deviation gain / √in (He and others, 2015).
    KaimingNormal {
        /// Factor on the deviation.
        gain: f64,
    },
}

impl Init {
    /// Fills `weights` of a layer where an output sums `fan_in` products and an input enters `fan_out` of them.
    ///
    /// For a convolution these are channels times kernel size.
    // A network of many layers would have as many loops in one function, which LLVM compares with each other.
    #[inline(never)]
    pub fn fill<S: Scalar>(self, weights: &mut [S], fan_in: usize, fan_out: usize, random: &mut Random) {
        #[allow(clippy::cast_precision_loss, reason = "fans are far below 2^53")]
        let (fan_in, fan_out) = (fan_in as f64, fan_out as f64);
        let deviation = match self {
            Self::XavierUniform { gain } | Self::XavierNormal { gain } => gain * libm::sqrt(2.0 / (fan_in + fan_out)),
            Self::KaimingUniform { gain } | Self::KaimingNormal { gain } => gain / libm::sqrt(fan_in),
        };
        let uniform = matches!(self, Self::XavierUniform { .. } | Self::KaimingUniform { .. });
        let bound = deviation * libm::sqrt(3.0);
        for weight in weights {
            let value = if uniform { (2.0 * random.uniform() - 1.0) * bound } else { random.normal() * deviation };
            *weight = S::from_f64(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviations_are_those_of_the_papers() {
        let (fan_in, fan_out) = (300, 100);
        let root_2 = core::f64::consts::SQRT_2;
        for (init, want) in [
            (Init::XavierUniform { gain: 1.0 }, libm::sqrt(2.0 / 400.0)),
            (Init::XavierNormal { gain: 2.0 }, 2.0 * libm::sqrt(2.0 / 400.0)),
            (Init::KaimingUniform { gain: root_2 }, libm::sqrt(2.0 / 300.0)),
            (Init::KaimingNormal { gain: 1.0 }, libm::sqrt(1.0 / 300.0)),
        ] {
            let mut weights = [0.0_f64; 2000];
            init.fill(&mut weights, fan_in, fan_out, &mut Random::new(1));
            let square = weights.iter().map(|w| w * w).sum::<f64>() / weights.len() as f64;
            let got = libm::sqrt(square);
            // Four standard errors of a deviation estimated from n normals: σ/√(2n).
            assert!((got / want - 1.0).abs() < 4.0 / libm::sqrt(2.0 * 2000.0), "{init:?}: {got}, want {want}");
            let largest = weights.iter().fold(0.0, |m: f64, w| m.max(w.abs()));
            let uniform = matches!(init, Init::XavierUniform { .. } | Init::KaimingUniform { .. });
            assert_eq!(largest <= want * libm::sqrt(3.0), uniform, "{init:?}");
        }
    }
}
