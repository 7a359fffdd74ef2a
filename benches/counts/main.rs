//! Instructions that tasks take, counted by valgrind and compared with `baseline.json` beside this file.
//!
//! ```text
//! cargo bench --bench counts
//! cargo bench --bench counts -- --update
//! ```
//!
//! The first fails if a task takes over 3 % more instructions than it did, the second makes what it counts the
//! baseline. A count is that of a run with a step more less that of one without it: exactly a step. It depends on the
//! compiler, so with another one than the baseline's 10 % are allowed. Valgrind knows AVX2 and no AVX-512.

mod baseline;
#[path = "../throughput/networks.rs"]
mod networks;
mod tasks;
mod valgrind;

use std::num::NonZero;
use std::process::exit;
use std::sync::Mutex;

use baseline::{Baseline, Verdict};
use nnet::simd::{InstructionSet, active};
use tasks::TASKS;

fn main() {
    if !cfg!(target_arch = "x86_64") {
        println!("skipped: the baseline is of x86-64");
        return;
    }
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        [] => check(),
        ["--update"] => count().write(),
        ["--steps", steps, task, set] => repeat(steps, task, set),
        _ => refuse(&format!("unknown options {}; the only one is --update", words.join(" "))),
    }
}

/// The program that is counted: so many steps of a task.
fn repeat(steps: &str, task: &str, set: &str) {
    assert_eq!(active().name(), set, "the instruction set that is to be counted");
    let task = TASKS.iter().find(|known| known.name == task).expect("a task of the list");
    (task.run)(steps.parse().expect("a number of steps"));
}

/// Counts all tasks with the instruction sets that valgrind knows, as many at once as there are processors.
fn count() -> Baseline {
    let (known, lacking): (Vec<_>, Vec<_>) =
        [InstructionSet::Avx2, InstructionSet::Portable].into_iter().partition(|set| set.is_available());
    for set in lacking {
        println!("skipped: this processor has no {set}");
    }
    let work = Mutex::new(known.iter().flat_map(|set| TASKS.iter().map(move |task| (*set, task))));
    let counted = Mutex::new(Baseline::new(valgrind::compiler()));
    let counter = || {
        loop {
            let next = work.lock().expect("no panic").next();
            let Some((set, task)) = next else { return };
            let [without, with] =
                [task.before, task.before + 1].map(|steps| valgrind::instructions(steps, task.name, set));
            counted.lock().expect("no panic").insert(set.name(), task.name, with - without);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(counter);
        }
    });
    counted.into_inner().expect("no panic")
}

fn check() {
    let baseline = Baseline::read();
    let counted = count();
    let slack = baseline.slack(&counted);
    let mut verdicts = Vec::new();
    for (set, task, count) in counted.counts() {
        let (verdict, words) = baseline.judge(set, task, count, slack);
        println!("{set:8}  {task:22} {count:12} instructions  {words}");
        verdicts.push(verdict);
    }
    if verdicts.contains(&Verdict::Fewer) {
        println!("fewer than the baseline has: keep it so by `cargo bench --bench counts -- --update`");
    }
    if verdicts.contains(&Verdict::More) {
        let update = "if that is meant, `cargo bench --bench counts -- --update` makes it the baseline";
        eprintln!("error: more than {:.0} % over the baseline, or not in it; {update}", 100.0 * slack);
        exit(1);
    }
}

fn refuse(why: &str) -> ! {
    eprintln!("error: {why}");
    exit(2);
}
