//! Activations: y = f(x) entry by entry, in place.
//!
//! Shape: any, unchanged. `backward` takes what the gradient needs: the output y, which overwrote x, or for
//! [`Gelu`] the input x.

use crate::element::Element;
use crate::kernels::{Function, Kernels};
use crate::tensor::Tensor;

/// max(x, 0), with derivative 0 at 0.
#[derive(Clone, Copy, Debug)]
pub struct Relu;

/// x above 0, `slope`·x below.
#[derive(Clone, Copy, Debug)]
pub struct LeakyRelu {
    /// The slope below 0: finite and not negative, since the gradient is found from the sign of the output.
    pub slope: f64,
}

/// 1 / (1 + e⁻ˣ).
#[derive(Clone, Copy, Debug)]
pub struct Sigmoid;

/// tanh x.
#[derive(Clone, Copy, Debug)]
pub struct Tanh;

/// x·Φ(x) with the normal distribution function Φ, exact (Hendrycks and Gimpel, 2016).
#[derive(Clone, Copy, Debug)]
pub struct Gelu;

macro_rules! activations {
    ($($layer:ty, $self:ident => $function:expr, $kept:literal;)*) => {$(
        impl $layer {
            /// y ← f(y)
            #[inline]
            pub fn forward<T: Tensor>($self, y: &mut T) {
                <T::Element as Element>::Scalar::activation($function, T::Element::scalars_mut(y.as_flat_mut()));
            }

            #[doc = concat!("dy ← f′·dy, where `kept` is the ", $kept)]
            #[inline]
            pub fn backward<T: Tensor>($self, kept: &T, dy: &mut T) {
                let kept = T::Element::scalars(kept.as_flat());
                let dy = T::Element::scalars_mut(dy.as_flat_mut());
                <T::Element as Element>::Scalar::activation_gradient($function, kept, dy);
            }
        }
    )*};
}
activations! {
    Relu, self => Function::Relu, "output";
    LeakyRelu, self => Function::LeakyRelu(self.slope), "output";
    Sigmoid, self => Function::Sigmoid, "output";
    Tanh, self => Function::Tanh, "output";
    Gelu, self => Function::Gelu, "input";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::tests::{check_gradients, fill};

    #[test]
    fn values_by_hand() {
        let apply = |f: &dyn Fn(&mut [f64; 3])| {
            let mut y = [-2.0, 0.0, 3.0];
            f(&mut y);
            y
        };
        assert_eq!(apply(&|y| Relu.forward(y)), [0.0, 0.0, 3.0]);
        assert_eq!(apply(&|y| LeakyRelu { slope: 0.5 }.forward(y)), [-1.0, 0.0, 3.0]);
        assert_eq!(apply(&|y| Tanh.forward(y)), [-libm::tanh(2.0), 0.0, libm::tanh(3.0)]);
        let sigmoid = apply(&|y| Sigmoid.forward(y));
        assert_eq!(sigmoid[1], 0.5);
        assert!((sigmoid[2] - 1.0 / (1.0 + libm::exp(-3.0))).abs() < 1e-15);
        // Φ(3) = 0.9986501019683699
        assert!((apply(&|y| Gelu.forward(y))[2] - 3.0 * 0.998_650_101_968_369_9).abs() < 1e-15);
    }

    #[test]
    fn gradients_agree_with_central_differences() {
        macro_rules! check {
            ($layer:expr, $kept:ident) => {{
                let mut x = [0.0_f64; 9];
                fill(&mut x, 4);
                check_gradients::<[f64; 0], _, [f64; 9]>(
                    &mut [],
                    &mut x,
                    |_, x, y| {
                        *y = *x;
                        $layer.forward(y);
                    },
                    |_, x, dy, _, dx| {
                        let mut y = *x;
                        $layer.forward(&mut y);
                        let $kept = if stringify!($kept) == "input" { *x } else { y };
                        *dx = *dy;
                        $layer.backward(&$kept, dx);
                    },
                );
            }};
        }
        check!(Relu, output);
        check!(LeakyRelu { slope: 0.1 }, output);
        check!(LeakyRelu { slope: 0.0 }, output);
        check!(Sigmoid, output);
        check!(Tanh, output);
        check!(Gelu, input);
    }

    #[test]
    fn a_nan_is_not_hidden() {
        let mut y = [f32::NAN; 4];
        Relu.forward(&mut y);
        assert!(y.iter().all(|y| y.is_nan()));
        LeakyRelu { slope: 0.1 }.forward(&mut y);
        assert!(y.iter().all(|y| y.is_nan()));
    }
}
