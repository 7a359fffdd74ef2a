//! What a layer gives for a shape of which some sizes have names only: a number where it follows from numbers, the same
//! name where a layer keeps a size, and else a size that rustc will infer.

use nnet_core::shape::ShapeError;

use super::measure;
use crate::layer::{Convolution, Kind};
use crate::size::{self, Needs, Shape, Size, Window, product};

/// Where a size of an output comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Source {
    /// It is this one.
    Size(Size),
    /// The rule gives it, and all that it depends on is numbers.
    Rule,
    /// The rule gives it, from these sizes.
    Unknown([Size; 2]),
}

impl Source {
    /// Its number or name; none yet if rustc will find it.
    pub fn size(self) -> Option<Size> {
        if let Source::Size(size) = self { Some(size) } else { None }
    }

    /// What a type would have to be of this size.
    pub fn in_type(self) -> Size {
        match self {
            Source::Size(size) => size,
            Source::Rule => Size::ONE,
            Source::Unknown(from) => {
                let named = from.into_iter().max_by_key(|size| size.needs());
                named.filter(|size| size.needs() > Needs::Constants).map_or(Size::ONE, Size::calculated_from)
            }
        }
    }
}

/// The shape that a layer gives, each size a number or where it comes from.
///
/// # Errors
///
/// If it does not fit, whatever numbers the names stand for.
pub fn follow(kind: &Kind, x: Shape) -> Result<nnet_core::shape::Shape<Source>, ShapeError> {
    let (plain, stand_in) = stand_ins(kind, x);
    let output = measure::output(&plain, stand_in)?;
    let mut sources = sources(kind, x).into_iter();
    Ok(size::map(output, |size| match sources.next() {
        Some(Source::Rule) | None => Source::Size(Size::Known(size)),
        Some(source) => source,
    }))
}

/// For each size of the output, where it comes from.
fn sources(kind: &Kind, x: Shape) -> Vec<Source> {
    let sizes = x.sizes();
    let channels = Source::Size(x.channels());
    let first = usize::from(matches!(x, Shape::Sequence(_)));
    let windows = |window: &Window, begin: Source, more: [Size; 2]| {
        let size = |axis: usize| sizes.get(axis + 1 - first).copied().unwrap_or(Size::ONE);
        let each = (first..2).map(|axis| along(window, axis, size(axis), more[axis]));
        std::iter::once(begin).chain(each).collect()
    };
    let nothing = [Size::Known(0); 2];
    match kind {
        Kind::Conv2d(Convolution { out, window, .. }) | Kind::Conv1d(Convolution { out, window, .. }) => {
            windows(window, Source::Size(*out), nothing)
        }
        Kind::ConvTranspose2d { convolution: Convolution { out, window, .. }, output_padding } => {
            windows(window, Source::Size(*out), *output_padding)
        }
        Kind::MaxPool2d { window }
        | Kind::AvgPool2d { window, .. }
        | Kind::MaxPool1d { window }
        | Kind::AvgPool1d { window, .. } => windows(window, channels, nothing),
        Kind::AdaptiveAvgPool2d { output: [h, w] } => vec![channels, Source::Size(*h), Source::Size(*w)],
        Kind::AdaptiveAvgPool1d { output } => vec![channels, Source::Size(*output)],
        Kind::GlobalAvgPool2d => vec![channels],
        Kind::Upsample2d { scale, .. } => {
            let each = (0..2).map(|axis| (sizes.get(axis + 1).copied().unwrap_or(Size::ONE), scale[axis]));
            std::iter::once(channels).chain(each.map(|(size, scale)| arithmetic(&[size], size.times(scale)))).collect()
        }
        Kind::ZeroPad2d { padding: [left, right, top, bottom] } => {
            let each = [(1, top, bottom), (2, left, right)].map(|(axis, begin, end)| {
                let size = sizes.get(axis).copied().unwrap_or(Size::ONE);
                arithmetic(&[size], size.plus(*begin).and_then(|size| size.plus(*end)))
            });
            std::iter::once(channels).chain(each).collect()
        }
        Kind::Linear { out, .. } => vec![Source::Size(*out)],
        Kind::Flatten => vec![arithmetic(sizes, product(sizes))],
        Kind::ByPath { output } => output.sizes().iter().copied().map(Source::Size).collect(),
        _ => sizes.iter().copied().map(Source::Size).collect(),
    }
}

/// A size that arithmetic gives. The rule does it, and refuses what is too large, unless a parameter is in it.
fn arithmetic(from: &[Size], found: Option<Size>) -> Source {
    match found {
        None => Source::Rule,
        Some(found) if found.needs() == Needs::Constants && !found.is_known() && !from.contains(&found) => {
            Source::Unknown([found, Size::ONE])
        }
        Some(found) => Source::Size(found),
    }
}

/// What a window makes of a size.
fn along(window: &Window, axis: usize, size: Size, output_padding: Size) -> Source {
    let parts = parts(window, axis);
    if size.is_known() && output_padding.is_known() && parts.iter().all(|part| part.is_known()) {
        return Source::Rule;
    }
    if keeps(parts) && output_padding == Size::Known(0) {
        return Source::Size(size);
    }
    let named = parts.into_iter().chain([output_padding]).find(|part| part.needs() > size.needs());
    Source::Unknown([size, named.unwrap_or(Size::ONE)])
}

/// Kernel, stride, padding before and after, dilation.
fn parts(window: &Window, axis: usize) -> [Size; 5] {
    [window.kernel, window.stride, window.padding, window.padding_end, window.dilation].map(|pair| pair[axis])
}

/// Whether a window gives as many positions as it gets, however many: at stride 1, with padding for what it spans.
fn keeps(parts: [Size; 5]) -> bool {
    let [Some(kernel), Some(stride), Some(begin), Some(end), Some(dilation)] = parts.map(Size::known) else {
        return false;
    };
    let gaps = kernel.saturating_sub(1).saturating_mul(dilation);
    stride == 1 && kernel > 0 && dilation > 0 && begin.checked_add(end) == Some(gaps)
}

/// The layer and its input with numbers for names, such that only what is known can break a rule.
fn stand_ins(kind: &Kind, x: Shape) -> (Kind, nnet_core::shape::Shape) {
    let mut kind = kind.clone();
    let mut sizes: Vec<_> = x.sizes().to_vec();
    let first = usize::from(matches!(x, Shape::Sequence(_)));
    match &mut kind {
        Kind::Conv2d(convolution) | Kind::Conv1d(convolution) => {
            fit(&mut convolution.window, first, &mut sizes, &mut [Size::ONE; 2]);
            channels_of(convolution, &mut sizes);
        }
        Kind::ConvTranspose2d { convolution, output_padding } => {
            fit(&mut convolution.window, first, &mut sizes, output_padding);
            channels_of(convolution, &mut sizes);
        }
        Kind::MaxPool2d { window }
        | Kind::AvgPool2d { window, .. }
        | Kind::MaxPool1d { window }
        | Kind::AvgPool1d { window, .. } => fit(window, first, &mut sizes, &mut [Size::ONE; 2]),
        Kind::GroupNorm { groups, .. } if !(groups.is_known() && x.channels().is_known()) => *groups = Size::ONE,
        _ => {}
    }
    let mut sizes = sizes.into_iter();
    (kind, size::map(x, |_| sizes.next().and_then(Size::known).unwrap_or(1)))
}

/// A window that has names gives what it gets; an input that has a name holds the window.
fn fit(window: &mut Window, first: usize, sizes: &mut [Size], output_padding: &mut [Size; 2]) {
    for axis in first..2 {
        let Some(size) = sizes.get_mut(axis + 1 - first) else { continue };
        let [Some(kernel), Some(_), Some(begin), Some(end), Some(dilation)] = parts(window, axis).map(Size::known)
        else {
            let (one, none) = (Size::ONE, Size::Known(0));
            (window.kernel[axis], window.stride[axis], window.dilation[axis]) = (one, one, one);
            (window.padding[axis], window.padding_end[axis], output_padding[axis]) = (none, none, none);
            continue;
        };
        if !output_padding[axis].is_known() {
            output_padding[axis] = Size::Known(0);
        }
        if !size.is_known() {
            *size = Size::Known(kernel.saturating_mul(dilation).saturating_add(begin).saturating_add(end));
        }
    }
}

/// Channels that have names are such that the groups divide them.
fn channels_of(convolution: &mut Convolution, sizes: &mut [Size]) {
    let Some(channels) = sizes.first_mut() else { return };
    let out = &mut convolution.out;
    match convolution.groups.known() {
        None => convolution.groups = Size::ONE,
        Some(groups) => {
            let multiple = |other: Size| Size::Known(other.known().unwrap_or(1).saturating_mul(groups));
            if !channels.is_known() {
                *channels = multiple(*out);
            }
            if !out.is_known() {
                *out = multiple(*channels);
            }
        }
    }
}
