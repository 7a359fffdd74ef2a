//! Files that come back bit for bit, files that are refused, and files that are damaged.
#![allow(clippy::float_cmp, reason = "what is equal bit for bit is compared as such")]

mod files;
mod statistics;

use std::{vec, vec::Vec};

use proptest::prelude::*;

use super::super::trainer::tests::line::Line;
use super::*;
use crate::flat::Flat;
use crate::random::Random;

type Single = Line<f32, 3, 2>;
type Double = Line<f64, 3, 2>;

fn network<N: Network>() -> N {
    let mut network = N::ZERO;
    network.init(&mut Random::new(2));
    network
}

/// A file by hand: `header`, then `data`.
fn file(header: &str, data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), data].concat()
}

fn tensor(name: &str, dtype: &str, shape: &[usize], begin: usize, end: usize) -> String {
    format!(r#""{name}":{{"dtype":"{dtype}","shape":{shape:?},"data_offsets":[{begin},{end}]}}"#)
}

/// A good file for `Single` in another type: W = 1 … 6, b = 7, 8.
fn converted(dtype: &str, number: impl Fn(i8) -> Vec<u8>) -> Vec<u8> {
    let width = number(0).len();
    let weight = tensor("fc.weight", dtype, &[2, 3], 0, 6 * width);
    let bias = tensor("fc.bias", dtype, &[2], 6 * width, 8 * width);
    let data: Vec<u8> = (1..=8).flat_map(number).collect();
    file(&format!("{{{weight},{bias}}}"), &data)
}

fn problems<N: Network>(bytes: &[u8]) -> Vec<Problem> {
    let mut into = network::<N>();
    let error = from_bytes(&mut into, bytes).expect_err("a file that does not fit");
    assert_eq!(into.as_scalars(), network::<N>().as_scalars(), "the network has changed");
    match error.kind {
        WeightsErrorKind::Mismatch { problems, .. } => problems,
        kind => panic!("{kind}"),
    }
}

#[test]
fn weights_come_back_bit_for_bit() {
    let bytes = to_bytes(&network::<Single>()).expect("finite weights");
    let mut into = Single::ZERO;
    from_bytes(&mut into, &bytes).expect("the same network");
    assert_eq!(into, network());
    let mut into = Double::ZERO;
    from_bytes(&mut into, &bytes).expect("the same shapes");
    assert!(into.as_scalars().iter().zip(network::<Single>().as_scalars()).all(|(w, s)| *w == f64::from(*s)));
    let bytes = to_bytes(&network::<Double>()).expect("finite weights");
    let mut into = Double::ZERO;
    from_bytes(&mut into, &bytes).expect("the same network");
    assert_eq!(into, network());
}

#[test]
fn the_bytes_are_those_of_the_format() {
    let bytes = to_bytes(&network::<Single>()).expect("finite weights");
    let bias = tensor("fc.bias", "F32", &[2], 0, 8);
    let weight = tensor("fc.weight", "F32", &[2, 3], 8, 32);
    let mut header = format!("{{{bias},{weight}}}").replace(", ", ",");
    header.extend(vec![' '; header.len().next_multiple_of(8) - header.len()]);
    let Single { w, b } = network();
    let data: Vec<u8> = b.iter().chain(w.as_flattened()).flat_map(|w| w.to_le_bytes()).collect();
    assert_eq!(bytes, file(&header, &data));
}

#[test]
fn other_float_types_are_converted() {
    let want: Vec<f32> = (1..=8_i8).map(f32::from).collect();
    // 0 to 8 as f16, as Python packs them.
    let halves: [u16; 9] = [0, 0x3C00, 0x4000, 0x4200, 0x4400, 0x4500, 0x4600, 0x4700, 0x4800];
    for bytes in [
        converted("F64", |n| f64::from(n).to_le_bytes().to_vec()),
        converted("F32", |n| f32::from(n).to_le_bytes().to_vec()),
        converted("F16", |n| halves[n.unsigned_abs() as usize].to_le_bytes().to_vec()),
        converted("BF16", |n| f32::from(n).to_le_bytes()[2..].to_vec()),
    ] {
        let mut into = Single::ZERO;
        from_bytes(&mut into, &bytes).expect("a float type");
        assert_eq!(into.as_scalars(), want);
    }
    // f64 is rounded to the nearest f32.
    let third = converted("F64", |_| (1.0_f64 / 3.0).to_le_bytes().to_vec());
    let mut into = Single::ZERO;
    from_bytes(&mut into, &third).expect("a float type");
    assert_eq!(into.b, [1.0 / 3.0; 2]);
}

#[test]
fn half_precision_by_its_corners() {
    let corners = [(0x0000, 0.0), (0x8000, -0.0), (0x3C00, 1.0), (0xC000, -2.0), (0x7BFF, 65504.0)];
    for (bits, want) in corners {
        assert_eq!(half(bits).to_bits(), f64::to_bits(want), "{bits:#06x}");
    }
    assert_eq!(half(0x0001), 2_f64.powi(-24));
    assert_eq!(half(0x0400), 2_f64.powi(-14));
    assert_eq!((half(0x7C00), half(0xFC00)), (f64::INFINITY, f64::NEG_INFINITY));
    assert!(half(0x7C01).is_nan());
}

#[test]
fn all_that_does_not_fit_is_listed() {
    let found = [
        tensor("fc.weights", "F32", &[2, 3], 0, 24),
        tensor("fc.bias", "F32", &[1, 2], 24, 32),
        tensor("odd\\nname", "U8", &[0], 32, 32),
    ];
    let bytes = file(&format!("{{{}}}", found.join(",")), &[0; 32]);
    let error =
        from_bytes(&mut network::<Single>(), &bytes).expect_err("other tensors").in_file(Path::new("a.safetensors"));
    assert_eq!(
        error.to_string(),
        "a.safetensors: does not fit `Line`:\n  \
           `fc.weight` [2, 3] is missing; is it `fc.weights`?\n  \
           `fc.bias` is [1, 2], but the network has [2]\n  \
           `fc.weights` [2, 3] is not in the network\n  \
           `odd\\nname` [0] is not in the network\n\
         save it from the same network, or rename and reshape its tensors"
    );
    assert_eq!(problems::<Single>(&bytes).len(), 4);
    assert_eq!(problems::<Single>(&file("{}", &[])).len(), 2);
}

#[test]
fn types_that_are_not_floats_are_refused() {
    let problems = problems::<Single>(&converted("I32", |n| i32::from(n).to_le_bytes().to_vec()));
    let want = Problem::Type { tensor: "fc.weight", shape: &[2, 3], found: "I32".into() };
    assert_eq!((problems.len(), &problems[0]), (2, &want));
    assert_eq!(want.to_string(), "`fc.weight` [2, 3] is of type I32, not F64, F32, F16 or BF16");
}

#[test]
fn values_that_are_not_finite_are_refused() {
    // Finite as an f64, but not in the network's f32.
    for value in [f64::NAN, f64::INFINITY, 1e300] {
        let bytes = converted("F64", |n| if n == 5 { value } else { 1.0 }.to_le_bytes().to_vec());
        let problems = problems::<Single>(&bytes);
        assert!(matches!(problems[..], [Problem::NotFinite { tensor: "fc.weight", entry: 4, bits: 32, .. }]));
        assert_eq!(from_bytes(&mut network::<Double>(), &bytes).is_ok(), value.is_finite());
    }
    let mut bad = network::<Single>();
    bad.b[1] = f32::NAN;
    let error = to_bytes(&bad).expect_err("a NaN").in_file(Path::new("a"));
    assert_eq!(
        error.to_string(),
        "a: nothing was written, because `Line` is not finite:\n  \
           `fc.bias` [2] has NaN as entry 1, not a finite f32\n\
         train it again with a lower learning rate, and check that all inputs are finite"
    );
}

/// What is said of a file after its first line.
fn refusal(bytes: &[u8]) -> String {
    let error = from_bytes(&mut network::<Single>(), bytes).expect_err("a file that does not fit").to_string();
    error.strip_prefix("does not fit `Line`:\n  ").expect("the first line").replace("\n  ", "\n")
}

#[test]
fn each_problem_has_its_own_cure() {
    let bytes = converted("F64", |n| if n == 5 { 1e300_f64 } else { 1.0 }.to_le_bytes().to_vec());
    let want = "`fc.weight` [2, 3] has 1e300 as entry 4, beyond the range of f32\n\
        load it into a network of f64, or train it again with smaller weights";
    assert_eq!(refusal(&bytes), want);
    let bytes = converted("F32", |n| if n == 8 { f32::NEG_INFINITY } else { 1.0 }.to_le_bytes().to_vec());
    let want = "`fc.bias` [2] has -inf as entry 1, not a finite f32\n\
        it comes from a training that diverged; take an earlier file";
    assert_eq!(refusal(&bytes), want);
    let found = [tensor("fc.weight", "I8", &[2, 3], 0, 6), tensor("fc.bias", "U8", &[2], 6, 8)];
    let want = "`fc.weight` [2, 3] is of type I8, not F64, F32, F16 or BF16\n\
        `fc.bias` [2] is of type U8, not F64, F32, F16 or BF16\n\
        convert its tensors to F32 before saving it";
    assert_eq!(refusal(&file(&format!("{{{}}}", found.join(",")), &[0; 8])), want);
    let found = [tensor("fc.weight", "I8", &[2, 3], 0, 6), tensor("fc.bias", "U8", &[1], 6, 7)];
    let text = refusal(&file(&format!("{{{}}}", found.join(",")), &[0; 7]));
    assert!(text.contains("\nconvert its") && text.contains("\nsave it from the same"), "{text}");
}

#[test]
fn a_common_prefix_is_one_problem() {
    let found = [tensor("model.fc.weight", "F32", &[2, 3], 0, 24), tensor("model.fc.bias", "F32", &[2], 24, 32)];
    let want = "all names begin with `model.`, but those of the network do not\n\
        strip the prefix `model.` from all names";
    assert_eq!(refusal(&file(&format!("{{{}}}", found.join(",")), &[0; 32])), want);
    // What does not fit even then is said as well.
    let want = "all names begin with `model.`, but those of the network do not\n\
        `fc.bias` [2] is missing\n\
        strip the prefix `model.` from all names\n\
        save it from the same network, or rename and reshape its tensors";
    assert_eq!(refusal(&file(&format!("{{{}}}", found[0]), &[0; 24])), want);
    // Two prefixes are none in common, and neither are letters without a dot.
    let found = [tensor("a.fc.weight", "F32", &[2, 3], 0, 24), tensor("b.fc.bias", "F32", &[2], 24, 32)];
    assert_eq!(problems::<Single>(&file(&format!("{{{}}}", found.join(",")), &[0; 32])).len(), 4);
    let letters = tensor("xfc.weight", "F32", &[2, 3], 0, 24);
    assert_eq!(problems::<Single>(&file(&format!("{{{letters}}}"), &[0; 24])).len(), 3);
}

#[test]
fn a_hint_has_the_shape_and_a_list_has_an_end() {
    // The nearer name has another shape.
    let found = [tensor("fc.weight1", "F32", &[3, 2], 0, 24), tensor("fc.weight22", "F32", &[2, 3], 24, 48)];
    let problems = problems::<Single>(&file(&format!("{{{}}}", found.join(",")), &[0; 48]));
    assert!(matches!(&problems[0], Problem::Missing { nearest: Some(name), .. } if name == "fc.weight22"));
    let many: Vec<String> = (0..20).map(|i| tensor(&format!("t{i}"), "U8", &[0], 0, 0)).collect();
    let text = refusal(&file(&format!("{{{}}}", many.join(",")), &[]));
    assert_eq!(text.lines().count(), 12 + 2, "{text}");
    assert!(text.contains("`t17` [0] is not in the network\nand 10 more\nsave it"), "{text}");
}

#[test]
fn a_file_of_torch_save_is_recognised() {
    for bytes in [&b"PK\x03\x04\x00\x00\x08\x08\x00\x00"[..], b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."] {
        let error = from_bytes(&mut network::<Single>(), bytes).expect_err("not safetensors");
        assert!(matches!(error.kind, WeightsErrorKind::TorchSave), "{error}");
        assert!(error.to_string().contains("safetensors.torch.save_file"), "{error}");
    }
}

#[test]
fn every_truncation_is_refused() {
    let bytes = to_bytes(&network::<Single>()).expect("finite weights");
    for length in 0..bytes.len() {
        let error = from_bytes(&mut network::<Single>(), &bytes[..length]).expect_err("a truncated file");
        assert!(matches!(error.kind, WeightsErrorKind::Format(_)), "{length}: {error}");
    }
    let longer = [&bytes[..], &[0]].concat();
    from_bytes(&mut network::<Single>(), &longer).expect_err("a byte too many");
}

#[test]
fn a_header_that_promises_the_world_is_refused() {
    // Sixteen tensors of 2^60 bytes each: the ends add up to the last number that there is.
    let huge: Vec<String> = (0..16_usize)
        .map(|i| {
            let end = if i == 15 { usize::MAX } else { (i + 1) << 60 };
            tensor(&format!("t{i}"), "U8", &[end - (i << 60)], i << 60, end)
        })
        .collect();
    for header in [
        format!("{{{}}}", huge.join(",")),
        format!("{{{}}}", tensor("fc.weight", "F32", &[1 << 40, 1 << 40], 0, 4)),
        "[".repeat(10_000),
        format!("{{\"fc.bias\":{}}}", "[".repeat(100_000)),
        r#"{"fc.bias":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#.to_string(),
        r#"{"fc.bias":{"dtype":"F32","shape":[2],"data_offsets":[0,-8]}}"#.to_string(),
    ] {
        let error = from_bytes(&mut network::<Single>(), &file(&header, &[0; 8])).expect_err("no such tensors");
        assert!(matches!(error.kind, WeightsErrorKind::Format(_)), "{error}");
    }
    let error = from_bytes(&mut network::<Single>(), &u64::MAX.to_le_bytes()).expect_err("no such header");
    assert!(matches!(error.kind, WeightsErrorKind::Format(_)), "{error}");
}

/// Reads, and checks that a refusal changes nothing.
fn read(bytes: &[u8]) {
    let mut into = network::<Single>();
    if from_bytes(&mut into, bytes).is_err() {
        assert_eq!(into, network());
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        read(&bytes);
    }

    #[test]
    fn any_header_is_read_or_refused(header in ".{0,80}", data: Vec<u8>) {
        read(&file(&header, &data));
    }

    #[test]
    fn any_tensors_are_read_or_refused(
        dtype in "F64|F32|F16|F4|F6_E2M3|U8|X",
        shape in prop::collection::vec(0_usize..40, 0..4),
        (begin, end) in any::<(usize, usize)>(),
        (near_begin, near_end) in (0_usize..3, 0_usize..70),
        data in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        read(&file(&format!("{{{}}}", tensor("fc.bias", &dtype, &shape, begin, end)), &data));
        read(&file(&format!("{{{}}}", tensor("fc.bias", &dtype, &shape, near_begin, near_end)), &data));
    }

    #[test]
    fn flipped_bits_are_read_or_refused(flips in prop::collection::vec(any::<prop::sample::Index>(), 1..4)) {
        let mut bytes = to_bytes(&network::<Single>()).expect("finite weights");
        for flip in flips {
            let bit = flip.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        read(&bytes);
    }
}
