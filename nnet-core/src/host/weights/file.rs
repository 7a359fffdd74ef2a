//! A file that is replaced at once or not at all, by a temporary one beside it that takes its name.

use std::ffi::OsString;
use std::format;
use std::fs::{self, File, FileType, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use super::error::{Obstacle, WeightsErrorKind as Kind};

/// Gives the file at `path`, or the one that a link there leads to, the content `bytes`.
pub(in crate::host) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Kind> {
    let (path, permissions) = target(path)?;
    let temporary = beside(&path).map_err(Kind::Write)?;
    let written = write(&temporary, permissions, bytes).and_then(|()| fs::rename(&temporary, &path));
    if written.is_err() {
        // The error to report is the one that led here.
        let _ = fs::remove_file(&temporary);
    }
    written.map_err(Kind::Write)
}

/// What `path` stands for, links followed, and the permissions of the file that is there.
pub(super) fn target(path: &Path) -> Result<(PathBuf, Option<Permissions>), Kind> {
    match fs::metadata(path) {
        Ok(found) if found.is_file() => {
            let path = fs::canonicalize(path).map_err(Kind::Write)?;
            Ok((path, Some(found.permissions())))
        }
        Ok(found) => Err(Kind::NotAFile(obstacle(found.file_type()))),
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Kind::Write(error)),
        // Either nothing is there, or a link to nothing.
        Err(_) if fs::symlink_metadata(path).is_ok() => Err(Kind::NotAFile(Obstacle::DanglingLink)),
        Err(_) => Ok((path.into(), None)),
    }
}

#[cfg(unix)]
fn obstacle(found: FileType) -> Obstacle {
    use std::os::unix::fs::FileTypeExt;

    if found.is_dir() {
        Obstacle::Directory
    } else if found.is_char_device() || found.is_block_device() {
        Obstacle::Device
    } else if found.is_fifo() {
        Obstacle::Pipe
    } else if found.is_socket() {
        Obstacle::Socket
    } else {
        Obstacle::Other
    }
}

#[cfg(not(unix))]
fn obstacle(found: FileType) -> Obstacle {
    if found.is_dir() { Obstacle::Directory } else { Obstacle::Other }
}

fn write(path: &Path, permissions: Option<Permissions>, bytes: &[u8]) -> io::Result<()> {
    let mut file: File = OpenOptions::new().write(true).create_new(true).open(path)?;
    // Before the content: nobody reads in the temporary file what the permissions keep from them.
    if let Some(permissions) = permissions {
        file.set_permissions(permissions)?;
    }
    file.write_all(bytes)?;
    file.sync_all()
}

/// A name in the folder of `path` that no other call uses.
fn beside(path: &Path) -> io::Result<PathBuf> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "not the name of a file"))?;
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{}-{}.part", process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
    Ok(path.with_file_name(hidden))
}
