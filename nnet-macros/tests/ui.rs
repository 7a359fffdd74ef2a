//! Declarations that must not compile, each with the message that its author reads: `tests/messages.rs` reads them.

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn errors() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
    check_alone_shows_them();
}

/// trybuild ran `cargo check`, which leaves no library behind. With a case that passes it would build the others too,
/// and might show messages about constants that a check does not.
fn check_alone_shows_them() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("tests").join("trybuild");
    // Below the target's name, if trybuild was told one.
    let roots = fs::read_dir(&folder).expect("what trybuild made").map(|entry| entry.expect("an entry").path());
    let folders = roots.flat_map(|root| [root.join("deps"), root.join("debug/deps")]);
    let files = folders.filter_map(|folder| fs::read_dir(folder).ok()).flatten();
    let paths = files.map(|file| file.expect("a file").path());
    let begins = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libnnet-"));
    let facade: Vec<_> = paths.filter(begins).collect();
    let has = |extension: &str| facade.iter().any(|path| path.extension().is_some_and(|found| found == extension));
    assert!(has("rmeta"), "{} holds no check of nnet", folder.display());
    assert!(!has("rlib"), "trybuild has built nnet; if it no longer does, remove {}", folder.display());
}
