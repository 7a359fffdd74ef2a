//! IDX files, the format of MNIST: `00 00 08 D`, then D dimensions as big-endian `u32`, then one byte per element.
//!
//! A file is plain or gzip, told apart by its first two bytes. Nothing in it is trusted: every byte sequence gives
//! an [`Idx`] or an [`IdxError`], and memory grows with the bytes that arrive, never with what a header promises.

use core::{error, fmt};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::string::String;
use std::vec::Vec;

use flate2::read::MultiGzDecoder;

use self::IdxErrorKind as Kind;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const UNSIGNED_BYTE: u8 = 0x08;
/// Bytes of a header with one dimension.
const LABELS_START: u64 = 8;

/// The content of one IDX file of unsigned bytes: an array of any rank, the last dimension running fastest.
///
/// ```
/// use nnet_core::host::idx::Idx;
///
/// // two samples of three bytes each
/// let file = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 10, 11, 12, 20, 21, 22];
/// let idx = Idx::read(&file[..], "two.idx")?;
/// assert_eq!(idx.dimensions(), [2, 3]);
/// assert_eq!(idx.data()[3..], [20, 21, 22]);
/// # Ok::<(), nnet_core::host::idx::IdxError>(())
/// ```
#[derive(Clone)]
pub struct Idx {
    path: PathBuf,
    dimensions: Vec<usize>,
    data: Vec<u8>,
}

impl Idx {
    /// Reads the file at `path`, plain or gzip.
    ///
    /// # Errors
    /// If the file cannot be read, or is not exactly one IDX array of unsigned bytes.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, IdxError> {
        let path = path.as_ref();
        let file = File::open(path).map_err(|error| Kind::Io(error).at(path, 0))?;
        Self::read(file, path)
    }

    /// Reads `reader` to its end, plain or gzip; errors call it `name`.
    ///
    /// # Errors
    /// If reading fails, or the bytes are not exactly one IDX array of unsigned bytes.
    pub fn read(reader: impl Read, name: impl AsRef<Path>) -> Result<Self, IdxError> {
        let path = name.as_ref();
        let mut start = Stream::new(reader, path);
        let magic = start.up_to(2)?;
        let whole = magic.as_slice().chain(start.reader);
        if magic == GZIP_MAGIC {
            let unpacked = Stream::new(MultiGzDecoder::new(whole), path);
            unpacked.parse().map_err(blame_gzip)
        } else {
            Stream::new(whole, path).parse()
        }
    }

    /// Sizes, outermost first; at least one. Their product is the number of bytes in [`Idx::data`].
    #[must_use]
    pub fn dimensions(&self) -> &[usize] {
        &self.dimensions
    }

    /// All elements, the last dimension running fastest.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// All elements, without a copy.
    #[must_use]
    pub fn into_data(self) -> Vec<u8> {
        self.data
    }

    /// Number of samples: the first dimension, not the number of bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.dimensions[0]
    }

    /// Whether there are no samples.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn check_rank(&self, wanted: usize) -> Result<(), IdxError> {
        let found = self.dimensions.clone();
        if found.len() == wanted { Ok(()) } else { Err(Kind::WrongRank { found, wanted }.at(&self.path, 3)) }
    }
}

/// Without the data, which may be millions of bytes.
impl fmt::Debug for Idx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Idx({:?}, {:?})", self.path, self.dimensions)
    }
}

/// Uncompressed bytes, and how many of them have been taken.
struct Stream<'a, R> {
    reader: R,
    path: &'a Path,
    offset: u64,
}

impl<'a, R: Read> Stream<'a, R> {
    fn new(reader: R, path: &'a Path) -> Self {
        let offset = 0;
        Self { reader, path, offset }
    }

    fn parse(mut self) -> Result<Idx, IdxError> {
        let dimensions = self.header()?;
        let data = match array_bytes(&dimensions) {
            Some(count) => self.exactly(count)?,
            None => return Err(Kind::TooLarge { dimensions }.at(self.path, 4)),
        };
        let (path, end) = (self.path.into(), self.offset);
        // also makes the gzip decoder reach its checksum
        if self.up_to(1)?.is_empty() {
            Ok(Idx { path, dimensions, data })
        } else {
            Err(Kind::TrailingBytes.at(self.path, end))
        }
    }

    fn header(&mut self) -> Result<Vec<usize>, IdxError> {
        let magic = self.exactly(4)?;
        let (offset, kind) = match [magic[0], magic[1], magic[2], magic[3]] {
            [0, 0, UNSIGNED_BYTE, 0] => (3, Kind::NoDimensions),
            [0, 0, UNSIGNED_BYTE, rank] => return self.dimensions(rank),
            [0, 0, code, _] => (2, Kind::UnsupportedType { code }),
            [a, b, _, _] => (0, Kind::NotIdx { found: [a, b] }),
        };
        Err(kind.at(self.path, offset))
    }

    fn dimensions(&mut self, rank: u8) -> Result<Vec<usize>, IdxError> {
        let bytes = self.exactly(4 * u64::from(rank))?;
        let size = |b: &[u8]| u32::from_be_bytes([b[0], b[1], b[2], b[3]]) as usize;
        Ok(bytes.chunks_exact(4).map(size).collect())
    }

    fn exactly(&mut self, count: u64) -> Result<Vec<u8>, IdxError> {
        let expected = self.offset.saturating_add(count);
        let bytes = self.up_to(count)?;
        let found = self.offset;
        if found == expected { Ok(bytes) } else { Err(Kind::Truncated { expected, found }.at(self.path, found)) }
    }

    /// Reads `count` bytes, or fewer at the end of the stream. `count` may come from an unchecked header:
    /// `read_to_end` on `Take` has no size hint, so the vector doubles as bytes arrive.
    fn up_to(&mut self, count: u64) -> Result<Vec<u8>, IdxError> {
        let mut bytes = Vec::new();
        let outcome = self.reader.by_ref().take(count).read_to_end(&mut bytes);
        self.offset += bytes.len() as u64;
        match outcome {
            Ok(_) => Ok(bytes),
            Err(error) => Err(Kind::Io(error).at(self.path, self.offset)),
        }
    }
}

/// Product of the dimensions, unless it overflows.
fn array_bytes(dimensions: &[usize]) -> Option<u64> {
    if dimensions.contains(&0) {
        return Some(0);
    }
    dimensions.iter().try_fold(1_u64, |product, &size| product.checked_mul(size as u64))
}

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

/// Damage arrives from the decoder as an `io::Error` of these kinds; others come from the file below it.
fn blame_gzip(mut error: IdxError) -> IdxError {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    error.kind = match error.kind {
        Kind::Io(e) if matches!(e.kind(), InvalidData | InvalidInput | UnexpectedEof) => Kind::Gzip(e),
        kind => kind,
    };
    error
}

/// Why an IDX file was refused, and where.
#[derive(Debug)]
pub struct IdxError {
    /// The file; for [`IdxErrorKind::Missing`] the folder.
    pub path: PathBuf,
    /// Where the trouble begins, in bytes of the uncompressed content; 0 where that is no answer.
    pub offset: u64,
    /// What the trouble is.
    pub kind: IdxErrorKind,
}

/// What can be wrong with an IDX file, or with two that belong together.
#[derive(Debug)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the line above a variant explains its fields")]
pub enum IdxErrorKind {
    /// Opening or reading failed.
    Io(io::Error),
    /// The gzip stream is damaged, cut short, or followed by something else.
    Gzip(io::Error),
    /// The first two bytes, `found`, are not zero.
    NotIdx { found: [u8; 2] },
    /// The elements are not unsigned bytes: the third byte, `code`, is not 0x08.
    UnsupportedType { code: u8 },
    /// The header declares no dimension.
    NoDimensions,
    /// The product of the `dimensions` does not fit 64 bits.
    TooLarge { dimensions: Vec<usize> },
    /// The content, header included, has `found` bytes; what was read of the header asks for `expected`.
    Truncated { expected: u64, found: u64 },
    /// The content goes on after the last element.
    TrailingBytes,
    /// The dimensions are `found`, but their number should be `wanted`: 3 for images, 1 for labels.
    WrongRank { found: Vec<usize>, wanted: usize },
    /// The file has this many `labels`, but the one at `images_path` this many `images`.
    CountMismatch { labels: usize, images: usize, images_path: PathBuf },
    /// The `label` of `sample`, counted from 0, is not below `classes`.
    LabelOutOfRange { label: u8, sample: usize, classes: usize },
    /// The folder holds none of the names `tried`.
    Missing { tried: Vec<String> },
}

impl IdxErrorKind {
    fn at(self, path: &Path, offset: u64) -> IdxError {
        let (path, kind) = (path.into(), self);
        IdxError { path, offset, kind }
    }

    fn cure(&self) -> Option<&'static str> {
        match self {
            Self::Io(_) => None,
            Self::Gzip(_) | Self::Truncated { .. } => Some("fetch the file again"),
            Self::NotIdx { .. } => Some("check that no other file was saved under its name"),
            Self::UnsupportedType { .. } => Some("convert the elements to unsigned bytes"),
            Self::NoDimensions | Self::TooLarge { .. } => Some("correct the header"),
            Self::TrailingBytes => Some("cut the rest off, or correct the header"),
            Self::WrongRank { .. } => Some("check which file is which"),
            Self::CountMismatch { .. } => Some("take both files from the same split"),
            Self::LabelOutOfRange { .. } => Some("allow more classes, or correct the label"),
            Self::Missing { .. } => Some("put one of them there"),
        }
    }
}

/// What was found and what was wanted.
impl fmt::Display for IdxErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "cannot be read: {error}"),
            Self::Gzip(error) => write!(f, "damaged gzip stream: {error}"),
            Self::NotIdx { found: [a, b] } => write!(f, "starts with {a:02x} {b:02x}, not 00 00"),
            Self::UnsupportedType { code } => write!(f, "element type {code:#04x}, not 0x08"),
            Self::NoDimensions => f.write_str("no dimensions, at least one wanted"),
            Self::TooLarge { dimensions } => write!(f, "{dimensions:?} is over 64 bits of bytes"),
            Self::Truncated { expected, found } => {
                write!(f, "ends after {found} of {expected} bytes")
            }
            Self::TrailingBytes => f.write_str("bytes after the last element"),
            Self::WrongRank { found, wanted: 1 } => write!(f, "labels {found:?}, not [count]"),
            Self::WrongRank { found, .. } => {
                write!(f, "images {found:?}, not [count, height, width]")
            }
            Self::CountMismatch { labels, images, images_path } => {
                let path = images_path.display();
                write!(f, "{labels} labels, but {images} images in {path}")
            }
            Self::LabelOutOfRange { label, sample, classes } => {
                write!(f, "label {label} of sample {sample} is not below {classes}")
            }
            Self::Missing { tried } => write!(f, "holds none of {}", tried.join(", ")),
        }
    }
}

/// Path, offset, what was found, what was wanted, and the cure.
impl fmt::Display for IdxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.path.display())?;
        if self.offset > 0 {
            write!(f, "byte {}: ", self.offset)?;
        }
        self.kind.fmt(f)?;
        self.kind.cure().map_or(Ok(()), |cure| write!(f, "; {cure}"))
    }
}

impl error::Error for IdxError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &self.kind {
            Kind::Io(error) | Kind::Gzip(error) => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
