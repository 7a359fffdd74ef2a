//! Leaky rectifiers with learned slopes: y = x above 0, w·x below, each channel with its own w.

use crate::element::LANES;
use crate::simd::{Kernel, Simd, Vectors};

/// y = x > 0 ? x : w·x
pub(super) fn forward<S: Vectors>(w: &[S], x: &[S], y: &mut [S]) {
    assert_eq!(x.len(), y.len(), "y: as x");
    check(w, x);
    S::dispatch(LANES, Forward { w, x, y });
}

/// Forward: y = x > 0 ? x : w·x   so   dx = x > 0 ? dy : w·dy
pub(super) fn input_gradient<S: Vectors>(w: &[S], x: &[S], dy: &[S], dx: &mut [S]) {
    assert!(x.len() == dy.len() && x.len() == dx.len(), "dy, dx: as x");
    check(w, x);
    S::dispatch(LANES, InputGradient { w, x, dy, dx });
}

/// Forward: y = x > 0 ? x : w·x   so   dw += Σ (x > 0 ? 0 : x·dy) over positions and lanes
pub(super) fn weight_gradient<S: Vectors>(x: &[S], dy: &[S], dw: &mut [S]) {
    assert_eq!(x.len(), dy.len(), "dy: as x");
    check(dw, x);
    S::dispatch(LANES, WeightGradient { x, dy, dw });
}

fn check<S>(w: &[S], x: &[S]) {
    assert!(!w.is_empty() && x.len().is_multiple_of(w.len()), "x has as many entries for each of the slopes");
}

struct Forward<'a, S> {
    w: &'a [S],
    x: &'a [S],
    y: &'a mut [S],
}

struct InputGradient<'a, S> {
    w: &'a [S],
    x: &'a [S],
    dy: &'a [S],
    dx: &'a mut [S],
}

struct WeightGradient<'a, S> {
    x: &'a [S],
    dy: &'a [S],
    dw: &'a mut [S],
}

impl<S: Vectors> Kernel<S> for Forward<'_, S> {
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(self, _simd: I) {
        let channel = self.x.len() / self.w.len();
        for (c, &w) in self.w.iter().enumerate() {
            let channel = c * channel..(c + 1) * channel;
            for (y, &x) in self.y[channel.clone()].iter_mut().zip(&self.x[channel]) {
                *y = if x > S::ZERO { x } else { w * x };
            }
        }
    }
}

impl<S: Vectors> Kernel<S> for InputGradient<'_, S> {
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(self, _simd: I) {
        let channel = self.x.len() / self.w.len();
        for (c, &w) in self.w.iter().enumerate() {
            let channel = c * channel..(c + 1) * channel;
            let pairs = self.x[channel.clone()].iter().zip(&self.dy[channel.clone()]);
            for (dx, (&x, &dy)) in self.dx[channel].iter_mut().zip(pairs) {
                *dx = if x > S::ZERO { dy } else { w * dy };
            }
        }
    }
}

impl<S: Vectors> Kernel<S> for WeightGradient<'_, S> {
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(self, _simd: I) {
        let channel = self.x.len() / self.dw.len();
        for (c, dw) in self.dw.iter_mut().enumerate() {
            let channel = c * channel..(c + 1) * channel;
            // With LANES sums side by side the compiler adds vectors; they are added up once.
            let mut sums = [S::ZERO; LANES];
            let (x, x_rest) = self.x[channel.clone()].as_chunks::<LANES>();
            let (dy, dy_rest) = self.dy[channel].as_chunks::<LANES>();
            for (x, dy) in x.iter().zip(dy) {
                for (sum, (&x, &dy)) in sums.iter_mut().zip(x.iter().zip(dy)) {
                    *sum += if x > S::ZERO { S::ZERO } else { x * dy };
                }
            }
            for (sum, (&x, &dy)) in sums.iter_mut().zip(x_rest.iter().zip(dy_rest)) {
                *sum += if x > S::ZERO { S::ZERO } else { x * dy };
            }
            *dw += sums.into_iter().fold(S::ZERO, |total, sum| total + sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::element::LANES;
    use crate::kernels::Kernels;
    use crate::kernels::tests::{add, assert_sums, random};

    extern crate std;
    use std::vec;

    #[test]
    fn slopes_equal_plain_loops() {
        // positions, for the sums with and without whole rows of LANES
        for (channels, positions) in [(1, 1), (1, 37), (3, 5), (5, 16), (2, 33)] {
            for lanes in [1, LANES] {
                let n = channels * positions * lanes;
                let (w, x, dy, start) = (random(channels, 1), random(n, 2), random(n, 3), random(channels, 4));
                let mut want_dw = vec![(0.0, 0.0, 0); channels];
                let (mut want_y, mut want_dx) = (x.clone(), dy.clone());
                for (want, &start) in want_dw.iter_mut().zip(&start) {
                    add(want, start, 1.0);
                }
                for i in (0..n).filter(|&i| x[i] <= 0.0) {
                    let channel = i / (positions * lanes);
                    want_y[i] = w[channel] * x[i];
                    want_dx[i] = w[channel] * dy[i];
                    add(&mut want_dw[channel], x[i], dy[i]);
                }
                let (mut y, mut dx, mut dw) = (vec![f32::NAN; n], vec![f32::NAN; n], start.clone());
                f32::prelu(&w, &x, &mut y);
                f32::prelu_input_gradient(&w, &x, &dy, &mut dx);
                f32::prelu_weight_gradient(&x, &dy, &mut dw);
                assert_eq!((y, dx), (want_y, want_dx));
                assert_sums("dw", &dw, &want_dw);
            }
        }
    }
}
