//! Normalization of each sample by itself, over groups of channels. One group of channels of one entry each is layer
//! normalization.

use super::norm::{Gradient, Part, parts};
use crate::scalar::Scalar;
use crate::simd::{Kernel, Simd, Vectors};
use crate::tensor::Tensor;

/// The sizes of a normalization by groups of channels.
#[derive(Clone, Copy, Debug)]
pub struct Groups {
    /// Groups of channels; divides their number.
    pub groups: usize,
    /// Added to the variance.
    pub eps: f64,
}

impl Groups {
    fn check<S>(&self, lanes: usize, channels: usize, x: &[S]) {
        assert!(
            self.groups > 0 && channels > 0 && channels.is_multiple_of(self.groups),
            "groups of equally many channels"
        );
        assert!(!x.is_empty() && x.len().is_multiple_of(channels * lanes), "x: [C, ..]");
    }
}

/// y = (x − mean) / √(variance + ε) · w + b, statistics over each group of channels
#[inline(always)]
pub(super) fn forward<S: Vectors>(lanes: usize, shape: &Groups, w: &[S], b: &[S], x: &[S], y: &mut [S]) {
    shape.check(lanes, w.len(), x);
    assert_eq!(b.len(), w.len(), "b: [C]");
    assert_eq!(x.len(), y.len(), "y has the shape of x");
    S::dispatch(lanes, Forward { lanes, shape, w, b, x, y });
}

/// Forward: y = x̂·w + b   so   dw += Σ dy·x̂,  db += Σ dy, and with g = w·dy
/// dx = (g − mean g − x̂·mean (g·x̂)) / √(variance + ε)
#[inline(always)]
pub(super) fn gradient<S: Vectors>(
    lanes: usize,
    shape: &Groups,
    x: &[S],
    dy: &[S],
    gradients: Option<[&mut [S]; 2]>,
    w_and_dx: Option<(&[S], &mut [S])>,
) {
    let rows = gradients.iter().flatten().map(|row| row.len());
    let mut rows = rows.chain(w_and_dx.iter().map(|(w, _)| w.len()));
    let Some(channels) = rows.next() else { return };
    assert!(rows.all(|length| length == channels), "w, dw, db: [C]");
    shape.check(lanes, channels, x);
    assert_eq!(x.len(), dy.len(), "dy has the shape of x");
    assert!(w_and_dx.as_ref().is_none_or(|(_, dx)| dx.len() == x.len()), "dx has the shape of x");
    S::dispatch(lanes, Backward { lanes, shape, channels, x, dy, gradients, w_and_dx });
}

struct Forward<'a, S> {
    lanes: usize,
    shape: &'a Groups,
    w: &'a [S],
    b: &'a [S],
    x: &'a [S],
    y: &'a mut [S],
}

struct Backward<'a, S> {
    lanes: usize,
    shape: &'a Groups,
    channels: usize,
    x: &'a [S],
    dy: &'a [S],
    gradients: Option<[&'a mut [S]; 2]>,
    w_and_dx: Option<(&'a [S], &'a mut [S])>,
}

impl<S: Vectors> Kernel<S> for Forward<'_, S> {
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(self, simd: I) {
        let Self { lanes, shape, w, b, x, y } = self;
        let (plane, size) = (x.len() / w.len(), x.len() / shape.groups);
        let channels = w.len() / shape.groups;
        let affine = w.chunks_exact(channels).zip(b.chunks_exact(channels));
        for ((x, y), (w, b)) in x.chunks_exact(size).zip(y.chunks_exact_mut(size)).zip(affine) {
            for part in parts(simd, lanes) {
                let [mean, inverse] = mean_and_inverse(part, shape.eps, x, size / lanes);
                let planes = x.chunks_exact(plane).zip(y.chunks_exact_mut(plane));
                for ((x, y), (&w, &b)) in planes.zip(w.iter().zip(b)) {
                    let (scale, shift) = (part.mul(inverse, part.splat(w)), part.splat(b));
                    for (x, y) in x.chunks_exact(lanes).zip(y.chunks_exact_mut(lanes)) {
                        part.store(y, part.normalized(x, mean, scale, shift));
                    }
                }
            }
        }
    }
}

/// Mean and 1 / √(variance + ε) of a group of `entries` entries.
#[inline(always)]
fn mean_and_inverse<I: Simd>(part: Part<I>, eps: f64, x: &[I::Scalar], entries: usize) -> [I::Vector; 2] {
    let share = I::Scalar::ONE / I::Scalar::from_f64(entries as f64);
    let [mean, squares] = part.moments(x);
    [mean, part.one_over_deviation(part.mul(squares, part.splat(share)), eps)]
}

impl<S: Vectors> Kernel<S> for Backward<'_, S> {
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(self, simd: I) {
        let Self { lanes, shape, channels, x, dy, mut gradients, mut w_and_dx } = self;
        let (channels, size, plane) = (channels / shape.groups, x.len() / shape.groups, x.len() / channels);
        for group in 0..shape.groups {
            let (entries, c) = (group * size..(group + 1) * size, group * channels..(group + 1) * channels);
            let (x, dy) = (&x[entries.clone()], &dy[entries.clone()]);
            for part in parts(simd, lanes) {
                let moments = mean_and_inverse(part, shape.eps, x, size / lanes);
                let gradients = gradients.as_mut().map(|rows| rows.each_mut().map(|row| &mut row[c.clone()]));
                let w = w_and_dx.as_ref().map(|(w, _)| &w[c.clone()]);
                let sums = gradient_sums(part, plane, moments, w, [x, dy], gradients);
                if let Some((w, dx)) = &mut w_and_dx {
                    let share = part.splat(S::ONE / S::from_f64((size / lanes) as f64));
                    let means = sums.map(|sum| part.mul(sum, share));
                    input_gradient(part, lanes, moments, means, [&w[c.clone()], x, dy], &mut dx[entries.clone()]);
                }
            }
        }
    }
}

/// Σ g and Σ g·x̂ of one group, with g = w·dy, if there is a w; adds the gradients [dw, db] of its channels.
#[inline(always)]
fn gradient_sums<I: Simd>(
    part: Part<I>,
    plane: usize,
    [mean, inverse]: [I::Vector; 2],
    w: Option<&[I::Scalar]>,
    [x, dy]: [&[I::Scalar]; 2],
    mut gradients: Option<[&mut [I::Scalar]; 2]>,
) -> [I::Vector; 2] {
    let mut sums = [part.splat(I::Scalar::ZERO); 2];
    for (c, (x, dy)) in x.chunks_exact(plane).zip(dy.chunks_exact(plane)).enumerate() {
        let [sum, product] = part.gradient_sums(x, dy, mean);
        let product = part.mul(product, inverse);
        if let Some([dw, db]) = &mut gradients {
            db[c] += part.sum(sum);
            dw[c] += part.sum(product);
        }
        if let Some(w) = w {
            let w = part.splat(w[c]);
            sums = [part.add(part.mul(w, sum), sums[0]), part.add(part.mul(w, product), sums[1])];
        }
    }
    sums
}

/// dx of one group of channels.
#[inline(always)]
fn input_gradient<I: Simd>(
    part: Part<I>,
    lanes: usize,
    moments: [I::Vector; 2],
    means: [I::Vector; 2],
    [w, x, dy]: [&[I::Scalar]; 3],
    dx: &mut [I::Scalar],
) {
    let plane = x.len() / w.len();
    let planes = x.chunks_exact(plane).zip(dy.chunks_exact(plane)).zip(dx.chunks_exact_mut(plane));
    for (((x, dy), dx), &w) in planes.zip(w) {
        let gradient = Gradient::new(part, w, moments, means);
        for ((x, dy), dx) in x.chunks_exact(lanes).zip(dy.chunks_exact(lanes)).zip(dx.chunks_exact_mut(lanes)) {
            part.store(dx, gradient.at(part, x, dy));
        }
    }
}
