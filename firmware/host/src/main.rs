//! Trains the networks that boards cannot train from nothing, and says what a board must answer.
//!
//! ```text
//! NNET_SIMD=avx2 cargo run --release -- train          # writes lenet.safetensors and motion.safetensors
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

use networks::digits::{Checksum, DIGITS};
use networks::motion::{MOVEMENTS, readings};
use networks::{LeNet, LeNetScratch, LeNetTape, Motion};
use nnet::host::idx::{Images, Split};
use nnet::host::{Dataset, Trainer, weights};
use nnet::optim::{OneCycle, OptimizerState, Sgd};
use nnet::{Flat, Network, Random, Train};

const USAGE: &str = "usage: host train | host answers";

fn main() -> ExitCode {
    let command = std::env::args().nth(1);
    let outcome = match command.as_deref() {
        Some("train") => train(),
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

/// LeNet on MNIST, `Motion` on movements that are made up; writes the weights of both.
fn train() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data/mnist");
    let images = |split| -> Result<_, Box<dyn Error>> {
        let images = Images::open_dir(&folder, split)?;
        images.check_labels(10)?;
        // Mean and deviation are those of `networks::digits`.
        Ok(images.into_normalized(0.1307, 0.3081))
    };
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
