//! Layers by path, at compile time: whether their shapes fit, and the table of a network's tensors with theirs.
//!
//! The macro sees a path only. Their constants are read here, where rustc knows them.

use core::marker::PhantomData;
use core::str;

use super::Layer;
use super::table::{ParameterInfo, ParameterKind};
use crate::tensor::Tensor;
use crate::text::Text;

/// `T`, if the constant `IS` is there; where it is an error, so is the type, and rustc reports nothing that follows.
pub type Proven<T, const IS: bool> = <If<T, IS> as Then>::Type;

/// Leads from a type to itself.
pub struct If<T, const IS: bool>(PhantomData<T>);

/// See [`Proven`].
pub trait Then {
    /// The type.
    type Type;
}

impl<T> Then for If<T, true> {
    type Type = T;
}

/// Compiles if the type has the right number of arguments.
#[must_use]
pub const fn is_type<T>() -> bool {
    true
}

/// Compiles if the type is a layer.
#[must_use]
pub const fn is_layer<L: Layer>() -> bool {
    true
}

/// The tensors of one layer.
pub struct Part {
    /// What their names begin with, a dot between; nothing if they are whole.
    pub prefix: &'static str,
    /// In the order of their memory; their places are not looked at.
    pub tensors: &'static [ParameterInfo],
    /// Whether they have gradients, if they are such that learn.
    pub learns: bool,
}

/// The number of tensors.
#[must_use]
pub const fn tensors(parts: &[Part]) -> usize {
    let mut sum = 0;
    let mut p = 0;
    while p < parts.len() {
        sum += parts[p].tensors.len();
        p += 1;
    }
    sum
}

/// The bytes of all names.
#[must_use]
pub const fn name_bytes(parts: &[Part]) -> usize {
    let mut sum = 0;
    let mut p = 0;
    while p < parts.len() {
        let mut t = 0;
        while t < parts[p].tensors.len() {
            sum += name_length(&parts[p], t);
            t += 1;
        }
        p += 1;
    }
    sum
}

const fn name_length(part: &Part, tensor: usize) -> usize {
    let dot = if part.prefix.is_empty() { 0 } else { 1 };
    part.prefix.len() + dot + part.tensors[tensor].name.len()
}

/// All names, one behind the other.
#[must_use]
pub const fn names<const BYTES: usize>(parts: &[Part]) -> [u8; BYTES] {
    let mut text = Text::<BYTES>::new();
    let mut p = 0;
    while p < parts.len() {
        let mut t = 0;
        while t < parts[p].tensors.len() {
            text.push(parts[p].prefix);
            if !parts[p].prefix.is_empty() {
                text.push(".");
            }
            text.push(parts[p].tensors[t].name);
            t += 1;
        }
        p += 1;
    }
    text.bytes()
}

/// The table, whose names are pieces of `names`.
///
/// # Panics
///
/// If `names` are not those of the same parts.
#[must_use]
pub const fn table<const N: usize>(parts: &[Part], names: &'static [u8]) -> [ParameterInfo; N] {
    let nothing = ParameterInfo { name: "", shape: &[], offset: 0, kind: ParameterKind::Weight, gradient: None };
    let mut table = [nothing; N];
    let (mut row, mut offset, mut gradient) = (0, 0, 0);
    let mut names = names;
    let mut p = 0;
    while p < parts.len() {
        let mut t = 0;
        while t < parts[p].tensors.len() {
            let ParameterInfo { shape, kind, gradient: inner, .. } = parts[p].tensors[t];
            let (name, rest) = names.split_at(name_length(&parts[p], t));
            let Ok(name) = str::from_utf8(name) else { panic!("names are text") };
            let learns = parts[p].learns && kind.is_learned() && inner.is_some();
            table[row] =
                ParameterInfo { name, shape, offset, kind, gradient: if learns { Some(gradient) } else { None } };
            offset += table[row].len();
            if learns {
                gradient += table[row].len();
            }
            names = rest;
            row += 1;
            t += 1;
        }
        p += 1;
    }
    table
}

/// A table whose tensors lie behind one another; those that learn have some gradient.
#[must_use]
pub const fn placed<const N: usize>(mut table: [ParameterInfo; N]) -> [ParameterInfo; N] {
    let (mut offset, mut gradient) = (0, 0);
    let mut t = 0;
    while t < N {
        let length = table[t].len();
        table[t].offset = offset;
        offset += length;
        if table[t].gradient.is_some() {
            table[t].gradient = Some(gradient);
            gradient += length;
        }
        t += 1;
    }
    table
}

/// A number divided by another, 0 if that is 0, which a shape rule refuses.
#[must_use]
pub const fn divided(a: usize, b: usize) -> usize {
    match a.checked_div(b) {
        Some(quotient) => quotient,
        None => 0,
    }
}

/// The larger of two numbers.
#[must_use]
pub const fn larger(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

/// Compares the layer `L` with those around it, and with what it says of itself.
///
/// # Panics
///
/// If something differs, which at compile time is an error.
#[track_caller]
pub const fn check_layer<L: Layer>(
    name: &str,
    declaration: &str,
    input: &[usize],
    output: &[usize],
    needs_input_gradient: bool,
) {
    if L::IS_STUB {
        return;
    }
    let mut text = Text::<512>::new();
    text.push(name);
    text.push(": ");
    if !equal(L::INPUT_SHAPE, input) {
        text.push(declaration);
        text.push(" takes ");
        text.sizes(L::INPUT_SHAPE);
        text.push(", but what comes before it gives ");
        text.sizes(input);
        text.push("; change one of them, or put a layer between them");
    } else if !equal(L::OUTPUT_SHAPE, output) {
        text.push("its contract states ");
        text.sizes(output);
        text.push(", but ");
        text.push(declaration);
        text.push(" gives ");
        text.sizes(L::OUTPUT_SHAPE);
        text.push("; change one of them");
    } else if needs_input_gradient && !L::INPUT_GRADIENT {
        text.push("layers before it learn, but ");
        text.push(declaration);
        text.push(
            " begins with frozen layers, which pass no gradient on; freeze those before it too, or freeze none in it",
        );
    } else if let Some(fault) = fault::<L>() {
        text.push("in the `impl Layer` of ");
        text.push(declaration);
        text.push(", ");
        text.push(fault);
    } else {
        return;
    }
    panic!("{}", text.as_str());
}

/// Whether [`check_layer`] has nothing to say, and the layer is no stub: what is known of it can be relied on.
#[must_use]
pub const fn is_sound<L: Layer>(input: &[usize], output: &[usize], needs_input_gradient: bool) -> bool {
    !L::IS_STUB
        && equal(L::INPUT_SHAPE, input)
        && equal(L::OUTPUT_SHAPE, output)
        && (L::INPUT_GRADIENT || !needs_input_gradient)
        && fault::<L>().is_none()
}

/// In what a layer contradicts itself.
const fn fault<L: Layer>() -> Option<&'static str> {
    let scalar = size_of::<L::Scalar>();
    if <L::Input<L::Scalar> as Tensor>::LENGTH != product(L::INPUT_SHAPE) {
        return Some("INPUT_SHAPE is not the shape of the type Input");
    }
    if <L::Output<L::Scalar> as Tensor>::LENGTH != product(L::OUTPUT_SHAPE) {
        return Some("OUTPUT_SHAPE is not the shape of the type Output");
    }
    let (mut offset, mut gradient) = (0, 0);
    let mut t = 0;
    while t < L::PARAMETERS.len() {
        let tensor = &L::PARAMETERS[t];
        if tensor.offset != offset {
            return Some("the tensors of PARAMETERS do not follow each other: an `offset` is wrong");
        }
        offset += tensor.len();
        if let Some(begin) = tensor.gradient {
            if begin != gradient {
                return Some("the tensors of PARAMETERS do not follow each other: a `gradient` is wrong");
            }
            gradient += tensor.len();
        }
        t += 1;
    }
    if offset * scalar != size_of::<L>() {
        return Some("PARAMETERS does not describe all numbers of the type");
    }
    if gradient * scalar != size_of::<L::Gradients>() {
        return Some("PARAMETERS does not describe all numbers of the type Gradients");
    }
    None
}

const fn product(shape: &[usize]) -> usize {
    let mut product = 1;
    let mut i = 0;
    while i < shape.len() {
        product *= shape[i];
        i += 1;
    }
    product
}

const fn equal(a: &[usize], b: &[usize]) -> bool {
    let mut i = 0;
    while i < a.len() && i < b.len() && a[i] == b[i] {
        i += 1;
    }
    i == a.len() && i == b.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    extern crate std;
    use std::vec::Vec;

    const INNER: &[ParameterInfo] = &[
        ParameterInfo { name: "a.weight", shape: &[2, 3], offset: 7, kind: ParameterKind::Weight, gradient: Some(7) },
        ParameterInfo {
            name: "a.running_mean",
            shape: &[2],
            offset: 0,
            kind: ParameterKind::RunningMean,
            gradient: None,
        },
    ];
    const PARTS: &[Part] = &[
        Part { prefix: "", tensors: INNER, learns: true },
        Part { prefix: "body", tensors: INNER, learns: false },
        Part { prefix: "head", tensors: INNER, learns: true },
    ];
    const NAMES: [u8; name_bytes(PARTS)] = names(PARTS);
    const TABLE: [ParameterInfo; tensors(PARTS)] = table(PARTS, &NAMES);

    #[test]
    fn tensors_get_their_names_and_places() {
        let found: Vec<_> = TABLE.iter().map(|tensor| (tensor.name, tensor.offset, tensor.gradient)).collect();
        let want = [
            ("a.weight", 0, Some(0)),
            ("a.running_mean", 6, None),
            ("body.a.weight", 8, None),
            ("body.a.running_mean", 14, None),
            ("head.a.weight", 16, Some(6)),
            ("head.a.running_mean", 22, None),
        ];
        assert_eq!(found, want);
    }
}
