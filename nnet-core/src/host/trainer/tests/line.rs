//! One linear layer by hand: y = W·x + b, W: [OUT, IN], b: [OUT], as `network!` would write it.
#![allow(unsafe_code, reason = "`Flat` is an unsafe trait")]

use crate::element::Element;
use crate::flat::Flat;
use crate::loss::{CrossEntropy, MeanSquaredError};
use crate::network::{Differentiable, LayerInfo, Meeting, Network, ParameterInfo, ParameterKind, Train};
use crate::pass::Pass;
use crate::products::{AtOnce, OuterProducts};
use crate::random::Random;
use crate::scalar::Scalar;

#[repr(C)]
#[derive(Clone, Debug, PartialEq)]
pub struct Line<S, const IN: usize, const OUT: usize> {
    pub w: [[S; IN]; OUT],
    pub b: [S; OUT],
}

#[repr(C)]
pub struct Tape<E, const OUT: usize> {
    y: [E; OUT],
    dy: [E; OUT],
}

// SAFETY: `repr(C)`, and both fields are rows of `S`.
unsafe impl<S: Scalar, const IN: usize, const OUT: usize> Flat for Line<S, IN, OUT> {
    type Scalar = S;
    const ZERO: Self = Self { w: [[S::ZERO; IN]; OUT], b: [S::ZERO; OUT] };
}

// SAFETY: `repr(C)`, and both fields are rows of one element type, each a row of its scalars.
unsafe impl<E: Element, const OUT: usize> Flat for Tape<E, OUT> {
    type Scalar = E::Scalar;
    const ZERO: Self = Self { y: [E::ZERO; OUT], dy: [E::ZERO; OUT] };
}

impl<S: Scalar, const IN: usize, const OUT: usize> Network for Line<S, IN, OUT> {
    type Input<E: Element<Scalar = S>> = [E; IN];
    type Output<E: Element<Scalar = S>> = [E; OUT];
    type Scratch<E: Element<Scalar = S>> = Tape<E, OUT>;

    const NAME: &'static str = "Line";
    const INPUT_SHAPE: &'static [usize] = &[IN];
    const OUTPUT_SHAPE: &'static [usize] = &[OUT];
    const LAYERS: &'static [LayerInfo] = &[];
    const PARAMETERS: &'static [ParameterInfo] = &[
        ParameterInfo {
            name: "fc.weight",
            shape: &[OUT, IN],
            offset: 0,
            kind: ParameterKind::Weight,
            gradient: Some(0),
        },
        ParameterInfo {
            name: "fc.bias",
            shape: &[OUT],
            offset: OUT * IN,
            kind: ParameterKind::Bias,
            gradient: Some(OUT * IN),
        },
    ];

    fn init(&mut self, random: &mut Random) {
        for w in self.as_scalars_mut() {
            *w = S::from_f64(0.1 * random.normal());
        }
    }

    fn predict<'s, E: Element<Scalar = S>>(&self, x: &[E; IN], scratch: &'s mut Tape<E, OUT>) -> &'s [E; OUT] {
        let x = E::scalars(x);
        for (o, y) in E::scalars_mut(&mut scratch.y).chunks_exact_mut(E::LANES).enumerate() {
            for (lane, y) in y.iter_mut().enumerate() {
                *y = self.b[o];
                for i in 0..IN {
                    *y += self.w[o][i] * x[i * E::LANES + lane];
                }
            }
        }
        &scratch.y
    }
}

impl<S: Scalar, const IN: usize, const OUT: usize> Differentiable for Line<S, IN, OUT> {
    type Gradients = Self;
    type Tape<E: Element<Scalar = S>> = Tape<E, OUT>;

    const MEETINGS: usize = 0;
    const SMALLEST_BATCH: usize = 1;
    const INPUT_GRADIENT: bool = false;

    fn forward_stage<E: Element<Scalar = S>>(&self, stage: usize, x: &[E; IN], _: &Pass, tape: &mut Tape<E, OUT>) {
        assert_eq!(stage, 0);
        self.predict(x, tape);
    }

    fn output_and_gradient<E: Element<Scalar = S>>(tape: &mut Tape<E, OUT>) -> (&[E; OUT], &mut [E; OUT]) {
        (&tape.y, &mut tape.dy)
    }

    fn backward_stage<E: Element<Scalar = S>, P: OuterProducts<S>>(
        &self,
        stage: usize,
        x: &[E; IN],
        _: &Pass,
        tape: &mut Tape<E, OUT>,
        gradients: &mut Self,
        products: &mut P,
        dx: Option<&mut [E; IN]>,
    ) {
        assert!(stage == 0 && dx.is_none(), "a trainer does not ask for it");
        for (o, dy) in E::scalars(&tape.dy).chunks_exact(E::LANES).enumerate() {
            gradients.b[o] += dy.iter().fold(S::ZERO, |sum, &dy| sum + dy);
        }
        products.add(x, &tape.dy, gradients.w.as_flattened_mut());
        // Whoever wants the output has to look before.
        E::scalars_mut(&mut tape.y).fill(S::NEG_INFINITY);
    }

    fn descend_stage<E: Element<Scalar = S>>(
        &mut self,
        stage: usize,
        x: &[E; IN],
        pass: &Pass,
        tape: &mut Tape<E, OUT>,
        kept: S,
        dx: Option<&mut [E; IN]>,
    ) {
        let mut gradients = Self::ZERO;
        self.backward_stage(stage, x, pass, tape, &mut gradients, &mut AtOnce, dx);
        for (w, g) in self.as_scalars_mut().iter_mut().zip(gradients.as_scalars()) {
            *w = kept * *w + *g;
        }
    }

    fn meet<E: Element<Scalar = S>, G>(
        meeting: Meeting,
        _: &mut [G],
        _: usize,
        _: impl Fn(&mut G) -> &mut Tape<E, OUT> + Copy,
    ) {
        panic!("{meeting:?} of none");
    }

    fn track<E: Element<Scalar = S>>(&mut self, _: &Tape<E, OUT>, _: usize) {}
}

impl<const IN: usize, const OUT: usize> Train for Line<f32, IN, OUT> {
    type Target = usize;
    type Loss = CrossEntropy;
    const LOSS: CrossEntropy = CrossEntropy;
}

impl<const IN: usize, const OUT: usize> Train for Line<f64, IN, OUT> {
    type Target = [f64; OUT];
    type Loss = MeanSquaredError;
    const LOSS: MeanSquaredError = MeanSquaredError;
}
