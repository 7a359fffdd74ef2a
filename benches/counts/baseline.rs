//! The counts that are kept, and how new ones compare.

use std::collections::BTreeMap;
use std::fs;

use serde::{Deserialize, Serialize};

use super::refuse;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/counts/baseline.json");

/// Instructions by instruction set and task, and the compiler that made them.
#[derive(Deserialize, Serialize)]
pub struct Baseline {
    rustc: String,
    instructions: BTreeMap<String, BTreeMap<String, u64>>,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Verdict {
    Same,
    Fewer,
    /// More than allowed, or unknown.
    More,
}

impl Baseline {
    pub fn new(rustc: String) -> Self {
        Baseline { rustc, instructions: BTreeMap::new() }
    }

    pub fn read() -> Self {
        let text = fs::read_to_string(PATH).unwrap_or_else(|error| refuse(&format!("{PATH}: {error}")));
        serde_json::from_str(&text).unwrap_or_else(|error| refuse(&format!("{PATH}: {error}")))
    }

    /// Makes these counts the baseline; those of instruction sets that could not be counted here stay.
    pub fn write(mut self) {
        if fs::exists(PATH).unwrap_or(false) {
            for (set, counts) in Self::read().instructions {
                self.instructions.entry(set).or_insert(counts);
            }
        }
        let text = serde_json::to_string_pretty(&self).expect("texts and numbers") + "\n";
        fs::write(PATH, text).unwrap_or_else(|error| refuse(&format!("{PATH}: {error}")));
        println!("{} counts are the baseline", self.counts().count());
    }

    pub fn insert(&mut self, set: &str, task: &str, count: u64) {
        self.instructions.entry(set.to_owned()).or_default().insert(task.to_owned(), count);
    }

    pub fn counts(&self) -> impl Iterator<Item = (&str, &str, u64)> {
        self.instructions.iter().flat_map(|(set, tasks)| tasks.iter().map(move |(task, n)| (&**set, &**task, *n)))
    }

    /// The share by which a count may differ.
    pub fn slack(&self, counted: &Self) -> f64 {
        if self.rustc == counted.rustc {
            return 0.03;
        }
        println!("the baseline is of {}, this is {}: 10 % are allowed, not 3 %", self.rustc, counted.rustc);
        0.1
    }

    /// How a count compares, with words for it.
    pub fn judge(&self, set: &str, task: &str, count: u64, slack: f64) -> (Verdict, String) {
        let Some(&before) = self.instructions.get(set).and_then(|tasks| tasks.get(task)) else {
            return (Verdict::More, "not in the baseline".to_owned());
        };
        let change = count as f64 / before as f64 - 1.0;
        let verdict = match change {
            change if change.abs() <= slack => Verdict::Same,
            change if change < 0.0 => Verdict::Fewer,
            _ => Verdict::More,
        };
        (verdict, format!("{:+.2} %{}", 100.0 * change, if verdict == Verdict::More { ": too many" } else { "" }))
    }
}
