//! Trains the networks that boards cannot train from nothing, and says what a board must answer.
//!
//! ```text
//! NNET_SIMD=avx2 cargo run --release -- train          # writes lenet.safetensors and motion.safetensors
//! NNET_SIMD=portable cargo run --release -- quantize   # writes lenet_int8.safetensors
//! NNET_SIMD=portable cargo run --release -- answers
//! ```
//!
//! The same seed gives the same files, to the bit, on any number of threads and on every processor with those
//! instructions; other instructions round otherwise.

use std::error::Error;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread::available_parallelism;

use networks::digits::{Checksum, DIGITS, Image};
use networks::motion::{MOVEMENTS, readings};
use networks::{LeNet, LeNetInt8, LeNetInt8Scratch, LeNetScratch, LeNetTape, Motion};
use nnet::host::idx::{Images, Split};
use nnet::host::{Dataset, Trainer, int8, weights};
use nnet::int8::{Int8Network, greatest};
use nnet::loss::argmax;
use nnet::optim::{OneCycle, OptimizerState, Sgd};
use nnet::{Flat, Network, Random, Tensor, Train};

const USAGE: &str = "usage: host train | host quantize | host answers";

fn main() -> ExitCode {
    let command = std::env::args().nth(1);
    let outcome = match command.as_deref() {
        Some("train") => train(),
        Some("quantize") => quantize(),
        Some("answers") => answers(),
        _ => Err(USAGE.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// `name` beside the declarations.
fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../networks").join(name)
}

/// MNIST, with the mean and deviation of `networks::digits`.
fn images(split: Split) -> Result<impl Dataset<Image, usize>, Box<dyn Error>> {
    let images = Images::open_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data/mnist"), split)?;
    images.check_labels(10)?;
    Ok(images.into_normalized(0.1307, 0.3081))
}

/// LeNet on MNIST, `Motion` on movements that are made up; writes the weights of both.
fn train() -> Result<(), Box<dyn Error>> {
    let lenet = fit::<LeNet, _>(8, 0.05, &images(Split::Train)?, &images(Split::Test)?)?;
    weights::save(&*lenet, file("lenet.safetensors"))?;
    let motion = fit::<Motion, _>(8, 0.02, &movements(6000, 1), &movements(3000, 2))?;
    weights::save(&*motion, file("motion.safetensors"))?;
    Ok(())
}

/// Trains a new network by one cycle of the learning rate up to `rate`, and prints how it goes.
fn fit<N, D>(epochs: usize, rate: f64, train: &D, test: &D) -> Result<Box<N>, Box<dyn Error>>
where
    N: Train + Flat<Scalar = f32>,
    D: Dataset<N::Input<f32>, N::Target>,
{
    const BATCH: usize = 64;
    let optimizer = Sgd::new(rate).momentum(0.9).weight_decay(1e-3);
    let steps = epochs * train.len().div_ceil(BATCH);
    let mut trainer = Trainer::new(nnet::boxed::<N>(0), optimizer)
        .schedule(OneCycle::new(steps as u64))
        .batch_size(BATCH)
        .threads(available_parallelism().map_or(1, usize::from));
    let reports = trainer.fit(epochs, train, Some(test), |_| ControlFlow::Continue(()))?;
    for report in reports {
        let test = report.test.map_or_else(String::new, |test| test.to_string());
        println!("{} epoch {} loss {:.5}, test {test}", N::NAME, report.epoch, report.loss);
    }
    Ok(trainer.into_network())
}

/// As many windows of each movement, with its number.
fn movements(count: usize, seed: u64) -> Vec<([[f32; 32]; 1], usize)> {
    let mut random = Random::new(seed);
    (0..count).map(|i| i % MOVEMENTS.len()).map(|movement| ([readings(movement, &mut random)], movement)).collect()
}

/// LeNet in bytes, calibrated by a thousand images, and how many of the test images both tell.
fn quantize() -> Result<(), Box<dyn Error>> {
    let mut lenet = nnet::zeroed::<LeNet>();
    weights::load(&mut *lenet, file("lenet.safetensors"))?;
    let train = images(Split::Train)?;
    let mut image = [[[0.0; 28]; 28]; 1];
    let sample = |index| {
        train.sample(index, &mut image);
        image
    };
    let calibration: Vec<_> = (0..1000).map(sample).collect();
    let bytes = int8::quantize(&*lenet, &calibration)?;
    int8::save(&*bytes, file("lenet_int8.safetensors"))?;

    let right = test_images_right(&lenet, &bytes)?;
    println!("test images right: {} of 10,000 with floats, {} with int8", right[0], right[1]);
    println!("weights: {} bytes with floats, {} with int8", LeNet::WEIGHT_BYTES, LeNetInt8::WEIGHT_BYTES);
    Ok(())
}

/// How many of the test images each tells.
fn test_images_right(lenet: &LeNet, bytes: &LeNetInt8) -> Result<[usize; 2], Box<dyn Error>> {
    let test = images(Split::Test)?;
    let (mut scratch, mut small) = (LeNetScratch::ZERO, LeNetInt8Scratch::ZERO);
    let (mut x, mut q) = ([[[0.0; 28]; 28]; 1], [[[0; 28]; 28]; 1]);
    let mut right = [0, 0];
    for index in 0..test.len() {
        let label = *test.sample(index, &mut x);
        right[0] += usize::from(argmax(lenet.predict(&x, &mut scratch), 0) == label);
        bytes.quantize_input(x.as_flat(), &mut q);
        right[1] += usize::from(greatest(bytes.predict(&q, &mut small)) == label);
    }
    Ok(right)
}

/// What every target without fused multiply-adds must say, to the bit: of predictions, and of a training.
fn answers() -> Result<(), Box<dyn Error>> {
    println!("vectors {}", nnet::simd::active());
    let mut lenet = nnet::zeroed::<LeNet>();
    weights::load(&mut *lenet, file("lenet.safetensors"))?;
    let mut scratch = LeNetScratch::ZERO;
    let mut sum = Checksum::default();
    for digit in &DIGITS {
        sum.add(lenet.predict(&digit.image(), &mut scratch));
    }
    println!("checksum {}", sum.0);
    println!("inference bytes {}", LeNet::INFERENCE_BYTES);
    println!("trained {}", trained().0);
    let mut bytes = Box::new(LeNetInt8::ZERO);
    int8::load(&mut *bytes, file("lenet_int8.safetensors"))?;
    let (mut scratch, mut image, mut sum) = (LeNetInt8Scratch::ZERO, [[[0; 28]; 28]; 1], Checksum::default());
    for digit in &DIGITS {
        digit.write_bytes(&bytes.input, &mut image);
        sum.add_bytes(bytes.predict(&image, &mut scratch));
    }
    println!("int8 checksum {}", sum.0);
    println!("int8 inference bytes {}", LeNetInt8::INFERENCE_BYTES);
    let [floats, int8] = test_images_right(&lenet, &bytes)?;
    println!("floats right {floats}");
    println!("int8 right {int8}");
    Ok(())
}

/// Of the weights of a LeNet that learned the digits as the program `train` of the boards does.
fn trained() -> Checksum {
    let mut lenet = nnet::boxed::<LeNet>(1);
    let mut tape = nnet::zeroed::<LeNetTape>();
    let (optimizer, mut state) = (Sgd::new(0.01), OptimizerState::ZERO);
    for digit in (0..16).flat_map(|_| &DIGITS) {
        let label = usize::from(digit.label);
        lenet.train_in_place(&digit.image(), &[label], &mut tape, &optimizer, &mut state);
    }
    let mut sum = Checksum::default();
    sum.add(lenet.as_scalars());
    sum
}
