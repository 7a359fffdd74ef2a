//! What the MNIST examples share: train on 28×28 images of ten classes, report, save, reload.

mod options;

use std::error::Error;
use std::io::{self, Write, stdout};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};
use nnet::host::idx::{Images, Split};
use nnet::host::{EpochReport, Event, Normalized, Trainer, weights};
use nnet::optim::{Momentum, OneCycle, Sgd};
use nnet::{Flat, Train};
use options::Options;

/// Mean and standard deviation of MNIST's training pixels, in 0..=1.
const PIXELS: (f64, f64) = (0.1307, 0.3081);

/// Runs the example `name` with the options of the command line.
pub fn main<N: Train<Target = usize> + Flat<Scalar = f32>>(name: &str) -> ExitCode {
    let options = match Options::parse(name, std::env::args_os()) {
        Ok(Some(options)) => options,
        Ok(None) => return ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}\n\n{}", Options::usage(name));
            return ExitCode::from(2);
        }
    };
    match run::<N>(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_broken_pipe(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether the reader of our output has left, as `head` does.
fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn run<N: Train<Target = usize> + Flat<Scalar = f32>>(options: &Options) -> Result<(), Box<dyn Error>> {
    let train = read::<N>(options, Split::Train)?;
    let test = read::<N>(options, Split::Test)?;
    check_folder(&options.weights)?;
    if !options.json {
        writeln!(stdout(), "{}", N::summary())?;
        writeln!(stdout(), "{} threads, {}, batch {}", options.threads, nnet::simd::active(), options.batch)?;
    }

    let steps = options.epochs * train.len().div_ceil(options.batch);
    let mut trainer = Trainer::new(nnet::boxed::<N>(options.seed), Sgd::new(options.rate).momentum(0.9))
        .schedule(OneCycle::new(steps as u64))
        .batch_size(options.batch)
        .threads(options.threads)
        .seed(options.seed);
    fit(&mut trainer, &train, &test, options)?;

    weights::save(trainer.network(), &options.weights)?;
    let mut reloaded = nnet::zeroed::<N>();
    weights::load(&mut *reloaded, &options.weights)?;
    let evaluation = Trainer::new(reloaded, Sgd::new(0.0)).threads(options.threads).evaluate(&test)?;
    if !options.json {
        if let Some(confusion) = &evaluation.confusion {
            writeln!(stdout(), "\n{confusion}")?;
        }
        writeln!(stdout(), "saved to {} and read back: {evaluation}", options.weights.display())?;
    }
    Ok(())
}

/// The images of a part of the data, with labels that the network has outputs for.
fn read<N: Train>(options: &Options, split: Split) -> Result<Normalized<'static>, Box<dyn Error>> {
    let images = Images::open_dir(&options.data, split)?;
    images.check_labels(N::OUTPUT_SHAPE.iter().product())?;
    Ok(images.into_normalized(PIXELS.0, PIXELS.1))
}

/// Refuses a place for the weights that cannot be right before the training, not after it.
fn check_folder(weights: &Path) -> Result<(), Box<dyn Error>> {
    let folder = weights.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if weights.file_name().is_none() || weights.is_dir() || !folder.is_dir() {
        return Err(format!("--weights {}: give a file in a folder that exists", weights.display()).into());
    }
    Ok(())
}

/// Trains with a bar on the standard error output and a line for each epoch on the standard output.
fn fit<N: Train<Target = usize> + Flat<Scalar = f32>>(
    trainer: &mut Trainer<N, Sgd<Momentum>>,
    train: &Normalized,
    test: &Normalized,
    options: &Options,
) -> Result<(), Box<dyn Error>> {
    let bar = if options.json { ProgressBar::hidden() } else { ProgressBar::new(0) };
    bar.set_style(ProgressStyle::with_template("epoch {prefix} {wide_bar} {pos}/{len}  loss {msg}")?);
    let mut printed = Ok(());
    trainer.fit(options.epochs, train, Some(test), |event| {
        match event {
            Event::Batch { epoch, batch, batches, loss } => {
                if *batch == 1 {
                    bar.set_length(*batches as u64);
                    bar.set_prefix(epoch.to_string());
                }
                bar.set_position(*batch as u64);
                if batch % 32 == 0 {
                    bar.set_message(format!("{loss:.4}"));
                }
            }
            Event::Epoch(report) => {
                let text = if options.json { json(report) } else { line(report) };
                printed = bar.suspend(|| writeln!(stdout(), "{text}"));
            }
            _ => {}
        }
        if printed.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    bar.finish_and_clear();
    Ok(printed?)
}

/// The accuracy on the test images, which the examples always evaluate.
fn accuracy(report: &EpochReport) -> f64 {
    report.test.as_ref().and_then(|test| test.accuracy).unwrap_or(f64::NAN)
}

fn line(report: &EpochReport) -> String {
    let EpochReport { epoch, loss, samples_per_second, rate, .. } = report;
    let accuracy = 100.0 * accuracy(report);
    format!(
        "epoch {epoch:2}  loss {loss:.4}  test accuracy {accuracy:.2} %  {samples_per_second:.0} samples/s  last rate {rate:.1e}"
    )
}

fn json(report: &EpochReport) -> String {
    let EpochReport { epoch, loss, samples_per_second, seconds, .. } = report;
    let accuracy = accuracy(report);
    format!(
        r#"{{"epoch":{epoch},"loss":{loss:.6},"accuracy":{accuracy:.4},"samples_per_s":{samples_per_second:.1},"seconds":{seconds:.3}}}"#
    )
}
