//! The bodies of `predict` and `forward`: one call a layer, its result named after it.

use proc_macro2::{Span, TokenStream};
use syn::Ident;

use super::words::{area_name, layer_value, local, scratch_name, tape_name, tensor, used_areas, window};
use crate::infer::{Layer, Network};
use crate::layer::Kind;
use crate::plan::{Action, Forward, ForwardStep, Place, Plan, Value};

pub fn predict(network: &Network, plan: &Plan) -> TokenStream {
    let scratch = scratch_name(&network.name);
    let areas = used_areas(plan.predict.areas).into_iter().map(|(name, _)| name);
    let body = body(network, &plan.predict);
    code! {
        fn predict<'s, E: ::nnet::__private::Element<Scalar = S>>(
            &self,
            x: &Self::Input<E>,
            scratch: &'s mut Self::Scratch<E>,
        ) -> &'s Self::Output<E> {
            let #scratch { #(#areas),* } = scratch;
            #body
        }
    }
}

pub fn forward(network: &Network, plan: &Plan) -> TokenStream {
    let tape = tape_name(&network.name);
    let kept = plan.tape.fields.iter().map(|field| name(network, Value::Of(*field)));
    let areas = used_areas(plan.train.areas).into_iter().map(|(name, _)| name);
    let bound = kept.chain(areas);
    let body = body(network, &plan.train);
    code! {
        fn forward<'t, E: ::nnet::__private::Element<Scalar = S>>(
            &self,
            x: &Self::Input<E>,
            tape: &'t mut Self::Tape<E>,
        ) -> &'t Self::Output<E> {
            let #tape { #(#bound,)* .. } = tape;
            #body
        }
    }
}

/// A value as a local: the network's input, or the layer's name.
pub fn name(network: &Network, value: Value) -> Ident {
    let layer = if let Value::Of(layer) = value { network.layers.get(layer) } else { None };
    layer.map_or_else(|| Ident::new("x", Span::mixed_site()), local)
}

fn body(network: &Network, forward: &Forward) -> TokenStream {
    let steps =
        forward.steps.iter().zip(&network.layers).map(|(step, layer)| self::step(network, forward, step, layer));
    let output = name(network, forward.output());
    code!(#(#steps)* #output)
}

fn step(network: &Network, forward: &Forward, step: &ForwardStep, layer: &Layer) -> TokenStream {
    let x = name(network, step.x);
    let y = local(layer);
    match step.action {
        Action::Write(place) => {
            let (take, call) = (take(layer, place), call(layer, &x));
            code!(#take #call)
        }
        Action::Copy(place) => {
            let (take, copied, run) = (take(layer, place), copied(layer, &x), in_place(layer, &y));
            code!(#take *#y = *#copied; #run)
        }
        Action::InPlace => in_place(layer, &x),
        Action::View if forward.buffer(step.x) == Value::Input => view(layer, &x),
        Action::View => {
            let y_type = tensor(layer.output, code!(E));
            code! {
                let #y: &mut #y_type = ::nnet::__private::Tensor::view_mut(::nnet::__private::Tensor::as_flat_mut(#x));
            }
        }
    }
}

/// Another shape of `x`, to read.
pub fn view(layer: &Layer, x: &Ident) -> TokenStream {
    let (y, y_type) = (local(layer), tensor(layer.output, code!(E)));
    code!(let #y: &#y_type = ::nnet::__private::Tensor::view(::nnet::__private::Tensor::as_flat(#x));)
}

/// Makes the layer's buffer a local, unless it is one already as a field of the tape.
fn take(layer: &Layer, place: Place) -> TokenStream {
    let Place::Area(area) = place else { return TokenStream::new() };
    let (y, y_type, area) = (local(layer), tensor(layer.output, code!(E)), area_name(area));
    code!(let #y: &mut #y_type = ::nnet::__private::area(#area);)
}

/// What a layer that works in place starts from.
fn copied(layer: &Layer, x: &Ident) -> TokenStream {
    if layer.kind.is_view() {
        code!(::nnet::__private::Tensor::view(::nnet::__private::Tensor::as_flat(#x)))
    } else {
        code!(#x)
    }
}

fn in_place(layer: &Layer, y: &Ident) -> TokenStream {
    if layer.kind.is_view() {
        return TokenStream::new();
    }
    let value = layer_value(layer);
    code!(#value.forward(#y);)
}

fn call(layer: &Layer, x: &Ident) -> TokenStream {
    let y = local(layer);
    match &layer.kind {
        Kind::Conv2d { window, .. } => {
            let window = self::window(window);
            code!(self.#y.forward(&#window, #x, #y);)
        }
        Kind::Linear { .. } => code!(self.#y.forward(#x, #y);),
        _ => {
            let value = layer_value(layer);
            code!(#value.forward(#x, #y);)
        }
    }
}
