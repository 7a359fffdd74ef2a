//! What the peers written in Rust share: options, data, and windows of work on request.
//!
//! A peer gets ready, prints one line of JSON about itself, and then answers each line of its standard input, a number
//! of seconds, with its figure over a window of about that length: samples a second, or for a `_latency` task the
//! median microseconds of a call. So the runner can let it alternate with another program.

use std::io::{BufRead, stdin};
use std::time::Instant;

/// Samples that a training goes through again and again.
pub const SAMPLES: usize = 4096;
/// The learning rate: random data do not diverge at it.
pub const RATE: f64 = 1e-3;

/// What is to be measured.
pub struct Request {
    pub task: String,
    pub batch: usize,
    #[allow(dead_code, reason = "the runner limits pools by variables of the environment, too")]
    pub threads: usize,
}

/// Reads `--task NAME --batch N --threads N`, and `--mode` for the runner's sake.
pub fn request() -> Request {
    let arguments: Vec<String> = std::env::args().collect();
    let given = |option: &str| {
        let at = arguments.iter().position(|argument| argument == option).map(|at| at + 1);
        at.and_then(|at| arguments.get(at)).unwrap_or_else(|| refuse(&format!("{option} is missing"))).as_str()
    };
    let count = |option| given(option).parse().unwrap_or_else(|_| refuse(&format!("{option} takes a number")));
    Request { task: given("--task").to_owned(), batch: count("--batch"), threads: count("--threads") }
}

/// Ends the program with an error.
pub fn refuse(why: &str) -> ! {
    eprintln!("error: {why}");
    std::process::exit(2)
}

/// Numbers of mean 0 and deviation 1.
pub fn noise(count: usize) -> Vec<f32> {
    let mut next = counter();
    // The sum of twelve uniform numbers has the deviation 1.
    (0..count).map(|_| (0..12).map(|_| next()).sum::<f32>() - 6.0).collect()
}

/// A random class of ten for each sample.
pub fn classes(count: usize) -> Vec<usize> {
    let mut next = counter();
    (0..count).map(|_| (10.0 * next()) as usize % 10).collect()
}

/// Uniform numbers in 0..1 from the high bits of a linear congruence.
fn counter() -> impl FnMut() -> f32 {
    let mut state = 1_u64;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 24) as f32
    }
}

/// Answers requests for windows of `step`, which does a batch.
pub fn serve(request: &Request, about: &str, mut step: impl FnMut()) {
    // Caches, pools and allocators settle.
    let begin = Instant::now();
    while begin.elapsed().as_secs_f64() < 1.0 {
        step();
    }
    answer(about, |seconds| {
        step();
        if request.task.ends_with("_latency") {
            1e6 * latency(seconds, &mut step)
        } else {
            request.batch as f64 * rate(seconds, &mut step)
        }
    });
}

/// Prints `about`, and then the figure of each window that is asked for.
pub fn answer(about: &str, mut window: impl FnMut(f64) -> f64) {
    println!("{about}");
    for line in stdin().lock().lines() {
        let line = line.unwrap_or_else(|error| refuse(&error.to_string()));
        let seconds = line.trim().parse().unwrap_or_else(|_| refuse(&format!("{line}: give a number of seconds")));
        println!("{}", window(seconds));
    }
}

/// Calls a second.
fn rate(seconds: f64, step: &mut impl FnMut()) -> f64 {
    let (begin, mut calls) = (Instant::now(), 0);
    while begin.elapsed().as_secs_f64() < seconds {
        step();
        calls += 1;
    }
    f64::from(calls) / begin.elapsed().as_secs_f64()
}

/// The median seconds of a call.
fn latency(seconds: f64, step: &mut impl FnMut()) -> f64 {
    let (window, mut times) = (Instant::now(), Vec::new());
    while window.elapsed().as_secs_f64() < seconds {
        let begin = Instant::now();
        step();
        times.push(begin.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
