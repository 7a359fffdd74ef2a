//! `LeNetInt8`: the network of bytes, and the way to it from the network of floats.

mod quantize;
mod stub;

use proc_macro2::{Span, TokenStream};
use quote::format_ident;
use syn::Ident;

use self::quantize::quantize;
pub use self::stub::stub;
use super::words::{area_name, doc, local, scratch_name, sizes, tensor, window};
use super::{memory, shadow};
use crate::infer::{Layer, Network, Operation};
use crate::layer::Kind;
use crate::plan::{Forward, ForwardStep as Step, Operand, Room, Storage, of_bytes, of_trace};
use crate::size::{Shape, Size, Window};

pub fn name(network: &Ident) -> Ident {
    format_ident!("{network}Int8")
}

fn trace_name(network: &Ident) -> Ident {
    format_ident!("{network}Int8Trace")
}

/// A layer of bytes with numbers of its own: its operation, and that whose value it gives.
struct Stage<'a> {
    operation: &'a Operation,
    layer: &'a Layer,
    last: usize,
    x: Operand,
    y: Operand,
}

/// `original` is what the user wrote; `network` is that, or the folded one.
pub fn int8(original: &Network, network: &Network) -> TokenStream {
    let plan = of_bytes(network);
    let structure = structure(original, network, &plan);
    let scratch = scratch(original, network, &plan);
    let trace = of_trace(network);
    let values = memory::trace(network, &trace_name(&original.name), &trace);
    let predict = implementation(original, network, &plan);
    let quantize = quantize(original, network, &plan, &trace);
    let constant = constant(original);
    let code = shadow::scoped(&code!(#predict #quantize));
    code! {
        #structure
        #scratch
        #constant
        #values
        #code
    }
}

/// What a step runs, if that is a layer.
fn stage(network: &Network, step: Step) -> Option<Stage<'_>> {
    let (at, last, x, y) = match step {
        Step::Through { operation, last, x, y } => (operation, last, x, y),
        Step::InPlace { operation, y } => (operation, operation, y, y),
        _ => return None,
    };
    let operation = network.operation(at)?;
    Some(Stage { operation, layer: operation.layer()?, last, x, y })
}

/// The steps that run a layer.
fn stages<'a>(network: &'a Network, plan: &'a Forward) -> impl Iterator<Item = Stage<'a>> {
    plan.steps.iter().filter_map(|step| stage(network, *step))
}

/// The type of the layer's field, if it has numbers of its own.
fn kind(layer: &Layer) -> Option<TokenStream> {
    let weight = layer.parameters.first().map(|weight| weight.shape.as_slice()).unwrap_or_default();
    Some(match (&layer.kind, weight) {
        (Kind::Conv2d(_), sizes) => code!(::nnet::__private::int8::Conv2dInt8<#(#sizes),*>),
        (Kind::Conv1d(_), [out, inner, kernel]) => {
            code!(::nnet::__private::int8::Conv2dInt8<#out, #inner, 1, #kernel>)
        }
        (Kind::Linear { .. }, sizes) => code!(::nnet::__private::int8::LinearInt8<#(#sizes),*>),
        (Kind::Activation(_), _) => code!(::nnet::__private::int8::ReluInt8),
        _ => return None,
    })
}

fn structure(original: &Network, network: &Network, plan: &Forward) -> TokenStream {
    let (visibility, source, name) = (&original.visibility, &original.name, name(&original.name));
    let text = doc(&format!("[`{source}`] in bytes: made by `nnet::host::int8::quantize`, from a file by `weights!`."));
    let (mut fields, mut tensors) = (Vec::new(), vec![affine(&name, "input")]);
    for Stage { operation, layer, .. } in stages(network, plan) {
        let Some(kind) = kind(layer) else { continue };
        let field = local(operation);
        let doc = format!(" `{}` in bytes.", operation.declaration);
        fields.push((doc, field, kind));
        tensors.push(of_layer(&name, operation, layer));
    }
    tensors.push(affine(&name, "output"));
    let (docs, (fields, kinds)): (Vec<_>, (Vec<_>, Vec<_>)) =
        fields.into_iter().map(|(doc, field, kind)| (doc, (field, kind))).unzip();
    let text_name = name.to_string();
    code! {
        #text
        #[repr(C)]
        #[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq)]
        #visibility struct #name {
            /// What the bytes of the input stand for.
            pub input: ::nnet::__private::int8::Affine,
            #(#[doc = #docs] pub #fields: #kinds,)*
            /// What the bytes of the output stand for.
            pub output: ::nnet::__private::int8::Affine,
        }

        impl #name {
            /// Zero everywhere.
            #visibility const ZERO: Self = Self {
                input: ::nnet::__private::int8::Affine::ZERO,
                #(#fields: <#kinds>::ZERO,)*
                output: ::nnet::__private::int8::Affine::ZERO,
            };
            /// Bytes of the weights and of what rescales them.
            #visibility const WEIGHT_BYTES: ::core::primitive::usize = ::core::mem::size_of::<Self>();
        }

        #[automatically_derived]
        unsafe impl ::nnet::__private::Baked for #name {
            const NAME: &'static ::core::primitive::str = #text_name;
            const LAYERS: &'static [::nnet::__private::LayerInfo] =
                <#source as ::nnet::__private::Network>::LAYERS;
            const TENSORS: ::nnet::__private::Tensors =
                ::nnet::__private::Tensors::Plain(&[#(#tensors),*]);
        }
    }
}

/// A row of the table of tensors.
fn row(name: &str, dtype: &str, shape: &TokenStream, network: &Ident, field: &Ident, part: &Ident) -> TokenStream {
    code! {
        ::nnet::__private::TensorInfo {
            name: #name,
            dtype: #dtype,
            shape: &#shape,
            offset: ::core::mem::offset_of!(#network, #field.#part),
        }
    }
}

fn word(text: &str) -> Ident {
    Ident::new(text, Span::mixed_site())
}

fn affine(network: &Ident, field: &str) -> TokenStream {
    let owner = word(field);
    let scale = row(&format!("{field}.scale"), "F32", &code!([1]), network, &owner, &word("scale"));
    let zero = row(&format!("{field}.zero_point"), "I8", &code!([1]), network, &owner, &word("zero_point"));
    code!(#scale, #zero)
}

fn of_layer(network: &Ident, operation: &Operation, layer: &Layer) -> TokenStream {
    let (label, field) = (&operation.label, local(operation));
    let row = |part: &str, dtype: &str, shape: TokenStream| {
        row(&format!("{label}.{part}"), dtype, &shape, network, &field, &word(part))
    };
    let Some(weight) = layer.parameters.first() else { return row("zero_point", "I8", code!([1])) };
    let out = weight.shape.first();
    let rows = [
        row("weight", "I8", sizes(&weight.shape)),
        row("bias", "I32", code!([#out])),
        row("multiplier", "I32", code!([#out])),
        row("shift", "U8", code!([#out])),
        row("zero_points", "I8", code!([2])),
    ];
    code!(#(#rows),*)
}

/// The areas, and the strip for rows with padding.
fn scratch(original: &Network, network: &Network, plan: &Forward) -> TokenStream {
    let (visibility, name) = (&original.visibility, scratch_name(&name(&original.name)));
    let text =
        doc(&format!("What [`{}`] predicts in: areas that its layers write in turn.", self::name(&original.name)));
    let areas: Vec<_> = (0..plan.areas.len()).map(area_name).collect();
    let rooms: Vec<_> = plan.areas.iter().map(Room::entries).collect();
    let strips = stages(network, plan).filter(|stage| is_convolution(stage.layer));
    let strip = strips.fold(code!(0), |largest, stage| {
        let geometry = geometry(network, &stage);
        code!(::nnet::__private::larger(#largest, #geometry.strip()))
    });
    code! {
        #text
        #[repr(C)]
        #visibility struct #name {
            #(#areas: [::core::primitive::i8; #rooms],)*
            strip: [::core::primitive::i8; #strip],
        }

        impl #name {
            /// Zero everywhere, for `static`s.
            #visibility const ZERO: Self = Self {
                #(#areas: ::nnet::__private::int8::Bytes::ZERO,)*
                strip: ::nnet::__private::int8::Bytes::ZERO,
            };
        }
    }
}

fn implementation(original: &Network, network: &Network, plan: &Forward) -> TokenStream {
    let name = name(&original.name);
    let scratch = scratch_name(&name);
    let [input, output] = [network.input, network.output].map(|shape| tensor(shape, byte()));
    let areas: Vec<_> = (0..plan.areas.len()).map(area_name).collect();
    let body = plan.steps.iter().map(|step| self::step(network, *step));
    let result = memory_of(plan.output());
    let strip = if stages(network, plan).any(|stage| is_convolution(stage.layer)) { code!(strip) } else { code!(..) };
    let calls: TokenStream = body.collect();
    code! {
        #[automatically_derived]
        impl ::nnet::__private::int8::Int8Network for #name {
            type Input = #input;
            type Output = #output;
            type Scratch = #scratch;

            #[inline]
            fn input_affine(&self) -> ::nnet::__private::int8::Affine {
                self.input
            }

            #[inline]
            fn output_affine(&self) -> ::nnet::__private::int8::Affine {
                self.output
            }

            fn predict<'s>(&self, x: &Self::Input, scratch: &'s mut Self::Scratch) -> &'s Self::Output {
                let #scratch { #(#areas,)* #strip } = scratch;
                #calls
                ::nnet::__private::int8::part(#result)
            }
        }
    }
}

fn constant(network: &Network) -> TokenStream {
    let (visibility, name) = (&network.visibility, name(&network.name));
    let scratch = scratch_name(&name);
    code! {
        impl #name {
            /// Bytes that predicting needs besides the weights and the input.
            #visibility const INFERENCE_BYTES: ::core::primitive::usize = ::core::mem::size_of::<#scratch>();
        }
    }
}

fn is_convolution(layer: &Layer) -> bool {
    matches!(layer.kind, Kind::Conv2d(_) | Kind::Conv1d(_))
}

fn byte() -> TokenStream {
    code!(::core::primitive::i8)
}

fn memory_of(operand: Operand) -> Ident {
    match operand.storage {
        Storage::Area(area) => area_name(area),
        _ => word("x"),
    }
}

/// A value in the shape of a layer's input or output.
fn read(operand: Operand, shape: Shape) -> TokenStream {
    let (memory, kind) = (memory_of(operand), tensor(shape, byte()));
    code!(::nnet::__private::int8::part::<#kind, _>(#memory))
}

fn write(operand: Operand, shape: Shape) -> TokenStream {
    let (memory, kind) = (memory_of(operand), tensor(shape, byte()));
    code!(::nnet::__private::int8::part_mut::<#kind, _>(#memory))
}

fn step(network: &Network, step: Step) -> TokenStream {
    if let Step::Copy { from, to } = step {
        let (from, to) = (read(from, network.shape(from.value)), write(to, network.shape(from.value)));
        return code!(*#to = *#from;);
    }
    stage(network, step).map(|stage| call(network, &stage)).unwrap_or_default()
}

fn call(network: &Network, stage: &Stage<'_>) -> TokenStream {
    let &Stage { operation, layer, last, x, y } = stage;
    let field = local(operation);
    let (from, to) = (read(x, operation.input), write(y, network.shape(last + 1)));
    match &layer.kind {
        Kind::Activation(_) => code!(self.#field.predict(#to);),
        Kind::Linear { .. } => code!(self.#field.predict(#from, #to);),
        Kind::Conv2d(_) | Kind::Conv1d(_) => {
            let geometry = geometry(network, stage);
            code!(self.#field.predict(&#geometry, #from, #to, strip);)
        }
        kind => {
            let geometry = geometry(network, stage);
            let is_mean = !matches!(kind, Kind::MaxPool2d { .. } | Kind::MaxPool1d { .. });
            let function = if is_mean { code!(average_pool) } else { code!(max_pool) };
            code!(::nnet::__private::int8::#function(&#geometry, #from, #to);)
        }
    }
}

/// `const { Geometry::new(1, [28, 28], Window2d::new(..), [2, 2]) }`
fn geometry(network: &Network, stage: &Stage<'_>) -> TokenStream {
    let shape = stage.operation.input.sizes();
    let (channels, input) = match shape {
        [channels, length] => (*channels, [Size::ONE, *length]),
        [channels, height, width] => (*channels, [*height, *width]),
        _ => (Size::ONE, [Size::ONE; 2]),
    };
    let pool = (network.operations.iter().take(stage.last + 1))
        .skip_while(|operation| operation.local != stage.operation.local)
        .skip(1)
        .find_map(|operation| pool_of(operation.layer()?));
    let pool = sizes(&pool.map_or([Size::ONE; 2], |window| window.kernel));
    let window = match &stage.layer.kind {
        Kind::Conv2d(convolution) | Kind::Conv1d(convolution) => window(&convolution.window),
        Kind::MaxPool2d { window: own }
        | Kind::MaxPool1d { window: own }
        | Kind::AvgPool2d { window: own, .. }
        | Kind::AvgPool1d { window: own, .. } => window(own),
        // The window is the whole map.
        _ => {
            let kernel = sizes(&input);
            code!(::nnet::__private::Window2d::new(#kernel, [1, 1], [0, 0]))
        }
    };
    let input = sizes(&input);
    code!(const { ::nnet::__private::int8::Geometry::new(#channels, #input, #window, #pool) })
}

fn pool_of(layer: &Layer) -> Option<&Window> {
    match &layer.kind {
        Kind::MaxPool2d { window } | Kind::MaxPool1d { window } => Some(window),
        _ => None,
    }
}
