//! Runs this program under valgrind.

use std::process::Command;

use super::refuse;
use nnet::simd::InstructionSet;

/// Instructions of a whole run of this program with so many steps of a task.
pub fn instructions(steps: usize, task: &str, set: InstructionSet) -> u64 {
    let program = std::env::current_exe().expect("this program has a path");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["--steps", &steps.to_string(), task, set.name()])
        .env("NNET_SIMD", set.name())
        .output()
        .unwrap_or_else(|error| refuse(&format!("valgrind does not start, install it to count: {error}")));
    let words = String::from_utf8_lossy(&output.stderr);
    // ==1234== Collected : 56789
    let count = words.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok());
    match count {
        Some(count) if output.status.success() => count,
        _ => refuse(&format!("{task} with {set} was not counted: {words}")),
    }
}

/// The compiler's name and version: that of cargo's own toolchain.
pub fn compiler() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    match Command::new(rustc).arg("-V").output() {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        _ => refuse("`rustc -V` does not tell the compiler's version"),
    }
}
