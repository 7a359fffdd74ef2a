//! The loops of the layers, written once over [`crate::simd`] and compiled here, once for each scalar.
//!
//! Sizes are arguments, not types: a deep network adds calls, not code. Every kernel takes flat slices of scalars in
//! which an entry is `lanes` of them, asserts the slices' lengths against the sizes, and only then uses pointers.

mod activation;
mod batch_norm;
mod combine;
mod convolution;
mod convolution_weights;
mod dropout;
mod entries;
mod group_norm;
mod line;
mod linear;
mod norm;
mod pad;
mod pool;
mod prelu;
mod step;
mod tile;
mod upsample;
#[cfg(all(target_arch = "arm", target_abi = "eabihf"))]
mod vfp;

#[cfg(test)]
mod tests;

pub use activation::Function;
pub use batch_norm::Frozen;
pub use convolution::{Convolution, Pooled};
pub use dropout::Mask;
pub use group_norm::Groups;
pub use pad::Pad;
pub use pool::{Pool, Windows};
pub use step::{Adaptive, Descent};
pub use upsample::{Upsample, UpsampleMode};

/// The kernels of a scalar; what they compute is said at the layers that call them.
#[doc(hidden)]
pub trait Kernels: Sized {
    /// y[o] = b[o] + Σ w[o][i] ⋆ x[i]; no bias if `b` is empty.
    fn convolution(lanes: usize, shape: &Convolution, w: &[Self], b: &[Self], x: &[Self], y: &mut [Self]);
    /// y[o] = the pool of f(b[o] + Σ w[o][i] ⋆ x[i]).
    fn convolution_pooled(lanes: usize, shape: &Pooled, w: &[Self], b: &[Self], x: &[Self], y: &mut [Self]);
    /// dx[i] = b[i] + Σ w[o][i] transposed-⋆ dy[o]; no bias if `b` is empty, as for a gradient.
    fn convolution_transposed(lanes: usize, shape: &Convolution, w: &[Self], b: &[Self], dy: &[Self], dx: &mut [Self]);
    /// dw[o][i] += x[i] ⋆ dy[o], lanes summed.
    fn convolution_weight_gradient(lanes: usize, shape: &Convolution, x: &[Self], dy: &[Self], dw: &mut [Self]);
    /// y = b + w·x; no bias if `b` is empty.
    fn linear(lanes: usize, w: &[Self], b: &[Self], x: &[Self], y: &mut [Self]);
    /// dx = wᵀ·dy.
    fn linear_input_gradient(lanes: usize, w: &[Self], dy: &[Self], dx: &mut [Self]);
    /// dw += dy·xᵀ, lanes summed.
    fn linear_weight_gradient(lanes: usize, x: &[Self], dy: &[Self], dw: &mut [Self]);
    /// db[o] += Σ dy[o], over positions and lanes.
    fn bias_gradient(dy: &[Self], db: &mut [Self]);
    /// The largest entry of each window.
    fn max_pool(lanes: usize, shape: &Pool, x: &[Self], y: &mut [Self]);
    /// dx: each window's dy at its first largest entry, 0 elsewhere.
    fn max_pool_gradient(lanes: usize, shape: &Pool, x: &[Self], dy: &[Self], dx: &mut [Self]);
    /// x ← dx of `max_pool`, and of the function that gave x before it; the windows do not overlap.
    fn max_pool_gradient_in_place(lanes: usize, shape: &Pool, function: Option<Function>, dy: &[Self], x: &mut [Self]);
    /// The mean of each window.
    fn avg_pool(lanes: usize, shape: &Pool, x: &[Self], y: &mut [Self]);
    /// dx: each window's dy spread evenly.
    fn avg_pool_gradient(lanes: usize, shape: &Pool, dy: &[Self], dx: &mut [Self]);
    /// y ← f(y).
    fn activation(function: Function, y: &mut [Self]);
    /// dy ← f′·dy, where `kept` is what the function's gradient needs: its output, or its input where the output is
    /// not enough.
    fn activation_gradient(function: Function, kept: &[Self], dy: &mut [Self]);
    /// y ← the normalization by running statistics.
    fn frozen_norm(layer: &Frozen<Self>, y: &mut [Self]);
    /// dy ← dx of `frozen_norm`.
    fn frozen_norm_gradient(layer: &Frozen<Self>, dy: &mut [Self]);
    /// Rows 0 and 1 of the statistics: mean and Σ (x − mean)² of each channel and lane.
    fn batch_statistics(lanes: usize, x: &[Self], statistics: &mut [Self]);
    /// y = (x − mean) / √(variance + ε) · w + b, mean and variance in rows 0 and 1.
    fn batch_norm(lanes: usize, eps: f64, w: &[Self], b: &[Self], statistics: &[Self], x: &[Self], y: &mut [Self]);
    /// Rows 2 and 3 of the statistics: Σ dy and Σ dy·x̂ of each channel and lane.
    fn batch_norm_sums(lanes: usize, eps: f64, statistics: &mut [Self], x: &[Self], dy: &[Self]);
    /// dy ← dx, the means of dy and dy·x̂ in rows 2 and 3.
    fn batch_norm_gradient(lanes: usize, eps: f64, w: &[Self], statistics: &[Self], x: &[Self], dy: &mut [Self]);
    /// y = the normalization of each group of channels.
    fn group_norm(lanes: usize, shape: &Groups, w: &[Self], b: &[Self], x: &[Self], y: &mut [Self]);
    /// [dw, db] += their gradients, lanes summed; dx = the input's, which alone needs w; one of both may be left out.
    fn group_norm_gradient(
        lanes: usize,
        shape: &Groups,
        x: &[Self],
        dy: &[Self],
        gradients: Option<[&mut [Self]; 2]>,
        w_and_dx: Option<(&[Self], &mut [Self])>,
    );
    /// y ← y · (0 or 1 / (1 − p)).
    fn dropout(lanes: usize, mask: &Mask, y: &mut [Self]);
    /// to ← to + from.
    fn add(from: &[Self], to: &mut [Self]);
    /// y = x above 0, w·x below.
    fn prelu(w: &[Self], x: &[Self], y: &mut [Self]);
    /// dx = dy above 0, w·dy below.
    fn prelu_input_gradient(w: &[Self], x: &[Self], dy: &[Self], dx: &mut [Self]);
    /// dw += Σ x·dy where x is not above 0, lanes summed.
    fn prelu_weight_gradient(x: &[Self], dy: &[Self], dw: &mut [Self]);
    /// y = weighted sums of neighbours in x.
    fn upsample(lanes: usize, shape: &Upsample, x: &[Self], y: &mut [Self]);
    /// dx: each dy spread over the neighbours by the same weights.
    fn upsample_gradient(lanes: usize, shape: &Upsample, dy: &[Self], dx: &mut [Self]);
    /// y = x amid zeros.
    fn pad(lanes: usize, shape: &Pad, x: &[Self], y: &mut [Self]);
    /// dx = the middle of dy.
    fn pad_gradient(lanes: usize, shape: &Pad, dy: &[Self], dx: &mut [Self]);
    /// to ← to + from, from ← 0.
    fn drain(from: &mut [Self], to: &mut [Self]);
    /// w ← factor·w.
    fn scale(factor: Self, w: &mut [Self]);
    /// w ← w − rate·(g + decay·w).
    fn descend(step: &Descent<Self>, w: &mut [Self], g: &[Self]);
    /// The same along m ← momentum·m + (g + decay·w).
    fn descend_with_momentum(step: &Descent<Self>, w: &mut [Self], g: &[Self], m: &mut [Self]);
    /// A step of Adam.
    fn adapt(step: &Adaptive<Self>, w: &mut [Self], g: &[Self], m: &mut [Self], v: &mut [Self]);
}

/// Concrete impls, so that the loops are compiled in this crate and not in the user's.
macro_rules! kernels {
    ($($scalar:ty),*) => {$(
        impl Kernels for $scalar {
            fn convolution(lanes: usize, shape: &Convolution, w: &[Self], b: &[Self], x: &[Self], y: &mut [Self]) {
                convolution::forward(lanes, shape, w, b, x, y);
            }

            fn convolution_pooled(lanes: usize, shape: &Pooled, w: &[Self], b: &[Self], x: &[Self], y: &mut [Self]) {
                convolution::pooled(lanes, shape, w, b, x, y);
            }

            fn convolution_transposed(
                lanes: usize,
                shape: &Convolution,
                w: &[Self],
                b: &[Self],
                dy: &[Self],
                dx: &mut [Self],
            ) {
                convolution::transposed(lanes, shape, w, b, dy, dx);
            }

            fn convolution_weight_gradient(lanes: usize, shape: &Convolution, x: &[Self], dy: &[Self], dw: &mut [Self]) {
                convolution_weights::gradient(lanes, shape, x, dy, dw);
            }

            fn linear(lanes: usize, w: &[Self], b: &[Self], x: &[Self], y: &mut [Self]) {
                linear::forward(lanes, w, b, x, y);
            }

            fn linear_input_gradient(lanes: usize, w: &[Self], dy: &[Self], dx: &mut [Self]) {
                linear::input_gradient(lanes, w, dy, dx);
            }

            fn linear_weight_gradient(lanes: usize, x: &[Self], dy: &[Self], dw: &mut [Self]) {
                linear::weight_gradient(lanes, x, dy, dw);
            }

            fn bias_gradient(dy: &[Self], db: &mut [Self]) {
                linear::bias_gradient(dy, db);
            }

            fn max_pool(lanes: usize, shape: &Pool, x: &[Self], y: &mut [Self]) {
                pool::max(lanes, shape, x, y);
            }

            fn max_pool_gradient(lanes: usize, shape: &Pool, x: &[Self], dy: &[Self], dx: &mut [Self]) {
                pool::max_gradient(lanes, shape, x, dy, dx);
            }

            fn max_pool_gradient_in_place(
                lanes: usize,
                shape: &Pool,
                function: Option<Function>,
                dy: &[Self],
                x: &mut [Self],
            ) {
                pool::in_place::max_gradient(lanes, shape, function, dy, x);
            }

            fn avg_pool(lanes: usize, shape: &Pool, x: &[Self], y: &mut [Self]) {
                pool::avg(lanes, shape, x, y);
            }

            fn avg_pool_gradient(lanes: usize, shape: &Pool, dy: &[Self], dx: &mut [Self]) {
                pool::avg_gradient(lanes, shape, dy, dx);
            }

            fn activation(function: Function, y: &mut [Self]) {
                activation::forward(function, y);
            }

            fn activation_gradient(function: Function, kept: &[Self], dy: &mut [Self]) {
                activation::gradient(function, kept, dy);
            }

            fn frozen_norm(layer: &Frozen<Self>, y: &mut [Self]) {
                batch_norm::frozen(layer, y);
            }

            fn frozen_norm_gradient(layer: &Frozen<Self>, dy: &mut [Self]) {
                batch_norm::frozen_gradient(layer, dy);
            }

            fn batch_statistics(lanes: usize, x: &[Self], statistics: &mut [Self]) {
                batch_norm::statistics(lanes, x, statistics);
            }

            fn batch_norm(lanes: usize, eps: f64, w: &[Self], b: &[Self], statistics: &[Self], x: &[Self], y: &mut [Self]) {
                batch_norm::forward(lanes, eps, w, b, statistics, x, y);
            }

            fn batch_norm_sums(lanes: usize, eps: f64, statistics: &mut [Self], x: &[Self], dy: &[Self]) {
                batch_norm::gradient_sums(lanes, eps, statistics, x, dy);
            }

            fn batch_norm_gradient(lanes: usize, eps: f64, w: &[Self], statistics: &[Self], x: &[Self], dy: &mut [Self]) {
                batch_norm::input_gradient(lanes, eps, w, statistics, x, dy);
            }

            fn group_norm(lanes: usize, shape: &Groups, w: &[Self], b: &[Self], x: &[Self], y: &mut [Self]) {
                group_norm::forward(lanes, shape, w, b, x, y);
            }

            fn group_norm_gradient(
                lanes: usize,
                shape: &Groups,
                x: &[Self],
                dy: &[Self],
                gradients: Option<[&mut [Self]; 2]>,
                w_and_dx: Option<(&[Self], &mut [Self])>,
            ) {
                group_norm::gradient(lanes, shape, x, dy, gradients, w_and_dx);
            }

            fn dropout(lanes: usize, mask: &Mask, y: &mut [Self]) {
                dropout::apply(lanes, mask, y);
            }

            fn add(from: &[Self], to: &mut [Self]) {
                combine::add(from, to);
            }

            fn prelu(w: &[Self], x: &[Self], y: &mut [Self]) {
                prelu::forward(w, x, y);
            }

            fn prelu_input_gradient(w: &[Self], x: &[Self], dy: &[Self], dx: &mut [Self]) {
                prelu::input_gradient(w, x, dy, dx);
            }

            fn prelu_weight_gradient(x: &[Self], dy: &[Self], dw: &mut [Self]) {
                prelu::weight_gradient(x, dy, dw);
            }

            fn upsample(lanes: usize, shape: &Upsample, x: &[Self], y: &mut [Self]) {
                upsample::forward(lanes, shape, x, y);
            }

            fn upsample_gradient(lanes: usize, shape: &Upsample, dy: &[Self], dx: &mut [Self]) {
                upsample::gradient(lanes, shape, dy, dx);
            }

            fn pad(lanes: usize, shape: &Pad, x: &[Self], y: &mut [Self]) {
                pad::forward(lanes, shape, x, y);
            }

            fn pad_gradient(lanes: usize, shape: &Pad, dy: &[Self], dx: &mut [Self]) {
                pad::gradient(lanes, shape, dy, dx);
            }

            fn drain(from: &mut [Self], to: &mut [Self]) {
                step::drain(from, to);
            }

            fn scale(factor: Self, w: &mut [Self]) {
                step::scale(factor, w);
            }

            fn descend(step: &Descent<Self>, w: &mut [Self], g: &[Self]) {
                step::descend(step, w, g);
            }

            fn descend_with_momentum(step: &Descent<Self>, w: &mut [Self], g: &[Self], m: &mut [Self]) {
                step::descend_with_momentum(step, w, g, m);
            }

            fn adapt(step: &Adaptive<Self>, w: &mut [Self], g: &[Self], m: &mut [Self], v: &mut [Self]) {
                step::adapt(step, w, g, m, v);
            }
        }
    )*};
}
kernels!(f32, f64);
