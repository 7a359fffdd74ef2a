//! The options of the MNIST examples.

use std::ffi::OsString;
use std::path::PathBuf;
use std::thread::available_parallelism;

use lexopt::{Arg, Parser, ValueExt};

/// What the command line asks for.
pub struct Options {
    pub epochs: usize,
    pub batch: usize,
    pub threads: usize,
    pub seed: u64,
    pub rate: f64,
    pub data: PathBuf,
    pub weights: PathBuf,
    pub json: bool,
}

impl Options {
    fn defaults(name: &str) -> Self {
        Self {
            epochs: 5,
            batch: 64,
            threads: available_parallelism().map_or(1, usize::from),
            seed: 0,
            rate: 0.03,
            data: PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/mnist")),
            weights: PathBuf::from(format!("{name}.safetensors")),
            json: false,
        }
    }

    /// The text of `--help`.
    pub fn usage(name: &str) -> String {
        let Self { epochs, batch, seed, rate, .. } = Self::defaults(name);
        format!(
            "\
usage: {name} [options]

  --epochs N      passes over the training images ({epochs})
  --batch N       samples a step ({batch})
  --threads N     threads; they change no result (all that the system offers)
  --seed N        what the initial weights and the order of the samples follow from ({seed})
  --lr RATE       the highest learning rate of the one-cycle schedule ({rate})
  --data DIR      a folder with the four files of a data set in MNIST's format, plain or gzip
                  (examples/data/mnist)
  --weights FILE  where the trained weights go, as safetensors ({name}.safetensors)
  --json          print one JSON line for each epoch and nothing else; `seconds` is the training time of the epoch
  --help          print this"
        )
    }

    /// Reads the command line; `None` if it asked for help, which is printed.
    pub fn parse(name: &str, arguments: impl IntoIterator<Item = OsString>) -> Result<Option<Self>, lexopt::Error> {
        let mut options = Self::defaults(name);
        let mut parser = Parser::from_iter(arguments);
        while let Some(argument) = parser.next()? {
            match argument {
                Arg::Long("epochs") => options.epochs = count("epochs", &mut parser)?,
                Arg::Long("batch") => options.batch = count("batch", &mut parser)?,
                Arg::Long("threads") => options.threads = count("threads", &mut parser)?,
                Arg::Long("seed") => options.seed = parser.value()?.parse()?,
                Arg::Long("lr") => options.rate = rate(&mut parser)?,
                Arg::Long("data") => options.data = parser.value()?.into(),
                Arg::Long("weights") => options.weights = parser.value()?.into(),
                Arg::Long("json") => options.json = true,
                Arg::Long("help") | Arg::Short('h') => {
                    println!("{}", Self::usage(name));
                    return Ok(None);
                }
                other => return Err(other.unexpected()),
            }
        }
        Ok(Some(options))
    }
}

fn count(option: &str, parser: &mut Parser) -> Result<usize, lexopt::Error> {
    let value = parser.value()?;
    match value.parse() {
        Ok(count) if count > 0 => Ok(count),
        _ => Err(format!("--{option} {}: give an integer of at least 1", value.display()).into()),
    }
}

fn rate(parser: &mut Parser) -> Result<f64, lexopt::Error> {
    let value = parser.value()?;
    match value.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate > 0.0 => Ok(rate),
        _ => Err(format!("--lr {}: give a finite number above 0", value.display()).into()),
    }
}
