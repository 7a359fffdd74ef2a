//! Shapes whose sizes have names: constants in which rustc infers them, and checks that report what does not fit.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::Ident;

use super::words::{shapes_name, sizes, under, window};
use crate::check::Join;
use crate::flow::{Gives, Row, Table};
use crate::infer::{Check, Deferred, Inferred, Piece, Rule, Wrong};
use crate::layer::{Convolution, Kind};
use crate::size::{self, Needs, Shape, Size};

/// The type whose constants sizes are, if there are any.
pub fn constants(network: &Ident, deferred: &Deferred) -> TokenStream {
    let written = size::written();
    if written.is_empty() && deferred.constants.is_empty() {
        return TokenStream::new();
    }
    let holder = shapes_name(network);
    let sizes = written.into_iter().map(|(name, value)| {
        // In a constant of its own: rustc lints those of types, and would report an overflow twice.
        let value = code!({ const __SIZE: ::core::primitive::usize = #value; __SIZE });
        code!(const #name: ::core::primitive::usize = #value;)
    });
    let shapes = deferred.constants.iter().map(|constant| {
        let (name, value) = (&constant.name, rule(&constant.rule, deferred));
        code!(const #name: ::nnet::__private::Inferred = #value;)
    });
    code! {
        enum #holder {}

        impl #holder {
            #(#sizes)*
            #(#shapes)*
        }
    }
}

/// What fails to compile if something does not fit.
pub fn checks(deferred: &Deferred) -> TokenStream {
    deferred.checks.iter().map(|check| self::check(check, deferred)).collect()
}

fn rule(rule: &Rule, deferred: &Deferred) -> TokenStream {
    match rule {
        Rule::Stated(stated) => inferred(Inferred::Stated(*stated), deferred),
        Rule::AsStated { of, stated } => {
            let [of, stated] = [*of, *stated].map(|shape| inferred(shape, deferred));
            code!(#of.as_stated(&#stated))
        }
        Rule::Layer { kind, x, guess } => {
            let (x, guess) = (inferred(*x, deferred), shape(*guess));
            let rule = layer(kind, &x);
            code!(::nnet::__private::Inferred::by(#rule, &[#x], #guess))
        }
        Rule::Join { join, arms, guess } => {
            let (arms, guess) = (arms.iter().map(|arm| inferred(*arm, deferred)), shape(*guess));
            let arms: Vec<_> = arms.collect();
            let are_added = *join == Join::Add;
            code!(::nnet::__private::Inferred::joined(#are_added, &[#(#arms),*], #guess))
        }
    }
}

/// The rule of a layer for the shape of `x`.
fn layer(kind: &Kind, x: &TokenStream) -> TokenStream {
    let x = code!(#x.shape);
    let n = |size: &Size| plain(*size);
    let (name, arguments) = match kind {
        Kind::Conv2d(Convolution { out, window: w, groups, .. }) => {
            let (out, groups, window) = (n(out), n(groups), window(w));
            (code!(conv2d), code!(, #out, #groups, &#window))
        }
        Kind::Conv1d(Convolution { out, window: w, groups, .. }) => {
            let (out, groups, window) = (n(out), n(groups), window(w));
            (code!(conv1d), code!(, #out, #groups, &#window))
        }
        Kind::ConvTranspose2d { convolution: Convolution { out, window: w, groups, .. }, output_padding } => {
            let (out, groups, window, padding) = (n(out), n(groups), window(w), sizes(output_padding));
            (code!(conv_transpose2d), code!(, #out, #groups, &#window, #padding))
        }
        Kind::MaxPool2d { window: w } | Kind::AvgPool2d { window: w, .. } => {
            let window = window(w);
            (code!(pool2d), code!(, &#window))
        }
        Kind::MaxPool1d { window: w } | Kind::AvgPool1d { window: w, .. } => {
            let window = window(w);
            (code!(pool1d), code!(, &#window))
        }
        Kind::AdaptiveAvgPool2d { output } => {
            let output = sizes(output);
            (code!(adaptive_pool2d), code!(, #output))
        }
        Kind::AdaptiveAvgPool1d { output } => (code!(adaptive_pool1d), code!(, #output)),
        Kind::GlobalAvgPool2d => (code!(global_pool2d), TokenStream::new()),
        Kind::Upsample2d { scale, .. } => {
            let scale = sizes(scale);
            (code!(upsample2d), code!(, #scale))
        }
        Kind::ZeroPad2d { padding } => {
            let padding = sizes(padding);
            (code!(zero_pad2d), code!(, #padding))
        }
        Kind::Linear { out, .. } => {
            let out = n(out);
            (code!(linear), code!(, #out))
        }
        Kind::Flatten => (code!(flatten), TokenStream::new()),
        Kind::GroupNorm { groups, .. } => {
            let groups = n(groups);
            (code!(group_norm), code!(, #groups))
        }
        Kind::Dropout2d { .. } => (code!(map_only), TokenStream::new()),
        Kind::Activation(activation) if activation.is_over_features() => (code!(over_features), TokenStream::new()),
        Kind::ByPath { output } => {
            let output = shape(*output);
            return code!(::core::result::Result::Ok(#output));
        }
        _ => (code!(channels), TokenStream::new()),
    };
    code!(::nnet::__private::shape::#name(#x #arguments))
}

/// A size in a constant, where parameters of the network are not known: no rule depends on them.
fn plain(size: Size) -> TokenStream {
    if size.needs() == Needs::Constants { size.to_token_stream() } else { code!(1) }
}

/// `Shape::Map([1, 28, 28])`
fn shape(shape: Shape) -> TokenStream {
    let sizes = shape.sizes().iter().copied().map(plain);
    match shape {
        Shape::Flat(_) => code!(::nnet::__private::Shape::Flat(#(#sizes)*)),
        Shape::Sequence(_) => code!(::nnet::__private::Shape::Sequence([#(#sizes),*])),
        Shape::Map(_) => code!(::nnet::__private::Shape::Map([#(#sizes),*])),
    }
}

fn inferred(inferred: Inferred, deferred: &Deferred) -> TokenStream {
    match (inferred, deferred.path(inferred)) {
        (Inferred::Stated(stated), _) => {
            let stated = shape(stated);
            code!(::nnet::__private::Inferred::stated(#stated))
        }
        (Inferred::Constant(_), path) => path.cloned().unwrap_or_default(),
    }
}

/// Whether no check finds anything.
pub fn are_sound(deferred: &Deferred) -> TokenStream {
    let wrong = deferred.checks.iter().map(|check| wrong(&check.wrong, deferred));
    code!(true #(&& !#wrong)*)
}

/// A constant that fails with a message, under all of the place.
fn check(check: &Check, deferred: &Deferred) -> TokenStream {
    let wrong = wrong(&check.wrong, deferred);
    let pieces = check.pieces.iter().map(|piece| self::piece(piece, deferred));
    let flow = flow(check.table.as_ref(), deferred);
    under(&check.place, "refuse_if", code!(#wrong, &[#(#pieces),*], &#flow))
}

fn wrong(wrong: &Wrong, deferred: &Deferred) -> TokenStream {
    let shape = |shape: &Inferred| inferred(*shape, deferred);
    match wrong {
        Wrong::Breaks(found) => {
            let found = shape(found);
            code!(#found.is_wrong())
        }
        Wrong::Differ(a, b) => {
            let (a, b) = (shape(a), shape(b));
            code!(#a.differs(&#b))
        }
        Wrong::DoNotJoin(a, b) => {
            let (a, b) = (shape(a), shape(b));
            code!(#a.does_not_join(&#b))
        }
        Wrong::Fewer(found, entries) => {
            let found = shape(found);
            code!(#found.has_fewer(#entries))
        }
    }
}

fn piece(piece: &Piece, deferred: &Deferred) -> TokenStream {
    match piece {
        Piece::Text(text) => code!(::nnet::__private::Piece::Text(#text)),
        Piece::Shape(shape) => {
            let shape = inferred(*shape, deferred);
            code!(::nnet::__private::Piece::Shape(#shape.shape))
        }
        Piece::Why(found, source) => {
            let found = inferred(*found, deferred);
            code!(#found.why(#source))
        }
    }
}

fn flow(table: Option<&Table>, deferred: &Deferred) -> TokenStream {
    let Some(Table { network, omitted, rows, last }) = table else {
        return code!(::nnet::__private::Flow::NONE);
    };
    let rows = rows.iter().map(|row| self::row(row, deferred));
    let last = row(last, deferred);
    code!(::nnet::__private::Flow { network: #network, omitted: #omitted, rows: &[#(#rows),*], last: #last })
}

fn row(row: &Row, deferred: &Deferred) -> TokenStream {
    let Row { depth, name, declaration, gives } = row;
    let shape = |shape: Inferred| inferred(shape, deferred);
    let gives = match gives {
        Gives::Nothing => code!(::nnet::__private::Gives::Text("")),
        Gives::Unknown => code!(::nnet::__private::Gives::Unknown),
        Gives::Text(text) => code!(::nnet::__private::Gives::Text(#text)),
        Gives::Shape(_, Some(found)) | Gives::Wrong(found) => {
            let found = shape(*found);
            code!(#found.gives())
        }
        Gives::Shape(found, None) => {
            let text = found.to_string();
            code!(::nnet::__private::Gives::Text(#text))
        }
        Gives::Not(found, stated) => {
            let (found, stated) = (shape(*found), shape(*stated));
            code!(::nnet::__private::Gives::Not(#found.shape, #stated.shape))
        }
        Gives::Must(stated) => {
            let stated = shape(*stated);
            code!(::nnet::__private::Gives::Must(#stated.shape))
        }
    };
    code!(::nnet::__private::Row { depth: #depth, name: #name, declaration: #declaration, gives: #gives })
}
