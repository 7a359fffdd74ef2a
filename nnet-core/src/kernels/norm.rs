//! What all normalizations share: sums over a plane of entries and what follows from them, each lane by itself.
#![allow(unsafe_code, reason = "loads and stores; each slice has the length of a vector")]

#[cfg(test)]
mod tests;

use crate::scalar::Scalar;
use crate::simd::Simd;
use crate::tensor::Tensor;

/// The lanes of one vector: those from `first` on in entries of `lanes` scalars.
#[derive(Clone, Copy)]
pub(super) struct Part<I> {
    simd: I,
    lanes: usize,
    first: usize,
}

/// The parts of entries of `lanes` scalars.
#[inline(always)]
pub(super) fn parts<I: Simd>(simd: I, lanes: usize) -> impl Iterator<Item = Part<I>> {
    (0..lanes).step_by(I::WIDTH).map(move |first| Part { simd, lanes, first })
}

impl<I: Simd> Part<I> {
    #[inline(always)]
    pub fn splat(self, value: I::Scalar) -> I::Vector {
        self.simd.splat(value)
    }

    /// This part of an entry.
    #[inline(always)]
    pub fn load(self, entry: &[I::Scalar]) -> I::Vector {
        let from = &entry[self.first..][..I::WIDTH];
        // SAFETY: `from` has WIDTH scalars.
        unsafe { self.simd.load(from.as_ptr()) }
    }

    /// Writes this part of an entry.
    #[inline(always)]
    pub fn store(self, entry: &mut [I::Scalar], value: I::Vector) {
        let to = &mut entry[self.first..][..I::WIDTH];
        // SAFETY: `to` has WIDTH scalars.
        unsafe { self.simd.store(to.as_mut_ptr(), value) }
    }

    #[inline(always)]
    pub fn add(self, a: I::Vector, b: I::Vector) -> I::Vector {
        self.simd.mul_add(a, self.splat(I::Scalar::ONE), b)
    }

    #[inline(always)]
    pub fn sub(self, a: I::Vector, b: I::Vector) -> I::Vector {
        self.simd.mul_add(b, self.splat(-I::Scalar::ONE), a)
    }

    #[inline(always)]
    pub fn mul(self, a: I::Vector, b: I::Vector) -> I::Vector {
        self.simd.mul_add(a, b, self.splat(I::Scalar::ZERO))
    }

    #[inline(always)]
    pub fn where_less(self, x: I::Vector, y: I::Vector, a: I::Vector, b: I::Vector) -> I::Vector {
        self.simd.where_less(x, y, a, b)
    }

    #[inline(always)]
    pub fn sum(self, value: I::Vector) -> I::Scalar {
        self.simd.sum(value)
    }

    /// f of each scalar.
    #[inline(always)]
    pub fn map(self, value: I::Vector, f: impl Fn(I::Scalar) -> I::Scalar) -> I::Vector {
        let mut scalars = [I::Scalar::ZERO; crate::element::LANES];
        let whole = Self { first: 0, ..self };
        whole.store(&mut scalars, value);
        for scalar in &mut scalars[..I::WIDTH] {
            *scalar = f(*scalar);
        }
        whole.load(&scalars)
    }

    /// 1 / √(variance + ε)
    #[inline(always)]
    pub fn one_over_deviation(self, variance: I::Vector, eps: f64) -> I::Vector {
        let eps = I::Scalar::from_f64(eps);
        self.map(variance, |variance| I::Scalar::ONE / (variance + eps).sqrt())
    }

    /// Mean and Σ (x − mean)² of a plane, in two passes: the second one sums deviations from the first one's mean,
    /// and corrects both by what their sum lacks to 0 (Chan, Golub, LeVeque, "Algorithms for computing the sample
    /// variance", 1983).
    #[inline(always)]
    pub fn moments(self, x: &[I::Scalar]) -> [I::Vector; 2] {
        let share = self.splat(I::Scalar::ONE / I::Scalar::from_f64((x.len() / self.lanes) as f64));
        let about = self.mul(self.plane_sum(x), share);
        let [rest, squares] = self.deviations(x, about);
        let correction = self.mul(rest, share);
        let squares = self.sub(squares, self.mul(rest, correction));
        let positive = |square| if square < I::Scalar::ZERO { I::Scalar::ZERO } else { square };
        [self.add(about, correction), self.map(squares, positive)]
    }

    // The sums below add even and odd entries apart, so that no addition waits for the one just before.

    /// Σ x
    #[inline(always)]
    fn plane_sum(self, x: &[I::Scalar]) -> I::Vector {
        let mut sums = [self.splat(I::Scalar::ZERO); 2];
        let pairs = x.chunks_exact(2 * self.lanes);
        for x in pairs.remainder().chunks_exact(self.lanes) {
            sums[0] = self.load(x);
        }
        for pair in pairs {
            for (sum, x) in sums.iter_mut().zip(pair.chunks_exact(self.lanes)) {
                *sum = self.add(self.load(x), *sum);
            }
        }
        self.add(sums[0], sums[1])
    }

    /// Σ (x − about) and Σ (x − about)²
    #[inline(always)]
    fn deviations(self, x: &[I::Scalar], about: I::Vector) -> [I::Vector; 2] {
        let mut sums = [[self.splat(I::Scalar::ZERO); 2]; 2];
        let pairs = x.chunks_exact(2 * self.lanes);
        for x in pairs.remainder().chunks_exact(self.lanes) {
            self.add_deviation(&mut sums[0], x, about);
        }
        for pair in pairs {
            for (sums, x) in sums.iter_mut().zip(pair.chunks_exact(self.lanes)) {
                self.add_deviation(sums, x, about);
            }
        }
        [self.add(sums[0][0], sums[1][0]), self.add(sums[0][1], sums[1][1])]
    }

    #[inline(always)]
    fn add_deviation(self, sums: &mut [I::Vector; 2], x: &[I::Scalar], about: I::Vector) {
        let deviation = self.sub(self.load(x), about);
        sums[0] = self.add(deviation, sums[0]);
        sums[1] = self.simd.mul_add(deviation, deviation, sums[1]);
    }

    /// Σ dy and Σ dy·(x − mean)
    #[inline(always)]
    pub fn gradient_sums(self, x: &[I::Scalar], dy: &[I::Scalar], mean: I::Vector) -> [I::Vector; 2] {
        let mut sums = [[self.splat(I::Scalar::ZERO); 2]; 2];
        let (x, dy) = (x.chunks_exact(2 * self.lanes), dy.chunks_exact(2 * self.lanes));
        let rest = x.remainder().chunks_exact(self.lanes).zip(dy.remainder().chunks_exact(self.lanes));
        for (x, dy) in rest {
            self.add_product(&mut sums[0], x, dy, mean);
        }
        for (x, dy) in x.zip(dy) {
            let pair = x.chunks_exact(self.lanes).zip(dy.chunks_exact(self.lanes));
            for (sums, (x, dy)) in sums.iter_mut().zip(pair) {
                self.add_product(sums, x, dy, mean);
            }
        }
        [self.add(sums[0][0], sums[1][0]), self.add(sums[0][1], sums[1][1])]
    }

    #[inline(always)]
    fn add_product(self, sums: &mut [I::Vector; 2], x: &[I::Scalar], dy: &[I::Scalar], mean: I::Vector) {
        let dy = self.load(dy);
        sums[0] = self.add(dy, sums[0]);
        sums[1] = self.simd.mul_add(dy, self.sub(self.load(x), mean), sums[1]);
    }

    /// (x − mean) · scale + shift
    #[inline(always)]
    pub fn normalized(self, x: &[I::Scalar], mean: I::Vector, scale: I::Vector, shift: I::Vector) -> I::Vector {
        self.simd.mul_add(self.sub(self.load(x), mean), scale, shift)
    }
}

/// dx = scale·dy + shift − (x − mean)·slope, what the gradient of every normalization comes to.
#[derive(Clone, Copy)]
pub(super) struct Gradient<V> {
    pub mean: V,
    pub scale: V,
    pub minus_slope: V,
    pub shift: V,
}

impl<V: Copy> Gradient<V> {
    /// dx = inverse · (w·dy − mean_g − x̂·mean_product) with x̂ = (x − mean) · inverse.
    #[inline(always)]
    pub fn new<I: Simd<Vector = V>>(
        part: Part<I>,
        w: I::Scalar,
        [mean, inverse]: [V; 2],
        [g, product]: [V; 2],
    ) -> Self {
        let minus = part.mul(inverse, part.splat(-I::Scalar::ONE));
        Self {
            mean,
            scale: part.mul(inverse, part.splat(w)),
            minus_slope: part.mul(part.mul(inverse, minus), product),
            shift: part.mul(minus, g),
        }
    }

    /// dx of an entry.
    #[inline(always)]
    pub fn at<I: Simd<Vector = V>>(&self, part: Part<I>, x: &[I::Scalar], dy: &[I::Scalar]) -> V {
        let along = part.simd.mul_add(part.load(dy), self.scale, self.shift);
        part.simd.mul_add(part.sub(part.load(x), self.mean), self.minus_slope, along)
    }
}
