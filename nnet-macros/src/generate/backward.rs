//! The bodies of `output_and_gradient` and `backpropagate`: the calls of `forward`, from the last to the first.

use proc_macro2::{Span, TokenStream};
use syn::Ident;

use super::forward::{name, view};
use super::words::{area_name, gradient_name, layer_value, local, tape_name, tensor, used_areas, window};
use crate::infer::{Layer, Network};
use crate::layer::Kind;
use crate::plan::{Area, Backward, BackwardStep, Gradient, Plan, Target, Value};

pub fn functions(network: &Network, plan: &Plan) -> TokenStream {
    let output = output_and_gradient(network, plan);
    let body = body(network, plan);
    code! {
        #output

        fn backpropagate<E: ::nnet::__private::Element<Scalar = S>>(
            &self,
            x: &Self::Input<E>,
            tape: &mut Self::Tape<E>,
            gradients: &mut Self,
            dx: ::core::option::Option<&mut Self::Input<E>>,
        ) {
            #body
        }
    }
}

fn output_and_gradient(network: &Network, plan: &Plan) -> TokenStream {
    let output = plan.train.output();
    let buffer = name(network, plan.train.buffer(output));
    let output = if plan.train.viewed(output).is_some() {
        code!(::nnet::__private::Tensor::view(::nnet::__private::Tensor::as_flat(&tape.#buffer)))
    } else {
        code!(&tape.#buffer)
    };
    code! {
        fn output_and_gradient<E: ::nnet::__private::Element<Scalar = S>>(
            tape: &mut Self::Tape<E>,
        ) -> (&Self::Output<E>, &mut Self::Output<E>) {
            (#output, &mut tape.output_gradient)
        }
    }
}

fn body(network: &Network, plan: &Plan) -> TokenStream {
    let Backward { views, always, asked, .. } = &plan.backward;
    let tape = tape_name(&network.name);
    let bound = bound(network, plan);
    let views = views.iter().filter_map(|layer| {
        let x = plan.train.viewed(Value::Of(*layer))?;
        Some(view(network.layers.get(*layer)?, &name(network, x)))
    });
    let always = always.iter().map(|step| self::step(network, step));
    let again = plan.backward.always.iter().any(is_asked_for_again).then(|| code!(let mut dx = dx;));
    let asked = if_asked(network, asked, plan.backward.always.last());
    code! {
        let #tape { #(#bound,)* .. } = tape;
        #(#views)*
        #again
        #(#always)*
        #asked
    }
}

fn is_asked_for_again(step: &BackwardStep) -> bool {
    matches!(step, BackwardStep::Through { dx: Target::CallerIfAsked { again: true, .. }, .. })
}

/// The fields of the tape that backward reads, and the areas that it writes.
fn bound(network: &Network, plan: &Plan) -> Vec<Ident> {
    let Backward { always, asked, areas, .. } = &plan.backward;
    let reads = always.iter().chain(asked).filter_map(BackwardStep::reads).map(|value| plan.train.buffer(value));
    let mut fields: Vec<_> =
        reads.filter_map(|value| if let Value::Of(layer) = value { Some(layer) } else { None }).collect();
    fields.sort_unstable();
    fields.dedup();
    let kept = fields.into_iter().map(|field| name(network, Value::Of(field)));
    let areas = used_areas(*areas).into_iter().map(|(name, _)| name);
    kept.chain([Ident::new("output_gradient", Span::mixed_site())]).chain(areas).collect()
}

/// The steps that only the input's gradient needs, after the last of the others.
fn if_asked(network: &Network, steps: &[BackwardStep], last: Option<&BackwardStep>) -> TokenStream {
    if steps.is_empty() {
        return TokenStream::new();
    }
    let steps = steps.iter().map(|step| self::step(network, step));
    let handed = match last {
        Some(BackwardStep::Through { dx: Target::AreaIfAsked { name, .. }, .. }) => network.layers.get(*name),
        _ => None,
    };
    let pattern = if let Some(dy) = handed.map(gradient_name) {
        code!((::core::option::Option::Some(dx), ::core::option::Option::Some(#dy)) = (dx, #dy))
    } else {
        code!(::core::option::Option::Some(dx) = dx)
    };
    code!(if let #pattern { #(#steps)* })
}

fn step(network: &Network, step: &BackwardStep) -> TokenStream {
    match *step {
        BackwardStep::Through { layer, x, dy, dx } => {
            let x = x.map(|x| name(network, x));
            let dy = gradient(network, dy);
            network.layers.get(layer).map(|layer| through(network, layer, x.as_ref(), &dy, dx)).unwrap_or_default()
        }
        BackwardStep::InPlace { layer, kept, dy } => {
            let (kept, dy) = (name(network, kept), gradient(network, dy));
            let value = network.layers.get(layer).map(layer_value);
            code!(#value.backward(#kept, #dy);)
        }
        BackwardStep::View { layer, dy, name } => {
            let dy = gradient(network, dy);
            let dx = network.layers.get(name).map(gradient_name);
            let dx_type = network.layers.get(layer).map(|layer| tensor(layer.input, code!(E)));
            code! {
                let #dx: &mut #dx_type = ::nnet::__private::Tensor::view_mut(::nnet::__private::Tensor::as_flat_mut(#dy));
            }
        }
        BackwardStep::Copy { viewed } => {
            let dx = gradient(network, Gradient::Input { viewed });
            code!(*#dx = *output_gradient;)
        }
    }
}

fn gradient(network: &Network, gradient: Gradient) -> TokenStream {
    match gradient {
        Gradient::Output => code!(output_gradient),
        Gradient::Of(layer) => {
            let name = network.layers.get(layer).map(gradient_name);
            code!(#name)
        }
        Gradient::Input { viewed: false } => code!(dx),
        Gradient::Input { viewed: true } => {
            code!(::nnet::__private::Tensor::view_mut(::nnet::__private::Tensor::as_flat_mut(dx)))
        }
    }
}

/// The call of a layer that writes the gradient of its input to another place.
fn through(network: &Network, layer: &Layer, x: Option<&Ident>, dy: &TokenStream, dx: Target) -> TokenStream {
    let (take, dx) = target(network, layer, dx);
    let field = local(layer);
    let value = layer_value(layer);
    let call = match &layer.kind {
        Kind::Conv2d { window, .. } => {
            let window = self::window(window);
            code!(self.#field.backward(&#window, #x, #dy, &mut gradients.#field, #dx);)
        }
        Kind::Linear { .. } => code!(self.#field.backward(#x, #dy, &mut gradients.#field, #dx);),
        Kind::MaxPool2d { .. } => code!(#value.backward(#x, #dy, #dx);),
        _ => code!(#value.backward(#dy, #dx);),
    };
    code!(#take #call)
}

/// The line that takes a buffer for the gradient of the layer's input, and the argument for it.
fn target(network: &Network, layer: &Layer, target: Target) -> (TokenStream, TokenStream) {
    match target {
        Target::Area { name, area } => {
            let (name, take) = take(network, layer, name, area);
            let dx = if layer.kind.has_parameters() { code!(::core::option::Option::Some(#name)) } else { name };
            (code!(let #take;), dx)
        }
        Target::AreaIfAsked { name, area } => {
            let dx = network.layers.get(name).map(gradient_name);
            let (dx_type, area) = (tensor(layer.input, code!(E)), area_name(area));
            let take = code! {
                let mut #dx: ::core::option::Option<&mut #dx_type> =
                    dx.is_some().then(|| ::nnet::__private::area(#area));
            };
            (take, code!(#dx.as_deref_mut()))
        }
        Target::Caller { viewed } => (TokenStream::new(), gradient(network, Gradient::Input { viewed })),
        Target::CallerIfAsked { viewed, again } => {
            let dx = if again { code!(dx.as_deref_mut()) } else { code!(dx) };
            let view = gradient(network, Gradient::Input { viewed: true });
            (TokenStream::new(), if viewed { code!(#dx.map(|dx| #view)) } else { dx })
        }
    }
}

/// `d_conv1: &mut T = area(area_a)`, and its name.
fn take(network: &Network, layer: &Layer, name: usize, area: Area) -> (TokenStream, TokenStream) {
    let dx = network.layers.get(name).map(gradient_name);
    let (dx_type, area) = (tensor(layer.input, code!(E)), area_name(area));
    (code!(#dx), code!(#dx: &mut #dx_type = ::nnet::__private::area(#area)))
}
