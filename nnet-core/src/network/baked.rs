//! Weights in a `static`: what `weights!` makes of a file at compile time, held against the network's own table.
#![allow(unsafe_code, reason = "a value made of the bytes of its tensors, whose places and sizes are checked")]

#[cfg(all(test, feature = "std"))]
mod tests;

use core::mem::MaybeUninit;

use super::{LayerInfo, Network, ParameterInfo, ParameterKind};
use crate::text::Text;

/// Plain data that is nothing but named tensors, so that a file can fill it at compile time.
///
/// # Safety
///
/// Zero bytes are a value of the type, and so are any bytes of the right dtype at the places that
/// [`TENSORS`](Baked::TENSORS) names.
pub unsafe trait Baked: Sized {
    /// The name in the declaration.
    const NAME: &'static str;
    /// The layers, to name one beside its tensor.
    const LAYERS: &'static [LayerInfo];
    /// Every tensor and where it lies.
    const TENSORS: Tensors;
}

/// The tensors of a [`Baked`] type.
#[derive(Clone, Copy)]
pub enum Tensors {
    /// Those of a network; its numbers have so many bytes.
    Parameters(&'static [ParameterInfo], usize),
    /// Those of a network of bytes.
    Plain(&'static [TensorInfo]),
}

/// A tensor of a type that is not all of one number.
#[derive(Clone, Copy)]
pub struct TensorInfo {
    /// The name, such as `conv1.multiplier`.
    pub name: &'static str,
    /// What safetensors calls its numbers: `I8`, `U8`, `I32` or `F32`.
    pub dtype: &'static str,
    /// The shape.
    pub shape: &'static [usize],
    /// The byte at which it begins.
    pub offset: usize,
}

impl TensorInfo {
    /// Its length in bytes.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        let mut bytes = if self.dtype.len() == 3 { 4 } else { 1 };
        let mut axis = 0;
        while axis < self.shape.len() {
            bytes *= self.shape[axis];
            axis += 1;
        }
        bytes
    }
}

// SAFETY: a network is `Flat`: floats without padding, for which any bytes are values; and its table names their places.
unsafe impl<N: Network> Baked for N {
    const NAME: &'static str = <N as Network>::NAME;
    const LAYERS: &'static [LayerInfo] = <N as Network>::LAYERS;
    const TENSORS: Tensors = Tensors::Parameters(N::PARAMETERS, size_of::<N::Scalar>());
}

/// A tensor of a file: numbers in little-endian order, none of them an infinity or NaN.
#[derive(Clone, Copy)]
pub struct FileTensor {
    /// The name, such as `conv1.weight`.
    pub name: &'static str,
    /// Its numbers: `F32`, whatever other float the file holds; else the file's word for them.
    pub dtype: &'static str,
    /// The shape, such as `[6, 1, 5, 5]`.
    pub shape: &'static [usize],
    /// The numbers.
    pub data: &'static [u8],
}

/// A tensor that the type wants.
#[derive(Clone, Copy)]
struct Wanted {
    name: &'static str,
    dtype: &'static str,
    shape: &'static [usize],
    /// Where it begins, and how long it is.
    offset: usize,
    bytes: usize,
    is_variance: bool,
}

impl Tensors {
    const fn len(self) -> usize {
        match self {
            Self::Parameters(table, _) => table.len(),
            Self::Plain(table) => table.len(),
        }
    }

    const fn get(self, at: usize) -> Wanted {
        let (table, width) = match self {
            Self::Parameters(table, width) => (table, width),
            Self::Plain(table) => {
                let TensorInfo { name, dtype, shape, offset } = table[at];
                return Wanted { name, dtype, shape, offset, bytes: table[at].bytes(), is_variance: false };
            }
        };
        let ParameterInfo { name, shape, offset, kind, .. } = table[at];
        Wanted {
            name,
            dtype: if width == 4 { "F32" } else { "F64" },
            shape,
            offset: offset * width,
            bytes: table[at].len() * width,
            is_variance: matches!(kind, ParameterKind::RunningVariance),
        }
    }
}

/// The `N` whose tensors are those of a file, which must be all of its own and no others.
///
/// # Panics
///
/// If they are not, which at compile time is an error with all differences.
#[must_use]
#[track_caller]
#[allow(clippy::assertions_on_constants, reason = "it depends on the target")]
pub const fn baked<N: Baked>(path: &str, file: &[FileTensor]) -> N {
    assert!(cfg!(target_endian = "little"), "`weights!` needs a target whose numbers begin with the lowest byte");
    let mut complaint = Complaint { text: Text::new(), problems: 0 };
    complaint.text.push("`").push(path).push("` does not fit `").push(N::NAME).push("`:");
    let mut value = MaybeUninit::<N>::zeroed();
    let (mut wanted, mut near) = (0, 0);
    while wanted < N::TENSORS.len() {
        let tensor = N::TENSORS.get(wanted);
        match find(file, tensor.name, near) {
            Some(at) => {
                near = at + 1;
                if complaint.is_fitting::<N>(&tensor, &file[at]) {
                    assert!(tensor.offset + tensor.bytes <= size_of::<N>(), "a tensor lies inside of its network");
                    // SAFETY: the assertion above.
                    let to = unsafe { value.as_mut_ptr().cast::<u8>().add(tensor.offset) };
                    // SAFETY: `is_fitting` has found as many bytes in the file; `value` is a local of its own.
                    unsafe { file[at].data.as_ptr().copy_to_nonoverlapping(to, tensor.bytes) };
                }
            }
            None => complaint.missing::<N>(&tensor, file),
        }
        wanted += 1;
    }
    let mut at = 0;
    while at < file.len() {
        if position::<N>(file[at].name).is_none() && !is_batch_count::<N>(file[at].name) {
            complaint.begin().push("`").push(file[at].name).push("` ").sizes(file[at].shape);
            complaint.text.push(" is not in the network");
        }
        at += 1;
    }
    complaint.end();
    // SAFETY: zero bytes at first, and then the numbers of its tensors: a value by the contract of `Baked`.
    unsafe { value.assume_init() }
}

/// What does not fit, a line for each problem.
struct Complaint {
    text: Text<4096>,
    problems: usize,
}

impl Complaint {
    /// A line for the next problem; text behind the first dozen is lost in an empty copy.
    const fn begin(&mut self) -> &mut Text<4096> {
        self.problems += 1;
        self.text.push("\n  ")
    }

    /// Whether a tensor of the file has the numbers and the shape that are wanted; else it is said.
    const fn is_fitting<N: Baked>(&mut self, wanted: &Wanted, found: &FileTensor) -> bool {
        if !is_same_shape(wanted.shape, found.shape) {
            self.begin().push("`").push(wanted.name).push("` is ").sizes(found.shape);
            self.text.push(", but the network has ").sizes(wanted.shape);
        } else if !is_same(wanted.dtype, found.dtype) || found.data.len() != wanted.bytes {
            self.begin().push("`").push(wanted.name).push("` ").sizes(found.shape);
            self.text.push(" is of type ").push(found.dtype).push(", not ").push(wanted.dtype);
        } else if wanted.is_variance
            && let Some(entry) = negative(found.data)
        {
            self.begin().push("`").push(wanted.name).push("` ").sizes(found.shape);
            self.text.push(" has a negative variance as entry ").number(entry);
        } else {
            return true;
        }
        self.layer::<N>(wanted.name);
        false
    }

    const fn missing<N: Baked>(&mut self, wanted: &Wanted, file: &[FileTensor]) {
        self.begin().push("`").push(wanted.name).push("` ").sizes(wanted.shape).push(" is missing");
        self.layer::<N>(wanted.name);
        if let Some(at) = only_surplus::<N>(wanted.shape, file) {
            self.text.push("; is it `").push(file[at].name).push("`?");
        }
    }

    /// `, of the layer `fc1: Linear(120)``, if there is one of this name.
    const fn layer<N: Baked>(&mut self, tensor: &str) {
        let mut at = 0;
        while at < N::LAYERS.len() {
            let LayerInfo { name, declaration, .. } = N::LAYERS[at];
            if let Some(rest) = behind(tensor.as_bytes(), name.as_bytes())
                && let [b'.', rest @ ..] = rest
                && !has_dot(rest)
            {
                self.text.push(", in `").push(name).push(": ").push(declaration).push("`");
                return;
            }
            at += 1;
        }
    }

    #[track_caller]
    const fn end(&mut self) {
        if self.problems > 0 {
            self.text.push("\nsave it from the same network, or rename and reshape its tensors");
            panic!("{}", self.text.as_str());
        }
    }
}

/// Where `name` stands in the file; looked for from `near` on, since most files keep the order of the network.
const fn find(file: &[FileTensor], name: &str, near: usize) -> Option<usize> {
    let mut step = 0;
    while step < file.len() {
        let at = (near + step) % file.len();
        if is_same(file[at].name, name) {
            return Some(at);
        }
        step += 1;
    }
    None
}

/// The only tensor of this shape that the network does not know, if there is just one.
const fn only_surplus<N: Baked>(shape: &[usize], file: &[FileTensor]) -> Option<usize> {
    let (mut found, mut at) = (None, 0);
    while at < file.len() {
        if is_same_shape(file[at].shape, shape) && position::<N>(file[at].name).is_none() {
            if found.is_some() {
                return None;
            }
            found = Some(at);
        }
        at += 1;
    }
    found
}

const fn position<N: Baked>(name: &str) -> Option<usize> {
    let mut at = 0;
    while at < N::TENSORS.len() {
        if is_same(N::TENSORS.get(at).name, name) {
            return Some(at);
        }
        at += 1;
    }
    None
}

/// Whether `name` is PyTorch's count of the batches that one of the network's batch norms has seen.
const fn is_batch_count<N: Baked>(name: &str) -> bool {
    let mut at = 0;
    while at < N::TENSORS.len() {
        let tensor = N::TENSORS.get(at);
        if tensor.is_variance {
            let layer = tensor.name.as_bytes().split_at(tensor.name.len() - "running_var".len()).0;
            if let Some(rest) = behind(name.as_bytes(), layer)
                && is_same_bytes(rest, b"num_batches_tracked")
            {
                return true;
            }
        }
        at += 1;
    }
    false
}

/// The first of these `f32` that is negative.
const fn negative(numbers: &[u8]) -> Option<usize> {
    let (numbers, _) = numbers.as_chunks::<4>();
    let mut entry = 0;
    while entry < numbers.len() {
        if f32::from_le_bytes(numbers[entry]) < 0.0 {
            return Some(entry);
        }
        entry += 1;
    }
    None
}

const fn is_same_shape(a: &[usize], b: &[usize]) -> bool {
    let mut i = 0;
    while i < a.len() && i < b.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    a.len() == b.len()
}

const fn is_same(a: &str, b: &str) -> bool {
    is_same_bytes(a.as_bytes(), b.as_bytes())
}

const fn is_same_bytes(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && behind(a, b).is_some()
}

/// What follows `begin` in `text`, if that begins so.
const fn behind<'t>(text: &'t [u8], begin: &[u8]) -> Option<&'t [u8]> {
    if text.len() < begin.len() {
        return None;
    }
    let (head, rest) = text.split_at(begin.len());
    let mut i = 0;
    while i < head.len() {
        if head[i] != begin[i] {
            return None;
        }
        i += 1;
    }
    Some(rest)
}

const fn has_dot(text: &[u8]) -> bool {
    let mut i = 0;
    while i < text.len() {
        if text[i] == b'.' {
            return true;
        }
        i += 1;
    }
    false
}
