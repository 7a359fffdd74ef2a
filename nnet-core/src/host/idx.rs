//! IDX files, the format of MNIST: `00 00 08 D`, then D dimensions as big-endian `u32`, then one byte per element.
//!
//! A file is plain or gzip, told apart by its first two bytes. Nothing in it is trusted: every byte sequence gives
//! an [`Idx`] or an [`IdxError`], and memory grows with the bytes that arrive, never with what a header promises.

mod error;
mod images;

use core::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::vec::Vec;

use flate2::read::MultiGzDecoder;

pub use self::error::{IdxError, IdxErrorKind};
pub use self::images::{Images, Split};

use self::IdxErrorKind as Kind;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const UNSIGNED_BYTE: u8 = 0x08;

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

/// Damage arrives from the decoder as an `io::Error` of these kinds; others come from the file below it.
fn blame_gzip(mut error: IdxError) -> IdxError {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    error.kind = match error.kind {
        Kind::Io(e) if matches!(e.kind(), InvalidData | InvalidInput | UnexpectedEof) => Kind::Gzip(e),
        kind => kind,
    };
    error
}

#[cfg(test)]
mod tests;
