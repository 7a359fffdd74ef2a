//! Twenty digits to try a network on, and one number that says whether two machines computed the same.

use nnet::Tensor;
use nnet::int8::Affine;

/// An image as [`LeNet`](crate::LeNet) takes it.
pub type Image = [[[f32; 28]; 28]; 1];

/// An image as [`LeNetInt8`](crate::LeNetInt8) takes it.
pub type Bytes = [[[i8; 28]; 28]; 1];

/// Mean and standard deviation of MNIST's training pixels, in 0..=1.
const PIXELS: (f32, f32) = (0.1307, 0.3081);

/// A handwritten digit: 28×28 pixels row by row, 0 where there is only paper.
#[repr(C)]
pub struct Digit {
    /// Which digit it is.
    pub label: u8,
    /// How dark the pixels are.
    pub pixels: [u8; 28 * 28],
}

impl Digit {
    /// Writes the pixels to `image`, mean and deviation taken out.
    pub fn write(&self, image: &mut Image) {
        for (x, &pixel) in image.as_flat_mut().iter_mut().zip(&self.pixels) {
            *x = normalized(pixel);
        }
    }

    /// The image of the pixels.
    #[must_use]
    pub fn image(&self) -> Image {
        let mut image = [[[0.0; 28]; 28]; 1];
        self.write(&mut image);
        image
    }

    /// As [`write`](Self::write), for a network of bytes whose input is `affine`.
    pub fn write_bytes(&self, affine: &Affine, image: &mut Bytes) {
        let image = image.as_flattened_mut().as_flattened_mut();
        for (q, &pixel) in image.iter_mut().zip(&self.pixels) {
            *q = affine.quantize(normalized(pixel));
        }
    }

    /// As [`write`](Self::write), of the image turned by half a turn.
    pub fn write_upside_down(&self, image: &mut Image) {
        self.write(image);
        image.as_flat_mut().reverse();
    }
}

/// A pixel with mean and deviation taken out.
#[must_use]
pub fn normalized(pixel: u8) -> f32 {
    (f32::from(pixel) / 255.0 - PIXELS.0) / PIXELS.1
}

/// Two images of each digit from the test set of MNIST.
pub static DIGITS: [Digit; 20] = {
    const BYTES: &[u8; 20 * 785] = include_bytes!("../../../tests/no_std/src/digits.bin");
    let mut digits = [const { Digit { label: 0, pixels: [0; 784] } }; 20];
    let mut i = 0;
    while i < BYTES.len() {
        match i % 785 {
            0 => digits[i / 785].label = BYTES[i],
            pixel => digits[i / 785].pixels[pixel - 1] = BYTES[i],
        }
        i += 1;
    }
    digits
};

/// One number over the bits of all outputs so far: 31 times the last one, plus the next output, for each in turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checksum(pub u32);

impl Checksum {
    /// Takes in the outputs `y` of a prediction.
    pub fn add(&mut self, y: &[f32]) {
        self.0 = y.iter().fold(self.0, |sum, y| sum.wrapping_mul(31).wrapping_add(y.to_bits()));
    }

    /// Takes in the outputs `y` of a prediction with bytes.
    pub fn add_bytes(&mut self, y: &[i8]) {
        self.0 = y.iter().fold(self.0, |sum, y| sum.wrapping_mul(31).wrapping_add(u32::from(y.cast_unsigned())));
    }
}
