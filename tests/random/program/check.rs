//! The checks of one network: sizes, gradients against differences, groups against single samples, prediction.

use std::panic::{AssertUnwindSafe, catch_unwind};

use nnet::{LANES, ParameterInfo};

use crate::case::{BATCH, LARGE, Subject};
use crate::judge::{Line, Verdict};

/// Entries of the parameters, and of the input, that are compared.
const ENTRIES: usize = 60;
const INPUTS: usize = 12;
/// One entry in so many is also compared with a gradient that is wrong by a hundredth.
const DOUBTED: usize = 4;
const WRONG: f64 = 1.01;

/// What the generator knows.
pub struct Expected {
    pub name: &'static str,
    pub declaration: &'static str,
    pub parameters: usize,
    pub learned: usize,
    /// Whether nothing is frozen.
    pub input_gradient: bool,
    /// Whether training is prediction: no dropout, no batch norm that learns.
    pub steady: bool,
}

/// Over all networks.
#[derive(Default)]
pub struct Report {
    pub failed: usize,
    pub entries: usize,
    pub bends: usize,
    /// Wrong gradients that were tried, and those large enough to be told from true ones.
    pub doubted: usize,
    pub large: usize,
    /// Networks none of whose gradients is so large.
    pub flat: Vec<&'static str>,
}

impl Report {
    /// Checks a network, and prints its declaration with all that is wrong.
    pub fn check(&mut self, expected: &Expected, subject: impl FnOnce() -> Box<dyn Subject>) {
        let mut errors = Vec::new();
        let run = || Checks { report: self, errors: &mut errors, large: 0 }.run(expected, &mut *subject());
        if catch_unwind(AssertUnwindSafe(run)).is_err() {
            errors.push("panicked".to_owned());
        }
        if !errors.is_empty() {
            self.failed += 1;
            println!("{}\n{}:\n  {}\n", expected.declaration, expected.name, errors.join("\n  "));
        }
    }
}

struct Checks<'a> {
    report: &'a mut Report,
    errors: &'a mut Vec<String>,
    large: usize,
}

impl Checks<'_> {
    fn run(&mut self, expected: &Expected, subject: &mut dyn Subject) {
        let (parameters, gradients, input_gradient) = subject.sizes();
        self.equal("parameters", parameters, expected.parameters);
        self.equal("gradients", gradients, expected.learned);
        let listed = subject.parameters().iter().filter(|parameter| parameter.gradient.is_some());
        self.equal("parameters with gradients", listed.map(ParameterInfo::len).sum(), expected.learned);
        if expected.input_gradient && !input_gradient {
            self.errors.push("nothing is frozen, but there is no gradient of the input".to_owned());
        }
        self.parameters(subject);
        if input_gradient {
            self.inputs(subject);
        }
        self.groups(subject);
        self.steps(subject);
        let [predicted, forward, in_lane] = subject.outputs();
        self.close("predict of a group", &in_lane, &predicted);
        if expected.steady {
            self.close("forward and predict", &forward, &predicted);
        }
        if self.large == 0 {
            self.report.flat.push(expected.name);
        }
    }

    fn equal(&mut self, what: &str, got: usize, want: usize) {
        if got != want {
            self.errors.push(format!("{got} {what}, want {want}"));
        }
    }

    /// Equal up to rounding: a million roundings of the largest, for norms enlarge what comes before them.
    fn close(&mut self, what: &str, got: &[f64], want: &[f64]) {
        self.equal(&format!("entries of {what}"), got.len(), want.len());
        let largest = want.iter().fold(1.0, |largest: f64, value| largest.max(value.abs()));
        for (at, (got, want)) in got.iter().zip(want).enumerate() {
            let is_close = (got - want).abs() <= 1e6 * f64::EPSILON * largest;
            if !is_close {
                self.errors.push(format!("{what}: entry {at} is {got}, want {want}"));
                return;
            }
        }
    }

    /// Entries of every tensor that learns, the largest gradient of all among them.
    fn parameters(&mut self, subject: &mut dyn Subject) {
        let (loss, gradients) = subject.by_samples(BATCH);
        let group_loss = subject.group_loss();
        self.close("the loss", &[loss], &[group_loss]);
        let largest = (0..gradients.len()).max_by(|a, b| gradients[*a].abs().total_cmp(&gradients[*b].abs()));
        let tensors: Vec<_> =
            subject.parameters().iter().filter_map(|tensor| Some((tensor, tensor.gradient?))).collect();
        let each = (ENTRIES / tensors.len().max(1)).max(1);
        for (tensor, gradient) in tensors {
            let step = tensor.len().div_ceil(each);
            for entry in 0..tensor.len() {
                let is_largest = largest == Some(gradient + entry);
                if !(is_largest || entry.is_multiple_of(step)) {
                    continue;
                }
                let at = tensor.offset + entry;
                let name = format!("{}[{entry}]", tensor.name);
                self.compare(&name, gradients[gradient + entry], is_largest, |d| {
                    let value = subject.weights()[at];
                    subject.weights()[at] = value + d;
                    let loss = subject.group_loss();
                    subject.weights()[at] = value;
                    loss
                });
            }
        }
    }

    /// Entries of the input: of a sample by itself, and of the samples of a group.
    fn inputs(&mut self, subject: &mut dyn Subject) {
        let gradient = subject.sample_input_gradient();
        for at in (0..gradient.len()).step_by(gradient.len().div_ceil(INPUTS)) {
            self.compare(&format!("input[{at}]"), gradient[at], false, |d| {
                let value = subject.sample()[at];
                subject.sample()[at] = value + d;
                let loss = subject.sample_loss();
                subject.sample()[at] = value;
                loss
            });
        }
        let gradient = subject.group_input_gradient();
        let unused = gradient.chunks(LANES).flat_map(|lanes| &lanes[BATCH..]).find(|value| **value != 0.0);
        if let Some(value) = unused {
            self.errors.push(format!("the gradient of an unused lane is {value}"));
        }
        let entries = gradient.len() / LANES;
        for (lane, entry) in (0..entries).step_by(entries.div_ceil(INPUTS)).enumerate() {
            let at = entry * LANES + lane % BATCH;
            self.compare(&format!("input[{entry}] of sample {}", lane % BATCH), gradient[at], false, |d| {
                let value = subject.group()[at];
                subject.group()[at] = value + d;
                let loss = subject.group_loss();
                subject.group()[at] = value;
                loss
            });
        }
    }

    /// One gradient; if it is `doubted`, and now and then, also a wrong one, which must be found out if it is large enough.
    fn compare(&mut self, name: &str, gradient: f64, doubted: bool, loss: impl FnMut(f64) -> f64) {
        let mut line = Line::new(loss);
        let verdict = line.judge(gradient);
        match verdict {
            Verdict::Agrees => {}
            Verdict::Bend => self.report.bends += 1,
            Verdict::Differs(want) => self.errors.push(format!("{name}: gradient {gradient}, by differences {want}")),
        }
        if verdict == Verdict::Agrees && (doubted || self.report.entries.is_multiple_of(DOUBTED)) {
            self.report.doubted += 1;
            if gradient.abs() > line.resolution(WRONG) {
                self.large += 1;
                self.report.large += 1;
                if !matches!(line.judge(gradient * WRONG), Verdict::Differs(_)) {
                    self.errors.push(format!("{name}: gradient {gradient} passes with an error of a hundredth"));
                }
            }
        }
        self.report.entries += 1;
    }

    /// A step of descent with gradients, and in place.
    fn steps(&mut self, subject: &dyn Subject) {
        for samples in [None, Some(BATCH), Some(LANES)] {
            if let Some([want, got]) = subject.steps(samples) {
                self.close(&format!("a step in place on {samples:?} samples"), &got, &want);
            }
        }
    }

    /// The same samples one at a time and in groups.
    fn groups(&mut self, subject: &mut dyn Subject) {
        for samples in [BATCH, LARGE] {
            let (loss, gradients) = subject.by_samples(samples);
            let (group_loss, group_gradients) = subject.by_groups(samples);
            self.close(&format!("the loss of {samples} samples in groups"), &[group_loss], &[loss]);
            self.close(&format!("the gradients of {samples} samples in groups"), &group_gradients, &gradients);
        }
    }
}
