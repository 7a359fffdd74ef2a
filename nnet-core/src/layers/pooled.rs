//! Convolution, activation and pool in one pass, for predictions: y = pool(f(conv(x))).
//!
//! The map between convolution and pool is never there as a whole, so predicting needs no memory for it.

use super::activation::{
    Elu, Gelu, HardSigmoid, HardSwish, LeakyRelu, Mish, Relu, Relu6, Selu, Sigmoid, Silu, Softplus, Softsign, Tanh,
};
use super::conv1d::Conv1d;
use super::conv2d::Conv2d;
use super::pool1d::{AvgPool1d, MaxPool1d};
use super::pool2d::{AvgPool2d, MaxPool2d};
use crate::element::Element;
use crate::kernels::{Convolution, Function, Pooled};
use crate::scalar::Scalar;
use crate::shape::Window2d;
use crate::tensor::Tensor;

/// What may stand between a convolution and its pool: an activation of each entry, or `()` for none.
pub trait Pointwise: Copy {
    #[doc(hidden)]
    fn function(self) -> Option<Function>;
}

impl Pointwise for () {
    fn function(self) -> Option<Function> {
        None
    }
}

macro_rules! pointwise {
    ($($layer:ty),*) => {$(
        impl Pointwise for $layer {
            #[inline]
            fn function(self) -> Option<Function> {
                Some(self.of_each())
            }
        }
    )*};
}
pointwise!(
    Relu,
    Relu6,
    LeakyRelu,
    Elu,
    Selu,
    Sigmoid,
    HardSigmoid,
    Tanh,
    Softsign,
    Gelu,
    Silu,
    HardSwish,
    Mish,
    Softplus
);

/// A pool whose windows lie side by side: as far apart as they are large, of at most 64 entries, neither padded nor
/// dilated.
pub trait SideBySide: Copy {
    #[doc(hidden)]
    fn window(self) -> Window2d;
    #[doc(hidden)]
    const MEAN: bool;
}

macro_rules! side_by_side {
    ($($pool:ty, $mean:literal;)*) => {$(
        impl SideBySide for $pool {
            const MEAN: bool = $mean;

            #[inline]
            fn window(self) -> Window2d {
                self.window
            }
        }
    )*};
}
side_by_side! {
    MaxPool1d, false;
    MaxPool2d, false;
    AvgPool1d, true;
    AvgPool2d, true;
}

/// What the kernel needs, of a pool that can be a part of its pass.
#[inline(always)]
fn pass<S: Scalar, P: SideBySide>(convolution: Convolution, function: impl Pointwise, pool: P) -> Pooled<S> {
    let Window2d { kernel, stride, padding, padding_end, dilation } = pool.window();
    let is_plain = padding == [0, 0] && padding_end == [0, 0] && dilation == [1, 1];
    assert!(stride == kernel && is_plain, "the windows of the pool lie side by side");
    Pooled::new(convolution, function.function(), kernel, P::MEAN)
}

/// Height and width of the map before the pool.
#[inline(always)]
fn map(window: &Window2d, x: [usize; 2]) -> [usize; 2] {
    let Ok(map) = window.output(x) else { panic!("the window does not fit into x") };
    map
}

impl<S: Scalar, const OUT: usize, const IN: usize, const KH: usize, const KW: usize, const BIAS: usize>
    Conv2d<S, OUT, IN, KH, KW, BIAS>
{
    /// x: `[C, H, W]`  →  y: `[OUT, PH, PW]`, what `pool` makes of `function` of this layer's output.
    ///
    /// ```
    /// use nnet_core::layers::{Conv2d, MaxPool2d, Relu};
    /// use nnet_core::shape::Window2d;
    ///
    /// let layer = Conv2d::<f32, 1, 1, 1, 1> { weight: [[[[-1.0]]]], bias: [4.0] };
    /// let pool = MaxPool2d::new(Window2d::new([2, 2], [2, 2], [0, 0]));
    /// let mut y = [[[f32::NAN; 2]; 1]];
    /// layer.predict_pooled(
    ///     &Window2d::new([1, 1], [1, 1], [0, 0]),
    ///     Relu,
    ///     pool,
    ///     &[[[1.0, 2.0, 5.0, 6.0], [3.0, 4.0, 7.0, 8.0]]],
    ///     &mut y,
    /// );
    /// assert_eq!(y, [[[3.0, 0.0]]]);
    /// ```
    ///
    /// # Panics
    ///
    /// As [`forward`](Self::forward), or if the pool does not lead from its output to `[PH, PW]`, its windows do not lie
    /// side by side, or have more than 64 entries.
    #[inline]
    pub fn predict_pooled<
        E: Element<Scalar = S>,
        const C: usize,
        const H: usize,
        const W: usize,
        const PH: usize,
        const PW: usize,
    >(
        &self,
        window: &Window2d,
        function: impl Pointwise,
        pool: impl SideBySide,
        x: &[[[E; W]; H]; C],
        y: &mut [[[E; PW]; PH]; OUT],
    ) {
        let shape = Self::shape(window, C, [H, W], map(window, [H, W]));
        let (x, y) = (E::scalars(x.as_flat()), E::scalars_mut(y.as_flat_mut()));
        pass(shape, function, pool).run(E::LANES, self.weights(), &self.bias, x, y);
    }
}

impl<S: Scalar, const OUT: usize, const IN: usize, const K: usize, const BIAS: usize> Conv1d<S, OUT, IN, K, BIAS> {
    /// x: `[C, L]`  →  y: `[OUT, PL]`, what `pool` makes of `function` of this layer's output.
    ///
    /// # Panics
    ///
    /// As [`forward`](Self::forward), or if the pool does not lead from its output to `[PL]`, its windows do not lie side
    /// by side, or have more than 64 entries.
    #[inline]
    pub fn predict_pooled<E: Element<Scalar = S>, const C: usize, const L: usize, const PL: usize>(
        &self,
        window: &Window2d,
        function: impl Pointwise,
        pool: impl SideBySide,
        x: &[[E; L]; C],
        y: &mut [[E; PL]; OUT],
    ) {
        let [_, width] = map(window, [1, L]);
        let shape = Self::shape(window, C, L, width);
        let (x, y) = (E::scalars(x.as_flat()), E::scalars_mut(y.as_flat_mut()));
        pass(shape, function, pool).run(E::LANES, self.weights(), &self.bias, x, y);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::{LANES, Lanes};
    use crate::flat::Flat;
    use crate::layers::tests::fill;

    /// One pass gives what three give, for one sample and for a group.
    fn check<F: Pointwise, P: SideBySide>(
        function: F,
        pool: P,
        three: impl Fn(&[[[f64; 7]; 10]; 7], &mut [[[f64; 3]; 5]; 7]),
    ) {
        let mut layer = Conv2d::<f64, 7, 1, 3, 3>::ZERO;
        fill(layer.as_scalars_mut(), 1);
        let window = Window2d::new([3, 3], [1, 1], [1, 0]);
        let mut group = [[[Lanes([0.0; LANES]); 9]; 10]; 1];
        fill(Lanes::scalars_mut(group.as_flat_mut()), 2);
        let mut all = [[[Lanes([f64::NAN; LANES]); 3]; 5]; 7];
        layer.predict_pooled(&window, function, pool, &group, &mut all);
        for lane in 0..LANES {
            let mut x = [[[0.0; 9]; 10]; 1];
            crate::element::get_lane(group.as_flat(), lane, x.as_flat_mut());
            let (mut map, mut want, mut got) = ([[[0.0; 7]; 10]; 7], [[[0.0; 3]; 5]; 7], [[[f64::NAN; 3]; 5]; 7]);
            layer.forward(&window, &x, &mut map);
            three(&map, &mut want);
            layer.predict_pooled(&window, function, pool, &x, &mut got);
            assert_eq!(got, want);
            crate::element::get_lane(all.as_flat(), lane, got.as_flat_mut());
            assert_eq!(got, want);
        }
    }

    const HALVE: Window2d = Window2d::new([2, 2], [2, 2], [0, 0]);

    #[test]
    fn one_pass_gives_what_three_give() {
        check(Relu, MaxPool2d::new(HALVE), |map, y| {
            let mut map = *map;
            Relu.forward(&mut map);
            MaxPool2d::new(HALVE).forward(&map, y);
        });
        check(Tanh, AvgPool2d::new(HALVE), |map, y| {
            let mut map = *map;
            Tanh.forward(&mut map);
            AvgPool2d::new(HALVE).forward(&map, y);
        });
        check((), MaxPool2d::new(HALVE), |map, y| MaxPool2d::new(HALVE).forward(map, y));
    }

    #[test]
    fn sequences_by_hand() {
        let layer = Conv1d::<f32, 1, 1, 2> { weight: [[[1.0, -1.0]]], bias: [0.0] };
        let window = Window2d::new([1, 2], [1, 1], [0, 0]);
        let halves = Window2d::new([1, 2], [1, 2], [0, 0]);
        let mut y = [[f32::NAN; 2]];
        // the differences are 1, −2, 3, −4, 5: the last window is not whole
        let x = [[5.0, 4.0, 6.0, 3.0, 7.0, 2.0]];
        layer.predict_pooled(&window, Relu, AvgPool1d::new(halves), &x, &mut y);
        assert_eq!(y, [[0.5, 1.5]]);
        layer.predict_pooled(&window, (), MaxPool1d::new(halves), &x, &mut y);
        assert_eq!(y, [[1.0, 3.0]]);
    }

    #[test]
    #[should_panic(expected = "the windows of the pool lie side by side")]
    fn windows_that_overlap_are_refused() {
        let (layer, x) = (Conv2d::<f32, 1, 1, 1, 1>::ZERO, [[[0.0_f32; 3]; 3]]);
        let pool = MaxPool2d::new(Window2d::new([2, 2], [1, 1], [0, 0]));
        layer.predict_pooled(&Window2d::new([1, 1], [1, 1], [0, 0]), (), pool, &x, &mut [[[0.0; 2]; 2]]);
    }

    #[test]
    #[should_panic(expected = "y: [OUT, PH, PW]")]
    fn another_number_of_windows_is_refused() {
        let (layer, x) = (Conv2d::<f32, 1, 1, 1, 1>::ZERO, [[[0.0_f32; 4]; 4]]);
        let window = Window2d::new([1, 1], [1, 1], [0, 0]);
        layer.predict_pooled(&window, Relu, MaxPool2d::new(HALVE), &x, &mut [[[0.0; 2]; 3]]);
    }

    #[test]
    #[should_panic(expected = "at most 64 entries")]
    fn large_windows_are_refused() {
        let (layer, x) = (Conv2d::<f32, 1, 1, 1, 1>::ZERO, [[[0.0_f32; 9]; 9]]);
        let pool = MaxPool2d::new(Window2d::new([9, 9], [9, 9], [0, 0]));
        layer.predict_pooled(&Window2d::new([1, 1], [1, 1], [0, 0]), (), pool, &x, &mut [[[0.0; 1]; 1]]);
    }
}
