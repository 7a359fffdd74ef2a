//! A slope against differences: (f(h) − f(−h)) / 2h = f'(0) + O(h²), up to the rounding of f over h.

/// Powers of two, so that ±h is nearly exact. Truncation falls with h², rounding grows with 1/h, and a bend between −h
/// and h spoils the quotient, so the best step counts. No wrong slope agrees with any of them.
const STEPS: [f64; 3] = [1.0 / 8192.0, 1.0 / 131_072.0, 1.0 / 1_048_576.0];

/// Rounding errors of f, in units of its last place: a mean loss of five samples is a sum of some hundred terms.
const ROUNDINGS: f64 = 16.0;

/// f on a line through a point, measured only as far as is asked.
pub struct Line<F> {
    f: F,
    middle: f64,
    /// f(−h) and f(h).
    ends: Vec<[f64; 2]>,
}

/// What the differences say of a slope.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// It is that of f.
    Agrees,
    /// f bends at the very point, and the slope lies between those of both sides.
    Bend,
    /// It is not; this is the central difference of the last step but one.
    Differs(f64),
}

impl<F: FnMut(f64) -> f64> Line<F> {
    pub fn new(mut f: F) -> Self {
        let middle = f(0.0);
        Self { f, middle, ends: Vec::new() }
    }

    /// The least difference between slopes that no rounding explains, at step h.
    fn tolerance(&self, h: f64) -> f64 {
        ROUNDINGS * f64::EPSILON * (1.0 + self.middle.abs()) / h
    }

    /// A slope with an error of this factor is told from the true one if it is larger than that.
    pub fn resolution(&self, factor: f64) -> f64 {
        4.0 * self.tolerance(STEPS[STEPS.len() - 1]) / (factor - 1.0).abs()
    }

    fn ends(&mut self, step: usize) -> [f64; 2] {
        while self.ends.len() <= step {
            let h = STEPS[self.ends.len()];
            self.ends.push([(self.f)(-h), (self.f)(h)]);
        }
        self.ends[step]
    }

    pub fn judge(&mut self, slope: f64) -> Verdict {
        for (step, h) in STEPS.into_iter().enumerate() {
            let [down, up] = self.ends(step);
            if ((up - down) / (2.0 * h) - slope).abs() <= self.tolerance(h) {
                return Verdict::Agrees;
            }
        }
        let last = STEPS.len() - 1;
        let (h, [down, up]) = (STEPS[last], self.ends(last));
        let (left, right) = ((self.middle - down) / h, (up - self.middle) / h);
        // A difference of one side has half the step, so twice the error.
        let error = 2.0 * self.tolerance(h);
        let bends = (right - left).abs() > 2.0 * error;
        if bends && slope >= left.min(right) - error && slope <= left.max(right) + error {
            return Verdict::Bend;
        }
        let [down, up] = self.ends(last - 1);
        Verdict::Differs((up - down) / (2.0 * STEPS[last - 1]))
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, Verdict};

    #[test]
    fn the_slope_of_a_smooth_function_agrees() {
        for x in [-1.3, 0.0, 0.4, 2.0] {
            let mut line = Line::new(|t: f64| (x + t).sin() + 0.5 * (x + t).powi(3));
            assert_eq!(line.judge(x.cos() + 1.5 * x * x), Verdict::Agrees, "{x}");
        }
    }

    #[test]
    fn a_wrong_slope_differs() {
        for factor in [1.01, 0.99, 1.0001, -1.0, 0.0, 2.0] {
            let mut line = Line::new(|t: f64| (0.4 + t).exp());
            assert!(matches!(line.judge(factor * 0.4_f64.exp()), Verdict::Differs(_)), "{factor}");
        }
    }

    #[test]
    fn no_number_differs() {
        assert!(matches!(Line::new(|t: f64| t).judge(f64::NAN), Verdict::Differs(_)));
        assert!(matches!(Line::new(|_| f64::NAN).judge(1.0), Verdict::Differs(_)));
        assert!(matches!(Line::new(|t: f64| if t > 0.0 { f64::NAN } else { t }).judge(1.0), Verdict::Differs(_)));
        assert!(matches!(Line::new(|t: f64| t).judge(f64::INFINITY), Verdict::Differs(_)));
    }

    #[test]
    fn a_bend_near_the_point_is_stepped_over() {
        let bent = |t: f64| if t > 1e-6 { 3.0 * (t - 1e-6) + t } else { t };
        assert_eq!(Line::new(bent).judge(1.0), Verdict::Agrees);
        assert!(matches!(Line::new(bent).judge(1.01), Verdict::Differs(_)));
        assert!(matches!(Line::new(bent).judge(4.0), Verdict::Differs(_)));
    }

    #[test]
    fn at_a_bend_any_slope_between_both_sides_will_do() {
        assert_eq!(Line::new(|t: f64| t.abs()).judge(0.7), Verdict::Bend);
        for (slope, between) in [(-1.0, true), (0.0, true), (0.7, true), (1.0, true), (1.01, false), (-1.01, false)] {
            let found = Line::new(|t: f64| t.abs()).judge(slope);
            assert_eq!(!matches!(found, Verdict::Differs(_)), between, "{slope}: {found:?}");
        }
    }

    #[test]
    fn a_curve_is_no_bend() {
        // Slopes of both sides differ by h·f'', which is all the room that there is between them.
        let mut line = Line::new(|t: f64| 50.0 * t * t + t);
        assert_eq!(line.judge(1.0), Verdict::Agrees);
        assert!(matches!(line.judge(1.01), Verdict::Differs(_)));
    }
}
