//! The options of a benchmark: `--json`, `--quick` and `--simd all` or `--simd` with the name of an instruction set.
//!
//! A process keeps the instruction set that it began with, so `--simd` runs the benchmark again in a process for each.

use std::process::{Command, exit};

use nnet::simd::InstructionSet;

pub struct Options {
    pub json: bool,
    /// Few and short windows, to see that everything runs.
    pub quick: bool,
}

/// The options of this process; `None` if it was asked for instruction sets, and other processes have measured them.
pub fn options() -> Option<Options> {
    let mut options = Options { json: false, quick: false };
    let (mut passed_on, mut simd) = (Vec::new(), None);
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--json" => options.json = true,
            "--quick" => options.quick = true,
            "--simd" => {
                simd = Some(arguments.next().unwrap_or_else(|| refuse("--simd needs `all` or an instruction set")));
                continue;
            }
            unknown => refuse(&format!("unknown option {unknown}; the options are --json, --quick and --simd")),
        }
        passed_on.push(argument);
    }
    let Some(wanted) = simd else { return Some(options) };
    for set in sets(&wanted) {
        again(set, &passed_on);
    }
    None
}

/// The instruction sets of this processor that `wanted` asks for.
fn sets(wanted: &str) -> Vec<InstructionSet> {
    let available = || InstructionSet::ALL.iter().copied().filter(|set| set.is_available());
    if wanted == "all" {
        return available().collect();
    }
    let names = || available().map(InstructionSet::name).collect::<Vec<_>>().join(", ");
    match available().find(|set| set.name() == wanted) {
        Some(set) => vec![set],
        None => {
            refuse(&format!("--simd {wanted} is not among the instruction sets of this processor: all, {}", names()))
        }
    }
}

/// Runs this program with another instruction set, and fails if it fails.
fn again(set: InstructionSet, arguments: &[String]) {
    let program = std::env::current_exe().expect("this program has a path");
    let status = Command::new(program).args(arguments).env("NNET_SIMD", set.name()).status();
    match status {
        Ok(status) if status.success() => {}
        Ok(status) => exit(status.code().unwrap_or(1)),
        Err(error) => refuse(&format!("this program does not start again: {error}")),
    }
}

fn refuse(why: &str) -> ! {
    eprintln!("error: {why}");
    exit(2);
}
