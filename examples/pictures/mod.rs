//! Coloured pictures of ten classes, drawn from a seed: what 3×32×32 networks can be tried on without a download.
//!
//! A picture shows one figure, which is the class, in any colour, place, size and slight turn, before a background of
//! any colour, with a speck or two over it and noise. No pixel says more about one class than about another, so a
//! linear model is left with chance.

use std::borrow::Cow;
use std::error::Error;
use std::fs;
use std::path::Path;

use nnet::Random;
use nnet::host::Dataset;

/// Pixels on a side.
const SIDE: usize = 32;
/// The number of figures.
pub const CLASSES: u8 = 10;
/// Deviation of the noise of each entry; colours are in 0..=255.
const NOISE: f64 = 20.0;

/// One picture as a network takes it: red, green, blue.
pub type Picture = [[[f32; SIDE]; SIDE]; 3];

/// Pictures with their classes.
pub struct Pictures {
    pixels: Vec<[[[u8; SIDE]; SIDE]; 3]>,
    classes: Vec<u8>,
}

impl Pictures {
    /// `count` pictures that follow from `seed`, as many of each class.
    pub fn new(seed: u64, count: usize) -> Self {
        let mut random = Random::new(seed);
        let classes: Vec<u8> = (0..CLASSES).cycle().take(count).collect();
        let pixels = classes.iter().map(|&class| draw(class, &mut random)).collect();
        Self { pixels, classes }
    }

    /// Writes `{name}-images.idx` and `{name}-labels.idx` into a folder, in the format of MNIST.
    pub fn write(&self, folder: &Path, name: &str) -> Result<(), Box<dyn Error>> {
        let count = u32::try_from(self.classes.len())?.to_be_bytes();
        let side = u32::try_from(SIDE)?.to_be_bytes();
        let head = [&[0, 0, 8, 4][..], &count, &3_u32.to_be_bytes(), &side, &side].concat();
        let images = [&head, self.pixels.as_flattened().as_flattened().as_flattened()].concat();
        let labels = [&[0, 0, 8, 1][..], &count, &self.classes].concat();
        for (part, bytes) in [("images", images), ("labels", labels)] {
            let file = folder.join(format!("{name}-{part}.idx"));
            fs::write(&file, bytes).map_err(|error| format!("{}: {error}", file.display()))?;
        }
        Ok(())
    }
}

impl Dataset<Picture, usize> for Pictures {
    fn len(&self) -> usize {
        self.classes.len()
    }

    /// Entries from about -2 to 2.
    fn sample(&self, index: usize, x: &mut Picture) -> Cow<'_, usize> {
        let pixels = self.pixels[index].as_flattened().as_flattened();
        for (x, &pixel) in x.as_flattened_mut().as_flattened_mut().iter_mut().zip(pixels) {
            *x = (f32::from(pixel) - 127.5) / 64.0;
        }
        Cow::Owned(self.classes[index].into())
    }
}

/// Whether the figure of a class covers the place (u, v); figures reach from -1 to 1 at most, v downwards.
fn covers(class: u8, u: f64, v: f64) -> bool {
    let (radius, reach) = (u.hypot(v), u.abs().max(v.abs()));
    match class {
        0 => radius < 1.0,
        1 => (0.6..1.0).contains(&radius),
        2 => reach < 0.85,
        3 => (0.5..0.85).contains(&reach),
        4 => v < 0.8 && 2.0 * u.abs() < v + 1.0,
        5 => u.abs().min(v.abs()) < 0.3 && reach < 1.0,
        6 => (u.abs() - v.abs()).abs() < 0.42 && radius < 1.0,
        7 => radius < 1.0 && (5.0 * v).sin() > 0.0,
        8 => radius < 1.0 && (5.0 * u).sin() > 0.0,
        _ => radius < 1.0 && (5.0 * u).sin() * (5.0 * v).sin() > 0.0,
    }
}

fn draw(class: u8, random: &mut Random) -> [[[u8; SIDE]; SIDE]; 3] {
    let mut between = |low: f64, high: f64| low + (high - low) * random.uniform();
    let [background, figure, specks] = [(); 3].map(|()| [(); 3].map(|()| between(40.0, 215.0)));
    let (x, y, size) = (between(10.0, 22.0), between(10.0, 22.0), between(6.0, 11.0));
    let (sin, cos) = between(-0.35, 0.35).sin_cos();
    let places = [(); 2].map(|()| (between(0.0, 32.0), between(0.0, 32.0), between(1.0, 4.0)));
    let mut pixels = [[[0; SIDE]; SIDE]; 3];
    for row in 0..SIDE {
        for column in 0..SIDE {
            let (right, down) = (column as f64 + 0.5, row as f64 + 0.5);
            let (u, v) = ((right - x) / size, (down - y) / size);
            let colour = if places.iter().any(|(x, y, size)| (right - x).hypot(down - y) < *size) {
                specks
            } else if covers(class, cos * u - sin * v, sin * u + cos * v) {
                figure
            } else {
                background
            };
            for (plane, value) in pixels.iter_mut().zip(colour) {
                plane[row][column] = byte(value + NOISE * random.normal());
            }
        }
    }
    pixels
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..=255")]
fn byte(value: f64) -> u8 {
    value.clamp(0.0, 255.0) as u8
}
