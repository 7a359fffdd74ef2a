//! Activations: y = f(x) entry by entry, in place.
//!
//! Shape: any, unchanged. `backward` takes what the gradient needs: the output y, which overwrote x, or where y does
//! not tell enough the input x, as the documentation of each `backward` says.
//!
//! Formulas, constants and the derivatives at kinks are those of PyTorch.

use crate::element::Element;
use crate::kernels::{Function, Kernels};
use crate::tensor::Tensor;

#[cfg(test)]
mod tests;

/// max(x, 0), with derivative 0 at 0.
#[derive(Clone, Copy, Debug)]
pub struct Relu;

/// min(max(x, 0), 6), with derivative 0 at 0 and 6.
#[derive(Clone, Copy, Debug)]
pub struct Relu6;

/// x above 0, `slope`·x below.
#[derive(Clone, Copy, Debug)]
pub struct LeakyRelu {
    /// The slope below 0: finite and not negative, since the gradient is found from the sign of the output.
    pub slope: f64,
}

/// x above 0, `alpha`·(eˣ − 1) below, with derivative `alpha` at 0 (Clevert and others, 2016).
#[derive(Clone, Copy, Debug)]
pub struct Elu {
    /// How far below 0 the function goes: finite and not negative, since the gradient is found from the output.
    pub alpha: f64,
}

/// `Elu` with the constants that keep mean 0 and variance 1 from layer to layer (Klambauer and others, 2017):
/// 1.0507·x above 0, 1.7581·(eˣ − 1) below, with derivative 1.7581 at 0.
#[derive(Clone, Copy, Debug)]
pub struct Selu;

/// 1 / (1 + e⁻ˣ).
#[derive(Clone, Copy, Debug)]
pub struct Sigmoid;

/// min(max(x + 3, 0), 6) / 6, with derivative 0 at −3 and 3.
#[derive(Clone, Copy, Debug)]
pub struct HardSigmoid;

/// tanh x.
#[derive(Clone, Copy, Debug)]
pub struct Tanh;

/// x / (1 + |x|).
#[derive(Clone, Copy, Debug)]
pub struct Softsign;

/// x·Φ(x) with the normal distribution function Φ, exact (Hendrycks and Gimpel, 2016).
#[derive(Clone, Copy, Debug)]
pub struct Gelu;

/// x / (1 + e⁻ˣ), also called swish (Ramachandran and others, 2017).
#[derive(Clone, Copy, Debug)]
pub struct Silu;

/// x·min(max(x + 3, 0), 6) / 6, with derivative 0 at −3 and 1 at 3 (Howard and others, 2019).
#[derive(Clone, Copy, Debug)]
pub struct HardSwish;

/// x·tanh(ln(1 + eˣ)) (Misra, 2019).
#[derive(Clone, Copy, Debug)]
pub struct Mish;

/// ln(1 + e^(`beta`·x)) / `beta`, and x itself where `beta`·x exceeds `threshold`.
#[derive(Clone, Copy, Debug)]
pub struct Softplus {
    /// How sharp the bend at 0 is: finite and above 0. PyTorch's default is 1.
    pub beta: f64,
    /// Where the function becomes linear. PyTorch's default is 20.
    pub threshold: f64,
}

/// The constants of [`Selu`], to more digits than an `f64` has.
const SELU: Function = Function::Elu { alpha: 1.673_263_242_354_377_2, scale: 1.050_700_987_355_480_5 };

macro_rules! activations {
    ($($layer:ty, $self:ident => $function:expr, $kept:literal;)*) => {$(
        impl $layer {
            pub(super) const fn of_each($self) -> Function {
                $function
            }

            /// y ← f(y)
            #[inline]
            pub fn forward<T: Tensor>($self, y: &mut T) {
                let y = T::Element::scalars_mut(y.as_flat_mut());
                match $self.of_each() {
                    Function::Relu => <T::Element as Element>::Scalar::relu(y),
                    function => <T::Element as Element>::Scalar::activation(function, y),
                }
            }

            #[doc = concat!("dy ← f′·dy, where `kept` is the ", $kept)]
            #[inline]
            pub fn backward<T: Tensor>($self, kept: &T, dy: &mut T) {
                let kept = T::Element::scalars(kept.as_flat());
                let dy = T::Element::scalars_mut(dy.as_flat_mut());
                match $self.of_each() {
                    Function::Relu => <T::Element as Element>::Scalar::relu_gradient(kept, dy),
                    function => <T::Element as Element>::Scalar::activation_gradient(function, kept, dy),
                }
            }
        }
    )*};
}
activations! {
    Relu, self => Function::Relu, "output";
    Relu6, self => Function::Relu6, "output";
    LeakyRelu, self => Function::LeakyRelu(self.slope), "output";
    Elu, self => Function::Elu { alpha: self.alpha, scale: 1.0 }, "output";
    Selu, self => SELU, "output";
    Sigmoid, self => Function::Sigmoid, "output";
    HardSigmoid, self => Function::HardSigmoid, "output";
    Tanh, self => Function::Tanh, "output";
    Softsign, self => Function::Softsign, "output";
    Gelu, self => Function::Gelu, "input";
    Silu, self => Function::Silu, "input";
    HardSwish, self => Function::HardSwish, "input";
    Mish, self => Function::Mish, "input";
    Softplus, self => Function::Softplus { beta: self.beta, threshold: self.threshold }, "input";
}
