//! Post-training quantization: a network of bytes from a trained network of floats and some hundred inputs.
//!
//! ```
//! use nnet_core::host::int8;
//! use nnet_core::int8::{Int8Network, Quantize, QuantizeError};
//! # fn f<N: Quantize>(network: &N, inputs: &[N::Input<f32>]) -> Result<(), Box<dyn std::error::Error>> {
//! let bytes = int8::quantize(network, inputs)?;
//! int8::save(&*bytes, "lenet_int8.safetensors")?;
//! # Ok(())
//! # }
//! ```
#![allow(unsafe_code, reason = "a network of bytes on the heap, and as the bytes of its tensors")]

use core::slice;
use std::boxed::Box;
use std::path::Path;
use std::string::ToString;
use std::vec;
use std::vec::Vec;

use safetensors::tensor::{Dtype, TensorView, serialize};

use super::weights::{Problem, WeightsError, WeightsErrorKind, file, parse};
use crate::int8::{Int8Network, Quantize, QuantizeError, Range};
use crate::network::Network;
use crate::network::baked::{Baked, TensorInfo, Tensors};

/// The network of bytes beside `network`, whose values reach as far as they do for `inputs`.
///
/// Weights are symmetric, with a scale for each output channel; what flows between layers reaches from the least to the
/// greatest number seen. Take inputs of the kind that the network will see, as it is trained on: some hundred are enough.
///
/// # Errors
///
/// If there are no inputs, a number is not finite, or a bias is so large that sums could exceed 32 bits.
pub fn quantize<'x, N: Quantize>(
    network: &N,
    inputs: impl IntoIterator<Item = &'x N::Input<f32>>,
) -> Result<Box<N::Int8>, QuantizeError>
where
    N::Input<f32>: 'x,
{
    let mut ranges = vec![Range::ZERO; N::VALUES];
    let mut trace = crate::zeroed::<N::Trace>();
    let mut samples = 0;
    for x in inputs {
        let mut wrong = None;
        network.trace(x, &mut trace, |value, numbers| {
            if let Err(number) = ranges[value].see(numbers) {
                // The first value in the order of the layers is where it begins.
                wrong = wrong.filter(|(before, _)| *before < value).or(Some((value, number)));
            }
        });
        if let Some((value, number)) = wrong {
            let layer = value.checked_sub(1).and_then(|at| <N as Network>::LAYERS.get(at)).map(|layer| layer.name);
            return Err(QuantizeError::NotFinite { sample: samples, layer, number });
        }
        samples += 1;
    }
    if samples == 0 {
        return Err(QuantizeError::NoSamples);
    }
    let mut bytes = Box::<N::Int8>::new_uninit();
    // SAFETY: as many bytes as the value has.
    unsafe { bytes.as_mut_ptr().write_bytes(0, 1) };
    // SAFETY: zero bytes are a value of it by the contract of `Baked`.
    let mut bytes = unsafe { bytes.assume_init() };
    network.quantize_into(&ranges, &mut bytes)?;
    Ok(bytes)
}

/// Writes `network` to the safetensors file `path`, from which `weights!` bakes it into a program and [`load`] reads it.
///
/// As with [`weights::save`](super::weights::save), a file that was there stays as it was until the new one is whole.
///
/// # Errors
///
/// If `path` is taken by something that is not a file, or the file cannot be written.
pub fn save<N: Int8Network>(network: &N, path: impl AsRef<Path>) -> Result<(), WeightsError> {
    let path = path.as_ref();
    let bytes = to_bytes(network).map_err(|error| error.in_file(path))?;
    file::replace(path, &bytes).map_err(|kind| kind.in_file(path))
}

/// What [`save`] writes to a file.
fn to_bytes<N: Int8Network>(network: &N) -> Result<Vec<u8>, WeightsErrorKind> {
    let tensors = little_endian(network);
    let mut views = Vec::new();
    for (tensor, data) in &tensors {
        let view = TensorView::new(dtype(tensor), tensor.shape.to_vec(), data);
        views.push((tensor.name, view.map_err(|error| WeightsErrorKind::Format(error.to_string()))?));
    }
    serialize(views, None).map_err(|error| WeightsErrorKind::Format(error.to_string()))
}

/// The tensors of a network of bytes.
fn tensors<N: Baked>() -> &'static [TensorInfo] {
    match N::TENSORS {
        Tensors::Plain(tensors) => tensors,
        Tensors::Parameters(..) => &[],
    }
}

fn dtype(tensor: &TensorInfo) -> Dtype {
    match tensor.dtype {
        "I8" => Dtype::I8,
        "U8" => Dtype::U8,
        "I32" => Dtype::I32,
        _ => Dtype::F32,
    }
}

/// Each tensor's bytes, the lowest one of a number first.
fn little_endian<N: Int8Network>(network: &N) -> Vec<(&'static TensorInfo, Vec<u8>)> {
    let of = |tensor: &'static TensorInfo| {
        assert!(tensor.offset + tensor.bytes() <= size_of::<N>(), "a tensor lies inside of its network");
        let from = (&raw const *network).cast::<u8>().wrapping_add(tensor.offset);
        // SAFETY: inside of the network, as asserted; tensors have no padding, and the slice borrows the network.
        let data = unsafe { slice::from_raw_parts(from, tensor.bytes()) };
        (tensor, turned(tensor, data))
    };
    tensors::<N>().iter().map(of).collect()
}

/// From the order of this machine to that of files, or back.
fn turned(tensor: &TensorInfo, data: &[u8]) -> Vec<u8> {
    let mut data = data.to_vec();
    if cfg!(target_endian = "big") && matches!(dtype(tensor), Dtype::I32 | Dtype::F32) {
        data.chunks_exact_mut(4).for_each(<[u8]>::reverse);
    }
    data
}

/// Reads a network of bytes from the file `path`. On an error `network` is as it was.
///
/// # Errors
///
/// If the file cannot be read, is not a safetensors file, or holds other tensors than the network; the error then lists
/// everything that does not fit.
pub fn load<N: Int8Network>(network: &mut N, path: impl AsRef<Path>) -> Result<(), WeightsError> {
    let path = path.as_ref();
    let bytes = std::fs::read(path).map_err(|error| WeightsErrorKind::Read(error).in_file(path))?;
    from_bytes(network, &bytes).map_err(|kind| kind.in_file(path))
}

fn from_bytes<N: Int8Network>(network: &mut N, bytes: &[u8]) -> Result<(), WeightsErrorKind> {
    let file = parse(bytes)?;
    let known = |name: &&str| tensors::<N>().iter().any(|tensor| tensor.name == *name);
    let mut extra: Vec<_> = file.names().into_iter().filter(|name| !known(name)).collect();
    extra.sort_unstable();
    let shape = |name: &str| file.tensor(name).map_or_else(|_| Vec::new(), |view| view.shape().to_vec());
    let surplus = |name: &&str| Problem::Extra { tensor: (*name).into(), found: shape(name) };
    let wrong = tensors::<N>().iter().filter_map(|tensor| differs(tensor, file.tensor(tensor.name).ok().as_ref()));
    let problems: Vec<_> = wrong.chain(extra.iter().map(surplus)).collect();
    if !problems.is_empty() {
        return Err(WeightsErrorKind::Mismatch { network: N::NAME, problems });
    }
    for tensor in tensors::<N>() {
        let Ok(view) = file.tensor(tensor.name) else { continue };
        let data = turned(tensor, view.data());
        assert!(tensor.offset + data.len() <= size_of::<N>(), "a tensor lies inside of its network");
        let to = (&raw mut *network).cast::<u8>().wrapping_add(tensor.offset);
        // SAFETY: inside of the network, as asserted, and any bytes of the right dtype are a value by the contract of `Baked`.
        unsafe { data.as_ptr().copy_to_nonoverlapping(to, data.len()) };
    }
    Ok(())
}

/// What keeps `view` from being the content of `tensor`.
fn differs(tensor: &TensorInfo, view: Option<&TensorView<'_>>) -> Option<Problem> {
    let TensorInfo { name, shape, .. } = *tensor;
    let Some(view) = view else { return Some(Problem::Missing { tensor: name, wanted: shape, nearest: None }) };
    if view.shape() != shape {
        return Some(Problem::Shape { tensor: name, found: view.shape().to_vec(), wanted: shape });
    }
    if view.dtype() != dtype(tensor) {
        return Some(Problem::OtherType { tensor: name, shape, found: view.dtype().to_string(), wanted: tensor.dtype });
    }
    if tensor.dtype != "F32" {
        return None;
    }
    let mut scales = view.data().as_chunks().0.iter().map(|scale| f32::from_le_bytes(*scale)).enumerate();
    let (entry, value) = scales.find(|(_, scale)| !scale.is_finite())?;
    Some(Problem::NotFinite { tensor: name, shape, entry, value: value.into(), bits: 32 })
}
