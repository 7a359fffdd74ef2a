//! Data sets: sample `i` on demand, and the order of an epoch: a permutation that follows from (seed, epoch).

use core::{error, fmt};
use std::borrow::Cow;
use std::boxed::Box;
use std::slice::from_ref;
use std::vec::Vec;

use super::idx::Images;
use super::interleave::interleave;
use crate::element::Lanes;
use crate::random::Random;
use crate::scalar::Scalar;
use crate::tensor::Tensor;

/// Samples by number: inputs of type `X` (a nested array of numbers) with targets of type `T`.
///
/// Slices, vectors and arrays of pairs are data sets. Whatever reads, computes or augments its samples implements the
/// trait; several threads ask at once, each for other samples.
///
/// ```
/// use std::borrow::Cow;
///
/// use nnet_core::host::Dataset;
///
/// /// The numbers 0 to 255 by their bits; the target is 1 for an odd number.
/// struct Bits;
///
/// impl Dataset<[f32; 8], usize> for Bits {
///     fn len(&self) -> usize {
///         256
///     }
///
///     fn sample(&self, index: usize, x: &mut [f32; 8]) -> Cow<'_, usize> {
///         for (bit, x) in x.iter_mut().enumerate() {
///             *x = (index >> bit & 1) as f32;
///         }
///         Cow::Owned(index % 2)
///     }
/// }
///
/// let mut x = [0.0; 8];
/// assert_eq!(*Bits.sample(5, &mut x), 1);
/// assert_eq!(x, [1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not hold samples of input `{X}` with target `{T}`",
    note = "a slice, vector or array of pairs `({X}, {T})` does; a class is a `usize`"
)]
pub trait Dataset<X, T: Clone>: Sync {
    /// The number of samples.
    fn len(&self) -> usize;

    /// Whether there are no samples.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes the input of sample `index` to `x`, all of it, and gives the target: borrowed where it is stored, owned
    /// where it is computed. The same index gives the same sample, or results depend on more than the seed.
    ///
    /// # Panics
    ///
    /// May panic if `index` is not below [`len`](Dataset::len).
    fn sample(&self, index: usize, x: &mut X) -> Cow<'_, T>;

    /// Writes up to 16 inputs side by side, that of sample `indices[lane]` to lane `lane` of `x`, and puts their
    /// targets behind `targets`, in this order. Lanes left over stay as they are; `room` is for as many inputs.
    ///
    /// The method given here asks for one [`sample`](Dataset::sample) after the other. A data set that has a faster way
    /// takes it here, to the same numbers: such as from stored bytes to lanes at once, without `room`.
    ///
    /// # Panics
    ///
    /// As `sample`, and if there are more indices than lanes or room.
    fn gather(&self, indices: &[usize], x: &mut [Lanes<X::Element>], targets: &mut Vec<T>, room: &mut [X])
    where
        X: Tensor<Element: Scalar>,
    {
        let room = &mut room[..indices.len()];
        for (&index, x) in indices.iter().zip(&mut *room) {
            match self.sample(index, x) {
                // A large target is copied from where it lies.
                Cow::Borrowed(target) => targets.extend_from_slice(from_ref(target)),
                Cow::Owned(target) => targets.push(target),
            }
        }
        interleave(room.iter().map(X::as_flat), |x| x, x);
    }

    /// Whether the samples fit `X` and `T`; asked once before each run over the data.
    ///
    /// # Errors
    ///
    /// If they do not. The method given here accepts.
    fn check(&self) -> Result<(), DataError> {
        Ok(())
    }
}

impl<X: Tensor, T: Clone + Sync> Dataset<X, T> for [(X, T)] {
    fn len(&self) -> usize {
        self.len()
    }

    fn sample(&self, index: usize, x: &mut X) -> Cow<'_, T> {
        let (input, target) = &self[index];
        *x = *input;
        Cow::Borrowed(target)
    }

    fn gather(&self, indices: &[usize], x: &mut [Lanes<X::Element>], targets: &mut Vec<T>, _: &mut [X])
    where
        X: Tensor<Element: Scalar>,
    {
        interleave(indices.iter().map(|&index| self[index].0.as_flat()), |x| x, x);
        for &index in indices {
            targets.extend_from_slice(from_ref(&self[index].1));
        }
    }
}

/// Data sets that hand on to another.
macro_rules! forward {
    ($([$($generics:tt)*] $set:ty => $inner:ty;)*) => {$(
        impl<X: Tensor, T: Clone + Sync, $($generics)*> Dataset<X, T> for $set {
            fn len(&self) -> usize {
                <$inner as Dataset<X, T>>::len(self)
            }

            fn sample(&self, index: usize, x: &mut X) -> Cow<'_, T> {
                <$inner>::sample(self, index, x)
            }

            fn gather(&self, indices: &[usize], x: &mut [Lanes<X::Element>], targets: &mut Vec<T>, room: &mut [X])
            where
                X: Tensor<Element: Scalar>,
            {
                <$inner>::gather(self, indices, x, targets, room);
            }

            fn check(&self) -> Result<(), DataError> {
                <$inner as Dataset<X, T>>::check(self)
            }
        }
    )*};
}
forward! {
    [] Vec<(X, T)> => [(X, T)];
    [const N: usize] [(X, T); N] => [(X, T)];
    [D: Dataset<X, T> + ?Sized] &D => D;
}

/// [`Images`] as inputs: x = (pixel / 255 − mean) / std, with the label as the class.
///
/// Fits every network with `height` · `width` inputs, whatever their shape: `[1, 28, 28]` as well as `[784]`.
///
/// ```
/// use nnet_core::host::{Dataset, idx::{Idx, Images}};
///
/// // one image of 1×2 pixels, labelled 7
/// let images = [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 255];
/// let labels = [0, 0, 8, 1, 0, 0, 0, 1, 7];
/// let images = Images::new(Idx::read(&images[..], "images")?, Idx::read(&labels[..], "labels")?)?;
///
/// let set = images.normalized(0.5, 0.25);
/// let mut x = [0.0_f32; 2];
/// assert_eq!(*set.sample(0, &mut x), 7);
/// assert_eq!(x, [-2.0, 2.0]);
/// # Ok::<(), nnet_core::host::idx::IdxError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Normalized<'a> {
    images: Cow<'a, Images>,
    mean: f64,
    std: f64,
    /// The input for each value of a pixel.
    inputs: Box<[f64; PIXELS]>,
}

/// How many values a pixel can have.
const PIXELS: usize = 256;

impl Images {
    /// The images as a data set with mean `mean` and standard deviation `std` taken out, both of pixels in 0..=1;
    /// 0.1307 and 0.3081 are those of MNIST.
    ///
    /// A `std` that is not above 0 is refused when the set is used. See [`Normalized`].
    #[must_use]
    pub fn normalized(&self, mean: f64, std: f64) -> Normalized<'_> {
        Normalized::new(Cow::Borrowed(self), mean, std)
    }

    /// As [`normalized`](Images::normalized), giving a data set that owns the images.
    #[must_use]
    pub fn into_normalized(self, mean: f64, std: f64) -> Normalized<'static> {
        Normalized::new(Cow::Owned(self), mean, std)
    }
}

impl<'a> Normalized<'a> {
    fn new(images: Cow<'a, Images>, mean: f64, std: f64) -> Self {
        let mut inputs = Box::new([0.0; PIXELS]);
        for (input, pixel) in inputs.iter_mut().zip(0..=u8::MAX) {
            *input = (f64::from(pixel) / 255.0 - mean) / std;
        }
        Self { images, mean, std, inputs }
    }

    /// The images as they were read.
    #[must_use]
    pub fn images(&self) -> &Images {
        &self.images
    }

    /// The number of images.
    #[must_use]
    pub fn len(&self) -> usize {
        self.images.count()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<X: Tensor<Element: Scalar>> Dataset<X, usize> for Normalized<'_> {
    fn len(&self) -> usize {
        self.images.count()
    }

    fn sample(&self, index: usize, x: &mut X) -> Cow<'_, usize> {
        for (x, &pixel) in x.as_flat_mut().iter_mut().zip(self.images.pixels(index)) {
            *x = X::Element::from_f64(self.inputs[usize::from(pixel)]);
        }
        Cow::Owned(self.images.label(index).into())
    }

    fn gather(&self, indices: &[usize], x: &mut [Lanes<X::Element>], targets: &mut Vec<usize>, _: &mut [X]) {
        // Rounded once for each value that a pixel can have, and not for each pixel.
        let inputs = self.inputs.map(X::Element::from_f64);
        interleave(indices.iter().map(|&index| self.images.pixels(index)), |pixel| inputs[usize::from(pixel)], x);
        targets.extend(indices.iter().map(|&index| usize::from(self.images.label(index))));
    }

    fn check(&self) -> Result<(), DataError> {
        let (height, width) = (self.images.height(), self.images.width());
        if height.checked_mul(width) != Some(X::LENGTH) {
            return Err(DataError::InputSize { height, width, inputs: X::LENGTH });
        }
        let (mean, std) = (self.mean, self.std);
        if mean.is_finite() && std.is_finite() && std > 0.0 { Ok(()) } else { Err(DataError::Scale { mean, std }) }
    }
}

/// Why a data set does not fit its use.
///
/// ```
/// use nnet_core::host::DataError;
///
/// let error = DataError::InputSize { height: 32, width: 32, inputs: 784 };
/// assert!(error.to_string().starts_with("images of 32×32 = 1024 pixels, but the network takes 784 numbers"));
/// ```
#[derive(Debug)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the line above a variant explains its fields")]
pub enum DataError {
    /// Images of `height` × `width` pixels for a network that takes another number of `inputs`.
    InputSize { height: usize, width: usize, inputs: usize },
    /// A normalisation that is no number, or divides by a `std` that is not above 0.
    Scale { mean: f64, std: f64 },
    /// What a data set of the user's own reports.
    Other(Box<dyn error::Error + Send + Sync>),
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InputSize { height, width, inputs } => {
                let pixels = height.saturating_mul(*width);
                write!(f, "images of {height}×{width} = {pixels} pixels, but the network takes {inputs} numbers; ")?;
                f.write_str("declare the network's input with the size of the images")
            }
            Self::Scale { mean, std } => {
                write!(f, "images normalised with mean {mean} and standard deviation {std}; ")?;
                f.write_str("give a finite mean, and a finite deviation above 0")
            }
            Self::Other(error) => error.fmt(f),
        }
    }
}

impl error::Error for DataError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            // Its text is this error's own text.
            Self::Other(error) => error.source(),
            _ => None,
        }
    }
}

/// Puts the numbers of `samples` samples into `order`, in the order of epoch `epoch`.
pub(super) fn shuffle(order: &mut Vec<usize>, samples: usize, seed: u64, epoch: u64) {
    order.clear();
    order.extend(0..samples);
    // Mixed twice: generators with neighbouring states give one sequence, a number apart.
    let mixed = Random::new(seed).next_u64().wrapping_add(epoch);
    Random::new(Random::new(mixed).next_u64()).shuffle(order);
}

#[cfg(test)]
mod tests;
