//! Leaky rectifier with learned slopes: y = x above 0, w·x below, one w for all or one for each channel.
//!
//! Shape: any whose entries are a multiple of the slopes, unchanged.
#![allow(unsafe_code, reason = "one impl of `Flat`")]

use super::shrink;
use crate::element::Element;
use crate::flat::Flat;
use crate::scalar::Scalar;
use crate::tensor::Tensor;

/// A `LeakyRelu` that learns its slope (He and others, 2015); the derivative at 0 is the slope.
///
/// `N` is 1, or the number of channels: entry i of a tensor belongs to slope ⌊i / (entries / `N`)⌋.
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct PRelu<S, const N: usize> {
    /// w: `[N]`.
    pub weight: [S; N],
}

// SAFETY: `repr(C)` of one array of a scalar.
unsafe impl<S: Scalar, const N: usize> Flat for PRelu<S, N> {
    type Scalar = S;
    const ZERO: Self = Self { weight: [S::ZERO; N] };
}

impl<S: Scalar, const N: usize> PRelu<S, N> {
    /// Every slope ¼, as in PyTorch.
    pub fn init(&mut self) {
        self.weight.fill(S::from_f64(0.25));
    }

    /// x: any  →  y: as x
    ///
    /// # Panics
    ///
    /// If the entries of x are not a multiple of `N`, or `N` is 0.
    #[inline]
    pub fn forward<T: Tensor>(&self, x: &T, y: &mut T)
    where
        T::Element: Element<Scalar = S>,
    {
        Self::check::<T>();
        S::prelu(&self.weight, T::Element::scalars(x.as_flat()), T::Element::scalars_mut(y.as_flat_mut()));
    }

    /// x, dy: any  →  dw += the gradient, lanes summed;  dx: as x
    ///
    /// # Panics
    ///
    /// As [`forward`](Self::forward).
    #[inline]
    pub fn backward<T: Tensor>(&self, x: &T, dy: &T, gradients: &mut Self, dx: Option<&mut T>)
    where
        T::Element: Element<Scalar = S>,
    {
        Self::parameter_gradient(x, dy, gradients);
        if let Some(dx) = dx {
            self.input_gradient(x, dy, dx);
        }
    }

    /// x, dy: any  →  dx: as x; what [`backward`](Self::backward) gives where the slopes do not learn.
    ///
    /// # Panics
    ///
    /// As [`forward`](Self::forward).
    #[inline]
    pub fn input_gradient<T: Tensor>(&self, x: &T, dy: &T, dx: &mut T)
    where
        T::Element: Element<Scalar = S>,
    {
        Self::check::<T>();
        let (x, dy) = (T::Element::scalars(x.as_flat()), T::Element::scalars(dy.as_flat()));
        S::prelu_input_gradient(&self.weight, x, dy, T::Element::scalars_mut(dx.as_flat_mut()));
    }

    // The kernels see scalars, of which a lane group has a multiple of `N` more often.
    /// [`backward`](Self::backward) into the layer itself: dx from the slopes as they are, then
    /// w ← `kept`·w + the gradient. With −rate in dy, and `kept` = 1 − rate·decay, it is a step of descent.
    ///
    /// # Panics
    ///
    /// As [`forward`](Self::forward).
    #[inline]
    pub fn descend<T: Tensor>(&mut self, kept: S, x: &T, dy: &T, dx: Option<&mut T>)
    where
        T::Element: Element<Scalar = S>,
    {
        if let Some(dx) = dx {
            self.input_gradient(x, dy, dx);
        }
        shrink(kept, self.as_scalars_mut());
        Self::parameter_gradient(x, dy, self);
    }

    #[inline]
    fn parameter_gradient<T: Tensor>(x: &T, dy: &T, gradients: &mut Self)
    where
        T::Element: Element<Scalar = S>,
    {
        Self::check::<T>();
        let (x, dy) = (T::Element::scalars(x.as_flat()), T::Element::scalars(dy.as_flat()));
        S::prelu_weight_gradient(x, dy, &mut gradients.weight);
    }

    fn check<T: Tensor>() {
        assert!(N > 0 && T::LENGTH.is_multiple_of(N), "each slope has as many entries");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::tests::{check_descent, check_gradients, fill};

    #[test]
    fn values_by_hand() {
        let mut layer = PRelu::<f64, 2>::ZERO;
        layer.init();
        assert_eq!(layer.weight, [0.25; 2]);
        layer.weight[1] = -2.0;
        let x = [[[-4.0, 3.0, 0.0]], [[-4.0, 3.0, -1.0]]];
        let mut y = [[[f64::NAN; 3]]; 2];
        layer.forward(&x, &mut y);
        assert_eq!(y, [[[-1.0, 3.0, 0.0]], [[8.0, 3.0, 2.0]]]);
        let (mut gradients, mut dx) = (PRelu { weight: [10.0; 2] }, [[[f64::NAN; 3]]; 2]);
        layer.backward(&x, &[[[1.0, 2.0, 3.0]], [[4.0, 5.0, 6.0]]], &mut gradients, Some(&mut dx));
        // −4·1, and −4·4 − 1·6; at 0 the slope below
        assert_eq!(gradients.weight, [6.0, -12.0]);
        assert_eq!(dx, [[[0.25, 2.0, 0.75]], [[-8.0, 5.0, -12.0]]]);
        let mut alone = [[[f64::NAN; 3]]; 2];
        layer.input_gradient(&x, &[[[1.0, 2.0, 3.0]], [[4.0, 5.0, 6.0]]], &mut alone);
        assert_eq!(alone, dx);
    }

    #[test]
    fn a_step_in_place_adds_the_gradient() {
        let mut layer = PRelu::<f64, 3>::ZERO;
        fill(layer.as_scalars_mut(), 1);
        let mut x = [[[0.0_f64; 3]; 2]; 3];
        fill(x.as_flat_mut(), 2);
        check_descent::<_, _, [[[f64; 3]; 2]; 3]>(&mut layer, &x, PRelu::backward, PRelu::descend);
    }

    #[test]
    fn gradients_agree_with_central_differences() {
        let mut x = [[[0.0_f64; 3]; 2]; 3];
        fill(x.as_flat_mut(), 6);
        let mut each = PRelu { weight: [0.25, -0.5, 1.5] };
        check_gradients::<_, _, [[[f64; 3]; 2]; 3]>(
            &mut each,
            &mut x,
            PRelu::forward,
            |layer, x, dy, gradients, dx| layer.backward(x, dy, gradients, Some(dx)),
        );
        check_gradients::<_, _, [[[f64; 3]; 2]; 3]>(
            &mut PRelu { weight: [0.25] },
            &mut x,
            PRelu::forward,
            |layer, x, dy, gradients, dx| layer.backward(x, dy, gradients, Some(dx)),
        );
    }

    #[test]
    fn a_nan_is_not_hidden() {
        let mut y = [0.0_f32; 3];
        PRelu { weight: [0.25] }.forward(&[f32::NAN; 3], &mut y);
        assert!(y.iter().all(|y| y.is_nan()));
    }

    #[test]
    #[should_panic(expected = "each slope has as many entries")]
    fn slopes_that_do_not_divide_the_entries_are_refused() {
        let group = [crate::Lanes([0.0_f32; crate::LANES]); 3];
        PRelu { weight: [0.25; 2] }.forward(&group, &mut group.clone());
    }
}
