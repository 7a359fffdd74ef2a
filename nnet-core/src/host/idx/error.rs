//! Why an IDX file was refused: which file, where, what was found and what was wanted.

use core::{error, fmt};
use std::io;
use std::path::{Path, PathBuf};
use std::string::String;
use std::vec::Vec;

use self::IdxErrorKind as Kind;

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
    pub(super) fn at(self, path: &Path, offset: u64) -> IdxError {
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
