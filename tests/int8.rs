//! Networks of bytes beside the networks of floats they come from.
#![cfg(feature = "std")]

use std::{env, fs};

use nnet::host::int8;
use nnet::int8::{Bytes, Int8Network, Quantize, QuantizeError};
use nnet::{Network, Random, Tensor, network};

network! {
    /// All that bytes can do.
    struct Net: [2, 13, 12] -> [4] {
        Relu,
        conv1: Conv2d(6, kernel = 3, padding = 1, bias = false), BatchNorm, Relu6,
        MaxPool2d(3, stride = 2),
        block: {
            depthwise: Conv2d(6, kernel = 3, groups = 6, padding = "same", bias = false), Relu,
            pointwise: Conv2d(8, kernel = 1), MaxPool2d(2), Relu,
        },
        Dropout(0.5),
        mean: AvgPool2d(2, stride = 1),
        Flatten,
        fc1: Linear(9, bias = false), Relu,
        fc2: Linear(4),
    }
    loss = cross_entropy;
    quantize = int8;
}

const CHANNELS: usize = 4;

network! {
    /// A sequence, and a size with a name.
    struct Wave: [1, 40] -> [3] {
        first: Conv1d(5, kernel = 7, stride = 2), MaxPool1d(3), Relu,
        second: Conv1d(CHANNELS, kernel = 3, dilation = 2, padding = 2),
        AvgPool1d(2), Relu, Flatten, scores: Linear(3),
    }
    quantize = int8;
}

network! {
    /// The mean of a map.
    struct Mean: [1, 4, 4] -> [2] { Conv2d(2, 3, padding = 1), GlobalAvgPool2d }
    quantize = int8;
}

static WAVE: WaveInt8 = nnet::weights!(WaveInt8, "tests/wave_int8.safetensors");

fn samples<N: Network<Scalar = f32>>(seed: u64) -> Vec<Box<N::Input<f32>>> {
    let mut random = Random::new(seed);
    let sample = |_| {
        let mut x = Box::new(<N::Input<f32> as Tensor>::ZERO);
        x.as_flat_mut().fill_with(|| f32::from(random.next_u64().to_le_bytes()[3]) / 128.0 - 0.6);
        x
    };
    (0..300).map(sample).collect()
}

/// The mean difference of a score, in steps of the output's bytes, over samples that were not calibrated with. Single ones
/// lie beyond all ranges that calibration saw, and are cut off.
fn steps<N: Quantize>(network: &N, mut scratch: <N::Int8 as Int8Network>::Scratch) -> f32 {
    let bytes = quantized(network);
    let mut floats = nnet::zeroed::<N::Scratch<f32>>();
    let mut q = <<N::Int8 as Int8Network>::Input as Bytes>::ZERO;
    let (mut sum, mut count) = (0.0, 0.0);
    for x in samples::<N>(9) {
        let wanted = network.predict(&x, &mut floats).as_flat();
        bytes.quantize_input(x.as_flat(), &mut q);
        let mut found = vec![f32::NAN; wanted.len()];
        bytes.dequantize_output(bytes.predict(&q, &mut scratch), &mut found);
        for (found, wanted) in found.iter().zip(wanted) {
            sum += (found - wanted).abs();
            count += 1.0;
        }
    }
    sum / count / bytes.output_affine().scale[0]
}

#[allow(clippy::unnecessary_box_returns, reason = "as `int8::quantize` gives it")]
fn quantized<N: Quantize>(network: &N) -> Box<N::Int8> {
    int8::quantize(network, samples::<N>(5).iter().map(|x| &**x)).expect("it can be quantized")
}

#[test]
fn bytes_follow_the_floats() {
    let mut network = nnet::boxed::<Net>(3);
    network.batch_norm_2.running_mean = [0.1, -0.2, 0.3, 0.0, 0.2, 0.1];
    let network = nnet::folded(&*network);
    let steps = [
        ("Net", steps(&*network, NetInt8Scratch::ZERO)),
        ("Wave", steps(&*nnet::boxed::<Wave>(3), WaveInt8Scratch::ZERO)),
        ("Mean", steps(&*nnet::boxed::<Mean>(3), MeanInt8Scratch::ZERO)),
    ];
    // A quarter of a step is what rounding the output alone gives; the layers before it add to that.
    for (name, steps) in steps {
        assert!(steps < 1.0, "{name}: {steps} steps");
    }
}

#[test]
fn memory_is_what_the_constants_say() {
    assert_eq!(WaveInt8::WEIGHT_BYTES, size_of::<WaveInt8>());
    assert_eq!(WaveInt8::INFERENCE_BYTES, size_of::<WaveInt8Scratch>());
    // The pooled map of `first` and that of `second`; a strip of 5 channels, 5 + 2 · 2 columns.
    assert_eq!(WaveInt8::INFERENCE_BYTES, 5 * 5 + 4 * 5 + 5 * 9);
}

/// `UPDATE_WEIGHTS=1 cargo test --test int8` writes the file anew.
#[test]
fn a_file_becomes_a_static() {
    let bytes = quantized(&*nnet::boxed::<Wave>(7));
    if env::var_os("UPDATE_WEIGHTS").is_some() {
        int8::save(&*bytes, concat!(env!("CARGO_MANIFEST_DIR"), "/tests/wave_int8.safetensors"))
            .expect("it is written");
        return;
    }
    assert_eq!(*bytes, WAVE);
}

#[test]
fn files_are_read_as_they_were_written_or_refused_whole() {
    let folder = env::temp_dir().join(format!("nnet-int8-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("wave.safetensors");
    int8::save(&WAVE, &path).expect("it is written");
    let mut again = Box::new(WaveInt8::ZERO);
    int8::load(&mut *again, &path).expect("it is read");
    assert_eq!(*again, WAVE);

    let mut other = Box::new(NetInt8::ZERO);
    let refused = int8::load(&mut *other, &path).expect_err("another network").to_string();
    assert!(refused.contains("`conv1.weight` [6, 2, 3, 3] is missing"), "{refused}");
    assert_eq!(*other, NetInt8::ZERO);

    let mut whole = fs::read(&path).expect("it is there");
    // A scale that is NaN: `input.scale` holds the first tensor of its type.
    let scale = WAVE.input.scale[0].to_le_bytes();
    let at = whole.windows(4).position(|bytes| bytes == scale).expect("the scale is in the file");
    whole[at..at + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    fs::write(&path, &whole).expect("it is written");
    let refused = int8::load(&mut *again, &path).expect_err("a scale that is not finite").to_string();
    assert!(refused.contains("`input.scale` [1] has NaN"), "{refused}");
    whole.truncate(100);
    fs::write(&path, &whole).expect("it is written");
    int8::load(&mut *again, &path).expect_err("a file that was cut short");
    assert_eq!(*again, WAVE);
    fs::remove_dir_all(&folder).expect("it is removed");
}

#[test]
fn what_cannot_be_quantized_is_said() {
    let mut network = nnet::boxed::<Mean>(1);
    let none: [&[[[f32; 4]; 4]; 1]; 0] = [];
    assert_eq!(int8::quantize(&*network, none).err(), Some(QuantizeError::NoSamples));
    let good = [[[0.5; 4]; 4]];
    let mut bad = good;
    bad[0][1][2] = f32::INFINITY;
    let refused = int8::quantize(&*network, [&good, &bad]).err();
    assert_eq!(refused, Some(QuantizeError::NotFinite { sample: 1, layer: None, number: f32::INFINITY }));
    network.conv2d_0.bias[1] = f32::NEG_INFINITY;
    let refused = int8::quantize(&*network, [&good]).err();
    let text = refused.map(|error| error.to_string());
    assert_eq!(text.as_deref(), Some("`conv2d_0` gives -inf for sample 0"));
    network.conv2d_0.bias[1] = f32::MAX;
    let refused = int8::quantize(&*network, [&good]).err();
    assert!(refused.is_some(), "a bias beyond 32 bits");
}
