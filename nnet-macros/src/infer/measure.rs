//! A layer measured: the shape that it gives, its tensors, its work.

use nnet_core::shape::{self, ShapeError};

use super::{Layer, Parameter, Role, limited};
use crate::check::{self, Join};
use crate::layer::{Convolution, Init, Kind};
use crate::size::{self, Shape, Size, Window, product, sum};

/// Sums over the operations so far, which must fit in memory; sizes that have names only are left out.
#[derive(Default)]
pub struct Totals {
    parameters: usize,
    values: usize,
    macs: usize,
}

/// No sum may exceed this, so that a tape of lane groups (16 numbers of 8 bytes) with all values twice and work areas
/// is below `isize::MAX` bytes.
pub const LIMIT: usize = isize::MAX as usize / (16 * 8 * 8);

/// A layer that takes `x` and gives `output`.
pub fn layer(
    layer: &check::Layer,
    kind: &Kind,
    x: Shape,
    output: Shape,
    init: Init,
    totals: &mut Totals,
) -> Result<Layer, ShapeError> {
    let parameters = parameters(kind, x)?;
    let macs = macs(kind, &parameters, x, output)?;
    let entries = sum(parameters.iter().map(|parameter| parameter.entries));
    *totals = Totals {
        parameters: more(totals.parameters, entries)?,
        values: more(totals.values, size::entries(output))?,
        macs: more(totals.macs, Some(macs))?,
    };
    let (path, kind, frozen) = (layer.path.clone(), kind.clone(), layer.frozen);
    Ok(Layer { path, kind, init, frozen, parameters, macs, proof: None })
}

/// Counts what arms give together.
pub fn joined(output: Shape, totals: &mut Totals) -> Result<(), ShapeError> {
    totals.values = more(totals.values, size::entries(output))?;
    Ok(())
}

fn more(total: usize, found: Option<Size>) -> Result<usize, ShapeError> {
    let found = found.ok_or(ShapeError::Overflow)?;
    limited(total.checked_add(found.known().unwrap_or_default()))
}

/// What arms of these shapes give together.
pub fn join(join: Join, shapes: &[shape::Shape]) -> Result<shape::Shape, ShapeError> {
    let (first, others) = shapes.split_first().ok_or(ShapeError::Zero { argument: "the number of arms" })?;
    let both = if join == Join::Add { shape::sum } else { shape::concat };
    others.iter().try_fold(*first, |so_far, next| both(so_far, *next))
}

/// What a layer gives all of whose sizes are numbers. Those of its arguments that are not are 1.
pub fn output(kind: &Kind, x: shape::Shape) -> Result<shape::Shape, ShapeError> {
    let n = |size: &Size| size.known().unwrap_or(1);
    let pair = |sizes: &[Size; 2]| [n(&sizes[0]), n(&sizes[1])];
    let window = |window: &Window| shape::Window2d {
        kernel: pair(&window.kernel),
        stride: pair(&window.stride),
        padding: pair(&window.padding),
        padding_end: pair(&window.padding_end),
        dilation: pair(&window.dilation),
    };
    match kind {
        Kind::Conv2d(Convolution { out, window: w, groups, .. }) => shape::conv2d(x, n(out), n(groups), &window(w)),
        Kind::Conv1d(Convolution { out, window: w, groups, .. }) => shape::conv1d(x, n(out), n(groups), &window(w)),
        Kind::ConvTranspose2d { convolution: Convolution { out, window: w, groups, .. }, output_padding } => {
            shape::conv_transpose2d(x, n(out), n(groups), &window(w), pair(output_padding))
        }
        Kind::MaxPool2d { window: w } | Kind::AvgPool2d { window: w, .. } => shape::pool2d(x, &window(w)),
        Kind::MaxPool1d { window: w } | Kind::AvgPool1d { window: w, .. } => shape::pool1d(x, &window(w)),
        Kind::AdaptiveAvgPool2d { output } => shape::adaptive_pool2d(x, pair(output)),
        Kind::AdaptiveAvgPool1d { output } => shape::adaptive_pool1d(x, n(output)),
        Kind::GlobalAvgPool2d => shape::global_pool2d(x),
        Kind::Upsample2d { scale, .. } => shape::upsample2d(x, pair(scale)),
        Kind::ZeroPad2d { padding } => shape::zero_pad2d(x, padding.each_ref().map(n)),
        Kind::Linear { out, .. } => shape::linear(x, n(out)),
        Kind::Flatten => shape::flatten(x),
        Kind::BatchNorm { .. } | Kind::PRelu { .. } => shape::channels(x),
        Kind::GroupNorm { groups, .. } => shape::group_norm(x, n(groups)),
        Kind::Dropout2d { .. } => shape::map_only(x),
        Kind::Activation(activation) if activation.is_over_features() => shape::over_features(x),
        Kind::Activation(_) | Kind::Dropout { .. } | Kind::LayerNorm { .. } => Ok(x),
        Kind::ByPath { output } => Ok(size::map(*output, |size| n(&size))),
    }
}

/// The tensors of a layer, in the order of their memory.
fn parameters(kind: &Kind, x: Shape) -> Result<Vec<Parameter>, ShapeError> {
    let channels = x.channels();
    let share = |channels: Size, groups: &Size| channels.over(*groups).ok_or(ShapeError::Zero { argument: "groups" });
    let affine = |weight, bias: bool, out| {
        let bias = bias.then(|| (Role::Bias, vec![out]));
        std::iter::once((Role::Weight, weight)).chain(bias).collect()
    };
    let scaled = |shape: Vec<Size>| vec![(Role::Weight, shape.clone()), (Role::Bias, shape)];
    let tensors: Vec<_> = match kind {
        Kind::Conv2d(Convolution { out, window, groups, bias }) => {
            affine(vec![*out, share(channels, groups)?, window.kernel[0], window.kernel[1]], *bias, *out)
        }
        Kind::Conv1d(Convolution { out, window, groups, bias }) => {
            affine(vec![*out, share(channels, groups)?, window.kernel[1]], *bias, *out)
        }
        Kind::ConvTranspose2d { convolution: Convolution { out, window, groups, bias }, .. } => {
            affine(vec![channels, share(*out, groups)?, window.kernel[0], window.kernel[1]], *bias, *out)
        }
        Kind::Linear { out, bias } => affine(vec![*out, channels], *bias, *out),
        Kind::BatchNorm { .. } => {
            let running = [Role::RunningMean, Role::RunningVariance].map(|role| (role, vec![channels]));
            scaled(vec![channels]).into_iter().chain(running).collect()
        }
        Kind::GroupNorm { .. } => scaled(vec![channels]),
        Kind::LayerNorm { .. } => scaled(x.sizes().to_vec()),
        Kind::PRelu { per_channel } => vec![(Role::Weight, vec![if *per_channel { channels } else { Size::ONE }])],
        _ => Vec::new(),
    };
    tensors
        .into_iter()
        .map(|(role, shape)| {
            let entries = product(&shape).ok_or(ShapeError::Overflow)?;
            limited(Some(entries.known().unwrap_or_default()))?;
            Ok(Parameter { role, shape, entries })
        })
        .collect()
}

/// Each weight is used once for each place of the output, or for each place of the input of a transposed convolution.
fn macs(kind: &Kind, parameters: &[Parameter], input: Shape, output: Shape) -> Result<Size, ShapeError> {
    if !kind.is_affine() {
        return Ok(Size::Known(0));
    }
    let around = if matches!(kind, Kind::ConvTranspose2d { .. }) { input } else { output };
    let places = product(around.sizes().get(1..).unwrap_or_default());
    let macs = parameters.first().zip(places).and_then(|(weight, places)| weight.entries.times(places));
    let macs = macs.ok_or(ShapeError::Overflow)?;
    limited(Some(macs.known().unwrap_or_default()))?;
    Ok(macs)
}
