//! Steps of the optimizers, and the sum of gradients before them: one pass over memory each.

use crate::element::LANES;
use crate::simd::{Kernel, Simd, Vectors};

/// The numbers of a step of descent.
#[derive(Clone, Copy, Debug)]
pub struct Descent<S> {
    pub rate: S,
    /// What of w is added to the gradient.
    pub decay: S,
    pub momentum: S,
    pub nesterov: bool,
}

/// The numbers of a step of Adam.
#[derive(Clone, Copy, Debug)]
pub struct Adaptive<S> {
    /// What of w is added to the gradient.
    pub decay: S,
    /// What of w is kept.
    pub kept: S,
    /// rate / (1 − β₁ᵗ)
    pub size: S,
    /// 1 / √(1 − β₂ᵗ)
    pub correction: S,
    /// β₁, β₂
    pub keep: [S; 2],
    /// 1 − β₁, 1 − β₂
    pub add: [S; 2],
    pub eps: S,
}

/// to ← to + from,  from ← 0
pub(super) fn drain<S: Vectors>(from: &mut [S], to: &mut [S]) {
    assert_eq!(from.len(), to.len(), "parts of two gradients");
    S::dispatch(LANES, Drain { from, to });
}

/// w ← factor·w
pub(super) fn scale<S: Vectors>(factor: S, w: &mut [S]) {
    S::dispatch(LANES, Scale { factor, w });
}

/// g ← ∇ + λw,  w ← w − rate·g
pub(super) fn descend<S: Vectors>(step: &Descent<S>, w: &mut [S], g: &[S]) {
    S::dispatch(LANES, Descend { step: *step, w, g });
}

/// g ← ∇ + λw,  m ← μm + g,  w ← w − rate·m  (Nesterov: w ← w − rate·(g + μm))
pub(super) fn descend_with_momentum<S: Vectors>(step: &Descent<S>, w: &mut [S], g: &[S], m: &mut [S]) {
    S::dispatch(LANES, DescendWithMomentum { step: *step, w, g, m });
}

/// g ← ∇ + λw,  m ← β₁m + (1−β₁)g,  v ← β₂v + (1−β₂)g²,  w ← kept·w − size·m / (√v·correction + ε)
pub(super) fn adapt<S: Vectors>(step: &Adaptive<S>, w: &mut [S], g: &[S], m: &mut [S], v: &mut [S]) {
    S::dispatch(LANES, Adapt { step: *step, w, g, m, v });
}

struct Drain<'a, S> {
    from: &'a mut [S],
    to: &'a mut [S],
}

impl<S: Vectors> Kernel<S> for Drain<'_, S> {
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(self, _simd: I) {
        for (from, to) in self.from.iter_mut().zip(self.to) {
            *to += *from;
            *from = S::ZERO;
        }
    }
}

struct Scale<'a, S> {
    factor: S,
    w: &'a mut [S],
}

impl<S: Vectors> Kernel<S> for Scale<'_, S> {
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(self, _simd: I) {
        for w in self.w {
            *w *= self.factor;
        }
    }
}

struct Descend<'a, S> {
    step: Descent<S>,
    w: &'a mut [S],
    g: &'a [S],
}

impl<S: Vectors> Kernel<S> for Descend<'_, S> {
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(self, _simd: I) {
        let Descent { rate, decay, .. } = self.step;
        for (w, &g) in self.w.iter_mut().zip(self.g) {
            *w -= rate * (g + decay * *w);
        }
    }
}

struct DescendWithMomentum<'a, S> {
    step: Descent<S>,
    w: &'a mut [S],
    g: &'a [S],
    m: &'a mut [S],
}

impl<S: Vectors> Kernel<S> for DescendWithMomentum<'_, S> {
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(self, _simd: I) {
        let Descent { rate, decay, momentum, nesterov } = self.step;
        let parameters = self.w.iter_mut().zip(self.g).zip(self.m);
        if nesterov {
            for ((w, &g), m) in parameters {
                let g = g + decay * *w;
                *m = momentum * *m + g;
                *w -= rate * (g + momentum * *m);
            }
        } else {
            for ((w, &g), m) in parameters {
                *m = momentum * *m + (g + decay * *w);
                *w -= rate * *m;
            }
        }
    }
}

struct Adapt<'a, S> {
    step: Adaptive<S>,
    w: &'a mut [S],
    g: &'a [S],
    m: &'a mut [S],
    v: &'a mut [S],
}

impl<S: Vectors> Kernel<S> for Adapt<'_, S> {
    #[inline(always)]
    fn run<I: Simd<Scalar = S>>(self, _simd: I) {
        let Adaptive { decay, kept, size, correction, keep, add, eps } = self.step;
        for (((w, &g), m), v) in self.w.iter_mut().zip(self.g).zip(self.m).zip(self.v) {
            let g = g + decay * *w;
            *m = keep[0] * *m + add[0] * g;
            *v = keep[1] * *v + add[1] * (g * g);
            *w = kept * *w - size * *m / (v.sqrt() * correction + eps);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::tests::random;

    extern crate std;

    const LENGTHS: [usize; 5] = [0, 1, 7, 16, 1003];

    #[test]
    fn a_drained_gradient_is_added_and_zero() {
        for n in LENGTHS {
            let (mut from, mut to) = (random(n, 1), random(n, 2));
            drain(&mut from, &mut to);
            for (i, (a, b)) in random(n, 1).into_iter().zip(random(n, 2)).enumerate() {
                assert_eq!((from[i], to[i]), (0.0, a + b), "{i} of {n}");
            }
        }
    }

    #[test]
    fn every_number_is_scaled_once() {
        for n in LENGTHS {
            let mut w = random(n, 1);
            scale(0.75, &mut w);
            assert!(w.iter().zip(random(n, 1)).all(|(w, before)| *w == 0.75 * before), "{n}");
        }
    }

    /// No product is fused with a sum, so vectors give the bits of plain numbers.
    #[test]
    fn descent_equals_a_plain_loop_on_every_instruction_set() {
        for (n, nesterov) in LENGTHS.into_iter().flat_map(|n| [(n, false), (n, true)]) {
            let step = Descent { rate: 0.3_f32, decay: 0.01, momentum: 0.9, nesterov };
            let (start, g) = (random(n, 1), random(n, 2));
            let (mut plain, mut w, mut m) = (start.clone(), start.clone(), random(n, 3));
            descend(&step, &mut plain, &g);
            descend_with_momentum(&step, &mut w, &g, &mut m);
            for (i, before) in random(n, 3).into_iter().enumerate() {
                let slope = g[i] + 0.01 * start[i];
                let moment = 0.9 * before + slope;
                let direction = if nesterov { slope + 0.9 * moment } else { moment };
                let want = [start[i] - 0.3 * slope, start[i] - 0.3 * direction, moment];
                assert_eq!([plain[i], w[i], m[i]], want, "{i} of {n}");
            }
        }
    }

    #[test]
    fn adam_equals_a_plain_loop_on_every_instruction_set() {
        let (decay, kept, size, correction, eps) = (0.01_f32, 0.999, 0.02, 3.0, 1e-8);
        let step = Adaptive { decay, kept, size, correction, keep: [0.9, 0.99], add: [0.1, 0.01], eps };
        for n in LENGTHS {
            let (start, g, squares) = (random(n, 1), random(n, 2), random(n, 4).into_iter().map(f32::abs));
            let squares: std::vec::Vec<f32> = squares.collect();
            let (mut w, mut m, mut v) = (start.clone(), random(n, 3), squares.clone());
            adapt(&step, &mut w, &g, &mut m, &mut v);
            for (i, before) in random(n, 3).into_iter().enumerate() {
                let slope = g[i] + decay * start[i];
                let moment = 0.9 * before + 0.1 * slope;
                let square = 0.99 * squares[i] + 0.01 * (slope * slope);
                let weight = kept * start[i] - size * moment / (square.sqrt() * correction + eps);
                assert_eq!([w[i], m[i], v[i]], [weight, moment, square], "{i} of {n}");
            }
        }
    }
}
