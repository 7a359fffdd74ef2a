//! How long networks of 10 to 200 layers take to compile, in a crate that declares one and trains it for a step, without
//! the time of a crate that declares none: `check` and `release_build` of the whole crate, whose dependencies are there;
//! `check_edited` and `build_edited`, incremental, after an edit outside the network.
//!
//! ```text
//! cargo bench --bench compile_time -- --json
//! ```
//!
//! prints one JSON line for each figure, with the keys `task, network, layers, seconds, seconds_per_layer,
//! seconds_per_added_layer, to_line`: the last is the ratio to the line through the origin and the longest network of its
//! kind, the one before it the slope from the next shorter network, which leaves out what any network takes. A figure is the median of
//! its runs, which alternate between all crates. `--quick` compiles 10 and 50 layers once, to see that everything runs.
//! Weighted layers are counted: convolutions and the linear one.

mod crates;
#[path = "../measure/median.rs"]
mod median;

use std::path::Path;
use std::time::Instant;

use crates::{Build, Folder, Kind};
use median::median;

/// What is compiled: with `None` a crate without network.
type Subject = Option<(Kind, usize)>;

const BUILDS: [Build; 4] = [
    Build { task: "check", command: &["check"], edited: false },
    Build { task: "check_edited", command: &["check"], edited: true },
    Build { task: "build_edited", command: &["build"], edited: true },
    Build { task: "release_build", command: &["build", "--release"], edited: false },
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let Some(unknown) = arguments.iter().find(|a| !["--json", "--quick"].contains(&a.as_str())) {
        eprintln!("error: unknown option {unknown}; the options are --json and --quick");
        std::process::exit(2);
    }
    let given = |option: &str| arguments.iter().any(|argument| argument == option);
    let (lengths, runs): (&[usize], usize) = if given("--quick") { (&[10, 50], 1) } else { (&[10, 50, 100, 200], 3) };
    let folder = Folder::new(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("compile_time"));
    for build in &BUILDS {
        measure(&folder, build, lengths, runs, given("--json"));
    }
}

/// Compiles all crates `runs` times, and prints what each took.
fn measure(folder: &Folder, build: &Build, lengths: &[usize], runs: usize, json: bool) {
    let networks = Kind::ALL.iter().flat_map(|kind| lengths.iter().map(|length| Some((*kind, *length))));
    let subjects: Vec<Subject> = std::iter::once(None).chain(networks).collect();
    // Once to build what all need.
    folder.compile(build, None, 0);
    let mut seconds = vec![Vec::new(); subjects.len()];
    for _ in 0..runs {
        for (subject, seconds) in subjects.iter().zip(&mut seconds) {
            if build.edited {
                folder.compile(build, *subject, 0);
            }
            let begin = Instant::now();
            folder.compile(build, *subject, 1);
            seconds.push(begin.elapsed().as_secs_f64());
        }
    }
    let seconds: Vec<f64> = seconds.iter_mut().map(|seconds| median(seconds)).collect();
    let of = |subject: Subject| subjects.iter().position(|other| *other == subject).map_or(f64::NAN, |at| seconds[at]);
    let longest = *lengths.last().expect("there are lengths");
    for (kind, length) in subjects.iter().flatten() {
        let shorter = lengths.iter().copied().rfind(|other| other < length);
        let before = shorter.map_or(of(None), |shorter| of(Some((*kind, shorter))));
        let total = of(Some((*kind, *length))) - of(None);
        let (each, line) = (total / *length as f64, (of(Some((*kind, longest))) - of(None)) / longest as f64);
        let added = (of(Some((*kind, *length))) - before) / (length - shorter.unwrap_or(0)) as f64;
        Figure { task: build.task, network: kind.name(), layers: *length, total, each, added, to_line: each / line }
            .print(json);
    }
}

/// Seconds, in all and by layer.
struct Figure {
    task: &'static str,
    network: &'static str,
    layers: usize,
    total: f64,
    each: f64,
    added: f64,
    to_line: f64,
}

impl Figure {
    fn print(&self, json: bool) {
        let Figure { task, network, layers, total, each, added, to_line } = self;
        if json {
            let names = format!(r#""task":"{task}","network":"{network}","layers":{layers},"seconds":{total:.3}"#);
            let slopes = format!(r#""seconds_per_layer":{each:.5},"seconds_per_added_layer":{added:.5}"#);
            println!(r#"{{{names},{slopes},"to_line":{to_line:.2}}}"#);
        } else {
            let (each, added) = (1e3 * each, 1e3 * added);
            let slopes = format!("{each:6.2} ms a layer, {added:6.2} ms for one more");
            println!("{task:14} {network:9} {layers:4} layers  {total:7.3} s  {slopes}  {to_line:5.2} of the line");
        }
    }
}
