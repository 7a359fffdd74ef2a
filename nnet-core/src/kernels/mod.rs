//! The loops of the layers, written once over [`crate::simd`] and compiled here, once for each scalar.
//!
//! Sizes are arguments, not types: a deep network adds calls, not code. Every kernel takes flat slices of scalars in
//! which an entry is `lanes` of them, asserts the slices' lengths against the sizes, and only then uses pointers.

mod activation;
mod batch_norm;
mod bias;
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
pub use linear::Factors;
pub use pad::Pad;
pub use pool::{Pool, Windows};
pub use step::{Adaptive, Descent};
pub use upsample::{Upsample, UpsampleMode};

use crate::element::LANES;

/// Declares the trait and implements it for both scalars, so that the loops are compiled in this crate and not in the
/// user's; those of one sample apart from those of a group, so that a program has only those that it runs. Where predictions
/// need them they are compiled without their checks, which the user's program makes while it is compiled.
macro_rules! kernels {
    ($($table:tt)*) => {
        declare! { $($table)* }
        implement! { f32 $($table)* }
        implement! { f64 $($table)* }
    };
}

macro_rules! declare {
    (
        of_checked_entries { $(
            $(#[$checked_doc:meta])*
            fn $checked:ident($($checked_arg:ident: $checked_type:ty),* $(,)?) = $checked_kernel:path, $check:path;
        )* }
        of_entries { $($(#[$doc:meta])* fn $name:ident($($arg:ident: $type:ty),* $(,)?) = $kernel:path;)* }
        of_scalars { $($(#[$any_doc:meta])* fn $any:ident($($any_arg:ident: $any_type:ty),* $(,)?) = $any_kernel:path;)* }
    ) => {
        /// The kernels of a scalar; what they compute is said at the layers that call them. An entry is `lanes` scalars: 1,
        /// or [`LANES`].
        #[doc(hidden)]
        pub trait Kernels<S = Self>: Sized {
            $($(#[$checked_doc])* fn $checked(lanes: usize, $($checked_arg: $checked_type),*);)*
            $($(#[$doc])* fn $name(lanes: usize, $($arg: $type),*);)*
            $($(#[$any_doc])* fn $any($($any_arg: $any_type),*);)*
        }
    };
}

macro_rules! implement {
    (
        $scalar:ident
        of_checked_entries { $(
            $(#[$checked_doc:meta])*
            fn $checked:ident($($checked_arg:ident: $checked_type:ty),* $(,)?) = $checked_kernel:path, $check:path;
        )* }
        of_entries { $($(#[$doc:meta])* fn $name:ident($($arg:ident: $type:ty),* $(,)?) = $kernel:path;)* }
        of_scalars { $($(#[$any_doc:meta])* fn $any:ident($($any_arg:ident: $any_type:ty),* $(,)?) = $any_kernel:path;)* }
    ) => {
        const _: () = {
            type S = $scalar;
            impl Kernels for S {
                $(
                    #[inline(always)]
                    #[allow(unsafe_code, reason = "the loops are compiled without the checks")]
                    fn $checked(lanes: usize, $($checked_arg: $checked_type),*) {
                        #[inline(never)]
                        unsafe fn of_one($($checked_arg: $checked_type),*) {
                            // SAFETY: by this function's contract, which is the kernel's.
                            unsafe { $checked_kernel(1, $($checked_arg),*) };
                        }
                        #[inline(never)]
                        unsafe fn of_group($($checked_arg: $checked_type),*) {
                            // SAFETY: by this function's contract, which is the kernel's.
                            unsafe { $checked_kernel(LANES, $($checked_arg),*) };
                        }
                        $check(lanes, $($checked_arg),*);
                        match lanes {
                            // SAFETY: the check has returned.
                            1 => unsafe { of_one($($checked_arg),*) },
                            // SAFETY: the check has returned.
                            LANES => unsafe { of_group($($checked_arg),*) },
                            _ => panic!("an entry is 1 or {LANES} scalars, not {lanes}"),
                        }
                    }
                )*
                $(
                    #[inline(always)]
                    fn $name(lanes: usize, $($arg: $type),*) {
                        #[inline(never)]
                        fn of_one($($arg: $type),*) {
                            $kernel(1, $($arg),*);
                        }
                        #[inline(never)]
                        fn of_group($($arg: $type),*) {
                            $kernel(LANES, $($arg),*);
                        }
                        match lanes {
                            1 => of_one($($arg),*),
                            LANES => of_group($($arg),*),
                            _ => panic!("an entry is 1 or {LANES} scalars, not {lanes}"),
                        }
                    }
                )*
                $(
                    fn $any($($any_arg: $any_type),*) {
                        $any_kernel($($any_arg),*);
                    }
                )*
            }
        };
    };
}

kernels! {
    of_checked_entries {
        /// y[o] = b[o] + Σ w[o][i] ⋆ x[i]; no bias if `b` is empty.
        fn convolution(shape: Convolution, w: &[S], b: &[S], x: &[S], y: &mut [S]) = convolution::forward, convolution::check;
        /// y[o] = the pool of b[o] + Σ w[o][i] ⋆ x[i], or of max(b[o] + .., 0): see `Pooled::run`.
        fn convolution_pooled(
            shape: Pooled<S>,
            w: &[S],
            b: &[S],
            x: &[S],
            y: &mut [S],
        ) = convolution::pooled::<S, true>, convolution::check_plain;
        /// y[o] = the pool of f(b[o] + Σ w[o][i] ⋆ x[i]).
        fn convolution_activated_pooled(
            shape: Pooled<S>,
            w: &[S],
            b: &[S],
            x: &[S],
            y: &mut [S],
        ) = convolution::pooled::<S, false>, convolution::check_pooled;
        /// y = b + w·x; no bias if `b` is empty.
        fn linear(w: &[S], b: &[S], x: &[S], y: &mut [S]) = linear::forward, linear::check;
    }
    of_entries {
        /// dx[i] = b[i] + Σ w[o][i] transposed-⋆ dy[o]; no bias if `b` is empty, as for a gradient.
        fn convolution_transposed(
            shape: &Convolution,
            w: &[S],
            b: &[S],
            dy: &[S],
            dx: &mut [S],
        ) = convolution::transposed;
        /// dw[o][i] += x[i] ⋆ dy[o], lanes summed.
        fn convolution_weight_gradient(
            shape: &Convolution,
            x: &[S],
            dy: &[S],
            dw: &mut [S],
        ) = convolution_weights::gradient;
        /// dx = wᵀ·dy.
        fn linear_input_gradient(w: &[S], dy: &[S], dx: &mut [S]) = linear::input_gradient;
        /// dw += dy·xᵀ, lanes summed.
        fn linear_weight_gradient(x: &[S], dy: &[S], dw: &mut [S]) = linear::weight_gradient;
        /// db[o] += Σ dy[o], over positions and lanes.
        fn bias_gradient(dy: &[S], db: &mut [S]) = bias::gradient;
        /// The largest entry of each window.
        fn max_pool(shape: &Pool, x: &[S], y: &mut [S]) = pool::max;
        /// dx: each window's dy at its first largest entry, 0 elsewhere.
        fn max_pool_gradient(shape: &Pool, x: &[S], dy: &[S], dx: &mut [S]) = pool::max_gradient;
        /// x ← dx of `max_pool`, and of the function that gave x before it; the windows do not overlap.
        fn max_pool_gradient_in_place(
            shape: &Pool,
            function: Option<Function>,
            dy: &[S],
            x: &mut [S],
        ) = pool::in_place::max_gradient;
        /// The mean of each window.
        fn avg_pool(shape: &Pool, x: &[S], y: &mut [S]) = pool::avg;
        /// dx: each window's dy spread evenly.
        fn avg_pool_gradient(shape: &Pool, dy: &[S], dx: &mut [S]) = pool::avg_gradient;
        /// Rows 0 and 1 of the statistics: mean and Σ (x − mean)² of each channel and lane.
        fn batch_statistics(x: &[S], statistics: &mut [S]) = batch_norm::statistics;
        /// y = (x − mean) / √(variance + ε) · w + b, mean and variance in rows 0 and 1.
        fn batch_norm(eps: f64, w: &[S], b: &[S], statistics: &[S], x: &[S], y: &mut [S]) = batch_norm::forward;
        /// Rows 2 and 3 of the statistics: Σ dy and Σ dy·x̂ of each channel and lane.
        fn batch_norm_sums(eps: f64, statistics: &mut [S], x: &[S], dy: &[S]) = batch_norm::gradient_sums;
        /// dy ← dx, the means of dy and dy·x̂ in rows 2 and 3.
        fn batch_norm_gradient(eps: f64, w: &[S], statistics: &[S], x: &[S], dy: &mut [S]) = batch_norm::input_gradient;
        /// y = the normalization of each group of channels.
        fn group_norm(shape: &Groups, w: &[S], b: &[S], x: &[S], y: &mut [S]) = group_norm::forward;
        /// [dw, db] += their gradients, lanes summed; dx = the input's, which alone needs w; one of both may be left out.
        fn group_norm_gradient(
            shape: &Groups,
            x: &[S],
            dy: &[S],
            gradients: Option<[&mut [S]; 2]>,
            w_and_dx: Option<(&[S], &mut [S])>,
        ) = group_norm::gradient;
        /// y ← y · (0 or 1 / (1 − p)).
        fn dropout(mask: &Mask, y: &mut [S]) = dropout::apply;
        /// y = weighted sums of neighbours in x.
        fn upsample(shape: &Upsample, x: &[S], y: &mut [S]) = upsample::forward;
        /// dx: each dy spread over the neighbours by the same weights.
        fn upsample_gradient(shape: &Upsample, dy: &[S], dx: &mut [S]) = upsample::gradient;
        /// y = x amid zeros.
        fn pad(shape: &Pad, x: &[S], y: &mut [S]) = pad::forward;
        /// dx = the middle of dy.
        fn pad_gradient(shape: &Pad, dy: &[S], dx: &mut [S]) = pad::gradient;
    }
    of_scalars {
        /// turned ← x of a group, as `sum_of_products` reads it.
        fn turn(x: &[S], turned: &mut [S]) = linear::turn;
        /// dw = Σ dy·xᵀ over the groups of a batch, added to what is there unless it `is_first`.
        fn sum_of_products(is_first: bool, factors: &Factors<'_, S>, dw: &mut [S]) = linear::sum_of_products;
        /// y ← max(y, 0).
        fn relu(y: &mut [S]) = activation::relu;
        /// y ← f(y).
        fn activation(function: Function, y: &mut [S]) = activation::forward;
        /// dy ← dy where y > 0, else 0.
        fn relu_gradient(y: &[S], dy: &mut [S]) = activation::relu_gradient;
        /// dy ← f′·dy, where `kept` is what the function's gradient needs: its output, or its input where the output is
        /// not enough.
        fn activation_gradient(function: Function, kept: &[S], dy: &mut [S]) = activation::gradient;
        /// y ← the normalization by running statistics.
        fn frozen_norm(layer: &Frozen<S>, y: &mut [S]) = batch_norm::frozen;
        /// dy ← dx of `frozen_norm`.
        fn frozen_norm_gradient(layer: &Frozen<S>, dy: &mut [S]) = batch_norm::frozen_gradient;
        /// to ← to + from.
        fn add(from: &[S], to: &mut [S]) = combine::add;
        /// y = x above 0, w·x below.
        fn prelu(w: &[S], x: &[S], y: &mut [S]) = prelu::forward;
        /// dx = dy above 0, w·dy below.
        fn prelu_input_gradient(w: &[S], x: &[S], dy: &[S], dx: &mut [S]) = prelu::input_gradient;
        /// dw += Σ x·dy where x is not above 0, lanes summed.
        fn prelu_weight_gradient(x: &[S], dy: &[S], dw: &mut [S]) = prelu::weight_gradient;
        /// to ← to + from, from ← 0.
        fn drain(from: &mut [S], to: &mut [S]) = step::drain;
        /// w ← factor·w.
        fn scale(factor: S, w: &mut [S]) = step::scale;
        /// w ← w − rate·(g + decay·w).
        fn descend(step: &Descent<S>, w: &mut [S], g: &[S]) = step::descend;
        /// The same along m ← momentum·m + (g + decay·w).
        fn descend_with_momentum(step: &Descent<S>, w: &mut [S], g: &[S], m: &mut [S]) = step::descend_with_momentum;
        /// A step of Adam.
        fn adapt(step: &Adaptive<S>, w: &mut [S], g: &[S], m: &mut [S], v: &mut [S]) = step::adapt;
    }
}
