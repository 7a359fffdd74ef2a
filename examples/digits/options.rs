//! The options of the examples.

use std::ffi::OsString;
use std::path::PathBuf;
use std::thread::available_parallelism;

use lexopt::{Arg, Parser, ValueExt};

/// An example: its name, the options that not all examples have, and what it does without options.
pub struct Example {
    pub name: &'static str,
    /// Of `data`, `weights`, `target`, `picture`, `depth` and `write`, those that it has.
    pub own: &'static [&'static str],
    pub epochs: usize,
    pub batch: usize,
    pub rate: f64,
    /// What `--target` is, and its value.
    pub target: (&'static str, f64),
}

/// What the command line asks for.
pub struct Options {
    pub epochs: usize,
    pub batch: usize,
    pub threads: usize,
    pub seed: u64,
    pub rate: f64,
    pub json: bool,
    pub data: PathBuf,
    pub weights: PathBuf,
    pub target: f64,
    pub picture: PathBuf,
    pub depth: usize,
    pub write: Option<PathBuf>,
}

impl Example {
    /// A classifier of MNIST that saves its weights.
    pub const fn classifier(name: &'static str) -> Self {
        Self { name, own: &["data", "weights"], epochs: 5, batch: 64, rate: 0.03, target: ("", 0.0) }
    }

    fn defaults(&self) -> Options {
        let Self { name, epochs, batch, rate, target, .. } = *self;
        Options {
            epochs,
            batch,
            threads: available_parallelism().map_or(1, usize::from),
            seed: 0,
            rate,
            json: false,
            data: PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/mnist")),
            weights: PathBuf::from(format!("{name}.safetensors")),
            target: target.1,
            picture: PathBuf::from(format!("{name}.pgm")),
            depth: 8,
            write: None,
        }
    }

    /// The text of `--help`.
    pub fn usage(&self) -> String {
        let Options { epochs, batch, seed, rate, target, depth, .. } = self.defaults();
        let (name, of_target) = (self.name, self.target.0);
        let own = [
            (
                "data",
                "DIR      where the four files of a data set in MNIST's format lie (examples/data/mnist)".to_owned(),
            ),
            ("weights", format!("FILE  where the trained weights go, as safetensors ({name}.safetensors)")),
            ("picture", format!("FILE  where images and their reconstructions go, as PGM ({name}.pgm)")),
            ("depth", format!("N       layers with weights on the longest way, 8 or 20 ({depth})")),
            ("write", "DIR     write the pictures there as IDX files, and do nothing else".to_owned()),
            ("target", format!("NUMBER {of_target} ({target})")),
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
{own}  --json          print one JSON line for each epoch and nothing else; `seconds` is the training time of the epoch
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
            "target" => self.target = positive(name, parser)?,
            "picture" => self.picture = parser.value()?.into(),
            "depth" => self.depth = count(name, parser)?,
            _ => self.write = Some(parser.value()?.into()),
        }
        Ok(())
    }
}

fn count(option: &str, parser: &mut Parser) -> Result<usize, lexopt::Error> {
    let value = parser.value()?;
    match value.parse() {
        Ok(count) if count > 0 => Ok(count),
        _ => Err(format!("--{option} {}: give an integer of at least 1", value.display()).into()),
    }
}

fn positive(option: &str, parser: &mut Parser) -> Result<f64, lexopt::Error> {
    let value = parser.value()?;
    match value.parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok(number),
        _ => Err(format!("--{option} {}: give a finite number above 0", value.display()).into()),
    }
}
