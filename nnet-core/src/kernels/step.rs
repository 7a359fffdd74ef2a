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
