//! Weight files: safetensors, one tensor for each of [`Network::PARAMETERS`], under its name and with its shape.
//!
//! The names and shapes are those of PyTorch's `state_dict`, running statistics of batch norms included, so files go both ways:
//! `safetensors.torch.load_file` there, [`load`] here. A file is checked as a whole before the first weight changes,
//! and a file in the making never takes the place of a good one.

mod error;
pub(super) mod file;
mod header;

use std::format;
use std::fs;
use std::path::Path;
use std::string::{String, ToString};
use std::vec::Vec;

use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};

pub use self::error::{Obstacle, Problem, WeightsError, WeightsErrorKind};

use super::names::nearest;
use crate::network::{Network, ParameterInfo, ParameterKind};
use crate::scalar::Scalar;

/// Writes the parameters of `network` to the file `path`: F32 or F64, as its numbers are.
///
/// The bytes go to a temporary file in the same folder, are handed to the disk, and then take the name `path` in one
/// step. Whatever fails, a file that was there before stays as it was, and nothing else stays.
///
/// A symbolic link is followed: it stays, and the file it leads to is replaced. The new file has the permissions of the
/// one it replaces (a file without write permission is replaced as well), but the owner of any new file. What is there
/// and is no file, such as a folder, a device, a pipe or a link that leads nowhere, is left alone.
///
/// ```
/// use nnet_core::host::weights;
/// # use nnet_core::{Network, host::weights::WeightsError};
/// # fn f<N: Network + PartialEq + core::fmt::Debug>(network: &N, again: &mut N) -> Result<(), WeightsError> {
/// weights::save(network, "lenet.safetensors")?;
/// weights::load(again, "lenet.safetensors")?;
/// assert_eq!(network, again);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// If a parameter is not a finite number or a running variance is negative, if `path` is taken by something that is not
/// a file, or if the file cannot be written.
pub fn save<N: Network>(network: &N, path: impl AsRef<Path>) -> Result<(), WeightsError> {
    let path = path.as_ref();
    let bytes = to_bytes(network).map_err(|error| error.in_file(path))?;
    file::replace(path, &bytes).map_err(|kind| kind.in_file(path))
}

/// Reads the parameters of `network` from the file `path`.
///
/// The file has to hold all of them and nothing else, but for `num_batches_tracked` beside the running statistics of a
/// batch norm, which PyTorch writes and nothing here needs. F32, F64, F16 and BF16 are taken and rounded to the network's
/// numbers. On an error `network` is as it was.
///
/// ```
/// use nnet_core::host::weights;
/// # use nnet_core::{Network, host::weights::WeightsError};
/// # fn f<N: Network>(network: &mut N) -> Result<(), WeightsError> {
/// weights::load(network, "lenet.safetensors")?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// If the file cannot be read, is not a safetensors file, or holds other tensors than the network; the error then
/// lists everything that does not fit.
pub fn load<N: Network>(network: &mut N, path: impl AsRef<Path>) -> Result<(), WeightsError> {
    let path = path.as_ref();
    let bytes = fs::read(path).map_err(|error| WeightsErrorKind::Read(error).in_file(path))?;
    from_bytes(network, &bytes).map_err(|error| error.in_file(path))
}

/// What [`save`] writes to a file.
///
/// # Errors
///
/// If a parameter is not a finite number or a running variance is negative.
pub fn to_bytes<N: Network>(network: &N) -> Result<Vec<u8>, WeightsError> {
    let w = network.as_scalars();
    let problem = |tensor: &ParameterInfo| {
        let values = w[range(tensor)].iter().map(|w| w.to_f64());
        not_finite::<N::Scalar>(tensor, values.clone()).or_else(|| negative(tensor, values))
    };
    let problems: Vec<Problem> = N::PARAMETERS.iter().filter_map(problem).collect();
    if !problems.is_empty() {
        return Err(WeightsErrorKind::NotFinite { network: N::NAME, problems }.into());
    }
    let (dtype, bytes) = little_endian(w);
    let width = size_of::<N::Scalar>();
    let view = |tensor: &ParameterInfo| {
        let part = range(tensor);
        let data = &bytes[part.start * width..part.end * width];
        Ok((tensor.name, TensorView::new(dtype, tensor.shape.to_vec(), data)?))
    };
    let views: Result<Vec<_>, _> = N::PARAMETERS.iter().map(view).collect();
    views.and_then(|views| serialize(views, None)).map_err(|error| WeightsErrorKind::Format(error.to_string()).into())
}

/// What [`load`] reads from a file.
///
/// # Errors
///
/// As [`load`], but for reading.
pub fn from_bytes<N: Network>(network: &mut N, bytes: &[u8]) -> Result<(), WeightsError> {
    let file = parse(bytes)?;
    let prefix = common_prefix::<N>(&file.names()).unwrap_or_default();
    let problems = compare::<N>(&file, &prefix);
    if !problems.is_empty() {
        return Err(WeightsErrorKind::Mismatch { network: N::NAME, problems }.into());
    }
    for tensor in N::PARAMETERS {
        // Both are there: `compare` has looked.
        let Some(values) = file.tensor(tensor.name).ok().and_then(|view| values(&view)) else { continue };
        let w = &mut network.as_scalars_mut()[range(tensor)];
        w.iter_mut().zip(values).for_each(|(w, value)| *w = N::Scalar::from_f64(value));
    }
    Ok(())
}

pub(super) fn parse(bytes: &[u8]) -> Result<SafeTensors<'_>, WeightsErrorKind> {
    let file = header::check(bytes).and_then(|()| SafeTensors::deserialize(bytes).map_err(|error| error.to_string()));
    let refuse = |reason| {
        if header::is_torch_save(bytes) { WeightsErrorKind::TorchSave } else { WeightsErrorKind::Format(reason) }
    };
    file.map_err(refuse)
}

/// What all of `names`, those of a file, have before the name of a parameter: `model.` of `model.fc1.weight`.
fn common_prefix<N: Network>(names: &[&str]) -> Option<String> {
    // With each tensor a count of batches at most.
    if names.len() > 2 * N::PARAMETERS.len() {
        return None;
    }
    let known = |name: &str| is_batch_count::<N>(name) || N::PARAMETERS.iter().any(|tensor| tensor.name == name);
    let name = names.iter().find(|name| !name.ends_with(BATCH_COUNT))?;
    let prefixes = N::PARAMETERS.iter().filter_map(|tensor| name.strip_suffix(tensor.name));
    let is_common = |prefix: &&str| names.iter().all(|name| name.strip_prefix(prefix).is_some_and(known));
    prefixes.filter(|prefix| prefix.ends_with('.')).find(is_common).map(String::from)
}

/// How many batches a batch norm has seen in PyTorch, which only a momentum of `None` looks at.
const BATCH_COUNT: &str = "num_batches_tracked";

/// Whether `name` is that of such a count, beside running statistics of the network.
fn is_batch_count<N: Network>(name: &str) -> bool {
    let Some(layer) = name.strip_suffix(BATCH_COUNT) else { return false };
    let means = N::PARAMETERS.iter().filter(|tensor| tensor.kind == ParameterKind::RunningMean);
    means.into_iter().any(|mean| mean.name.strip_suffix("running_mean") == Some(layer))
}

/// Everything in which `file` differs from what `N` needs, in the order of its parameters, then of the names.
///
/// A `prefix` of all names is one difference; tensor by tensor they are compared without it.
fn compare<N: Network>(file: &SafeTensors<'_>, prefix: &str) -> Vec<Problem> {
    let known = |name: &&str| {
        let name = name.strip_prefix(prefix);
        name.is_some_and(|name| is_batch_count::<N>(name) || N::PARAMETERS.iter().any(|tensor| tensor.name == name))
    };
    let shape = |name: &str| file.tensor(name).map_or_else(|_| Vec::new(), |view| view.shape().to_vec());
    let mut extra: Vec<_> = file.names().into_iter().filter(|name| !known(name)).collect();
    extra.sort_unstable();
    let extra: Vec<_> = extra.into_iter().map(|name| (name, shape(name))).collect();
    let examine = |tensor: &ParameterInfo| match file.tensor(&format!("{prefix}{}", tensor.name)) {
        Ok(view) => differs::<N::Scalar>(tensor, &view),
        Err(_) => Some(missing(tensor, &extra)),
    };
    let prefixed = (!prefix.is_empty()).then(|| Problem::Prefix { prefix: prefix.into() });
    let surplus = |(name, shape): &(&str, Vec<usize>)| Problem::Extra { tensor: (*name).into(), found: shape.clone() };
    prefixed.into_iter().chain(N::PARAMETERS.iter().filter_map(examine)).chain(extra.iter().map(surplus)).collect()
}

/// That there is no `tensor`, and which of `extra` it may be: one of its shape.
fn missing(tensor: &ParameterInfo, extra: &[(&str, Vec<usize>)]) -> Problem {
    let fitting = extra.iter().filter(|(_, shape)| shape == tensor.shape).map(|(name, _)| *name);
    let nearest = nearest(tensor.name, fitting).map(String::from);
    Problem::Missing { tensor: tensor.name, wanted: tensor.shape, nearest }
}

/// What keeps `view` from being the content of `tensor`.
fn differs<S: Scalar>(tensor: &ParameterInfo, view: &TensorView<'_>) -> Option<Problem> {
    let ParameterInfo { name, shape, .. } = *tensor;
    if view.shape() != shape {
        return Some(Problem::Shape { tensor: name, found: view.shape().to_vec(), wanted: shape });
    }
    match values(view) {
        Some(values) => not_finite::<S>(tensor, values.clone()).or_else(|| negative(tensor, values)),
        None => Some(Problem::Type { tensor: name, shape, found: view.dtype().to_string() }),
    }
}

/// The first of `values` that is no finite number as an `S`.
fn not_finite<S: Scalar>(tensor: &ParameterInfo, values: impl Iterator<Item = f64>) -> Option<Problem> {
    let refused = |&(_, value): &(usize, f64)| !S::from_f64(value).to_f64().is_finite();
    let (entry, value) = values.enumerate().find(refused)?;
    let (tensor, shape) = (tensor.name, tensor.shape);
    Some(Problem::NotFinite { tensor, shape, entry, value, bits: 8 * size_of::<S>() })
}

/// The first of `values` that is negative, if they are variances.
fn negative(tensor: &ParameterInfo, values: impl Iterator<Item = f64>) -> Option<Problem> {
    let mut variances = values.enumerate().filter(|_| tensor.kind == ParameterKind::RunningVariance);
    let (entry, value) = variances.find(|&(_, value)| value < 0.0)?;
    Some(Problem::NegativeVariance { tensor: tensor.name, shape: tensor.shape, entry, value })
}

fn range(tensor: &ParameterInfo) -> core::ops::Range<usize> {
    tensor.offset..tensor.offset + tensor.len()
}

/// The entries of a tensor of floats; none of another type.
fn values<'d>(view: &TensorView<'d>) -> Option<impl Iterator<Item = f64> + Clone + use<'d>> {
    let (width, value): (_, fn(&[u8]) -> f64) = match view.dtype() {
        Dtype::F64 => (8, |b| f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]])),
        Dtype::F32 => (4, |b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]).into()),
        Dtype::F16 => (2, |b| half(u16::from_le_bytes([b[0], b[1]]))),
        // The upper half of an f32.
        Dtype::BF16 => (2, |b| f32::from_le_bytes([0, 0, b[0], b[1]]).into()),
        _ => return None,
    };
    Some(view.data().chunks_exact(width).map(value))
}

/// An IEEE 754 binary16: a sign, 5 bits of exponent with bias 15, and 10 of fraction.
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (bits >> 10 & 31, f64::from(bits & 0x3FF));
    let magnitude = match exponent {
        0 => fraction * 2_f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2_f64.powi(i32::from(exponent) - 25),
    };
    if bits >> 15 == 1 { -magnitude } else { magnitude }
}

fn little_endian<S: Scalar>(w: &[S]) -> (Dtype, Vec<u8>) {
    let numbers = w.iter().map(|w| w.to_f64());
    if size_of::<S>() == size_of::<f32>() {
        // Exact: the number was an f32.
        (Dtype::F32, numbers.flat_map(|w| <f32 as Scalar>::from_f64(w).to_le_bytes()).collect())
    } else {
        (Dtype::F64, numbers.flat_map(f64::to_le_bytes).collect())
    }
}

#[cfg(test)]
mod tests;
