//! Forward and backward over a batch, cut into stages where batch norms need all of it.

use super::Network;
use crate::element::Element;
use crate::flat::Flat;
use crate::layers::copy;
use crate::pass::Pass;
use crate::products::{AtOnce, OuterProducts};

/// A network that can go back: from the gradient of its output to those of its parameters.
///
/// A batch is a row of samples, or of groups of 16, each with its input and its tape. Batch norms work with the
/// statistics of the whole batch, so forward and backward are cut into stages: each sample or group runs a stage by
/// itself, and between two stages all of them [`meet`](Differentiable::meet). Without batch norm there is one stage.
///
/// [`forward`](Differentiable::forward) and [`backpropagate`](Differentiable::backpropagate) take one sample or
/// group as a batch of its own; [`Train::train_batch`](super::Train::train_batch) and the host's trainer take many.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a network nor a layer",
    note = "a layer by path is a network declared with `network!`, or a type that implements `nnet::Layer`"
)]
pub trait Differentiable: Network {
    /// The gradients of the parameters that learn: the layout of the network, without frozen layers and running
    /// statistics.
    type Gradients: Flat<Scalar = Self::Scalar>;
    /// What forward keeps for backward, and what that works in.
    type Tape<E: Element<Scalar = Self::Scalar>>: Flat<Scalar = Self::Scalar>;

    /// How often the samples of a batch meet in each direction: the number of batch norms that learn.
    const MEETINGS: usize;
    /// The least samples of a batch: 2 if a batch norm sees one value a sample, which has no variance; else 1.
    const SMALLEST_BATCH: usize;
    /// Whether backward can give the gradient of the input: not if frozen layers come first, whose values are not kept.
    const INPUT_GRADIENT: bool;
    /// Bytes that training on one sample needs besides the parameters and the optimizer's state:
    /// the gradients and [`Tape`](Differentiable::Tape).
    const TRAINING_BYTES: usize = size_of::<Self::Gradients>() + size_of::<Self::Tape<Self::Scalar>>();
    /// Bytes that [`train_in_place`](super::Train::train_in_place) on one sample needs besides the parameters: the
    /// [`Tape`](Differentiable::Tape).
    const IN_PLACE_TRAINING_BYTES: usize = size_of::<Self::Tape<Self::Scalar>>();

    /// Whether this stands for a network with mistakes, so that nothing about it is reported twice.
    #[doc(hidden)]
    const IS_STUB: bool = false;

    /// Goes on from meeting `stage - 1`, or from the input, to meeting `stage`, or to the output.
    fn forward_stage<E: Element<Scalar = Self::Scalar>>(
        &self,
        stage: usize,
        x: &Self::Input<E>,
        pass: &Pass,
        tape: &mut Self::Tape<E>,
    );

    /// Undoes stage `stage` of forward: adds to `gradients`, but for what `products` takes, and in stage 0 writes `dx`
    /// if it is asked for.
    ///
    /// All stages of a batch must be given `dx` or none.
    ///
    /// # Panics
    ///
    /// If `dx` is asked for and [`INPUT_GRADIENT`](Differentiable::INPUT_GRADIENT) is false.
    #[allow(clippy::too_many_arguments, reason = "those of a stage, and three places to write to")]
    fn backward_stage<E: Element<Scalar = Self::Scalar>, P: OuterProducts<Self::Scalar>>(
        &self,
        stage: usize,
        x: &Self::Input<E>,
        pass: &Pass,
        tape: &mut Self::Tape<E>,
        gradients: &mut Self::Gradients,
        products: &mut P,
        dx: Option<&mut Self::Input<E>>,
    );

    /// [`backward_stage`](Differentiable::backward_stage) into the parameters themselves: each layer gives its input's
    /// gradient from its parameters as they are, then these are multiplied by `kept` and its gradients added to them.
    ///
    /// Gradients are linear in that of the output. So if this is −rate times the loss's, and `kept` is
    /// 1 − rate·decay, it is a step of descent, which needs no memory for gradients; `dx` has the factor −rate as well.
    /// The sample or group is a batch of its own, for the next one would see other parameters.
    ///
    /// # Panics
    ///
    /// As [`backward_stage`](Differentiable::backward_stage).
    #[allow(clippy::too_many_arguments, reason = "those of backward and a factor")]
    fn descend_stage<E: Element<Scalar = Self::Scalar>>(
        &mut self,
        stage: usize,
        x: &Self::Input<E>,
        pass: &Pass,
        tape: &mut Self::Tape<E>,
        kept: Self::Scalar,
        dx: Option<&mut Self::Input<E>>,
    );

    /// Merges what the tapes of all groups hold for `meeting`, in their order, and tells each of them.
    ///
    /// `samples` is the number in the whole batch; all groups but the last are full.
    fn meet<E: Element<Scalar = Self::Scalar>, G>(
        meeting: Meeting,
        groups: &mut [G],
        samples: usize,
        tape: impl Fn(&mut G) -> &mut Self::Tape<E> + Copy,
    );

    /// Moves the running statistics towards those of the batch of `samples` that `tape` belongs to.
    fn track<E: Element<Scalar = Self::Scalar>>(&mut self, tape: &Self::Tape<E>, samples: usize);

    /// The output of the last forward, and the place of the gradient with respect to it, which backward starts from.
    fn output_and_gradient<E: Element<Scalar = Self::Scalar>>(
        tape: &mut Self::Tape<E>,
    ) -> (&Self::Output<E>, &mut Self::Output<E>);

    /// The output for `x` as a batch of its own, with all that backward needs left in `tape`.
    ///
    /// The running statistics of batch norms stay: see [`track`](Differentiable::track).
    ///
    /// # Panics
    ///
    /// If there is a batch norm and `pass` has no samples.
    fn forward<'t, E: Element<Scalar = Self::Scalar>>(
        &self,
        x: &Self::Input<E>,
        pass: &Pass,
        tape: &'t mut Self::Tape<E>,
    ) -> &'t Self::Output<E> {
        let samples = pass.samples().min(E::LANES);
        for stage in 0..=Self::MEETINGS {
            self.forward_stage(stage, x, pass, tape);
            if stage < Self::MEETINGS {
                let meeting = Meeting { direction: Direction::Forward, number: stage };
                Self::meet(meeting, core::slice::from_mut(tape), samples, |tape| tape);
            }
        }
        Self::output_and_gradient(tape).0
    }

    /// Goes back from the output gradient in `tape`: adds to `gradients`, and writes `dx` if it is asked for.
    ///
    /// `x` and `pass` are those of the last [`forward`](Differentiable::forward). What that left in the tape is used
    /// up but for the output: gradients take the place of values that nobody needs any more.
    ///
    /// # Panics
    ///
    /// If `dx` is asked for and [`INPUT_GRADIENT`](Differentiable::INPUT_GRADIENT) is false.
    fn backpropagate<E: Element<Scalar = Self::Scalar>>(
        &self,
        x: &Self::Input<E>,
        pass: &Pass,
        tape: &mut Self::Tape<E>,
        gradients: &mut Self::Gradients,
        mut dx: Option<&mut Self::Input<E>>,
    ) {
        let samples = pass.samples().min(E::LANES);
        for stage in (0..=Self::MEETINGS).rev() {
            self.backward_stage(stage, x, pass, tape, gradients, &mut AtOnce, dx.as_deref_mut());
            if let Some(number) = stage.checked_sub(1) {
                let meeting = Meeting { direction: Direction::Backward, number };
                Self::meet(meeting, core::slice::from_mut(tape), samples, |tape| tape);
            }
        }
    }

    /// All stages of [`descend_stage`](Differentiable::descend_stage), for a sample or group as a batch of its own.
    ///
    /// `x` and `pass` are those of the last [`forward`](Differentiable::forward).
    ///
    /// # Panics
    ///
    /// If `dx` is asked for and [`INPUT_GRADIENT`](Differentiable::INPUT_GRADIENT) is false.
    fn descend<E: Element<Scalar = Self::Scalar>>(
        &mut self,
        x: &Self::Input<E>,
        pass: &Pass,
        tape: &mut Self::Tape<E>,
        kept: Self::Scalar,
        mut dx: Option<&mut Self::Input<E>>,
    ) {
        let samples = pass.samples().min(E::LANES);
        for stage in (0..=Self::MEETINGS).rev() {
            self.descend_stage(stage, x, pass, tape, kept, dx.as_deref_mut());
            if let Some(number) = stage.checked_sub(1) {
                let meeting = Meeting { direction: Direction::Backward, number };
                Self::meet(meeting, core::slice::from_mut(tape), samples, |tape| tape);
            }
        }
    }

    /// Adds to `gradients` what the output gradient `dy` gives; the lanes of a group are summed.
    #[inline]
    fn backward<E: Element<Scalar = Self::Scalar>>(
        &self,
        x: &Self::Input<E>,
        dy: &Self::Output<E>,
        pass: &Pass,
        tape: &mut Self::Tape<E>,
        gradients: &mut Self::Gradients,
    ) {
        copy(dy, Self::output_and_gradient(tape).1);
        self.backpropagate(x, pass, tape, gradients, None);
    }
}

/// Where all samples of a batch wait for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meeting {
    /// Whether it is met on the way forward or back.
    pub direction: Direction,
    /// Which of the batch norms that learn, in the order of forward.
    pub number: usize,
}

/// Forward or back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From input to output.
    Forward,
    /// From output to input.
    Backward,
}

impl Meeting {
    /// The same meeting as a network inside another counts it, whose first one is the outer one's `first`.
    #[doc(hidden)]
    #[must_use]
    pub const fn inside(self, first: usize) -> Self {
        Self { number: self.number - first, ..self }
    }
}
