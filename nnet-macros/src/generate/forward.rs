//! The bodies of `predict` and `forward_stage`: one call a layer, its result named after it.

use proc_macro2::TokenStream;
use syn::Ident;

use super::scope::{Scope, Use};
use super::stage::{Stage, Stages, guarded, may_meet};
use super::words::{
    area_name, inner_scratch_name, inner_tape_name, integer, layer_type, layer_value, local, number, place,
    scratch_name, statistics_name, tape_name, window,
};
use crate::infer::{Layer, Network, Operation};
use crate::layer::Kind;
use crate::plan::{Forward, ForwardStep as Step, Operand, Plan, only_predicts};
use crate::size::Shape;

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Predict,
    Train,
}

pub fn predict(network: &Network, plan: &Plan) -> TokenStream {
    let scratch = scratch_name(&network.name);
    let areas = (0..plan.scratch.len()).map(area_name);
    let inner = network.operations.iter().filter(|operation| operation.is_by_path()).map(inner_scratch_name);
    let bound = areas.chain(inner);
    let mut writer = Writer::new(network, Mode::Predict);
    let output = writer.steps(&plan.predict);
    let body = writer.body;
    code! {
        fn predict<'s, E: ::nnet::__private::Element<Scalar = S>>(
            &self,
            x: &Self::Input<E>,
            scratch: &'s mut Self::Scratch<E>,
        ) -> &'s Self::Output<E> {
            let #scratch { #(#bound),* } = scratch;
            #body
            #output
        }
    }
}

/// `Quantize::trace`: every value into a field of its own.
pub fn trace(network: &Network, trace: &Ident, plan: &Forward) -> TokenStream {
    let kept: Vec<_> = plan.fields.iter().filter_map(|at| network.operation(*at)).map(local).collect();
    let numbers = plan.fields.iter().map(|at| integer(at + 1));
    let mut writer = Writer::new(network, Mode::Predict);
    writer.steps(plan);
    let body = writer.body;
    code! {
        fn trace(
            &self,
            x: &Self::Input<::core::primitive::f32>,
            trace: &mut Self::Trace,
            mut see: impl ::core::ops::FnMut(::core::primitive::usize, &[::core::primitive::f32]),
        ) {
            type E = ::core::primitive::f32;
            let #trace { #(#kept),* } = trace;
            #body
            see(0, ::nnet::__private::Tensor::as_flat(x));
            #(see(#numbers, ::nnet::__private::Tensor::as_flat(#kept));)*
        }
    }
}

pub fn forward(network: &Network, plan: &Plan) -> TokenStream {
    let tape = tape_name(&network.name);
    let bound = bound(network, plan);
    let mut writer = Writer::new(network, Mode::Train);
    writer.steps(&plan.train);
    let (body, last) = (writer.body, guarded(network, &writer.stages, &writer.stage, writer.segment));
    code! {
        fn forward_stage<E: ::nnet::__private::Element<Scalar = S>>(
            &self,
            stage: ::core::primitive::usize,
            x: &Self::Input<E>,
            pass: &::nnet::__private::Pass,
            tape: &mut Self::Tape<E>,
        ) {
            let #tape { #(#bound,)* .. } = tape;
            #body
            #last
        }
    }
}

/// The fields of the tape that forward writes.
fn bound(network: &Network, plan: &Plan) -> Vec<Ident> {
    let kept = plan.tape.fields.iter().filter_map(|field| network.operation(*field)).map(local);
    let statistics = plan.tape.statistics.iter().filter_map(|at| network.operation(*at)).map(statistics_name);
    let inner = network.operations.iter().filter(|operation| operation.is_by_path()).map(inner_name);
    let areas = (0..plan.train.areas.len()).map(area_name);
    kept.chain(statistics).chain(inner).chain(areas).collect()
}

/// What a layer by path trains or predicts in.
pub fn inner_name(operation: &Operation) -> Ident {
    if only_predicts(operation) { inner_scratch_name(operation) } else { inner_tape_name(operation) }
}

/// Code in the making: finished stages, and the present one.
struct Writer<'a> {
    network: &'a Network,
    mode: Mode,
    stages: Stages,
    scope: Scope<'a>,
    body: TokenStream,
    segment: TokenStream,
    stage: Stage,
}

impl<'a> Writer<'a> {
    fn new(network: &'a Network, mode: Mode) -> Self {
        let (stages, scope) = (Stages::of(network), Scope::new(network));
        Self {
            network,
            mode,
            stages,
            scope,
            body: TokenStream::new(),
            segment: TokenStream::new(),
            stage: Stage::default(),
        }
    }

    /// All steps; gives the output's local, for `predict`.
    fn steps(&mut self, forward: &Forward) -> TokenStream {
        for step in &forward.steps {
            self.step(*step);
        }
        if self.mode == Mode::Train {
            return TokenStream::new();
        }
        let mut last = TokenStream::new();
        let output = self.scope.value(forward.output(), self.network.output, Use::Read, &mut last);
        self.body = std::mem::take(&mut self.segment);
        code!(#last #output)
    }

    fn step(&mut self, step: Step) {
        let network = self.network;
        match step {
            Step::Through { operation, last, x, y } if last > operation => self.pooled(operation, last, x, y),
            Step::Through { operation, x, y, .. } => self.through(operation, x, y),
            Step::InPlace { operation: at, y } => {
                let y = self.scope.value(y, network.shape(at + 1), Use::Write, &mut self.segment);
                let layer = network.operation(at).and_then(|operation| Some((operation, operation.layer()?)));
                let call = layer.map(|(operation, layer)| in_place(at, operation, layer, &y));
                self.segment.extend(call);
            }
            Step::Copy { from, to } => {
                let (from, to) = self.pair(from, network.shape(to.value), to);
                self.segment.extend(code!(::nnet::__private::layers::copy(#from, #to);));
            }
            Step::Add { from, to } => {
                let (from, to) = self.pair(from, network.shape(to.value), to);
                self.segment.extend(code!(::nnet::__private::layers::add(#from, #to);));
            }
            Step::Part { from, to, offset } => {
                let (from, to) = self.pair(from, network.shape(from.value), to);
                self.segment.extend(code!(::nnet::__private::layers::write_part(#from, #to, #offset);));
            }
            Step::Statistics { operation, x } => {
                let Some(operation) = network.operation(operation) else { return };
                let x = self.scope.value(x, operation.input, Use::Read, &mut self.segment);
                self.segment.extend(statistics(operation, &x));
            }
            Step::Meet { .. } => {
                let next = self.stage.clone().next();
                self.end_stage(next);
            }
        }
    }

    /// The locals of a step that reads one buffer, in this shape, and writes another.
    fn pair(&mut self, from: Operand, shape: Shape, to: Operand) -> (TokenStream, TokenStream) {
        let from = self.scope.value(from, shape, Use::Read, &mut self.segment);
        let to = self.scope.value(to, self.network.shape(to.value), Use::Write, &mut self.segment);
        (from, to)
    }

    fn end_stage(&mut self, next: Stage) {
        let segment = std::mem::take(&mut self.segment);
        self.body.extend(guarded(self.network, &self.stages, &self.stage, segment));
        self.scope = Scope::new(self.network);
        self.stage = next;
    }

    /// A convolution, the activation behind it if there is one, and a pool.
    fn pooled(&mut self, at: usize, last: usize, x: Operand, y: Operand) {
        let network = self.network;
        let layer = |at| network.operation(at).and_then(|operation| Some((operation, operation.layer()?)));
        let (Some((convolution, layer_of_convolution)), Some((pool, layer_of_pool))) = (layer(at), layer(last)) else {
            return;
        };
        let (Kind::Conv2d(arguments) | Kind::Conv1d(arguments)) = &layer_of_convolution.kind else { return };
        let between = if last - at > 1 { layer(at + 1) } else { None };
        let function = between.map_or_else(|| code!(()), |(_, activation)| layer_value(activation));
        let (window, pool_value) = (window(&arguments.window), layer_value(layer_of_pool));
        let x = self.scope.value(x, convolution.input, Use::Read, &mut self.segment);
        let y = self.scope.value(y, pool.output, Use::Write, &mut self.segment);
        let place = place(&convolution.place);
        self.segment.extend(code!(self #place.predict_pooled(&#window, #function, #pool_value, #x, #y);));
    }

    fn through(&mut self, at: usize, x: Operand, y: Operand) {
        let Some(operation) = self.network.operation(at) else { return };
        let Some(layer) = operation.layer() else { return };
        let is_staged = self.mode == Mode::Train && may_meet(operation);
        if is_staged {
            self.end_stage(self.stage.clone());
        }
        let x = self.scope.value(x, operation.input, Use::Read, &mut self.segment);
        let y = self.scope.value(y, operation.output, Use::Write, &mut self.segment);
        if !is_staged {
            let call = if operation.is_by_path() {
                predict_by_path(operation, &x, &y)
            } else {
                call(operation, layer, &x, &y)
            };
            self.segment.extend(call);
            return;
        }
        // The layer has stages of its own, from this one on.
        let last = self.stage.clone().after(at);
        let (first, end) = (self.stage.number(self.network), last.number(self.network));
        let call = forward_by_path(at, operation, &first, &x, &y);
        let segment = std::mem::take(&mut self.segment);
        self.body.extend(code!(if (#first..=#end).contains(&stage) { #segment #call }));
        self.scope = Scope::new(self.network);
        self.stage = last;
    }
}

fn in_place(at: usize, operation: &Operation, layer: &Layer, y: &TokenStream) -> TokenStream {
    let value = layer_value(layer);
    match &layer.kind {
        Kind::BatchNorm { eps, .. } => {
            let (place, eps) = (place(&operation.place), number(*eps));
            code!(self #place.predict(#eps, #y);)
        }
        Kind::Dropout { .. } | Kind::Dropout2d { .. } => {
            let salt = integer(at);
            code!(#value.forward(pass, #salt, #y);)
        }
        _ => code!(#value.forward(#y);),
    }
}

fn statistics(operation: &Operation, x: &TokenStream) -> TokenStream {
    let statistics = statistics_name(operation);
    let channels = operation.output.channels();
    code!(::nnet::__private::layers::BatchNorm::<S, #channels>::statistics(#x, #statistics);)
}

/// The call of a layer that writes another buffer.
fn call(operation: &Operation, layer: &Layer, x: &TokenStream, y: &TokenStream) -> TokenStream {
    let place = place(&operation.place);
    match &layer.kind {
        Kind::Conv2d(convolution) | Kind::Conv1d(convolution) | Kind::ConvTranspose2d { convolution, .. } => {
            let window = window(&convolution.window);
            code!(self #place.forward(&#window, #x, #y);)
        }
        Kind::BatchNorm { eps, .. } => {
            let (eps, statistics) = (number(*eps), statistics_name(operation));
            code!(self #place.forward(#eps, #statistics, #x, #y);)
        }
        Kind::LayerNorm { eps } => {
            let eps = number(*eps);
            code!(self #place.forward(#eps, #x, #y);)
        }
        Kind::GroupNorm { groups, eps } => {
            let (groups, eps) = (groups, number(*eps));
            code!(self #place.forward(#groups, #eps, #x, #y);)
        }
        kind if kind.has_parameters() => code!(self #place.forward(#x, #y);),
        _ => {
            let value = layer_value(layer);
            code!(#value.forward(#x, #y);)
        }
    }
}

/// A layer by path has types of its own, which the macro compares with these at compile time.
fn forward_by_path(
    at: usize,
    operation: &Operation,
    first: &TokenStream,
    x: &TokenStream,
    y: &TokenStream,
) -> TokenStream {
    let (place, tape, at) = (place(&operation.place), inner_tape_name(operation), integer(at));
    let kind = operation.layer().map(|layer| layer_type(layer, &code!(S)));
    code! {
        <#kind as ::nnet::__private::Layer>::stage_forward::<E>(
            &self #place,
            stage - (#first),
            ::nnet::__private::Tensor::view(::nnet::__private::Tensor::as_flat(#x)),
            ::nnet::__private::Tensor::view_mut(::nnet::__private::Tensor::as_flat_mut(#y)),
            &pass.nested(#at),
            #tape,
        );
    }
}

fn predict_by_path(operation: &Operation, x: &TokenStream, y: &TokenStream) -> TokenStream {
    let (place, scratch) = (place(&operation.place), inner_scratch_name(operation));
    let kind = operation.layer().map(|layer| layer_type(layer, &code!(S)));
    code! {
        <#kind as ::nnet::__private::Layer>::predict_into::<E>(
            &self #place,
            ::nnet::__private::Tensor::view(::nnet::__private::Tensor::as_flat(#x)),
            ::nnet::__private::Tensor::view_mut(::nnet::__private::Tensor::as_flat_mut(#y)),
            #scratch,
        );
    }
}
