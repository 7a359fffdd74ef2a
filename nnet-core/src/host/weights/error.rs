//! Why a weight file was refused: which file, which tensor, what was found and what was wanted.

use core::{error, fmt};
use std::borrow::Cow;
use std::format;
use std::io;
use std::path::{Path, PathBuf};
use std::string::String;
use std::vec::Vec;

/// Why weights could not be read or written.
///
/// ```
/// use nnet_core::host::weights::{WeightsError, WeightsErrorKind};
///
/// fn is_missing(error: &WeightsError) -> bool {
///     matches!(&error.kind, WeightsErrorKind::Read(error) if error.kind() == std::io::ErrorKind::NotFound)
/// }
///
/// let absent = std::io::Error::from(std::io::ErrorKind::NotFound);
/// assert!(is_missing(&WeightsError { path: None, kind: WeightsErrorKind::Read(absent) }));
/// ```
#[derive(Debug)]
pub struct WeightsError {
    /// The file; none for bytes in memory.
    pub path: Option<PathBuf>,
    /// What the trouble is.
    pub kind: WeightsErrorKind,
}

/// What can be wrong with a weight file.
#[derive(Debug)]
#[non_exhaustive]
pub enum WeightsErrorKind {
    /// Opening or reading failed.
    Read(io::Error),
    /// Creating, writing or renaming failed.
    Write(io::Error),
    /// Where the file should be written, something else stands.
    NotAFile(Obstacle),
    /// The bytes look like a file of PyTorch's `torch.save`.
    TorchSave,
    /// The bytes are not a safetensors file, for the reason given.
    Format(String),
    /// The network cannot be saved: some of its parameters are not finite numbers, or not those they should be.
    NotFinite {
        /// The name of the network.
        network: &'static str,
        /// The first such entry of each tensor that has one, or the first negative one of running variances.
        problems: Vec<Problem>,
    },
    /// The tensors are not those of the network.
    Mismatch {
        /// The name of the network.
        network: &'static str,
        /// All differences; at least one.
        problems: Vec<Problem>,
    },
}

/// What cannot be replaced by a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Obstacle {
    /// A folder.
    Directory,
    /// A device, such as `/dev/null`.
    Device,
    /// A named pipe.
    Pipe,
    /// A socket.
    Socket,
    /// A symbolic link to nothing. It may be misspelt, so its target is not created.
    DanglingLink,
    /// Something else that is not a regular file.
    Other,
}

/// One difference between a file and a network; `found` is what is in the file, `wanted` what the network has.
///
/// ```
/// use nnet_core::host::weights::Problem;
///
/// let problem = Problem::Shape { tensor: "fc1.weight", found: vec![84, 120], wanted: &[120, 84] };
/// assert_eq!(problem.to_string(), "`fc1.weight` is [84, 120], but the network has [120, 84]");
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the line above a variant explains its fields")]
pub enum Problem {
    /// All names of the file are names of the network after this `prefix`.
    Prefix { prefix: String },
    /// The file lacks a `tensor`; the `nearest` of its surplus names, if one is similar and has the shape, may be meant.
    Missing { tensor: &'static str, wanted: &'static [usize], nearest: Option<String> },
    /// The network has no such `tensor`.
    Extra { tensor: String, found: Vec<usize> },
    /// The shapes differ.
    Shape { tensor: &'static str, found: Vec<usize>, wanted: &'static [usize] },
    /// The type `found` is none of F64, F32, F16 and BF16.
    Type { tensor: &'static str, shape: &'static [usize], found: String },
    /// Of a network of bytes: the type is `found`.
    OtherType { tensor: &'static str, shape: &'static [usize], found: String, wanted: &'static str },
    /// `value`, entry number `entry`, is not a finite number in the network's number of `bits`.
    NotFinite { tensor: &'static str, shape: &'static [usize], entry: usize, value: f64, bits: usize },
    /// `value`, entry number `entry` of running variances, is negative.
    NegativeVariance { tensor: &'static str, shape: &'static [usize], entry: usize, value: f64 },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prefix { prefix } => {
                write!(f, "all names begin with `{}`, but those of the network do not", prefix.escape_debug())
            }
            Self::Missing { tensor, wanted, nearest } => {
                write!(f, "`{tensor}` {wanted:?} is missing")?;
                match nearest {
                    Some(name) => write!(f, "; is it `{}`?", name.escape_debug()),
                    None => Ok(()),
                }
            }
            Self::Extra { tensor, found } => {
                write!(f, "`{}` {found:?} is not in the network", tensor.escape_debug())
            }
            Self::Shape { tensor, found, wanted } => {
                write!(f, "`{tensor}` is {found:?}, but the network has {wanted:?}")
            }
            Self::Type { tensor, shape, found } => {
                write!(f, "`{tensor}` {shape:?} is of type {found}, not F64, F32, F16 or BF16")
            }
            Self::OtherType { tensor, shape, found, wanted } => {
                write!(f, "`{tensor}` {shape:?} is of type {found}, not {wanted}")
            }
            Self::NotFinite { tensor, shape, entry, value, bits } => {
                write!(f, "`{tensor}` {shape:?} has ")?;
                // Its digits could fill lines.
                if value.abs() >= 1e6 { write!(f, "{value:e}") } else { write!(f, "{value}") }?;
                let trouble = if value.is_finite() { "beyond the range of" } else { "not a finite" };
                write!(f, " as entry {entry}, {trouble} f{bits}")
            }
            Self::NegativeVariance { tensor, shape, entry, value } => {
                write!(f, "`{tensor}` {shape:?} has {value:e} as entry {entry}, a negative variance")
            }
        }
    }
}

impl Problem {
    /// What to do about problems of this sort.
    fn cure(&self) -> Cow<'static, str> {
        match self {
            Self::Prefix { prefix } => format!("strip the prefix `{}` from all names", prefix.escape_debug()).into(),
            Self::Missing { .. } | Self::Extra { .. } | Self::Shape { .. } => {
                "save it from the same network, or rename and reshape its tensors".into()
            }
            Self::OtherType { .. } => "save it with `host::int8::save`".into(),
            Self::Type { .. } => "convert its tensors to F32 before saving it".into(),
            Self::NotFinite { value, .. } if value.is_finite() => {
                "load it into a network of f64, or train it again with smaller weights".into()
            }
            Self::NegativeVariance { .. } => "no batch norm tracks that; save it again".into(),
            Self::NotFinite { .. } => "it comes from a training that diverged; take an earlier file".into(),
        }
    }
}

/// The problems, a line for each, up to a dozen.
fn list(f: &mut fmt::Formatter<'_>, problems: &[Problem]) -> fmt::Result {
    const MOST: usize = 12;
    problems.iter().take(MOST).try_for_each(|problem| write!(f, "\n  {problem}"))?;
    match problems.len().saturating_sub(MOST) {
        0 => Ok(()),
        more => write!(f, "\n  and {more} more"),
    }
}

/// The cure for each sort of problem, a line for each.
fn cures(f: &mut fmt::Formatter<'_>, problems: &[Problem]) -> fmt::Result {
    let mut given = Vec::new();
    for cure in problems.iter().map(Problem::cure) {
        if !given.contains(&cure) {
            write!(f, "\n{cure}")?;
            given.push(cure);
        }
    }
    Ok(())
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Directory => "a directory; name a file in it",
            Self::Device => "a device; name a regular file",
            Self::Pipe => "a pipe; name a regular file",
            Self::Socket => "a socket; name a regular file",
            Self::DanglingLink => "a symbolic link to nothing; create the file it should lead to, or remove it",
            Self::Other => "not a regular file; name one",
        })
    }
}

impl WeightsErrorKind {
    pub(in crate::host) fn in_file(self, path: &Path) -> WeightsError {
        WeightsError { path: Some(path.into()), kind: self }
    }
}

impl WeightsError {
    pub(in crate::host) fn in_file(self, path: &Path) -> Self {
        self.kind.in_file(path)
    }
}

impl From<WeightsErrorKind> for WeightsError {
    fn from(kind: WeightsErrorKind) -> Self {
        Self { path: None, kind }
    }
}

impl fmt::Display for WeightsErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => write!(f, "cannot be read: {error}"),
            Self::Write(error) => write!(f, "cannot be written: {error}"),
            Self::NotAFile(obstacle) => write!(f, "is {obstacle}"),
            Self::TorchSave => {
                f.write_str("looks like a file of torch.save, not a safetensors file; in Python, load it with ")?;
                f.write_str("torch.load and save it with safetensors.torch.save_file")
            }
            Self::Format(reason) => {
                write!(f, "not a safetensors file: {reason}; write it again, or fetch it again")
            }
            Self::NotFinite { network, problems } => {
                let (trouble, cure) = if problems.iter().any(|problem| matches!(problem, Problem::NotFinite { .. })) {
                    ("is not finite", "train it again with a lower learning rate, and check that all inputs are finite")
                } else {
                    ("has negative variances", "set them to what a batch norm tracks")
                };
                write!(f, "nothing was written, because `{network}` {trouble}:")?;
                list(f, problems)?;
                write!(f, "\n{cure}")
            }
            Self::Mismatch { network, problems } => {
                write!(f, "does not fit `{network}`:")?;
                list(f, problems)?;
                cures(f, problems)
            }
        }
    }
}

/// The file, then all that is wrong with it, a line for each tensor.
impl fmt::Display for WeightsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(f, "{}: {}", path.display(), self.kind),
            None => self.kind.fmt(f),
        }
    }
}

impl error::Error for WeightsError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &self.kind {
            WeightsErrorKind::Read(error) | WeightsErrorKind::Write(error) => Some(error),
            _ => None,
        }
    }
}
