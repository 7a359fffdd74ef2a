//! Learning-rate schedules: rate(step) = base rate · factor(step), steps counted from 0.

/// A factor on the learning rate that depends on the step.
pub trait Schedule: Send + Sync {
    /// The factor for step `step`, the first being 0. Past its end a schedule stays at its last value.
    fn factor(&self, step: u64) -> f64;
}

/// Always 1.
#[derive(Clone, Copy, Debug)]
pub struct Constant;

/// `gamma` to the power of ⌊step / every⌋ (PyTorch's `StepLR`).
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Steps between two drops.
    pub every: u64,
    /// The factor of a drop.
    pub gamma: f64,
}

/// From 1 to `last` along half a cosine over `steps` steps (Loshchilov and Hutter, 2017; `CosineAnnealingLR`).
#[derive(Clone, Copy, Debug)]
pub struct Cosine {
    /// The step at which `last` is reached.
    pub steps: u64,
    /// The factor at the end.
    pub last: f64,
}

/// Up from 1/25 to 1 in the first `rise` of the steps, then down to 1/250,000, along half cosines
/// (Smith and Topin, 2019; the learning rate of PyTorch's `OneCycleLR`, the base rate being its `max_lr`; the momentum
/// stays).
#[derive(Clone, Copy, Debug)]
pub struct OneCycle {
    /// Steps in all.
    pub steps: u64,
    /// The share of them in which the rate grows; PyTorch's default is 0.3.
    pub rise: f64,
}

/// Grows linearly from `start` to 1 over `steps` steps, while `then` runs from its own step 0 behind it.
#[derive(Clone, Copy, Debug)]
pub struct WarmUp<T> {
    /// The first step at full rate.
    pub steps: u64,
    /// The factor of step 0.
    pub start: f64,
    /// What follows; its step 0 is step `steps`.
    pub then: T,
}

impl OneCycle {
    /// One cycle over `steps` steps, growing for 30 % of them.
    #[must_use]
    pub const fn new(steps: u64) -> Self {
        Self { steps, rise: 0.3 }
    }
}

/// From `from` to `to` along half a cosine, `share` of the way.
fn half_cosine(from: f64, to: f64, share: f64) -> f64 {
    to + (from - to) * 0.5 * (1.0 + libm::cos(core::f64::consts::PI * share))
}

/// `part / whole` as a share in [0, 1]; 1 if there is no whole.
fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { (part / whole).clamp(0.0, 1.0) } else { 1.0 }
}

#[allow(clippy::cast_precision_loss, reason = "step counts are far below 2^53")]
fn float(step: u64) -> f64 {
    step as f64
}

impl Schedule for Constant {
    fn factor(&self, _step: u64) -> f64 {
        1.0
    }
}

impl Schedule for Step {
    fn factor(&self, step: u64) -> f64 {
        let drops = step.checked_div(self.every).unwrap_or(0);
        libm::pow(self.gamma, float(drops))
    }
}

impl Schedule for Cosine {
    fn factor(&self, step: u64) -> f64 {
        half_cosine(1.0, self.last, share(float(step), float(self.steps)))
    }
}

impl Schedule for OneCycle {
    fn factor(&self, step: u64) -> f64 {
        const FIRST: f64 = 1.0 / 25.0;
        const LAST: f64 = FIRST / 1e4;
        let step = float(step);
        let end = float(self.steps) - 1.0;
        let peak = self.rise * float(self.steps) - 1.0;
        if step <= peak {
            half_cosine(FIRST, 1.0, share(step, peak))
        } else {
            half_cosine(1.0, LAST, share(step - peak, end - peak))
        }
    }
}

impl<T: Schedule> Schedule for WarmUp<T> {
    fn factor(&self, step: u64) -> f64 {
        match step.checked_sub(self.steps) {
            Some(later) => self.then.factor(later),
            None => self.start + (1.0 - self.start) * share(float(step), float(self.steps)),
        }
    }
}

impl<T: Schedule + ?Sized> Schedule for &T {
    fn factor(&self, step: u64) -> f64 {
        (**self).factor(step)
    }
}

#[cfg(feature = "std")]
impl<T: Schedule + ?Sized> Schedule for std::boxed::Box<T> {
    fn factor(&self, step: u64) -> f64 {
        (**self).factor(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_at_the_corners() {
        let near = |got: f64, want: f64| assert!((got - want).abs() < 1e-12, "got {got}, want {want}");
        near(Constant.factor(9), 1.0);
        near(Step { every: 5, gamma: 0.5 }.factor(4), 1.0);
        near(Step { every: 5, gamma: 0.5 }.factor(10), 0.25);
        let cosine = Cosine { steps: 20, last: 0.01 };
        near(cosine.factor(0), 1.0);
        near(cosine.factor(10), 0.505);
        near(cosine.factor(20), 0.01);
        near(cosine.factor(2000), 0.01);
        let cycle = OneCycle::new(100);
        near(cycle.factor(0), 0.04);
        near(cycle.factor(29), 1.0);
        near(cycle.factor(99), 0.04 / 1e4);
        near(cycle.factor(1000), 0.04 / 1e4);
        let warm = WarmUp { steps: 4, start: 0.2, then: cosine };
        near(warm.factor(0), 0.2);
        near(warm.factor(2), 0.6);
        near(warm.factor(4), 1.0);
        near(warm.factor(14), 0.505);
    }

    #[test]
    fn degenerate_lengths_stay_finite() {
        for step in [0, 1, 5] {
            assert!(OneCycle::new(0).factor(step).is_finite());
            assert!(OneCycle::new(1).factor(step).is_finite());
            assert!(Cosine { steps: 0, last: 0.1 }.factor(step).is_finite());
            assert!(Step { every: 0, gamma: 0.5 }.factor(step).is_finite());
            assert!(WarmUp { steps: 0, start: 0.1, then: Constant }.factor(step).is_finite());
        }
    }
}
