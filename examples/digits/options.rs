//! The options of the examples.

use std::ffi::OsString;
use std::path::PathBuf;
use std::thread::available_parallelism;
use std::time::Instant;

use lexopt::{Arg, Parser, ValueExt};

/// An example: its name, the options that not all examples have, and what it does without options.
pub struct Example {
    pub name: &'static str,
    /// Of `data`, `weights`, `target`, `picture`, `depth` and `write`, those that it has.
    pub own: &'static [&'static str],
    pub epochs: usize,
    pub batch: usize,
    pub rate: f64,
    pub weight_decay: f64,
    /// What it must come to on the test data, unless `--target` says otherwise.
    pub goal: Goal,
}

/// What a training must come to on the test data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// At least this share of the samples recognised.
    Accuracy(f64),
    /// A mean squared error below this.
    Error(f64),
}

/// What the command line asks for.
pub struct Options {
    pub epochs: usize,
    pub batch: usize,
    pub threads: usize,
    pub seed: u64,
    pub rate: f64,
    pub weight_decay: f64,
    pub json: bool,
    pub data: PathBuf,
    pub weights: PathBuf,
    pub goal: Goal,
    /// Whether the first epoch that comes to the goal is the last: with `--target`.
    pub stop: bool,
    pub picture: PathBuf,
    pub depth: usize,
    pub write: Option<PathBuf>,
    /// When the example began.
    pub begin: Instant,
}

impl Example {
    /// A classifier of MNIST that saves its weights.
    pub const fn classifier(name: &'static str) -> Self {
        let own = &["data", "weights", "target"];
        Self { name, own, epochs: 5, batch: 64, rate: 0.03, weight_decay: 0.0, goal: Goal::Accuracy(0.0) }
    }

    fn defaults(&self) -> Options {
        let Self { name, epochs, batch, rate, weight_decay, goal, .. } = *self;
        Options {
            epochs,
            batch,
            threads: available_parallelism().map_or(1, usize::from),
            seed: 0,
            rate,
            weight_decay,
            json: false,
            data: PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/mnist")),
            weights: PathBuf::from(format!("{name}.safetensors")),
            goal,
            stop: false,
            picture: PathBuf::from(format!("{name}.pgm")),
            depth: 8,
            write: None,
            begin: Instant::now(),
        }
    }

    /// The text of `--help`.
    pub fn usage(&self) -> String {
        let Options { epochs, batch, seed, rate, goal, depth, .. } = self.defaults();
        let name = self.name;
        let own = [
            (
                "data",
                "DIR      where the four files of a data set in MNIST's format lie (examples/data/mnist)".to_owned(),
            ),
            ("weights", format!("FILE  where the trained weights go, as safetensors ({name}.safetensors)")),
            ("picture", format!("FILE  where images and their reconstructions go, as PGM ({name}.pgm)")),
            ("depth", format!("N       layers with weights on the longest way, 8 or 20 ({depth})")),
            ("write", "DIR     write the pictures there as IDX files, and do nothing else".to_owned()),
            ("target", format!("NUMBER stop after the first epoch with {}", goal.described())),
        ]
        .iter()
        .filter(|(option, _)| self.own.contains(option))
        .map(|(option, text)| format!("  --{option} {text}\n"))
        .collect::<Vec<_>>()
        .concat();
        format!(
            "\
usage: {name} [options]

  --epochs N      passes over the training images ({epochs})
  --batch N       samples a step ({batch})
  --threads N     threads; they change no result (all that the system offers)
  --seed N        what the initial weights and the order of the samples follow from ({seed})
  --lr RATE       the highest learning rate of the one-cycle schedule ({rate})
{own}  --json          print one JSON line for each epoch, one for the target, and nothing else; the `seconds` of an epoch are
                  those of its training, `seconds_to_target` all since the start
  --help          print this"
        )
    }

    /// Reads the command line; `None` if it asked for help, which is printed.
    pub fn parse(&self, arguments: impl IntoIterator<Item = OsString>) -> Result<Option<Options>, lexopt::Error> {
        let mut options = self.defaults();
        let mut parser = Parser::from_iter(arguments);
        while let Some(argument) = parser.next()? {
            match argument {
                Arg::Long("epochs") => options.epochs = count("epochs", &mut parser)?,
                Arg::Long("batch") => options.batch = count("batch", &mut parser)?,
                Arg::Long("threads") => options.threads = count("threads", &mut parser)?,
                Arg::Long("seed") => options.seed = parser.value()?.parse()?,
                Arg::Long("lr") => options.rate = positive("lr", &mut parser)?,
                Arg::Long("json") => options.json = true,
                Arg::Long("help") | Arg::Short('h') => {
                    println!("{}", self.usage());
                    return Ok(None);
                }
                Arg::Long(name) if self.own.contains(&name) => {
                    let name = name.to_owned();
                    options.own(&name, &mut parser)?;
                }
                other => return Err(other.unexpected()),
            }
        }
        Ok(Some(options))
    }
}

impl Options {
    /// The value of an option that not all examples have.
    fn own(&mut self, name: &str, parser: &mut Parser) -> Result<(), lexopt::Error> {
        match name {
            "data" => self.data = parser.value()?.into(),
            "weights" => self.weights = parser.value()?.into(),
            "target" => {
                self.goal = self.goal.read(parser)?;
                self.stop = true;
            }
            "picture" => self.picture = parser.value()?.into(),
            "depth" => self.depth = count(name, parser)?,
            _ => self.write = Some(parser.value()?.into()),
        }
        Ok(())
    }
}

impl Goal {
    /// A goal of the same kind from the command line.
    fn read(self, parser: &mut Parser) -> Result<Self, lexopt::Error> {
        match self {
            Self::Accuracy(_) => share("target", parser).map(Self::Accuracy),
            Self::Error(_) => positive("target", parser).map(Self::Error),
        }
    }

    /// How the help describes it, with what holds without `--target`.
    fn described(self) -> String {
        match self {
            Self::Accuracy(0.0) => "at least this share of the test set recognised (none)".to_owned(),
            Self::Accuracy(least) => {
                format!("at least this share of the test set recognised (none, but {least} in the end)")
            }
            Self::Error(bound) => {
                format!("a mean squared error on the test set below this (none, but {bound} in the end)")
            }
        }
    }
}

fn count(option: &str, parser: &mut Parser) -> Result<usize, lexopt::Error> {
    let value = parser.value()?;
    match value.parse() {
        Ok(count) if count > 0 => Ok(count),
        _ => Err(format!("--{option} {}: give an integer of at least 1", value.display()).into()),
    }
}

fn share(option: &str, parser: &mut Parser) -> Result<f64, lexopt::Error> {
    let value = parser.value()?;
    match value.parse::<f64>() {
        Ok(number) if (0.0..=1.0).contains(&number) => Ok(number),
        _ => Err(format!("--{option} {}: give a number from 0 to 1", value.display()).into()),
    }
}

fn positive(option: &str, parser: &mut Parser) -> Result<f64, lexopt::Error> {
    let value = parser.value()?;
    match value.parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok(number),
        _ => Err(format!("--{option} {}: give a finite number above 0", value.display()).into()),
    }
}
