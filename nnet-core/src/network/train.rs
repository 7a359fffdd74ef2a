//! Training: a batch's loss and gradients, and the step that follows.

use super::{Differentiable, Direction, Meeting};
use crate::element::Element;
use crate::flat::Flat;
use crate::loss::Loss;
use crate::optim::{Optimizer, OptimizerState, Sgd};
use crate::pass::Pass;
use crate::products::AtOnce;
use crate::scalar::Scalar;
use crate::tensor::Tensor;

/// A network whose declaration names a loss.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a network that can be trained",
    note = "a network can be trained if its declaration ends with a loss, such as `loss = cross_entropy;`"
)]
pub trait Train: Differentiable {
    /// What a sample should give: a class for the likelihood losses, an output for the others.
    type Target: Clone + Send + Sync + 'static;
    /// The loss.
    type Loss: Loss<Self::Scalar, Self::Target>;
    /// The loss with its arguments.
    const LOSS: Self::Loss;

    /// Forward, loss and backward for the samples in the first `targets.len()` lanes of `x`, as a batch of their own:
    /// adds `scale` times their gradient to `gradients` and returns the sum of their losses.
    ///
    /// The other lanes must hold finite numbers, best zeros: an infinity there, times its gradient of 0, is a NaN.
    /// With `scale` = 1/batch over all groups of a batch, `gradients` ends as the gradient of the mean loss; but a
    /// network with batch norms sees the statistics of one group at a time then:
    /// [`accumulate_batch`](Train::accumulate_batch) has them see the whole batch.
    ///
    /// Where memory is short, this makes a batch with one tape. Each sample is told its position by
    /// [`Pass::group`], else dropout would draw the same for all of them; and
    /// [`track`](Differentiable::track) moves the running statistics of batch norms, if there are any:
    ///
    /// ```ignore
    /// gradients.clear();
    /// for (position, (x, target)) in batch.iter().enumerate() {
    ///     let pass = state.pass().group(position, 1);
    ///     network.accumulate(x, from_ref(target), 1.0 / batch.len() as f32, &pass, tape, gradients);
    ///     network.track(tape, 1);
    /// }
    /// state.step(&optimizer, network, gradients);
    /// ```
    ///
    /// # Panics
    ///
    /// If there are no targets, more than lanes, or fewer than [`SMALLEST_BATCH`](Differentiable::SMALLEST_BATCH), or a
    /// class is not below the number of outputs.
    fn accumulate<E: Element<Scalar = Self::Scalar>>(
        &self,
        x: &Self::Input<E>,
        targets: &[Self::Target],
        scale: Self::Scalar,
        pass: &Pass,
        tape: &mut Self::Tape<E>,
        gradients: &mut Self::Gradients,
    ) -> Self::Scalar {
        check_batch::<Self>(targets.len());
        let pass = &pass.with_samples(targets.len());
        self.forward(x, pass, tape);
        let loss = loss_gradient::<Self, E>(targets, scale, tape);
        self.backpropagate(x, pass, tape, gradients, None);
        loss
    }

    /// Forward, loss and backward for a batch, sample by sample or group by group, each with a tape: adds the
    /// gradient of the mean loss to `gradients` and returns the mean loss.
    ///
    /// All groups but the last are full. The lanes left over in that must hold finite numbers.
    ///
    /// # Panics
    ///
    /// If there are not as many tapes as inputs, or the targets are not as many as the lanes need, or fewer than
    /// [`SMALLEST_BATCH`](Differentiable::SMALLEST_BATCH), or a class is not below the number of outputs.
    fn accumulate_batch<E: Element<Scalar = Self::Scalar>>(
        &self,
        xs: &[Self::Input<E>],
        targets: &[Self::Target],
        pass: &Pass,
        tapes: &mut [Self::Tape<E>],
        gradients: &mut Self::Gradients,
    ) -> Self::Scalar {
        let samples = targets.len();
        assert_eq!(xs.len(), tapes.len(), "a tape for each input");
        assert_eq!(xs.len(), samples.div_ceil(E::LANES), "inputs for {samples} targets");
        check_batch::<Self>(samples);
        let group = |number: usize| {
            let first = number * E::LANES;
            pass.group(first, E::LANES.min(samples - first))
        };
        for number in 0..=Self::MEETINGS {
            for (g, (x, tape)) in xs.iter().zip(tapes.iter_mut()).enumerate() {
                self.forward_stage(number, x, &group(g), tape);
            }
            if number < Self::MEETINGS {
                Self::meet(Meeting { direction: Direction::Forward, number }, tapes, samples, |tape| tape);
            }
        }
        let scale = one_over(samples);
        let mut loss = Self::Scalar::ZERO;
        for (targets, tape) in targets.chunks(E::LANES).zip(tapes.iter_mut()) {
            loss += loss_gradient::<Self, E>(targets, scale, tape);
        }
        for stage in (0..=Self::MEETINGS).rev() {
            for (g, (x, tape)) in xs.iter().zip(tapes.iter_mut()).enumerate() {
                self.backward_stage(stage, x, &group(g), tape, gradients, &mut AtOnce, None);
            }
            if let Some(number) = stage.checked_sub(1) {
                Self::meet(Meeting { direction: Direction::Backward, number }, tapes, samples, |tape| tape);
            }
        }
        loss * scale
    }

    /// One step of training on one sample; returns the loss before the step. `gradients` need not be cleared.
    ///
    /// # Panics
    ///
    /// If a class is not below the number of outputs, or a batch norm sees one value a sample, which has no variance:
    /// take [`train_batch`](Train::train_batch).
    fn train_step<O: Optimizer<Self::Scalar>>(
        &mut self,
        x: &Self::Input<Self::Scalar>,
        target: &Self::Target,
        tape: &mut Self::Tape<Self::Scalar>,
        gradients: &mut Self::Gradients,
        optimizer: &O,
        state: &mut OptimizerState<O, Self>,
    ) -> Self::Scalar {
        use core::slice::{from_mut, from_ref};
        self.train_batch(from_ref(x), from_ref(target), from_mut(tape), gradients, optimizer, state)
    }

    /// One step of plain descent on the samples in the first `targets.len()` lanes of `x`, usually one alone, without
    /// memory for gradients: they are added to the parameters. Returns the mean loss before the step.
    ///
    /// The network ends where [`train_batch`](Train::train_batch) would bring it, up to rounding. Each layer gives its
    /// input's gradient before its own parameters change, and the learning rate is in the gradient from the
    /// loss on. Momentum would need memory, so there is none: the optimizer is [`Sgd::new`], perhaps with
    /// [`weight_decay`](Sgd::weight_decay). A schedule sets its rate before a step ([`Sgd::set_rate`]). A loss
    /// that is not finite is stepped on.
    ///
    /// ```ignore
    /// static mut LENET: LeNet = LeNet::ZERO; // parameters, and besides them
    /// static mut TAPE: LeNetTape = LeNetTape::ZERO; // LeNet::IN_PLACE_TRAINING_BYTES
    ///
    /// let mut state = OptimizerState::ZERO; // of `Sgd`: it counts the steps
    /// let loss = lenet.train_in_place(&image, &[label], tape, &Sgd::new(0.01), &mut state);
    /// ```
    ///
    /// # Panics
    ///
    /// As [`accumulate`](Train::accumulate).
    fn train_in_place<E: Element<Scalar = Self::Scalar>>(
        &mut self,
        x: &Self::Input<E>,
        targets: &[Self::Target],
        tape: &mut Self::Tape<E>,
        optimizer: &Sgd,
        state: &mut OptimizerState<Sgd, Self>,
    ) -> Self::Scalar {
        let samples = targets.len();
        check_batch::<Self>(samples);
        let pass = &state.pass().with_samples(samples);
        self.forward(x, pass, tape);
        let share = one_over::<Self::Scalar>(samples);
        let [rate, kept]: [Self::Scalar; 2] = optimizer.in_place();
        let loss = loss_gradient::<Self, E>(targets, -rate * share, tape);
        self.descend(x, pass, tape, kept, None);
        self.track(tape, samples);
        state.step += 1;
        loss * share
    }

    /// One step of training on a batch, one sample or one group of 16 an input; returns the mean loss before the step.
    /// `gradients` need not be cleared. Where memory is short, [`accumulate`](Train::accumulate) needs one tape whatever
    /// the batch. A loss that is not finite is stepped on: look at it, or train with a host's trainer, which does.
    ///
    /// # Panics
    ///
    /// As [`accumulate_batch`](Train::accumulate_batch).
    fn train_batch<E: Element<Scalar = Self::Scalar>, O: Optimizer<Self::Scalar>>(
        &mut self,
        xs: &[Self::Input<E>],
        targets: &[Self::Target],
        tapes: &mut [Self::Tape<E>],
        gradients: &mut Self::Gradients,
        optimizer: &O,
        state: &mut OptimizerState<O, Self>,
    ) -> Self::Scalar {
        gradients.clear();
        let loss = self.accumulate_batch(xs, targets, &state.pass(), tapes, gradients);
        if let Some(tape) = tapes.first() {
            self.track(tape, targets.len());
        }
        state.step(optimizer, self, gradients);
        loss
    }
}

fn check_batch<N: Differentiable>(samples: usize) {
    assert!(samples > 0, "{}: a batch without samples", N::NAME);
    let smallest = N::SMALLEST_BATCH;
    assert!(
        samples >= smallest,
        "{}: a batch norm over single values needs a batch of at least {smallest}, not {samples}",
        N::NAME
    );
}

/// Writes the gradient of the loss to its place in the tape; the sum of the losses.
fn loss_gradient<N: Train, E: Element<Scalar = N::Scalar>>(
    targets: &[N::Target],
    scale: N::Scalar,
    tape: &mut N::Tape<E>,
) -> N::Scalar {
    let (y, dy) = N::output_and_gradient(tape);
    N::LOSS.backward(y.as_flat(), targets, scale, dy.as_flat_mut())
}

#[allow(clippy::cast_precision_loss, reason = "numbers of samples are far below 2^53")]
fn one_over<S: Scalar>(samples: usize) -> S {
    S::from_f64(1.0 / samples as f64)
}
