//! A layer whose table of tensors leaves some of its numbers out.

use nnet::{Element, Flat, Layer, Nothing, ParameterInfo, ParameterKind, Pass, Random, Scalar, network};

#[repr(C)]
pub struct Short<S> {
    told: [S; 4],
    hidden: [S; 4],
}

unsafe impl<S: Scalar> Flat for Short<S> {
    type Scalar = S;
    const ZERO: Self = Self { told: [S::ZERO; 4], hidden: [S::ZERO; 4] };
}

impl<S: Scalar> Layer for Short<S> {
    type Input<E: Element<Scalar = S>> = [E; 4];
    type Output<E: Element<Scalar = S>> = [E; 4];
    type Scratch<E: Element<Scalar = S>> = Nothing<S>;
    type Tape<E: Element<Scalar = S>> = Nothing<S>;
    type Gradients = Self;
    const INPUT_SHAPE: &'static [usize] = &[4];
    const OUTPUT_SHAPE: &'static [usize] = &[4];
    const PARAMETERS: &'static [ParameterInfo] = &[ParameterInfo {
        name: "told",
        shape: &[4],
        offset: 0,
        kind: ParameterKind::Weight,
        gradient: Some(0),
    }];
    fn initialize(&mut self, _: &mut Random) {}
    fn predict_into<E: Element<Scalar = S>>(&self, x: &[E; 4], y: &mut [E; 4], _: &mut Nothing<S>) {
        *y = *x;
    }
    fn forward_into<E: Element<Scalar = S>>(&self, x: &[E; 4], y: &mut [E; 4], _: &Pass, _: &mut Nothing<S>) {
        *y = *x;
    }
    fn backward_into<E: Element<Scalar = S>>(
        &self,
        _: &[E; 4],
        dy: &[E; 4],
        _: &Pass,
        _: &mut Nothing<S>,
        _: &mut Self,
        dx: Option<&mut [E; 4]>,
    ) {
        dx.into_iter().for_each(|dx| *dx = *dy);
    }
}

network! {
    pub struct Net: [4] -> [2] {
        short: self::Short -> [4],
        head: Linear(2),
    }
}

fn main() {}

// wrong: short: self::Short -> [4]
