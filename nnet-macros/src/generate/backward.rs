//! The bodies of `output_and_gradient`, `backward_stage` and `descend_stage`: the calls of forward, from the last to the
//! first. What learns adds its gradients to those of the caller, or to itself.

use proc_macro2::{Span, TokenStream};
use syn::Ident;

use super::differentiable::plane;
use super::forward::inner_name;
use super::scope::{Scope, Use};
use super::stage::{Stage, Stages, guarded, may_meet};
use super::words::{
    area_name, inner_tape_name, integer, layer_type, layer_value, local, number, place, statistics_name, tape_name,
    tensor, window,
};
use crate::infer::{Layer, Network, Operation};
use crate::layer::Kind;
use crate::plan::{BackwardStep as Step, Operand, Plan, Storage, only_predicts};
use crate::size::Shape;

pub fn functions(network: &Network, plan: &Plan) -> TokenStream {
    let output = output_and_gradient(network, plan);
    let [body, descent] = [Target::Gradients, Target::Itself].map(|target| body(network, plan, target));
    code! {
        #output

        fn backward_stage<E: ::nnet::__private::Element<Scalar = S>, __P: ::nnet::__private::OuterProducts<S>>(
            &self,
            stage: ::core::primitive::usize,
            x: &Self::Input<E>,
            pass: &::nnet::__private::Pass,
            tape: &mut Self::Tape<E>,
            gradients: &mut Self::Gradients,
            products: &mut __P,
            dx: ::core::option::Option<&mut Self::Input<E>>,
        ) {
            #body
        }

        fn descend_stage<E: ::nnet::__private::Element<Scalar = S>>(
            &mut self,
            stage: ::core::primitive::usize,
            x: &Self::Input<E>,
            pass: &::nnet::__private::Pass,
            tape: &mut Self::Tape<E>,
            kept: S,
            dx: ::core::option::Option<&mut Self::Input<E>>,
        ) {
            #descent
        }
    }
}

/// What the gradients of the parameters are added to.
#[derive(Clone, Copy, PartialEq)]
enum Target {
    Gradients,
    Itself,
}

fn output_and_gradient(network: &Network, plan: &Plan) -> TokenStream {
    let output = plan.train.output();
    let Storage::Field(field) = output.storage else { return TokenStream::new() };
    let name = network.operation(field).map(local);
    let output = if network.shape(field + 1) == network.output {
        code!(&tape.#name)
    } else {
        code!(::nnet::__private::Tensor::view(::nnet::__private::Tensor::as_flat(&tape.#name)))
    };
    code! {
        fn output_and_gradient<E: ::nnet::__private::Element<Scalar = S>>(
            tape: &mut Self::Tape<E>,
        ) -> (&Self::Output<E>, &mut Self::Output<E>) {
            (#output, &mut tape.output_gradient)
        }
    }
}

fn body(network: &Network, plan: &Plan, target: Target) -> TokenStream {
    let tape = tape_name(&network.name);
    let bound = bound(network, plan);
    let uses = uses_of_dx(plan);
    let mut writer = Writer::new(network, target, uses > 1);
    for asked in &plan.backward.steps {
        writer.step(asked.step, asked.only_if_asked);
    }
    writer.end_stage(Stage::default());
    let body = writer.body;
    let dx = if !plan.backward.input_gradient {
        code!(::core::assert!(dx.is_none(), "the first layers are frozen, so there is no gradient of the input");)
    } else if uses > 1 {
        code!(let mut dx = dx;)
    } else {
        TokenStream::new()
    };
    code! {
        let #tape { #(#bound,)* .. } = tape;
        #dx
        #body
    }
}

/// How often the code looks at `dx`: neighbouring steps that need it do so together.
fn uses_of_dx(plan: &Plan) -> usize {
    let steps = &plan.backward.steps;
    let begins = |at: usize| steps[at].only_if_asked && (at == 0 || !steps[at - 1].only_if_asked);
    let blocks = (0..steps.len()).filter(|at| begins(*at)).count();
    let is_argument = |step: &Step| matches!(step, Step::Through { dx: Some(_), dx_only_if_asked: true, .. });
    blocks + steps.iter().filter(|asked| !asked.only_if_asked && is_argument(&asked.step)).count()
}

/// The fields of the tape that backward reads, and the areas that it writes.
fn bound(network: &Network, plan: &Plan) -> Vec<Ident> {
    let mut fields: Vec<_> = plan.backward.steps.iter().filter_map(|asked| read(asked.step)).collect();
    fields.sort_unstable();
    fields.dedup();
    let kept = fields.into_iter().filter_map(|field| network.operation(field)).map(local);
    let statistics = plan.tape.statistics.iter().filter_map(|at| network.operation(*at)).map(statistics_name);
    let by_path = |operation: &&Operation| operation.is_by_path() && !only_predicts(operation);
    let inner = network.operations.iter().filter(by_path).map(inner_name);
    let gradient = Ident::new("output_gradient", Span::mixed_site());
    let areas = (0..plan.backward.areas.len()).map(area_name);
    kept.chain(statistics).chain(inner).chain([gradient]).chain(areas).collect()
}

/// The field of the tape with the kept value that a step reads.
fn read(step: Step) -> Option<usize> {
    let kept = match step {
        Step::Through { x: kept, .. } | Step::InPlace { kept, .. } => kept?,
        Step::Sums { x, .. } | Step::Over { x, .. } => x,
        _ => return None,
    };
    if let Storage::Field(field) = kept.storage { Some(field) } else { None }
}

/// Code in the making: finished stages, the present one, and in it perhaps what is done only if the caller asks.
struct Writer<'a> {
    network: &'a Network,
    target: Target,
    stages: Stages,
    scope: Scope<'a>,
    body: TokenStream,
    segment: TokenStream,
    asked: Option<TokenStream>,
    stage: Stage,
    /// Whether `dx` is looked at more than once.
    is_dx_shared: bool,
}

impl<'a> Writer<'a> {
    fn new(network: &'a Network, target: Target, is_dx_shared: bool) -> Self {
        let stages = Stages::of(network);
        let (scope, stage) = (Scope::new(network), stages.last.clone());
        let (body, segment) = (TokenStream::new(), TokenStream::new());
        Self { network, target, stages, scope, body, segment, asked: None, stage, is_dx_shared }
    }

    fn step(&mut self, step: Step, only_if_asked: bool) {
        if only_if_asked && self.asked.is_none() {
            self.asked = Some(TokenStream::new());
            self.scope = Scope::new(self.network);
        } else if !only_if_asked {
            self.end_asked();
        }
        match step {
            Step::Through { operation, x, dy, dx, dx_only_if_asked } => {
                self.through(operation, x, dy, dx, dx_only_if_asked && !only_if_asked);
            }
            Step::Over { operation, activation, x, dy } => self.over(operation, activation, x, dy),
            Step::InPlace { operation, kept, dy } => self.in_place(operation, kept, dy),
            Step::Sums { operation, x, dy } => self.sums(operation, x, dy),
            Step::Meet { operation } => {
                let before = self.stages.begin(operation);
                self.end_stage(before);
            }
            Step::Learn { operation } => self.learn(operation),
            Step::Copy { from, to } => {
                let (from, to) = self.pair(from, self.network.shape(to.value), to);
                self.push(code!(::nnet::__private::layers::copy(#from, #to);));
            }
            Step::Add { from, to } => {
                let (from, to) = self.pair(from, self.network.shape(to.value), to);
                self.push(code!(::nnet::__private::layers::add(#from, #to);));
            }
            Step::Part { from, to, offset } => {
                let (from, to) = self.pair(from, self.network.shape(from.value), to);
                self.push(code!(::nnet::__private::layers::read_part(#from, #offset, #to);));
            }
        }
    }

    fn push(&mut self, code: TokenStream) {
        self.asked.as_mut().unwrap_or(&mut self.segment).extend(code);
    }

    fn value(&mut self, operand: Operand, shape: Shape) -> TokenStream {
        self.scope.value(operand, shape, Use::Read, self.asked.as_mut().unwrap_or(&mut self.segment))
    }

    fn gradient(&mut self, operand: Operand, shape: Shape, usage: Use) -> TokenStream {
        self.scope.gradient(operand, shape, usage, self.asked.as_mut().unwrap_or(&mut self.segment))
    }

    /// The locals of a step that reads one gradient, in this shape, and writes another.
    fn pair(&mut self, from: Operand, shape: Shape, to: Operand) -> (TokenStream, TokenStream) {
        (self.gradient(from, shape, Use::Read), self.gradient(to, self.network.shape(to.value), Use::Write))
    }

    /// `dx`, or a reference to it if it is needed again.
    fn dx(&self) -> TokenStream {
        if self.is_dx_shared { code!(dx.as_deref_mut()) } else { code!(dx) }
    }

    fn end_asked(&mut self) {
        if let Some(asked) = self.asked.take() {
            let dx = self.dx();
            self.segment.extend(code!(if let ::core::option::Option::Some(dx) = #dx { #asked }));
            self.scope = Scope::new(self.network);
        }
    }

    fn end_stage(&mut self, next: Stage) {
        self.end_asked();
        let segment = std::mem::take(&mut self.segment);
        self.body.extend(guarded(self.network, &self.stages, &self.stage, segment));
        self.scope = Scope::new(self.network);
        self.stage = next;
    }

    fn sums(&mut self, operation: usize, x: Operand, dy: Operand) {
        let Some((operation, layer)) = self.layer(operation) else { return };
        let (x, dy) = (self.value(x, operation.input), self.gradient(dy, operation.output, Use::Read));
        let Kind::BatchNorm { eps, .. } = layer.kind else { return };
        let (place, statistics, eps) = (place(&operation.place), statistics_name(operation), number(eps));
        let gradients = match self.target {
            Target::Gradients => code!(::core::option::Option::Some(&mut gradients #place)),
            Target::Itself => code!(::core::option::Option::None),
        };
        self.push(code!(self #place.gradient_sums(#eps, #statistics, #x, #dy, #gradients);));
    }

    fn learn(&mut self, operation: usize) {
        let Some(operation) = self.network.operation(operation).filter(|_| self.target == Target::Itself) else {
            return;
        };
        let (place, statistics, plane) = (place(&operation.place), statistics_name(operation), plane(operation));
        self.push(code!(self #place.descend(kept, #statistics, #plane, pass.samples().min(E::LANES));));
    }

    fn layer(&self, operation: usize) -> Option<(&'a Operation, &'a Layer)> {
        let operation = self.network.operation(operation)?;
        Some((operation, operation.layer()?))
    }

    fn in_place(&mut self, at: usize, kept: Option<Operand>, dy: Operand) {
        let Some((operation, layer)) = self.layer(at) else { return };
        let kept = kept.map(|kept| self.value(kept, operation.output));
        let dy = self.gradient(dy, operation.output, Use::Write);
        let (place, value) = (place(&operation.place), layer_value(layer));
        self.push(match &layer.kind {
            Kind::BatchNorm { eps, .. } => {
                let eps = number(*eps);
                if let Some(x) = kept {
                    let statistics = statistics_name(operation);
                    code!(self #place.backward(#eps, pass, #statistics, #x, #dy);)
                } else {
                    code!(self #place.frozen_backward(#eps, #dy);)
                }
            }
            Kind::Dropout { .. } | Kind::Dropout2d { .. } => {
                let salt = integer(at);
                code!(#value.backward(pass, #salt, #dy);)
            }
            _ => code!(#value.backward(#kept, #dy);),
        });
    }

    fn over(&mut self, at: usize, activation: Option<usize>, x: Operand, dy: Operand) {
        let Some((operation, layer)) = self.layer(at) else { return };
        let function = activation.and_then(|activation| self.layer(activation));
        let function = function.map_or_else(|| code!(()), |(_, activation)| layer_value(activation));
        let dy = self.gradient(dy, operation.output, Use::Read);
        let code = self.asked.as_mut().unwrap_or(&mut self.segment);
        let x = self.scope.value(x, operation.input, Use::Write, code);
        let pool = layer_value(layer);
        self.push(code!(#pool.backward_in_place(#function, #dy, #x);));
    }

    fn through(&mut self, at: usize, x: Option<Operand>, dy: Operand, dx: Option<Operand>, is_optional: bool) {
        let Some((operation, layer)) = self.layer(at) else { return };
        let is_staged = may_meet(operation);
        if is_staged {
            self.end_stage(self.stage.clone());
        }
        let x = x.map(|x| self.value(x, operation.input));
        let dy = self.gradient(dy, operation.output, Use::Read);
        let (has_option, has_dx) = (layer.learns(), dx.is_some());
        let dx = match dx {
            None => code!(::core::option::Option::None),
            Some(dx) if has_option && is_optional => self.optional(dx, operation.input),
            Some(dx) => {
                let dx = self.gradient(dx, operation.input, Use::Write);
                if has_option { code!(::core::option::Option::Some(#dx)) } else { dx }
            }
        };
        if is_staged {
            // Without a gradient there is no type that it could be viewed as.
            let dx = if has_dx { code!(::nnet::__private::viewed(#dx)) } else { dx };
            self.by_path(at, operation, x.as_ref(), &dy, &dx);
        } else {
            self.push(call(operation, layer, self.target, x.as_ref(), &dy, &dx));
        }
    }

    /// The argument for a gradient that is computed only if the caller asks for that of the input.
    fn optional(&mut self, operand: Operand, shape: Shape) -> TokenStream {
        if let Storage::Area(area) = operand.storage {
            let memory = area_name(area);
            self.scope.forget(area);
            let kind = tensor(shape, code!(E));
            return code!(dx.is_some().then(|| ::nnet::__private::area::<#kind, _>(#memory)));
        }
        let dx = self.dx();
        if shape == self.network.input {
            return dx;
        }
        let kind = tensor(shape, code!(E));
        code!(#dx.map(::nnet::__private::reshaped_mut::<_, #kind>))
    }

    /// A layer by path has stages of its own, the last of which is this one.
    fn by_path(
        &mut self,
        at: usize,
        operation: &Operation,
        x: Option<&TokenStream>,
        dy: &TokenStream,
        dx: &TokenStream,
    ) {
        let before = self.stages.begin(at);
        let (first, end) = (before.number(self.network), before.clone().after(at).number(self.network));
        let (place, tape, at) = (place(&operation.place), inner_tape_name(operation), integer(at));
        let kind = operation.layer().map(|layer| layer_type(layer, &code!(S)));
        let (function, types, network, target) = match self.target {
            Target::Gradients => {
                (code!(stage_backward), code!(E, __P), code!(&self #place), code!(&mut gradients #place, products))
            }
            Target::Itself => (code!(stage_descend), code!(E), code!(&mut self #place), code!(kept)),
        };
        let segment = std::mem::take(&mut self.segment);
        self.body.extend(code! {
            if (#first..=#end).contains(&stage) {
                #segment
                <#kind as ::nnet::__private::Layer>::#function::<#types>(
                    #network,
                    stage - (#first),
                    ::nnet::__private::Tensor::view(::nnet::__private::Tensor::as_flat(#x)),
                    ::nnet::__private::Tensor::view(::nnet::__private::Tensor::as_flat(#dy)),
                    &pass.nested(#at),
                    #tape,
                    #target,
                    #dx,
                );
            }
        });
        self.scope = Scope::new(self.network);
        self.stage = before;
    }
}

/// The call of a layer that writes the gradient of its input to another place.
fn call(
    operation: &Operation,
    layer: &Layer,
    target: Target,
    x: Option<&TokenStream>,
    dy: &TokenStream,
    dx: &TokenStream,
) -> TokenStream {
    let place = place(&operation.place);
    let first = match &layer.kind {
        Kind::Conv2d(convolution) | Kind::Conv1d(convolution) | Kind::ConvTranspose2d { convolution, .. } => {
            let window = window(&convolution.window);
            code!(&#window,)
        }
        Kind::LayerNorm { eps } => {
            let eps = number(*eps);
            code!(#eps,)
        }
        Kind::GroupNorm { groups, eps } => {
            let (groups, eps) = (groups, number(*eps));
            code!(#groups, #eps,)
        }
        _ => TokenStream::new(),
    };
    let x = x.map(|x| code!(#x,));
    if layer.learns() {
        match target {
            Target::Gradients if matches!(layer.kind, Kind::Linear { .. }) => {
                code!(self #place.backward_with(#x #dy, &mut gradients #place, products, #dx);)
            }
            Target::Gradients => code!(self #place.backward(#first #x #dy, &mut gradients #place, #dx);),
            Target::Itself => code!(self #place.descend(#first kept, #x #dy, #dx);),
        }
    } else if layer.kind.has_parameters() {
        code!(self #place.input_gradient(#first #x #dy, #dx);)
    } else {
        let value = layer_value(layer);
        code!(#value.backward(#x #dy, #dx);)
    }
}
