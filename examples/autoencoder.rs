//! An autoencoder of MNIST: 28×28 pixels through 32 numbers and back.
//!
//! ```text
//! cargo run --release --example autoencoder
//! ```
//!
//! It writes `autoencoder.pgm`, a picture of test images and what became of them, side by side.
//!
//! `--help` lists the options.

mod digits;

use std::borrow::Cow;
use std::io::{Write, stdout};
use std::path::Path;
use std::process::ExitCode;
use std::{fs, io};

use digits::{Example, Goal, Options, Outcome};
use nnet::host::idx::{Images, Split};
use nnet::host::{DataError, Dataset, Normalized, Predictor};
use nnet::network;

network! {
    /// Convolutions of stride 2 down to 7×7, one over all of that, and the way back by their transposes.
    pub struct Autoencoder: [1, 28, 28] -> [1, 28, 28] {
        encoder: {
            conv1: Conv2d(16, kernel = 3, stride = 2, padding = 1), Relu,
            conv2: Conv2d(32, kernel = 3, stride = 2, padding = 1), Relu,
            code: Conv2d(32, kernel = 7),
        } -> [32, 1, 1],
        decoder: {
            spread: ConvTranspose2d(32, kernel = 7), Relu,
            up1: ConvTranspose2d(16, kernel = 3, stride = 2, padding = 1, output_padding = 1), Relu,
            up2: ConvTranspose2d(1, kernel = 3, stride = 2, padding = 1, output_padding = 1),
            Sigmoid,
        },
    }
    loss = mse;
}

type Image = [[[f32; 28]; 28]; 1];

/// Measured with the seeds 0 to 4: 0.0099, 0.0098, 0.0100, 0.0099 and 0.0101. The mean image alone would give 0.067.
const EXAMPLE: Example = Example {
    own: &["data", "weights", "picture", "target"],
    epochs: 1,
    rate: 1.0,
    goal: Goal::Error(0.012),
    ..Example::classifier("autoencoder")
};

fn main() -> ExitCode {
    digits::main(&EXAMPLE, run)
}

/// Images as inputs and as what the network should give, with pixels in 0..=1.
struct Copies(Normalized<'static>);

impl Copies {
    fn read(options: &Options, split: Split) -> Outcome<Self> {
        Ok(Self(Images::open_dir(&options.data, split)?.into_normalized(0.0, 1.0)))
    }
}

impl Dataset<Image, Image> for Copies {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn sample(&self, index: usize, x: &mut Image) -> Cow<'_, Image> {
        self.0.sample(index, x);
        Cow::Owned(*x)
    }

    fn check(&self) -> Result<(), DataError> {
        Dataset::<Image, usize>::check(&self.0)
    }
}

fn run(options: &Options) -> Outcome {
    let train = Copies::read(options, Split::Train)?;
    let test = Copies::read(options, Split::Test)?;
    digits::check_file("weights", &options.weights)?;
    digits::check_file("picture", &options.picture)?;
    digits::introduce::<Autoencoder>(options)?;

    let trainer = digits::fit::<Autoencoder, _>(&train, &test, options)?;
    let evaluation = digits::save(trainer.network(), &test, options)?;

    let mut originals = vec![[[[0.0; 28]; 28]; 1]; test.len().min(100)];
    for (index, original) in originals.iter_mut().enumerate() {
        test.sample(index, original);
    }
    let mut copies = originals.clone();
    Predictor::<Autoencoder>::new(options.threads).predict(trainer.network(), &originals, &mut copies);
    write(&options.picture, &side_by_side(&originals, &copies))?;
    if !options.json {
        writeln!(stdout(), "{}: {} images and their reconstructions", options.picture.display(), copies.len())?;
    }
    digits::reached(&evaluation, options)
}

/// A picture in the PGM format: ten pairs of an image and its copy a row, a line of grey between pairs.
fn side_by_side(originals: &[Image], copies: &[Image]) -> Vec<u8> {
    let (pairs, width, gap) = (10, 57, [128]);
    let rows = originals.len().div_ceil(pairs);
    let mut picture = format!("P5 {} {} 255\n", pairs * width, rows * 28).into_bytes();
    for (originals, copies) in originals.chunks(pairs).zip(copies.chunks(pairs)) {
        for y in 0..28 {
            for pair in 0..pairs {
                let line = |images: &[Image]| images.get(pair).map_or([0.0; 28], |image| image[0][y]);
                picture.extend(line(originals).iter().chain(&line(copies)).map(|&pixel| grey(pixel)));
                picture.extend(gap);
            }
        }
    }
    picture
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..=255")]
fn grey(pixel: f32) -> u8 {
    (255.0 * pixel.clamp(0.0, 1.0)).round() as u8
}

/// Writes beside the file first, so that a picture is there as a whole or not at all.
fn write(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = file.with_extension("part");
    let written = fs::write(&beside, bytes).and_then(|()| fs::rename(&beside, file));
    if written.is_err() {
        _ = fs::remove_file(&beside);
    }
    written
}
