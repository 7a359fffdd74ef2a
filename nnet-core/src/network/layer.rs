//! Layers by path: another network, or a type of your own.

use super::{Differentiable, Learning, Meeting, Network, ParameterInfo, learning};
use crate::element::Element;
use crate::flat::Flat;
use crate::kernels::Kernels;
use crate::layers::{copy, shrink};
use crate::pass::Pass;
use crate::products::OuterProducts;
use crate::random::Random;
use crate::tensor::Tensor;

/// What `network!` takes as a layer by its path: `scale: self::Scale<3> -> [3]`.
///
/// Every network with a way back is one. For a layer of your own, implement it for a `repr(C)` type that is generic
/// over its number last; `network!` writes the number type behind the other arguments: `Scale<3, S>`. What
/// the layer takes and gives stands in its types. `network!` compares both with the layers around it, and a
/// difference does not compile.
///
/// ```
/// use nnet_core::{Element, Flat, Layer, Nothing, ParameterInfo, ParameterKind, Pass, Random, Scalar, Tensor};
///
/// /// y = factor · x, entry by entry.
/// #[repr(C)]
/// pub struct Scale<const N: usize, S> {
///     pub factor: [S; N],
/// }
///
/// // SAFETY: `repr(C)` of one array of one scalar.
/// unsafe impl<const N: usize, S: Scalar> Flat for Scale<N, S> {
///     type Scalar = S;
///     const ZERO: Self = Self { factor: [S::ZERO; N] };
/// }
///
/// impl<const N: usize, S: Scalar> Layer for Scale<N, S> {
///     type Input<E: Element<Scalar = S>> = [E; N];
///     type Output<E: Element<Scalar = S>> = [E; N];
///     type Scratch<E: Element<Scalar = S>> = Nothing<S>;
///     type Tape<E: Element<Scalar = S>> = Nothing<S>;
///     type Gradients = Self;
///
///     const INPUT_SHAPE: &'static [usize] = &[N];
///     const OUTPUT_SHAPE: &'static [usize] = &[N];
///     const PARAMETERS: &'static [ParameterInfo] = &[ParameterInfo {
///         name: "factor",
///         shape: &[N],
///         offset: 0,
///         kind: ParameterKind::Weight,
///         gradient: Some(0),
///     }];
///     const MACS: usize = N;
///
///     fn initialize(&mut self, _: &mut Random) {
///         self.factor.fill(S::ONE);
///     }
///
///     fn predict_into<E: Element<Scalar = S>>(&self, x: &[E; N], y: &mut [E; N], _: &mut Nothing<S>) {
///         for ((x, y), &factor) in x.iter().zip(y).zip(&self.factor) {
///             // An entry is one number, or the same entry of 16 samples.
///             for (x, y) in E::scalars(x.as_flat()).iter().zip(E::scalars_mut(y.as_flat_mut())) {
///                 *y = factor * *x;
///             }
///         }
///     }
///
///     fn forward_into<E: Element<Scalar = S>>(&self, x: &[E; N], y: &mut [E; N], _: &Pass, tape: &mut Nothing<S>) {
///         self.predict_into(x, y, tape);
///     }
///
///     fn backward_into<E: Element<Scalar = S>>(
///         &self,
///         x: &[E; N],
///         dy: &[E; N],
///         _: &Pass,
///         tape: &mut Nothing<S>,
///         gradients: &mut Self,
///         dx: Option<&mut [E; N]>,
///     ) {
///         // forward: y[i] = factor[i]·x[i]   so   dfactor[i] += x[i]·dy[i], lanes summed
///         for ((x, dy), sum) in x.iter().zip(dy).zip(&mut gradients.factor) {
///             for (&x, &dy) in E::scalars(x.as_flat()).iter().zip(E::scalars(dy.as_flat())) {
///                 *sum += x * dy;
///             }
///         }
///         // and dx[i] = factor[i]·dy[i]
///         if let Some(dx) = dx {
///             self.predict_into(dy, dx, tape);
///         }
///     }
/// }
///
/// let scale = Scale { factor: [2.0_f32, 3.0] };
/// let mut y = [0.0_f32; 2];
/// scale.predict_into(&[1.0_f32, 10.0], &mut y, &mut Nothing::ZERO);
/// assert_eq!(y, [2.0, 30.0]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no layer; declare it with `network!`, or implement `nnet::Layer` for it",
    label = "neither a network nor a type that implements `nnet::Layer`"
)]
pub trait Layer: Flat {
    /// The input of one sample or group.
    type Input<E: Element<Scalar = Self::Scalar>>: Tensor<Element = E>;
    /// The output of one sample or group.
    type Output<E: Element<Scalar = Self::Scalar>>: Tensor<Element = E>;
    /// What [`predict_into`](Layer::predict_into) works in; [`Nothing`](crate::Nothing) if it needs none.
    type Scratch<E: Element<Scalar = Self::Scalar>>: Flat<Scalar = Self::Scalar>;
    /// What forward keeps for backward besides input and output; [`Nothing`](crate::Nothing) if nothing.
    type Tape<E: Element<Scalar = Self::Scalar>>: Flat<Scalar = Self::Scalar>;
    /// The gradients of its parameters, usually `Self`: those tensors of [`PARAMETERS`](Layer::PARAMETERS) that have one.
    type Gradients: Flat<Scalar = Self::Scalar>;

    /// The shape of one input sample.
    const INPUT_SHAPE: &'static [usize];
    /// The shape of one output sample.
    const OUTPUT_SHAPE: &'static [usize];
    /// The parameter tensors, all of them, in the order of their memory: each `offset` is the sum of the lengths before it,
    /// and so is each `gradient` among those that learn. Their names are without that of the layer.
    const PARAMETERS: &'static [ParameterInfo];
    /// Multiply-accumulates for one sample.
    const MACS: usize = 0;
    /// How many batch norms that learn are inside.
    #[doc(hidden)]
    const MEETINGS: usize = 0;
    /// As [`Differentiable::SMALLEST_BATCH`].
    #[doc(hidden)]
    const SMALLEST_BATCH: usize = 1;
    /// As [`Differentiable::INPUT_GRADIENT`].
    #[doc(hidden)]
    const INPUT_GRADIENT: bool = true;
    /// As [`Differentiable::IS_STUB`].
    #[doc(hidden)]
    const IS_STUB: bool = false;

    /// Fills the parameters with their initial values.
    fn initialize(&mut self, random: &mut Random);

    /// x  →  y, in prediction.
    fn predict_into<E: Element<Scalar = Self::Scalar>>(
        &self,
        x: &Self::Input<E>,
        y: &mut Self::Output<E>,
        scratch: &mut Self::Scratch<E>,
    );

    /// x  →  y, in training.
    fn forward_into<E: Element<Scalar = Self::Scalar>>(
        &self,
        x: &Self::Input<E>,
        y: &mut Self::Output<E>,
        pass: &Pass,
        tape: &mut Self::Tape<E>,
    );

    /// x, dy  →  gradients += those of the parameters, lanes summed;  dx, if it is asked for.
    fn backward_into<E: Element<Scalar = Self::Scalar>>(
        &self,
        x: &Self::Input<E>,
        dy: &Self::Output<E>,
        pass: &Pass,
        tape: &mut Self::Tape<E>,
        gradients: &mut Self::Gradients,
        dx: Option<&mut Self::Input<E>>,
    );

    /// [`backward_into`](Layer::backward_into) into the parameters themselves: dx, if it is asked for, from the
    /// parameters as they are, then each that learns ← `kept` · itself + its gradient. dy has −rate in it, so that this is a
    /// step of descent ([`Train::train_in_place`](super::Train::train_in_place)).
    ///
    /// As it is provided it makes [`Gradients`](Layer::Gradients) on the stack. A layer with many parameters, for a
    /// program with little memory, does better to add to its parameters itself.
    fn descend_into<E: Element<Scalar = Self::Scalar>>(
        &mut self,
        x: &Self::Input<E>,
        dy: &Self::Output<E>,
        pass: &Pass,
        tape: &mut Self::Tape<E>,
        kept: Self::Scalar,
        dx: Option<&mut Self::Input<E>>,
    ) {
        let mut gradients = <Self::Gradients as Flat>::ZERO;
        self.backward_into(x, dy, pass, tape, &mut gradients, dx);
        let (w, g) = (self.as_scalars_mut(), gradients.as_scalars());
        for Learning { parameters, gradients } in learning(Self::PARAMETERS, |_| true) {
            let w = &mut w[parameters];
            shrink(kept, w);
            Self::Scalar::add(&g[gradients], w);
        }
    }

    /// Stage `stage` of forward, for a layer with batch norms inside.
    #[doc(hidden)]
    #[inline]
    fn stage_forward<E: Element<Scalar = Self::Scalar>>(
        &self,
        _stage: usize,
        x: &Self::Input<E>,
        y: &mut Self::Output<E>,
        pass: &Pass,
        tape: &mut Self::Tape<E>,
    ) {
        self.forward_into(x, y, pass, tape);
    }

    /// Stage `stage` of backward, for a layer with batch norms inside.
    #[doc(hidden)]
    #[inline]
    #[allow(clippy::too_many_arguments, reason = "those of backward and a stage")]
    fn stage_backward<E: Element<Scalar = Self::Scalar>, P: OuterProducts<Self::Scalar>>(
        &self,
        _stage: usize,
        x: &Self::Input<E>,
        dy: &Self::Output<E>,
        pass: &Pass,
        tape: &mut Self::Tape<E>,
        gradients: &mut Self::Gradients,
        _products: &mut P,
        dx: Option<&mut Self::Input<E>>,
    ) {
        self.backward_into(x, dy, pass, tape, gradients, dx);
    }

    /// Stage `stage` of [`descend_into`](Layer::descend_into), for a layer with batch norms inside.
    #[doc(hidden)]
    #[inline]
    #[allow(clippy::too_many_arguments, reason = "those of backward and a stage")]
    fn stage_descend<E: Element<Scalar = Self::Scalar>>(
        &mut self,
        _stage: usize,
        x: &Self::Input<E>,
        dy: &Self::Output<E>,
        pass: &Pass,
        tape: &mut Self::Tape<E>,
        kept: Self::Scalar,
        dx: Option<&mut Self::Input<E>>,
    ) {
        self.descend_into(x, dy, pass, tape, kept, dx);
    }

    /// As [`Differentiable::meet`].
    #[doc(hidden)]
    #[inline]
    fn meet_inside<E: Element<Scalar = Self::Scalar>, G>(
        _meeting: Meeting,
        _groups: &mut [G],
        _samples: usize,
        _tape: impl Fn(&mut G) -> &mut Self::Tape<E> + Copy,
    ) {
    }

    /// As [`Differentiable::track`].
    #[doc(hidden)]
    #[inline]
    fn track_inside<E: Element<Scalar = Self::Scalar>>(&mut self, _tape: &Self::Tape<E>, _samples: usize) {}
}

#[diagnostic::do_not_recommend]
/// A network as a layer of another. Its output lies in its own tape or scratch, and is copied from there.
impl<N: Differentiable> Layer for N {
    type Input<E: Element<Scalar = N::Scalar>> = <N as Network>::Input<E>;
    type Output<E: Element<Scalar = N::Scalar>> = <N as Network>::Output<E>;
    type Scratch<E: Element<Scalar = N::Scalar>> = <N as Network>::Scratch<E>;
    type Tape<E: Element<Scalar = N::Scalar>> = <N as Differentiable>::Tape<E>;
    type Gradients = <N as Differentiable>::Gradients;

    const INPUT_SHAPE: &'static [usize] = <N as Network>::INPUT_SHAPE;
    const OUTPUT_SHAPE: &'static [usize] = <N as Network>::OUTPUT_SHAPE;
    const PARAMETERS: &'static [ParameterInfo] = <N as Network>::PARAMETERS;
    const MACS: usize = <N as Network>::MACS;
    const MEETINGS: usize = <N as Differentiable>::MEETINGS;
    const SMALLEST_BATCH: usize = <N as Differentiable>::SMALLEST_BATCH;
    const INPUT_GRADIENT: bool = <N as Differentiable>::INPUT_GRADIENT;
    const IS_STUB: bool = <N as Differentiable>::IS_STUB;

    fn initialize(&mut self, random: &mut Random) {
        Network::init(self, random);
    }

    fn predict_into<E: Element<Scalar = N::Scalar>>(
        &self,
        x: &<N as Network>::Input<E>,
        y: &mut <N as Network>::Output<E>,
        scratch: &mut <N as Network>::Scratch<E>,
    ) {
        copy(Network::predict(self, x, scratch), y);
    }

    fn forward_into<E: Element<Scalar = N::Scalar>>(
        &self,
        x: &<N as Network>::Input<E>,
        y: &mut <N as Network>::Output<E>,
        pass: &Pass,
        tape: &mut <N as Differentiable>::Tape<E>,
    ) {
        copy(Differentiable::forward(self, x, pass, tape), y);
    }

    fn backward_into<E: Element<Scalar = N::Scalar>>(
        &self,
        x: &<N as Network>::Input<E>,
        dy: &<N as Network>::Output<E>,
        pass: &Pass,
        tape: &mut <N as Differentiable>::Tape<E>,
        gradients: &mut <N as Differentiable>::Gradients,
        dx: Option<&mut <N as Network>::Input<E>>,
    ) {
        copy(dy, N::output_and_gradient(tape).1);
        self.backpropagate(x, pass, tape, gradients, dx);
    }

    fn stage_forward<E: Element<Scalar = N::Scalar>>(
        &self,
        stage: usize,
        x: &<N as Network>::Input<E>,
        y: &mut <N as Network>::Output<E>,
        pass: &Pass,
        tape: &mut <N as Differentiable>::Tape<E>,
    ) {
        Differentiable::forward_stage(self, stage, x, pass, tape);
        if stage == <N as Differentiable>::MEETINGS {
            copy(N::output_and_gradient(tape).0, y);
        }
    }

    fn stage_backward<E: Element<Scalar = N::Scalar>, P: OuterProducts<N::Scalar>>(
        &self,
        stage: usize,
        x: &<N as Network>::Input<E>,
        dy: &<N as Network>::Output<E>,
        pass: &Pass,
        tape: &mut <N as Differentiable>::Tape<E>,
        gradients: &mut <N as Differentiable>::Gradients,
        products: &mut P,
        dx: Option<&mut <N as Network>::Input<E>>,
    ) {
        if stage == <N as Differentiable>::MEETINGS {
            copy(dy, N::output_and_gradient(tape).1);
        }
        Differentiable::backward_stage(self, stage, x, pass, tape, gradients, products, dx);
    }

    fn descend_into<E: Element<Scalar = N::Scalar>>(
        &mut self,
        x: &<N as Network>::Input<E>,
        dy: &<N as Network>::Output<E>,
        pass: &Pass,
        tape: &mut <N as Differentiable>::Tape<E>,
        kept: N::Scalar,
        dx: Option<&mut <N as Network>::Input<E>>,
    ) {
        copy(dy, N::output_and_gradient(tape).1);
        Differentiable::descend(self, x, pass, tape, kept, dx);
    }

    fn stage_descend<E: Element<Scalar = N::Scalar>>(
        &mut self,
        stage: usize,
        x: &<N as Network>::Input<E>,
        dy: &<N as Network>::Output<E>,
        pass: &Pass,
        tape: &mut <N as Differentiable>::Tape<E>,
        kept: N::Scalar,
        dx: Option<&mut <N as Network>::Input<E>>,
    ) {
        if stage == <N as Differentiable>::MEETINGS {
            copy(dy, N::output_and_gradient(tape).1);
        }
        Differentiable::descend_stage(self, stage, x, pass, tape, kept, dx);
    }

    fn meet_inside<E: Element<Scalar = N::Scalar>, G>(
        meeting: Meeting,
        groups: &mut [G],
        samples: usize,
        tape: impl Fn(&mut G) -> &mut <N as Differentiable>::Tape<E> + Copy,
    ) {
        <N as Differentiable>::meet(meeting, groups, samples, tape);
    }

    fn track_inside<E: Element<Scalar = N::Scalar>>(&mut self, tape: &<N as Differentiable>::Tape<E>, samples: usize) {
        Differentiable::track(self, tape, samples);
    }
}
