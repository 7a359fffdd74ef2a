//! Shapes, parameters and work by counting: windows are laid over an axis one by one, cells marked, products walked
//! through. Nothing of `nnet_core::shape` is used.

use super::draw::{Convolution, Item, Join, Window};

/// What is counted on the way through a stack.
#[derive(Default)]
pub struct Counted {
    /// What each layer and each join gives.
    pub shapes: Vec<Vec<usize>>,
    pub parameters: usize,
    pub macs: usize,
    /// The first word that does not fit.
    pub broken: Option<&'static str>,
}

/// What the items give, or `None` if one does not fit.
pub fn sequence(items: &[Item], x: &[usize], counted: &mut Counted) -> Option<Vec<usize>> {
    items.iter().try_fold(x.to_vec(), |x, item| one(item, &x, counted))
}

pub fn one(item: &Item, x: &[usize], counted: &mut Counted) -> Option<Vec<usize>> {
    let found = fits(item, x, counted);
    if found.is_none() && counted.broken.is_none() {
        counted.broken = Some(item.word());
    }
    found
}

fn fits(item: &Item, x: &[usize], counted: &mut Counted) -> Option<Vec<usize>> {
    let y = match item {
        Item::Sequence(items) => return sequence(items, x, counted),
        Item::Stated(item, shape) => return one(item, x, counted).filter(|y| y == shape),
        Item::Repeat(times, items) => return repeat(*times, items, x, counted),
        Item::Residual(items, shortcut) => {
            let y = sequence(items, x, counted)?;
            let way = shortcut.as_ref().map_or(Some(x.to_vec()), |items| sequence(items, x, counted))?;
            joined(Join::Add, &[y, way])?
        }
        Item::Join(join, arms) => {
            let arms: Option<Vec<_>> = arms.iter().map(|arm| sequence(arm, x, counted)).collect();
            joined(*join, &arms?)?
        }
        Item::Convolution(convolution) => convolved(convolution, x, counted)?,
        Item::Transposed(convolution, output_padding) => transposed(convolution, output_padding, x, counted)?,
        Item::Pool(_, window, _) => pooled(window, x)?,
        Item::Adaptive(sizes) if x.len() == sizes.len() + 1 => with(x[0], sizes.clone()),
        Item::Upsample(scale) if x.len() == 3 => {
            with(x[0], (0..2).map(|axis| (0..x[axis + 1]).flat_map(|_| 0..scale[axis]).count()).collect())
        }
        Item::ZeroPad([left, right, top, bottom]) if x.len() == 3 => {
            with(x[0], vec![(0..*top).chain(0..x[1]).chain(0..*bottom).count(), left + x[2] + right])
        }
        Item::Linear(out, bias) if x.len() == 1 => {
            let weights = (0..*out).flat_map(|_| 0..x[0]).count();
            counted.parameters += weights + if *bias { *out } else { 0 };
            counted.macs += weights;
            vec![*out]
        }
        Item::Adaptive(_) | Item::Upsample(_) | Item::ZeroPad(_) | Item::Linear(..) => return None,
        Item::Plain(word) => plain(word, x, counted)?,
        Item::GroupNorm(groups) => {
            shared(x[0], *groups)?;
            counted.parameters += x[0] + x[0];
            x.to_vec()
        }
    };
    counted.shapes.push(y.clone());
    // No size is 0.
    y.iter().all(|size| *size > 0).then_some(y)
}

fn with(channels: usize, sizes: Vec<usize>) -> Vec<usize> {
    std::iter::once(channels).chain(sizes).collect()
}

fn entries(x: &[usize]) -> usize {
    x.split_first().map_or(1, |(first, rest)| (0..*first).map(|_| entries(rest)).sum())
}

fn plain(word: &str, x: &[usize], counted: &mut Counted) -> Option<Vec<usize>> {
    counted.parameters += match word {
        "BatchNorm" => x[0] + x[0],
        "LayerNorm" => entries(x) + entries(x),
        "PRelu" => 1,
        "PRelu(per_channel = true)" => x[0],
        _ => 0,
    };
    match word {
        "Flatten" => Some(vec![entries(x)]),
        "GlobalAvgPool2d" => (x.len() == 3).then(|| vec![x[0]]),
        "Dropout2d" => (x.len() == 3).then(|| x.to_vec()),
        "Softmax" | "LogSoftmax" => (x.len() == 1).then(|| x.to_vec()),
        _ => Some(x.to_vec()),
    }
}

/// A block that gives what it takes, run so often.
fn repeat(times: usize, items: &[Item], x: &[usize], counted: &mut Counted) -> Option<Vec<usize>> {
    if times == 0 {
        return None;
    }
    for _ in 0..times {
        sequence(items, x, counted).filter(|y| y == x)?;
    }
    Some(x.to_vec())
}

fn joined(join: Join, arms: &[Vec<usize>]) -> Option<Vec<usize>> {
    let first = arms.first()?;
    match join {
        Join::Add => arms.iter().all(|arm| arm == first).then(|| first.clone()),
        Join::Concat => {
            let fits = arms.iter().all(|arm| arm.len() == first.len() && arm[1..] == first[1..]);
            fits.then(|| with(arms.iter().map(|arm| arm[0]).sum(), first[1..].to_vec()))
        }
    }
}

/// How many channels a group has: they are dealt out until none is left, and all must have the same.
fn shared(channels: usize, groups: usize) -> Option<usize> {
    if groups == 0 {
        return None;
    }
    let mut dealt = vec![0; groups];
    (0..channels).for_each(|channel| dealt[channel % groups] += 1);
    dealt.iter().all(|count| *count == dealt[0] && *count > 0).then(|| dealt[0])
}

/// The products of one window: pairs of channels in one group, and taps.
fn products(convolution: &Convolution, channels: usize) -> Option<usize> {
    let Convolution { out, groups, window, .. } = convolution;
    let (inside, outside) = (shared(channels, *groups)?, shared(*out, *groups)?);
    let pairs = (0..*out).map(|o| (0..channels).filter(|c| c / inside == o / outside).count()).sum::<usize>();
    Some((0..pairs).map(|_| entries(&window.kernel)).sum())
}

fn convolved(convolution: &Convolution, x: &[usize], counted: &mut Counted) -> Option<Vec<usize>> {
    let y = windows(&convolution.window, x)?;
    let weights = products(convolution, x[0])?;
    counted.parameters += weights + if convolution.bias { convolution.out } else { 0 };
    counted.macs += (0..entries(&y)).map(|_| weights).sum::<usize>();
    Some(with(convolution.out, y))
}

/// How many windows there are along each axis.
fn windows(window: &Window, x: &[usize]) -> Option<Vec<usize>> {
    let axes = window.kernel.len();
    (x.len() == axes + 1 && window.is_positive()).then_some(())?;
    let is_one = window.stride.iter().all(|stride| *stride == 1);
    let along = |axis: usize| {
        let n = x[axis + 1];
        let count = |before: usize| fitting(window, axis, (0..before).chain(0..n).count());
        match &window.padding {
            Some(padding) => Some(count(padding[axis] + padding[axis])).filter(|count| *count > 0),
            // As much as keeps the size.
            None if is_one => (0..span(window, axis, 1)).map(count).find(|count| *count == n),
            None => None,
        }
    };
    (0..axes).map(along).collect()
}

/// How many places of the window see nothing outside of so many cells.
fn fitting(window: &Window, axis: usize, cells: usize) -> usize {
    let axis_of_cells = vec![(); cells];
    let sees = |begin: usize| {
        (0..window.kernel[axis]).all(|tap| axis_of_cells.get(begin + tap * window.dilation[axis]).is_some())
    };
    (0..cells).step_by(window.stride[axis]).filter(|begin| sees(*begin)).count()
}

/// The cells from the first tap to the last, counted on an axis that the input marks.
fn span(window: &Window, axis: usize, n: usize) -> usize {
    let mut touched = Vec::new();
    for place in 0..n {
        for tap in 0..window.kernel[axis] {
            let cell = place * window.stride[axis] + tap * window.dilation[axis];
            touched.resize(touched.len().max(cell + 1), false);
            touched[cell] = true;
        }
    }
    touched.len()
}

/// PyTorch allows a pool padding for half of its window.
fn pooled(window: &Window, x: &[usize]) -> Option<Vec<usize>> {
    let y = windows(window, x)?;
    let padding = window.padding.as_ref()?;
    let is_half = (0..padding.len()).all(|axis| padding[axis] + padding[axis] <= span(window, axis, 1));
    is_half.then(|| with(x[0], y))
}

/// Each entry writes its taps; padding is cut off both ends, and room may be left at the end.
fn transposed(
    convolution: &Convolution,
    output_padding: &[usize],
    x: &[usize],
    counted: &mut Counted,
) -> Option<Vec<usize>> {
    let Convolution { window, .. } = convolution;
    (x.len() == 3 && window.is_positive()).then_some(())?;
    let padding = window.padding.as_ref()?;
    let along = |axis: usize| {
        let room = output_padding[axis];
        let is_known = room < window.stride[axis] || room < window.dilation[axis];
        let cells = span(window, axis, x[axis + 1]) + room;
        let left = cells.checked_sub(padding[axis]).and_then(|cells| cells.checked_sub(padding[axis]));
        left.filter(|left| *left > 0 && is_known)
    };
    let y: Option<Vec<_>> = (0..2).map(along).collect();
    let weights = products(convolution, x[0])?;
    counted.parameters += weights + if convolution.bias { convolution.out } else { 0 };
    counted.macs += (0..entries(&x[1..])).map(|_| weights).sum::<usize>();
    y.map(|y| with(convolution.out, y))
}
