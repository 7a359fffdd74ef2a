//! The memory of the board that the variable `BOARD` names, `mps2-an386` without it, for the linker.

use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    println!("cargo:rerun-if-env-changed=BOARD");
    let board = env::var("BOARD").unwrap_or_else(|_| String::from("mps2-an386"));
    let file = Path::new("boards").join(format!("{board}.x"));
    println!("cargo:rerun-if-changed={}", file.display());
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    if let Err(error) = fs::copy(&file, out.join("memory.x")) {
        panic!("no board {board}: {}: {error}", file.display());
    }
    println!("cargo:rustc-link-search={}", out.display());
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
}
