//! Files that fit a type, and all that may not.

use std::panic::catch_unwind;
use std::string::{String, ToString};
use std::vec::Vec;

use super::*;

#[derive(Debug, PartialEq)]
#[repr(C)]
struct Net {
    weight: [[f32; 2]; 3],
    variance: [f32; 2],
}

// SAFETY: eight floats without padding, at the places that the table names.
unsafe impl Baked for Net {
    const NAME: &'static str = "Net";
    const LAYERS: &'static [LayerInfo] = &[
        LayerInfo { name: "b", declaration: "Linear(9)", output: &[9], parameters: 0, macs: 0 },
        LayerInfo { name: "b.fc", declaration: "Linear(3)", output: &[3], parameters: 6, macs: 6 },
    ];
    const TENSORS: Tensors = Tensors::Parameters(
        &[
            parameter("b.fc.weight", &[3, 2], 0, ParameterKind::Weight),
            parameter("n.running_var", &[2], 6, ParameterKind::RunningVariance),
        ],
        4,
    );
}

const fn parameter(name: &'static str, shape: &'static [usize], offset: usize, kind: ParameterKind) -> ParameterInfo {
    ParameterInfo { name, shape, offset, kind, gradient: None }
}

const WEIGHT: FileTensor = FileTensor { name: "b.fc.weight", dtype: "F32", shape: &[3, 2], data: &[0x40; 24] };
const VARIANCE: FileTensor = FileTensor { name: "n.running_var", dtype: "F32", shape: &[2], data: &[0x3F; 8] };

/// The problems, a line for each.
fn problems(file: &[FileTensor]) -> Vec<String> {
    let refused = catch_unwind(|| baked::<Net>("net.safetensors", file)).expect_err("the file does not fit");
    let text = refused.downcast_ref::<String>().expect("a text");
    let mut lines: Vec<_> = text.lines().map(|line| line.trim_start().to_string()).collect();
    assert_eq!(lines.remove(0), "`net.safetensors` does not fit `Net`:");
    assert_eq!(lines.pop().as_deref(), Some("save it from the same network, or rename and reshape its tensors"));
    lines
}

#[test]
fn tensors_are_found_by_name_and_stand_in_their_places() {
    const NET: Net = baked("net.safetensors", &[VARIANCE, WEIGHT]);
    let count = FileTensor { name: "n.num_batches_tracked", dtype: "I64", shape: &[], data: &[0; 8] };
    assert_eq!(baked::<Net>("net.safetensors", &[WEIGHT, count, VARIANCE]), NET);
    let [weight, variance] = [0x40, 0x3F].map(|byte| f32::from_le_bytes([byte; 4]));
    assert_eq!(NET, Net { weight: [[weight; 2]; 3], variance: [variance; 2] });
}

#[test]
fn all_that_does_not_fit_is_said() {
    let turned = FileTensor { shape: &[2, 3], ..WEIGHT };
    assert_eq!(
        problems(&[turned]),
        ["`b.fc.weight` is [2, 3], but the network has [3, 2], in `b.fc: Linear(3)`", "`n.running_var` [2] is missing",]
    );
    let renamed = FileTensor { name: "fc.weight", ..WEIGHT };
    assert_eq!(
        problems(&[renamed, VARIANCE]),
        [
            "`b.fc.weight` [3, 2] is missing, in `b.fc: Linear(3)`; is it `fc.weight`?",
            "`fc.weight` [3, 2] is not in the network",
        ]
    );
    let bytes = FileTensor { dtype: "I8", data: &[1; 6], ..WEIGHT };
    let negative = FileTensor { data: &[0, 0, 0, 0x80, 0, 0, 0x80, 0xBF], ..VARIANCE };
    assert_eq!(
        problems(&[bytes, negative]),
        [
            "`b.fc.weight` [3, 2] is of type I8, not F32, in `b.fc: Linear(3)`",
            "`n.running_var` [2] has a negative variance as entry 1",
        ]
    );
    let count = FileTensor { name: "b.num_batches_tracked", dtype: "I64", shape: &[], data: &[0; 8] };
    assert_eq!(problems(&[WEIGHT, VARIANCE, count]), ["`b.num_batches_tracked` [] is not in the network"]);
    assert_eq!(problems(&[]).len(), 2);
}
