//! A layer measured: the shape that it gives, its tensors, its work.

use nnet_core::shape::{self, Shape, ShapeError};

use super::{Layer, Parameter, Role, limited};
use crate::check::{self, Join};
use crate::layer::{Convolution, Init, Kind};
use crate::summary::sizes;

/// Sums over the operations so far, which must fit in memory.
#[derive(Default)]
pub struct Totals {
    parameters: usize,
    values: usize,
    macs: usize,
}

/// No sum may exceed this, so that a tape of lane groups (16 numbers of 8 bytes) with all values twice and work areas
/// is below `isize::MAX` bytes.
pub const LIMIT: usize = isize::MAX as usize / (16 * 8 * 8);

/// A layer whose input is `x`, and the shape that it gives.
pub fn layer(
    layer: &check::Layer,
    kind: &Kind,
    x: Shape,
    init: Init,
    totals: &mut Totals,
) -> Result<(Layer, Shape), ShapeError> {
    let output = output(kind, x)?;
    let parameters = parameters(kind, x)?;
    let macs = macs(kind, &parameters, x, output)?;
    let entries = parameters.iter().try_fold(0_usize, |sum, parameter| sum.checked_add(parameter.entries));
    *totals = Totals {
        parameters: limited(entries.and_then(|entries| totals.parameters.checked_add(entries)))?,
        values: limited(totals.values.checked_add(output.entries()?))?,
        macs: limited(totals.macs.checked_add(macs))?,
    };
    let (path, kind, frozen) = (layer.path.clone(), kind.clone(), layer.frozen);
    Ok((Layer { path, kind, init, frozen, parameters, macs, proof: None }, output))
}

/// What arms of these shapes give together.
pub fn join(join: Join, shapes: &[Shape], totals: &mut Totals) -> Result<Shape, ShapeError> {
    let (first, others) = shapes.split_first().ok_or(ShapeError::Zero { argument: "the number of arms" })?;
    let both = if join == Join::Add { shape::sum } else { shape::concat };
    let output = others.iter().try_fold(*first, |so_far, next| both(so_far, *next))?;
    totals.values = limited(totals.values.checked_add(output.entries()?))?;
    Ok(output)
}

fn output(kind: &Kind, x: Shape) -> Result<Shape, ShapeError> {
    match kind {
        Kind::Conv2d(Convolution { out, window, groups, .. }) => shape::conv2d(x, *out, *groups, window),
        Kind::Conv1d(Convolution { out, window, groups, .. }) => shape::conv1d(x, *out, *groups, window),
        Kind::ConvTranspose2d { convolution: Convolution { out, window, groups, .. }, output_padding } => {
            shape::conv_transpose2d(x, *out, *groups, window, *output_padding)
        }
        Kind::MaxPool2d { window } | Kind::AvgPool2d { window, .. } => shape::pool2d(x, window),
        Kind::MaxPool1d { window } | Kind::AvgPool1d { window, .. } => shape::pool1d(x, window),
        Kind::AdaptiveAvgPool2d { output } => shape::adaptive_pool2d(x, *output),
        Kind::AdaptiveAvgPool1d { output } => shape::adaptive_pool1d(x, *output),
        Kind::GlobalAvgPool2d => shape::global_pool2d(x),
        Kind::Upsample2d { scale, .. } => shape::upsample2d(x, *scale),
        Kind::ZeroPad2d { padding } => shape::zero_pad2d(x, *padding),
        Kind::Linear { out, .. } => shape::linear(x, *out),
        Kind::Flatten => shape::flatten(x),
        Kind::BatchNorm { .. } | Kind::PRelu { .. } => shape::channels(x),
        Kind::GroupNorm { groups, .. } => shape::group_norm(x, *groups),
        Kind::Dropout2d { .. } => shape::map_only(x),
        Kind::Activation(activation) if activation.is_over_features() => shape::over_features(x),
        Kind::Activation(_) | Kind::Dropout { .. } | Kind::LayerNorm { .. } => Ok(x),
        Kind::ByPath { output } => Ok(*output),
    }
}

/// The tensors of a layer, in the order of their memory.
fn parameters(kind: &Kind, x: Shape) -> Result<Vec<Parameter>, ShapeError> {
    let channels = x.channels();
    let affine = |weight, bias: bool, out| {
        let bias = bias.then(|| (Role::Bias, vec![out]));
        std::iter::once((Role::Weight, weight)).chain(bias).collect()
    };
    let scaled = |shape: Vec<usize>| vec![(Role::Weight, shape.clone()), (Role::Bias, shape)];
    let tensors: Vec<_> = match kind {
        Kind::Conv2d(Convolution { out, window, groups, bias }) => {
            affine(vec![*out, channels / groups, window.kernel[0], window.kernel[1]], *bias, *out)
        }
        Kind::Conv1d(Convolution { out, window, groups, bias }) => {
            affine(vec![*out, channels / groups, window.kernel[1]], *bias, *out)
        }
        Kind::ConvTranspose2d { convolution: Convolution { out, window, groups, bias }, .. } => {
            affine(vec![channels, out / groups, window.kernel[0], window.kernel[1]], *bias, *out)
        }
        Kind::Linear { out, bias } => affine(vec![*out, channels], *bias, *out),
        Kind::BatchNorm { .. } => {
            let running = [Role::RunningMean, Role::RunningVariance].map(|role| (role, vec![channels]));
            scaled(vec![channels]).into_iter().chain(running).collect()
        }
        Kind::GroupNorm { .. } => scaled(vec![channels]),
        Kind::LayerNorm { .. } => scaled(sizes(x)),
        Kind::PRelu { per_channel } => vec![(Role::Weight, vec![if *per_channel { channels } else { 1 }])],
        _ => Vec::new(),
    };
    tensors
        .into_iter()
        .map(|(role, shape)| {
            let entries = limited(shape.iter().try_fold(1_usize, |product, size| product.checked_mul(*size)))?;
            Ok(Parameter { role, shape, entries })
        })
        .collect()
}

/// Each weight is used once for each place of the output, or for each place of the input of a transposed convolution.
fn macs(kind: &Kind, parameters: &[Parameter], input: Shape, output: Shape) -> Result<usize, ShapeError> {
    if !kind.is_affine() {
        return Ok(0);
    }
    let places = match if matches!(kind, Kind::ConvTranspose2d { .. }) { input } else { output } {
        Shape::Flat(_) => 1,
        Shape::Sequence([_, length]) => length,
        Shape::Map([_, height, width]) => height * width,
    };
    limited(parameters.first().and_then(|weight| weight.entries.checked_mul(places)))
}
