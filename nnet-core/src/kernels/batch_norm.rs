//! Batch normalization of one lane group, channel by channel.
//!
//! Statistics are four rows of C entries: mean, variance, and the two sums of backward.

use super::norm::{Gradient, parts};
use crate::element::LANES;
use crate::scalar::Scalar;
use crate::simd::{Kernel, Simd, Vectors};

/// What a trained layer holds for each channel.
#[derive(Clone, Copy, Debug)]
pub struct Frozen<'a, S> {
    /// Added to the variance.
    pub eps: f64,
    /// Factor on the normalized value.
    pub weight: &'a [S],
    /// The mean of the result.
    pub bias: &'a [S],
    /// Running mean.
    pub mean: &'a [S],
    /// Running variance.
    pub variance: &'a [S],
}

impl<S: Scalar> Frozen<'_, S> {
    /// The scale and shift of channel `c`: (y − mean) / √(variance + ε) · weight + bias = scale · y + shift.
    #[inline(always)]
    pub fn scale_and_shift(&self, c: usize) -> (S, S) {
        let scale = self.weight[c] / (self.variance[c] + S::from_f64(self.eps)).sqrt();
        (scale, self.bias[c] - self.mean[c] * scale)
    }

    fn check(&self, y: &[S]) {
        let channels = self.weight.len();
        assert!(channels > 0 && y.len().is_multiple_of(channels), "y: [C, ..]");
        for row in [self.bias, self.mean, self.variance] {
            assert_eq!(row.len(), channels, "a number for each channel");
        }
    }
}

/// y ← scale · y + shift
pub(super) fn frozen<S: Vectors>(layer: &Frozen<S>, y: &mut [S]) {
    layer.check(y);
    S::dispatch(LANES, Forward { layer, y });
}

/// Forward: y = scale · x + shift   so   dx = scale · dy
pub(super) fn frozen_gradient<S: Vectors>(layer: &Frozen<S>, dy: &mut [S]) {
    layer.check(dy);
    S::dispatch(LANES, Backward { layer, dy });
}

struct Forward<'a, S> {
    layer: &'a Frozen<'a, S>,
    y: &'a mut [S],
}

impl<S: Vectors> Kernel<S> for Forward<'_, S> {
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(self, _simd: I) {
        let plane = self.y.len() / self.layer.weight.len();
        for (c, y) in self.y.chunks_exact_mut(plane.max(1)).enumerate() {
            let (scale, shift) = self.layer.scale_and_shift(c);
            for y in y {
                *y = *y * scale + shift;
            }
        }
    }
}

struct Backward<'a, S> {
    layer: &'a Frozen<'a, S>,
    dy: &'a mut [S],
}

impl<S: Vectors> Kernel<S> for Backward<'_, S> {
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(self, _simd: I) {
        let plane = self.dy.len() / self.layer.weight.len();
        for (c, dy) in self.dy.chunks_exact_mut(plane.max(1)).enumerate() {
            let (scale, _) = self.layer.scale_and_shift(c);
            for dy in dy {
                *dy *= scale;
            }
        }
    }
}

/// The number of channels, if x is that many planes.
fn channels<S>(lanes: usize, statistics: &[S], x: &[S]) -> usize {
    let channels = statistics.len() / (4 * lanes);
    assert_eq!(statistics.len(), 4 * channels * lanes, "statistics: [4, C]");
    assert!(channels > 0 && !x.is_empty() && x.len().is_multiple_of(channels * lanes), "x: [C, ..]");
    channels
}

/// statistics[0] = mean x, statistics[1] = Σ (x − mean)², each lane by itself
#[inline(always)]
pub(super) fn statistics<S: Vectors>(lanes: usize, x: &[S], statistics: &mut [S]) {
    let channels = channels(lanes, statistics, x);
    S::dispatch(lanes, Statistics { lanes, channels, x, rows: statistics });
}

/// y = (x − mean) / √(variance + ε) · w + b
#[inline(always)]
pub(super) fn forward<S: Vectors>(lanes: usize, eps: f64, w: &[S], b: &[S], statistics: &[S], x: &[S], y: &mut [S]) {
    let channels = channels(lanes, statistics, x);
    assert_eq!((w.len(), b.len()), (channels, channels), "w, b: [C]");
    assert_eq!(x.len(), y.len(), "y has the shape of x");
    S::dispatch(lanes, Normalize { lanes, eps, w, b, statistics, x, y });
}

/// statistics[2] = Σ dy, statistics[3] = Σ dy·x̂, each lane by itself
#[inline(always)]
pub(super) fn gradient_sums<S: Vectors>(lanes: usize, eps: f64, statistics: &mut [S], x: &[S], dy: &[S]) {
    let channels = channels(lanes, statistics, x);
    assert_eq!(x.len(), dy.len(), "dy has the shape of x");
    S::dispatch(lanes, GradientSums { lanes, channels, eps, statistics, x, dy });
}

/// dy ← w / √(variance + ε) · (dy − statistics[2] − x̂·statistics[3])
#[inline(always)]
pub(super) fn input_gradient<S: Vectors>(lanes: usize, eps: f64, w: &[S], statistics: &[S], x: &[S], dy: &mut [S]) {
    assert_eq!(w.len(), channels(lanes, statistics, x), "w: [C]");
    assert_eq!(x.len(), dy.len(), "dy has the shape of x");
    S::dispatch(lanes, InputGradient { lanes, eps, w, statistics, x, dy });
}

struct Statistics<'a, S> {
    lanes: usize,
    channels: usize,
    x: &'a [S],
    rows: &'a mut [S],
}

struct Normalize<'a, S> {
    lanes: usize,
    eps: f64,
    w: &'a [S],
    b: &'a [S],
    statistics: &'a [S],
    x: &'a [S],
    y: &'a mut [S],
}

struct GradientSums<'a, S> {
    lanes: usize,
    channels: usize,
    eps: f64,
    statistics: &'a mut [S],
    x: &'a [S],
    dy: &'a [S],
}

struct InputGradient<'a, S> {
    lanes: usize,
    eps: f64,
    w: &'a [S],
    statistics: &'a [S],
    x: &'a [S],
    dy: &'a mut [S],
}

impl<S: Vectors> Kernel<S> for Statistics<'_, S> {
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(self, simd: I) {
        let Self { lanes, channels, x, rows } = self;
        let (means, squares) = rows.split_at_mut(channels * lanes);
        let rows = means.chunks_exact_mut(lanes).zip(squares.chunks_exact_mut(lanes));
        for (x, (mean, square)) in x.chunks_exact(x.len() / channels).zip(rows) {
            for part in parts(simd, lanes) {
                let moments = part.moments(x);
                part.store(mean, moments[0]);
                part.store(square, moments[1]);
            }
        }
    }
}

/// The entry of channel `c` in row `row` of the statistics.
#[inline(always)]
fn entry<S>(statistics: &[S], lanes: usize, row: usize, c: usize) -> &[S] {
    &statistics[statistics.len() / 4 * row + c * lanes..][..lanes]
}

impl<S: Vectors> Kernel<S> for Normalize<'_, S> {
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(self, simd: I) {
        let Self { lanes, eps, w, b, statistics, x, y } = self;
        let plane = x.len() / w.len();
        for (c, (x, y)) in x.chunks_exact(plane).zip(y.chunks_exact_mut(plane)).enumerate() {
            for part in parts(simd, lanes) {
                let mean = part.load(entry(statistics, lanes, 0, c));
                let inverse = part.one_over_deviation(part.load(entry(statistics, lanes, 1, c)), eps);
                let (scale, shift) = (part.mul(inverse, part.splat(w[c])), part.splat(b[c]));
                for (x, y) in x.chunks_exact(lanes).zip(y.chunks_exact_mut(lanes)) {
                    part.store(y, part.normalized(x, mean, scale, shift));
                }
            }
        }
    }
}

impl<S: Vectors> Kernel<S> for GradientSums<'_, S> {
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(self, simd: I) {
        let Self { lanes, channels, eps, statistics, x, dy } = self;
        let plane = x.len() / channels;
        let (moments, sums) = statistics.split_at_mut(2 * channels * lanes);
        for (c, (x, dy)) in x.chunks_exact(plane).zip(dy.chunks_exact(plane)).enumerate() {
            let at = [c, channels + c].map(|entry| entry * lanes..(entry + 1) * lanes);
            for part in parts(simd, lanes) {
                let [mean, variance] = [0, 1].map(|row| part.load(&moments[at[row].clone()]));
                let [sum, product] = part.gradient_sums(x, dy, mean);
                part.store(&mut sums[at[0].clone()], sum);
                part.store(&mut sums[at[1].clone()], part.mul(product, part.one_over_deviation(variance, eps)));
            }
        }
    }
}

impl<S: Vectors> Kernel<S> for InputGradient<'_, S> {
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(self, simd: I) {
        let Self { lanes, eps, w, statistics, x, dy } = self;
        let plane = x.len() / w.len();
        for (c, (x, dy)) in x.chunks_exact(plane).zip(dy.chunks_exact_mut(plane)).enumerate() {
            for part in parts(simd, lanes) {
                let [mean, variance, mean_dy, mean_product] =
                    [0, 1, 2, 3].map(|row| part.load(entry(statistics, lanes, row, c)));
                // g = w·dy, and so are its means
                let means = [mean_dy, mean_product].map(|mean| part.mul(mean, part.splat(w[c])));
                let gradient = Gradient::new(part, w[c], [mean, part.one_over_deviation(variance, eps)], means);
                for (x, dy) in x.chunks_exact(lanes).zip(dy.chunks_exact_mut(lanes)) {
                    part.store(dy, gradient.at(part, x, dy));
                }
            }
        }
    }
}
