//! Two batch norms by hand: x → fc1 → bn1 → dropout → fc2 → bn2 → y, as `network!` would write it.
#![allow(unsafe_code, reason = "`Flat` is an unsafe trait")]

use crate::element::Element;
use crate::flat::Flat;
use crate::init::Init;
use crate::layers::{BatchNorm, BatchNormGradients, Dropout, Linear, meet};
use crate::loss::{CrossEntropy, MeanSquaredError};
use crate::network::{Differentiable, LayerInfo, Meeting, Network, ParameterInfo, ParameterKind, Train};
use crate::pass::Pass;
use crate::products::OuterProducts;
use crate::random::Random;
use crate::scalar::Scalar;

const EPS: f64 = 1e-5;
pub const MOMENTUM: f64 = 0.1;
const DROPOUT: Dropout = Dropout { p: 0.25 };

#[repr(C)]
#[derive(Clone, Debug, PartialEq)]
pub struct Normed<S, const IN: usize, const HIDDEN: usize, const OUT: usize> {
    pub fc1: Linear<S, HIDDEN, IN>,
    pub bn1: BatchNorm<S, HIDDEN>,
    pub fc2: Linear<S, OUT, HIDDEN>,
    pub bn2: BatchNorm<S, OUT>,
}

#[repr(C)]
#[derive(Clone, Debug, PartialEq)]
pub struct Gradients<S, const IN: usize, const HIDDEN: usize, const OUT: usize> {
    pub fc1: Linear<S, HIDDEN, IN>,
    pub bn1: BatchNormGradients<S, HIDDEN>,
    pub fc2: Linear<S, OUT, HIDDEN>,
    pub bn2: BatchNormGradients<S, OUT>,
}

#[repr(C)]
pub struct Tape<E, const HIDDEN: usize, const OUT: usize> {
    fc1: [E; HIDDEN],
    bn1: [E; HIDDEN],
    fc2: [E; OUT],
    bn2: [E; OUT],
    statistics1: [[E; HIDDEN]; 4],
    statistics2: [[E; OUT]; 4],
    d_hidden: [E; HIDDEN],
    d_out: [E; OUT],
}

// SAFETY: `repr(C)`, and all fields are `Flat` over `S`.
unsafe impl<S: Scalar, const IN: usize, const HIDDEN: usize, const OUT: usize> Flat for Normed<S, IN, HIDDEN, OUT> {
    type Scalar = S;
    const ZERO: Self = Self { fc1: Flat::ZERO, bn1: Flat::ZERO, fc2: Flat::ZERO, bn2: Flat::ZERO };
}

// SAFETY: `repr(C)`, and all fields are `Flat` over `S`.
unsafe impl<S: Scalar, const IN: usize, const HIDDEN: usize, const OUT: usize> Flat for Gradients<S, IN, HIDDEN, OUT> {
    type Scalar = S;
    const ZERO: Self = Self { fc1: Flat::ZERO, bn1: Flat::ZERO, fc2: Flat::ZERO, bn2: Flat::ZERO };
}

// SAFETY: `repr(C)`, and all fields are rows of one element type, each a row of its scalars.
unsafe impl<E: Element, const HIDDEN: usize, const OUT: usize> Flat for Tape<E, HIDDEN, OUT> {
    type Scalar = E::Scalar;
    const ZERO: Self = Self {
        fc1: [E::ZERO; HIDDEN],
        bn1: [E::ZERO; HIDDEN],
        fc2: [E::ZERO; OUT],
        bn2: [E::ZERO; OUT],
        statistics1: [[E::ZERO; HIDDEN]; 4],
        statistics2: [[E::ZERO; OUT]; 4],
        d_hidden: [E::ZERO; HIDDEN],
        d_out: [E::ZERO; OUT],
    };
}

impl<S: Scalar, const IN: usize, const HIDDEN: usize, const OUT: usize> Network for Normed<S, IN, HIDDEN, OUT> {
    type Input<E: Element<Scalar = S>> = [E; IN];
    type Output<E: Element<Scalar = S>> = [E; OUT];
    type Scratch<E: Element<Scalar = S>> = Tape<E, HIDDEN, OUT>;

    const NAME: &'static str = "Normed";
    const INPUT_SHAPE: &'static [usize] = &[IN];
    const OUTPUT_SHAPE: &'static [usize] = &[OUT];
    const LAYERS: &'static [LayerInfo] = &[];
    const PARAMETERS: &'static [ParameterInfo] = {
        use ParameterKind::{Bias, RunningMean, RunningVariance, Weight};
        &[
            row("fc1.weight", &[HIDDEN, IN], Weight, 0, Some(0)),
            row("fc1.bias", &[HIDDEN], Bias, HIDDEN * IN, Some(HIDDEN * IN)),
            row("bn1.weight", &[HIDDEN], Weight, HIDDEN * (IN + 1), Some(HIDDEN * (IN + 1))),
            row("bn1.bias", &[HIDDEN], Bias, HIDDEN * (IN + 2), Some(HIDDEN * (IN + 2))),
            row("bn1.running_mean", &[HIDDEN], RunningMean, HIDDEN * (IN + 3), None),
            row("bn1.running_var", &[HIDDEN], RunningVariance, HIDDEN * (IN + 4), None),
            row("fc2.weight", &[OUT, HIDDEN], Weight, HIDDEN * (IN + 5), Some(HIDDEN * (IN + 3))),
            row("fc2.bias", &[OUT], Bias, HIDDEN * (IN + 5 + OUT), Some(HIDDEN * (IN + 3 + OUT))),
            row("bn2.weight", &[OUT], Weight, HIDDEN * (IN + 5 + OUT) + OUT, Some(HIDDEN * (IN + 3 + OUT) + OUT)),
            row("bn2.bias", &[OUT], Bias, HIDDEN * (IN + 5 + OUT) + 2 * OUT, Some(HIDDEN * (IN + 3 + OUT) + 2 * OUT)),
            row("bn2.running_mean", &[OUT], RunningMean, HIDDEN * (IN + 5 + OUT) + 3 * OUT, None),
            row("bn2.running_var", &[OUT], RunningVariance, HIDDEN * (IN + 5 + OUT) + 4 * OUT, None),
        ]
    };

    fn init(&mut self, random: &mut Random) {
        self.fc1.init(Init::XavierUniform { gain: 1.0 }, random);
        self.bn1.init();
        self.fc2.init(Init::XavierUniform { gain: 1.0 }, random);
        self.bn2.init();
    }

    fn predict<'s, E: Element<Scalar = S>>(&self, x: &[E; IN], scratch: &'s mut Tape<E, HIDDEN, OUT>) -> &'s [E; OUT] {
        let Tape { fc1, bn2, .. } = scratch;
        self.fc1.forward(x, fc1);
        self.bn1.predict(EPS, fc1);
        self.fc2.forward(fc1, bn2);
        self.bn2.predict(EPS, bn2);
        bn2
    }
}

const fn row(
    name: &'static str,
    shape: &'static [usize],
    kind: ParameterKind,
    offset: usize,
    gradient: Option<usize>,
) -> ParameterInfo {
    ParameterInfo { name, shape, offset, kind, gradient }
}

impl<S: Scalar, const IN: usize, const HIDDEN: usize, const OUT: usize> Differentiable for Normed<S, IN, HIDDEN, OUT> {
    type Gradients = Gradients<S, IN, HIDDEN, OUT>;
    type Tape<E: Element<Scalar = S>> = Tape<E, HIDDEN, OUT>;

    const MEETINGS: usize = 2;
    const SMALLEST_BATCH: usize = 2;
    const INPUT_GRADIENT: bool = false;

    fn forward_stage<E: Element<Scalar = S>>(
        &self,
        stage: usize,
        x: &[E; IN],
        pass: &Pass,
        tape: &mut Tape<E, HIDDEN, OUT>,
    ) {
        let Tape { fc1, bn1, fc2, bn2, statistics1, statistics2, .. } = tape;
        match stage {
            0 => {
                self.fc1.forward(x, fc1);
                BatchNorm::<S, HIDDEN>::statistics(fc1, statistics1);
            }
            1 => {
                self.bn1.forward(EPS, statistics1, fc1, bn1);
                DROPOUT.forward(pass, 2, bn1);
                self.fc2.forward(bn1, fc2);
                BatchNorm::<S, OUT>::statistics(fc2, statistics2);
            }
            2 => self.bn2.forward(EPS, statistics2, fc2, bn2),
            _ => panic!("stage {stage} of 2"),
        }
    }

    fn backward_stage<E: Element<Scalar = S>, P: OuterProducts<S>>(
        &self,
        stage: usize,
        x: &[E; IN],
        pass: &Pass,
        tape: &mut Tape<E, HIDDEN, OUT>,
        gradients: &mut Self::Gradients,
        products: &mut P,
        dx: Option<&mut [E; IN]>,
    ) {
        assert!(dx.is_none(), "a trainer does not ask for it");
        let Tape { fc1, bn1, fc2, statistics1, statistics2, d_hidden, d_out, .. } = tape;
        match stage {
            2 => self.bn2.gradient_sums(EPS, statistics2, fc2, d_out, Some(&mut gradients.bn2)),
            1 => {
                self.bn2.backward(EPS, pass, statistics2, fc2, d_out);
                self.fc2.backward_with(bn1, d_out, &mut gradients.fc2, products, Some(d_hidden));
                DROPOUT.backward(pass, 2, d_hidden);
                self.bn1.gradient_sums(EPS, statistics1, fc1, d_hidden, Some(&mut gradients.bn1));
            }
            0 => {
                self.bn1.backward(EPS, pass, statistics1, fc1, d_hidden);
                self.fc1.backward_with(x, d_hidden, &mut gradients.fc1, products, None);
            }
            _ => panic!("stage {stage} of 2"),
        }
    }

    fn descend_stage<E: Element<Scalar = S>>(
        &mut self,
        stage: usize,
        x: &[E; IN],
        pass: &Pass,
        tape: &mut Tape<E, HIDDEN, OUT>,
        kept: S,
        dx: Option<&mut [E; IN]>,
    ) {
        assert!(dx.is_none(), "a trainer does not ask for it");
        let samples = pass.samples().min(E::LANES);
        let Tape { fc1, bn1, fc2, statistics1, statistics2, d_hidden, d_out, .. } = tape;
        match stage {
            2 => self.bn2.gradient_sums(EPS, statistics2, fc2, d_out, None),
            1 => {
                self.bn2.backward(EPS, pass, statistics2, fc2, d_out);
                self.bn2.descend(kept, statistics2, 1, samples);
                self.fc2.descend(kept, bn1, d_out, Some(d_hidden));
                DROPOUT.backward(pass, 2, d_hidden);
                self.bn1.gradient_sums(EPS, statistics1, fc1, d_hidden, None);
            }
            0 => {
                self.bn1.backward(EPS, pass, statistics1, fc1, d_hidden);
                self.bn1.descend(kept, statistics1, 1, samples);
                self.fc1.descend(kept, x, d_hidden, None);
            }
            _ => panic!("stage {stage} of 2"),
        }
    }

    fn meet<E: Element<Scalar = S>, G>(
        meeting: Meeting,
        groups: &mut [G],
        samples: usize,
        tape: impl Fn(&mut G) -> &mut Tape<E, HIDDEN, OUT> + Copy,
    ) {
        let Meeting { direction, number } = meeting;
        match number {
            0 => meet(direction, groups, samples, 1, |group| &mut tape(group).statistics1),
            1 => meet(direction, groups, samples, 1, |group| &mut tape(group).statistics2),
            _ => panic!("{meeting:?} of 2"),
        }
    }

    fn track<E: Element<Scalar = S>>(&mut self, tape: &Tape<E, HIDDEN, OUT>, samples: usize) {
        self.bn1.track(MOMENTUM, &tape.statistics1, 1, samples);
        self.bn2.track(MOMENTUM, &tape.statistics2, 1, samples);
    }

    fn output_and_gradient<E: Element<Scalar = S>>(tape: &mut Tape<E, HIDDEN, OUT>) -> (&[E; OUT], &mut [E; OUT]) {
        (&tape.bn2, &mut tape.d_out)
    }
}

impl<const IN: usize, const HIDDEN: usize, const OUT: usize> Train for Normed<f32, IN, HIDDEN, OUT> {
    type Target = usize;
    type Loss = CrossEntropy;
    const LOSS: CrossEntropy = CrossEntropy;
}

impl<const IN: usize, const HIDDEN: usize, const OUT: usize> Train for Normed<f64, IN, HIDDEN, OUT> {
    type Target = [f64; OUT];
    type Loss = MeanSquaredError;
    const LOSS: MeanSquaredError = MeanSquaredError;
}
