//! A safetensors file: 8 bytes of length, a header in JSON, and the numbers of all tensors behind one another.

use std::collections::HashMap;
use std::fs;
use std::ops::Range;
use std::path::Path;

use tinyjson::JsonValue;

/// A tensor as the file holds it, floats of other types converted to `F32`.
#[derive(Debug, PartialEq)]
pub struct Tensor {
    pub name: String,
    pub dtype: String,
    pub shape: Vec<usize>,
    pub data: Data,
}

/// Where the numbers are.
#[derive(Debug, PartialEq)]
pub enum Data {
    InFile(Range<usize>),
    Converted(Vec<u8>),
}

/// The tensors in the order of their data, or what is wrong with the file.
pub fn read(path: &Path) -> Result<Vec<Tensor>, String> {
    let bytes = fs::read(path)
        .map_err(|error| format!("cannot be read: {error}; its path begins in the folder of Cargo.toml"))?;
    let tensors = tensors(&bytes)?;
    tensors.into_iter().map(|tensor| convert(tensor, &bytes)).collect()
}

/// The most bytes that a header may have, by the definition of the format.
const LARGEST_HEADER: usize = 100_000_000;

fn tensors(bytes: &[u8]) -> Result<Vec<Tensor>, String> {
    let broken = |why: String| format!("is not a safetensors file: {why}");
    let (length, rest) = bytes.split_first_chunk().ok_or_else(|| broken(format!("{} bytes", bytes.len())))?;
    let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
    let header = rest.get(..length).filter(|_| length <= LARGEST_HEADER);
    let header = header.ok_or_else(|| broken(format!("a header of {length} bytes in a file of {}", bytes.len())))?;
    let text = str::from_utf8(header).map_err(|_| broken("its header is not text".to_owned()))?;
    let header: JsonValue = text.parse().map_err(|error| broken(format!("its header is not JSON: {error}")))?;
    let header: &HashMap<String, JsonValue> =
        header.get().ok_or_else(|| broken("its header is no object".to_owned()))?;
    let begin = size_of::<u64>() + length;
    let mut tensors = Vec::new();
    for (name, entry) in header.iter().filter(|(name, _)| *name != "__metadata__") {
        let tensor =
            tensor(name, entry, begin).ok_or_else(|| broken(format!("its header says of `{name}` {entry:?}")))?;
        tensors.push(tensor);
    }
    tensors.sort_by_key(|(_, range)| (range.start, range.end));
    // Every byte of the data belongs to one tensor.
    let mut end = begin;
    for (tensor, range) in &tensors {
        if range.start != end {
            return Err(broken(format!("the numbers of `{}` do not follow those before them", tensor.name)));
        }
        end = range.end;
    }
    if end != bytes.len() {
        return Err(broken(format!("its tensors end after {end} of {} bytes", bytes.len())));
    }
    Ok(tensors.into_iter().map(|(tensor, _)| tensor).collect())
}

/// `{"dtype":"F32","shape":[6,1,5,5],"data_offsets":[0,600]}`; none if it is anything else.
fn tensor(name: &str, entry: &JsonValue, begin: usize) -> Option<(Tensor, Range<usize>)> {
    let entry: &HashMap<String, JsonValue> = entry.get()?;
    let dtype: &String = entry.get("dtype")?.get()?;
    let shape = whole_numbers(entry.get("shape")?)?;
    let [from, to] = whole_numbers(entry.get("data_offsets")?)?.try_into().ok()?;
    let range = begin.checked_add(from)?..begin.checked_add(to)?;
    let entries = shape.iter().try_fold(1_usize, |product, size| product.checked_mul(*size))?;
    let is_right = width(dtype).is_none_or(|width| entries.checked_mul(width) == to.checked_sub(from));
    let data = Data::InFile(range.clone());
    is_right.then(|| (Tensor { name: name.to_owned(), dtype: dtype.clone(), shape, data }, range))
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and not negative, as it is compared")]
fn whole_numbers(list: &JsonValue) -> Option<Vec<usize>> {
    let list: &Vec<JsonValue> = list.get()?;
    let whole = |number: &JsonValue| {
        let number: f64 = *number.get()?;
        let is_whole = number >= 0.0 && number <= 2_f64.powi(53) && number.fract() == 0.0;
        is_whole.then_some(number as usize)
    };
    list.iter().map(whole).collect()
}

/// Bytes of a number, of the types that the network's tensors may have.
fn width(dtype: &str) -> Option<usize> {
    match dtype {
        "F64" | "I64" => Some(8),
        "F32" | "I32" => Some(4),
        "F16" | "BF16" => Some(2),
        "I8" => Some(1),
        _ => None,
    }
}

/// The tensor with `F32` for all floats; an infinity or NaN is refused.
fn convert(tensor: Tensor, bytes: &[u8]) -> Result<Tensor, String> {
    let Data::InFile(range) = &tensor.data else { return Ok(tensor) };
    let data = &bytes[range.clone()];
    let Some(numbers) = floats(&tensor.dtype, data) else { return Ok(tensor) };
    if let Some(entry) = numbers.iter().position(|number| !number.is_finite()) {
        let Tensor { name, shape, dtype, .. } = &tensor;
        let number = numbers[entry];
        return Err(format!(
            "holds no weights: `{name}` {shape:?} of type {dtype} has {number} as entry {entry} of f32"
        ));
    }
    if tensor.dtype == "F32" {
        return Ok(tensor);
    }
    let converted = numbers.into_iter().flat_map(f32::to_le_bytes).collect();
    Ok(Tensor { dtype: "F32".to_owned(), data: Data::Converted(converted), ..tensor })
}

/// The numbers of a tensor of floats, rounded to `f32`.
#[allow(clippy::cast_possible_truncation, reason = "rounded, and an infinity is refused")]
fn floats(dtype: &str, data: &[u8]) -> Option<Vec<f32>> {
    Some(match dtype {
        "F64" => data.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes) as f32).collect(),
        "F32" => data.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect(),
        "F16" => data.as_chunks().0.iter().map(|bytes| half(u16::from_le_bytes(*bytes))).collect(),
        // The upper half of an f32.
        "BF16" => data.as_chunks().0.iter().map(|&[a, b]| f32::from_le_bytes([0, 0, a, b])).collect(),
        _ => return None,
    })
}

/// An IEEE 754 binary16: a sign, 5 bits of exponent with bias 15, and 10 of fraction.
fn half(bits: u16) -> f32 {
    let (exponent, fraction) = (bits >> 10 & 31, f32::from(bits & 0x3FF));
    let magnitude = match exponent {
        0 => fraction * 2_f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1024.0 + fraction) * 2_f32.powi(i32::from(exponent) - 25),
    };
    if bits >> 15 == 1 { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), data].concat()
    }

    fn convert_all(bytes: &[u8]) -> Result<Vec<Tensor>, String> {
        tensors(bytes)?.into_iter().map(|tensor| convert(tensor, bytes)).collect()
    }

    #[test]
    fn tensors_come_in_the_order_of_their_data() {
        let header = r#"{"__metadata__":{"format":"pt"},
            "b":{"dtype":"F32","shape":[2],"data_offsets":[6,14]},
            "a":{"dtype":"F16","shape":[3],"data_offsets":[0,6]}}"#;
        let data = [0x00, 0x3C, 0x00, 0xC0, 0x01, 0x00, 0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0];
        let found = convert_all(&file(header, &data)).expect("a file");
        let begin = 8 + header.len();
        let converted: Vec<u8> = [1.0_f32, -2.0, 2_f32.powi(-24)].into_iter().flat_map(f32::to_le_bytes).collect();
        let tensor = |name: &str, shape, data| Tensor { name: name.to_owned(), dtype: "F32".to_owned(), shape, data };
        let a = tensor("a", vec![3], Data::Converted(converted));
        assert_eq!(found, [a, tensor("b", vec![2], Data::InFile(begin + 6..begin + 14))]);
    }

    #[test]
    fn what_is_no_file_of_tensors_is_refused() {
        let one = |shape: &str, offsets: &str| {
            file(&format!(r#"{{"w":{{"dtype":"F32","shape":{shape},"data_offsets":{offsets}}}}}"#), &[0; 8])
        };
        assert!(convert_all(&one("[2]", "[0,8]")).is_ok());
        for (shape, offsets) in [
            ("[3]", "[0,8]"),
            ("[2]", "[0,9]"),
            ("[2]", "[8,0]"),
            ("[1]", "[4,8]"),
            ("[1]", "[0,4]"),
            ("[-2]", "[0,8]"),
            ("[0.5]", "[0,8]"),
            ("2", "[0,8]"),
            ("[2]", "[0]"),
            ("[4294967296,4294967296]", "[0,8]"),
        ] {
            assert!(convert_all(&one(shape, offsets)).is_err(), "{shape} {offsets}");
        }
        for bytes in [&[][..], &[1; 8], &file("[]", &[]), &file("{", &[]), &file("\u{7f}", &[]), &[0xFF; 30]] {
            assert!(convert_all(bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn numbers_that_are_not_finite_are_refused() {
        for (dtype, bytes) in [
            ("F32", &f32::NAN.to_le_bytes()[..]),
            ("F64", &1e300_f64.to_le_bytes()[..]),
            ("F16", &[0x00, 0x7C][..]),
            ("BF16", &[0x80, 0xFF][..]),
        ] {
            let header = format!(r#"{{"w":{{"dtype":"{dtype}","shape":[1],"data_offsets":[0,{}]}}}}"#, bytes.len());
            let error = convert_all(&file(&header, bytes)).expect_err(dtype);
            assert!(error.contains("`w` [1]") && error.contains("entry 0"), "{error}");
        }
    }
}
