//! One batch through a network: prediction, and in training forward, meetings, loss and back.

use nnet::element::{get_lane, set_lane};
use nnet::loss::Loss;
use nnet::{AtOnce, Direction, Element, Flat, Meeting, Network, Pass, Scalar, Tensor, Train, zeroed};

use crate::reference::{Network as Want, Reference, Training, check_tensor, check_values};
use crate::{check_gradients, check_parameters, filled, to_f64};

/// Batches of 1, 16, 37 and 64 in entries of type E, with the targets of samples 0 to 63.
pub fn check_batches<N: Train, E: Element<Scalar = N::Scalar>>(name: &str, targets: &[N::Target], tolerance: f64) {
    let reference = &Reference::load().networks[name];
    for (&samples, want) in &reference.batches {
        let mut network = filled::<N>(reference);
        let what = format!("{name}, batch {samples}, {} lanes,", E::LANES);
        let groups = groups::<N, E>(reference, samples);
        let predicted = predict::<N, E>(&network, &groups, samples);
        if let Some(prediction) = &want.prediction {
            check_tensor(&format!("{what} prediction"), prediction, &to_f64(&predicted), tolerance);
        }
        let Some(training) = &want.training else {
            assert!(want.prediction.is_some(), "{what} nothing to compare");
            continue;
        };
        let mut batch = Batch::<N, E>::new(groups, &targets[..samples]);
        batch.check_gradients(&what, &network, training, tolerance);
        let output = batch.outputs();
        check_tensor(&format!("{what} output"), &training.output, &to_f64(&output), tolerance);
        // Of each sample by itself, without running statistics, both ways do the same to the bit.
        if want.prediction.is_none() {
            assert_eq!(predicted, output, "{what} predict equals forward");
        }
        network.track(&batch.tapes[0], samples);
        check_parameters(&format!("{what} tracked"), &training.statistics, &*network, tolerance);
    }
}

/// The samples of a batch, E::LANES in each group.
fn groups<N: Network, E: Element<Scalar = N::Scalar>>(reference: &Want, samples: usize) -> Vec<N::Input<E>> {
    let inputs: Vec<N::Scalar> = reference.inputs(0..samples).into_iter().map(N::Scalar::from_f64).collect();
    let group = |samples: &[N::Scalar]| {
        let mut x = N::Input::<E>::ZERO;
        for (lane, sample) in samples.chunks_exact(N::Input::<E>::LENGTH).enumerate() {
            set_lane(x.as_flat_mut(), lane, sample);
        }
        x
    };
    inputs.chunks(E::LANES * N::Input::<E>::LENGTH).map(group).collect()
}

/// The samples of groups, one behind the other.
fn ungrouped<'a, T: Tensor + 'a>(
    groups: impl IntoIterator<Item = &'a T>,
    samples: usize,
) -> Vec<<T::Element as Element>::Scalar> {
    let mut all = Vec::new();
    for group in groups {
        for lane in 0..T::Element::LANES {
            let mut sample = vec![<T::Element as Element>::Scalar::ZERO; T::LENGTH];
            get_lane(group.as_flat(), lane, &mut sample);
            all.extend(sample);
        }
    }
    all.truncate(samples * T::LENGTH);
    all
}

fn predict<N: Network, E: Element<Scalar = N::Scalar>>(
    network: &N,
    groups: &[N::Input<E>],
    samples: usize,
) -> Vec<N::Scalar> {
    let mut scratch = zeroed::<N::Scratch<E>>();
    let outputs: Vec<_> = groups.iter().map(|x| *network.predict(x, &mut scratch)).collect();
    ungrouped(&outputs, samples)
}

/// As many as the groups of the batches are; none of them is ever on the stack.
fn tapes<T: Flat>(count: usize) -> Vec<T> {
    let tapes: Box<[T]> = match count {
        1 => zeroed::<[T; 1]>(),
        3 => zeroed::<[T; 3]>(),
        4 => zeroed::<[T; 4]>(),
        16 => zeroed::<[T; 16]>(),
        37 => zeroed::<[T; 37]>(),
        64 => zeroed::<[T; 64]>(),
        _ => panic!("{count} groups"),
    };
    tapes.into_vec()
}

/// A batch in training, stage by stage, so that the gradient of its input is had too.
struct Batch<'a, N: Train, E: Element<Scalar = N::Scalar>> {
    xs: Vec<N::Input<E>>,
    dxs: Vec<N::Input<E>>,
    tapes: Vec<N::Tape<E>>,
    targets: &'a [N::Target],
}

impl<'a, N: Train, E: Element<Scalar = N::Scalar>> Batch<'a, N, E> {
    fn new(xs: Vec<N::Input<E>>, targets: &'a [N::Target]) -> Self {
        Self { dxs: xs.clone(), tapes: tapes(xs.len()), xs, targets }
    }

    fn pass(&self, group: usize) -> Pass {
        let first = group * E::LANES;
        Pass::new(0, 0).group(first, E::LANES.min(self.targets.len() - first))
    }

    fn meet(&mut self, direction: Direction, number: usize) {
        N::meet(Meeting { direction, number }, &mut self.tapes, self.targets.len(), |tape| tape);
    }

    fn outputs(&mut self) -> Vec<N::Scalar> {
        let outputs: Vec<_> = self.tapes.iter_mut().map(|tape| *N::output_and_gradient(tape).0).collect();
        ungrouped(&outputs, self.targets.len())
    }

    /// Forward and back by hand, and by the trait's own way, which gives the same bits.
    fn check_gradients(&mut self, what: &str, network: &N, want: &Training, tolerance: f64) {
        let mut gradients = zeroed::<N::Gradients>();
        let mean = network.accumulate_batch(&self.xs, self.targets, &Pass::new(0, 0), &mut self.tapes, &mut gradients);
        check_values(&format!("{what} loss"), &[want.loss], &[mean.to_f64()], tolerance);
        check_gradients::<N>(&format!("{what} gradient of"), &want.gradients, &gradients, tolerance);
        let outputs = self.outputs();

        let mut again = zeroed::<N::Gradients>();
        self.forward(network);
        assert_eq!(outputs, self.outputs(), "{what} output by hand");
        let loss = self.loss();
        check_values(&format!("{what} loss by hand"), &[want.loss], &[loss], tolerance);
        assert_eq!(N::INPUT_GRADIENT, want.input_gradient.is_some(), "{what} gradient of the input");
        self.backward(network, &mut again);
        assert_eq!(gradients.as_scalars(), again.as_scalars(), "{what} gradients by hand");
        if let Some(want) = &want.input_gradient {
            let got = to_f64(&ungrouped(&self.dxs, self.targets.len()));
            check_tensor(&format!("{what} gradient of the input"), want, &got, tolerance);
        }
    }

    fn forward(&mut self, network: &N) {
        for stage in 0..=N::MEETINGS {
            for group in 0..self.xs.len() {
                let pass = self.pass(group);
                network.forward_stage(stage, &self.xs[group], &pass, &mut self.tapes[group]);
            }
            if stage < N::MEETINGS {
                self.meet(Direction::Forward, stage);
            }
        }
    }

    /// Leaves the gradient of the mean loss in the tapes.
    fn loss(&mut self) -> f64 {
        let samples = self.targets.len() as f64;
        let mut sum = 0.0;
        for (tape, targets) in self.tapes.iter_mut().zip(self.targets.chunks(E::LANES)) {
            let (y, dy) = N::output_and_gradient(tape);
            let part = N::LOSS.backward(y.as_flat(), targets, N::Scalar::from_f64(1.0 / samples), dy.as_flat_mut());
            assert_eq!(part, N::LOSS.forward(y.as_flat(), targets));
            sum += part.to_f64();
        }
        sum / samples
    }

    fn backward(&mut self, network: &N, gradients: &mut N::Gradients) {
        for stage in (0..=N::MEETINGS).rev() {
            for group in 0..self.xs.len() {
                let (pass, dx) = (self.pass(group), &mut self.dxs[group]);
                let dx = N::INPUT_GRADIENT.then_some(dx);
                network.backward_stage(
                    stage,
                    &self.xs[group],
                    &pass,
                    &mut self.tapes[group],
                    gradients,
                    &mut AtOnce,
                    dx,
                );
            }
            if let Some(number) = stage.checked_sub(1) {
                self.meet(Direction::Backward, number);
            }
        }
    }
}
