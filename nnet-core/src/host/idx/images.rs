//! Images [count, height, width] and their labels [count]: two IDX files that belong together.

use std::path::{Path, PathBuf};
use std::string::String;
use std::vec::Vec;

use super::{Idx, IdxError, IdxErrorKind as Kind};

/// Bytes of a header with one dimension.
const LABELS_START: u64 = 8;

/// Which half of MNIST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// 60,000 samples, in files that begin with `train-`.
    Train,
    /// 10,000 samples, in files that begin with `t10k-`.
    Test,
}

/// Grey images with one label each: pixels `[count, height, width]` in 0..=255, labels `[count]`.
///
/// ```
/// use nnet_core::host::idx::{Idx, Images};
///
/// // two images of 1×2 pixels, labelled 7 and 4
/// let images = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 255, 128, 64];
/// let labels = [0, 0, 8, 1, 0, 0, 0, 2, 7, 4];
/// let set = Images::new(Idx::read(&images[..], "images")?, Idx::read(&labels[..], "labels")?)?;
/// assert_eq!((set.count(), set.height(), set.width()), (2, 1, 2));
/// assert_eq!((set.pixels(1), set.label(1)), (&[128, 64][..], 4));
/// set.check_labels(10)?;
/// # Ok::<(), nnet_core::host::idx::IdxError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Images {
    images: Idx,
    labels: Idx,
}

impl Images {
    /// Pairs images `[count, height, width]` with labels `[count]`.
    ///
    /// # Errors
    /// If either has another number of dimensions, or the counts differ.
    pub fn new(images: Idx, labels: Idx) -> Result<Self, IdxError> {
        images.check_rank(3)?;
        labels.check_rank(1)?;
        if images.len() == labels.len() {
            return Ok(Self { images, labels });
        }
        let kind = Kind::CountMismatch { labels: labels.len(), images: images.len(), images_path: images.path };
        Err(kind.at(&labels.path, 4))
    }

    /// Reads two files and pairs them as [`Images::new`] does.
    ///
    /// # Errors
    /// Those of [`Idx::open`] and [`Images::new`].
    pub fn open(images_path: impl AsRef<Path>, labels_path: impl AsRef<Path>) -> Result<Self, IdxError> {
        Self::new(Idx::open(images_path)?, Idx::open(labels_path)?)
    }

    /// Reads one half of MNIST from `dir`, under its usual names: `train-images-idx3-ubyte` and
    /// `train-labels-idx1-ubyte`, or `t10k-…`, with a dot for the second hyphen or not, with `.gz` or not.
    ///
    /// # Errors
    /// If a file is missing (the error lists the names tried), and those of [`Images::open`].
    ///
    /// ```no_run
    /// use nnet_core::host::idx::{Images, Split};
    ///
    /// let test = Images::open_dir("examples/data/mnist", Split::Test)?;
    /// assert_eq!((test.count(), test.classes()), (10_000, 10));
    /// # Ok::<(), nnet_core::host::idx::IdxError>(())
    /// ```
    pub fn open_dir(dir: impl AsRef<Path>, split: Split) -> Result<Self, IdxError> {
        let dir = dir.as_ref();
        let prefix = match split {
            Split::Train => "train",
            Split::Test => "t10k",
        };
        Self::open(find(dir, prefix, "images", 3)?, find(dir, prefix, "labels", 1)?)
    }

    /// Number of images, and of labels.
    #[must_use]
    pub fn count(&self) -> usize {
        self.images.len()
    }

    /// Rows of an image, in pixels.
    #[must_use]
    pub fn height(&self) -> usize {
        self.images.dimensions[1]
    }

    /// Columns of an image, in pixels.
    #[must_use]
    pub fn width(&self) -> usize {
        self.images.dimensions[2]
    }

    /// Image `i`: `[height, width]`, row by row.
    ///
    /// # Panics
    /// If `i` is not below [`Images::count`].
    #[must_use]
    pub fn pixels(&self, i: usize) -> &[u8] {
        assert!(i < self.count(), "image {i} of {}", self.count());
        let size = self.height() * self.width();
        &self.images.data[i * size..][..size]
    }

    /// Label of image `i`.
    ///
    /// # Panics
    /// If `i` is not below [`Images::count`].
    #[must_use]
    pub fn label(&self, i: usize) -> u8 {
        assert!(i < self.count(), "label {i} of {}", self.count());
        self.labels.data[i]
    }

    /// The largest label plus one; 0 without samples.
    #[must_use]
    pub fn classes(&self) -> usize {
        let largest = self.labels.data.iter().max();
        largest.map_or(0, |&label| usize::from(label) + 1)
    }

    /// Checks that every label is below `classes`.
    ///
    /// # Errors
    /// For the first that is not, with the labels' file and the byte where it stands.
    pub fn check_labels(&self, classes: usize) -> Result<(), IdxError> {
        let labels = &self.labels.data;
        match labels.iter().position(|&label| usize::from(label) >= classes) {
            Some(sample) => {
                let (label, offset) = (labels[sample], LABELS_START + sample as u64);
                Err(Kind::LabelOutOfRange { label, sample, classes }.at(&self.labels.path, offset))
            }
            None => Ok(()),
        }
    }
}

fn find(dir: &Path, prefix: &str, content: &str, rank: u8) -> Result<PathBuf, IdxError> {
    let stem = |mark| std::format!("{prefix}-{content}{mark}idx{rank}-ubyte");
    let tried = ["-", "."].map(stem).into_iter().flat_map(|stem| [stem.clone(), stem + ".gz"]);
    let tried: Vec<String> = tried.collect();
    for path in tried.iter().map(|name| dir.join(name)) {
        match path.try_exists() {
            Ok(true) => return Ok(path),
            Ok(false) => {}
            Err(error) => return Err(Kind::Io(error).at(&path, 0)),
        }
    }
    Err(Kind::Missing { tried }.at(dir, 0))
}
