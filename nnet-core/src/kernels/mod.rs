//! The loops of the layers, written once over [`crate::simd`] and compiled here, once for each scalar.
//!
//! Sizes are arguments, not types: a deep network adds calls, not code. Every kernel takes flat slices of scalars in
//! which an entry is `lanes` of them, asserts the slices' lengths against the sizes, and only then uses pointers.

mod activation;
mod convolution;
mod convolution_weights;
mod line;
mod linear;
mod pool;
mod tile;

#[cfg(test)]
mod tests;

pub use activation::Function;
pub use convolution::Convolution;
pub use pool::Pool;

/// The kernels of a scalar; what they compute is said at the layers that call them.
#[doc(hidden)]
pub trait Kernels: Sized {
    /// y[o] = b[o] + Σ w[o][i] ⋆ x[i]; no bias if `b` is empty.
    fn convolution(lanes: usize, shape: &Convolution, w: &[Self], b: &[Self], x: &[Self], y: &mut [Self]);
    /// dx[i] = Σ w[o][i] transposed-⋆ dy[o].
    fn convolution_input_gradient(lanes: usize, shape: &Convolution, w: &[Self], dy: &[Self], dx: &mut [Self]);
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
    /// The mean of each window, zeros of the padding counted.
    fn avg_pool(lanes: usize, shape: &Pool, x: &[Self], y: &mut [Self]);
    /// dx: each window's dy spread evenly.
    fn avg_pool_gradient(lanes: usize, shape: &Pool, dy: &[Self], dx: &mut [Self]);
    /// y ← f(y).
    fn activation(function: Function, y: &mut [Self]);
    /// dy ← f′·dy, where `kept` is what the function's gradient needs: its output, or its input for `Gelu`.
    fn activation_gradient(function: Function, kept: &[Self], dy: &mut [Self]);
}

/// Concrete impls, so that the loops are compiled in this crate and not in the user's.
macro_rules! kernels {
    ($($scalar:ty),*) => {$(
        impl Kernels for $scalar {
            fn convolution(lanes: usize, shape: &Convolution, w: &[Self], b: &[Self], x: &[Self], y: &mut [Self]) {
                convolution::forward(lanes, shape, w, b, x, y);
            }

            fn convolution_input_gradient(lanes: usize, shape: &Convolution, w: &[Self], dy: &[Self], dx: &mut [Self]) {
                convolution::input_gradient(lanes, shape, w, dy, dx);
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
        }
    )*};
}
kernels!(f32, f64);
