//! What the examples share: options, MNIST's images of ten classes, training with a report, saving and reading back.

#![allow(dead_code, reason = "this is a part of several programs, and not all of them use all of it")]

mod options;

use std::error::Error;
use std::io::{self, Write, stdout};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};
use nnet::host::idx::{Images, Split};
use nnet::host::{Dataset, EpochReport, Evaluation, Event, Normalized, Trainer, weights};
use nnet::optim::{Momentum, OneCycle, Sgd};
use nnet::{Flat, Network, Train};
pub use options::{Example, Goal, Options};

/// What an example comes to.
pub type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Mean and standard deviation of MNIST's training pixels, in 0..=1.
const PIXELS: (f64, f64) = (0.1307, 0.3081);

/// Calls `run` with the options of the command line, and says what went wrong.
pub fn main(example: &Example, run: impl FnOnce(&Options) -> Outcome) -> ExitCode {
    let options = match example.parse(std::env::args_os()) {
        Ok(Some(options)) => options,
        Ok(None) => return ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}\n\n{}", example.usage());
            return ExitCode::from(2);
        }
    };
    match run(&options) {
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

/// The whole of an example that trains `N` to tell MNIST's classes apart.
pub fn classify<N: Train<Target = usize> + Flat<Scalar = f32>>(example: &Example) -> ExitCode {
    main(example, |options| {
        let train = read::<N>(options, Split::Train)?;
        let test = read::<N>(options, Split::Test)?;
        check_file("weights", &options.weights)?;
        introduce::<N>(options)?;
        let trainer = fit::<N, _>(&train, &test, options)?;
        let evaluation = save(trainer.network(), &test, options)?;
        reached(&evaluation, options)
    })
}

/// The images of a part of MNIST, with labels that the network has outputs for.
pub fn read<N: Network>(options: &Options, split: Split) -> Outcome<Normalized<'static>> {
    let images = Images::open_dir(&options.data, split)?;
    images.check_labels(N::OUTPUT_SHAPE.iter().product())?;
    Ok(images.into_normalized(PIXELS.0, PIXELS.1))
}

/// Refuses a place for a file that cannot be right before the training, not after it.
pub fn check_file(option: &str, file: &Path) -> Outcome {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if file.file_name().is_none() || file.is_dir() || !folder.is_dir() {
        return Err(format!("--{option} {}: give a file in a folder that exists", file.display()).into());
    }
    Ok(())
}

/// Prints the layers of a network, and what it is trained with.
pub fn introduce<N: Network>(options: &Options) -> Outcome {
    if !options.json {
        writeln!(stdout(), "{}", N::summary())?;
        writeln!(stdout(), "{} threads, {}, batch {}", options.threads, nnet::simd::active(), options.batch)?;
    }
    Ok(())
}

/// Trains a new network with momentum in one cycle of the learning rate, with a bar on the standard error output and a line for each
/// epoch on the standard output; with `--target` to the first epoch that reaches it.
pub fn fit<N, D>(train: &D, test: &D, options: &Options) -> Outcome<Trainer<N, Sgd<Momentum>>>
where
    N: Train + Flat<Scalar = f32>,
    D: Dataset<N::Input<f32>, N::Target>,
{
    let steps = options.epochs * train.len().div_ceil(options.batch);
    let optimizer = Sgd::new(options.rate).momentum(0.9).weight_decay(options.weight_decay);
    let mut trainer = Trainer::new(nnet::boxed::<N>(options.seed), optimizer)
        .schedule(OneCycle::new(steps as u64))
        .batch_size(options.batch)
        .threads(options.threads)
        .seed(options.seed);
    let bar = if options.json { ProgressBar::hidden() } else { ProgressBar::new(0) };
    bar.set_style(ProgressStyle::with_template("epoch {prefix} {wide_bar} {pos}/{len}  loss {msg}")?);
    let (mut printed, mut arrived) = (Ok(()), false);
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
                let mut text = if options.json { json::<N>(report) } else { line::<N>(report) };
                if let Some(test) = report.test.as_ref().filter(|test| options.stop && options.goal.met(test)) {
                    text += &format!("\n{}", arrival::<N>(test, options));
                    arrived = true;
                }
                printed = bar.suspend(|| writeln!(stdout(), "{text}"));
            }
            _ => {}
        }
        if !arrived && printed.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    bar.finish_and_clear();
    printed?;
    Ok(trainer)
}

/// Saves the weights, and evaluates what the file gives back.
pub fn save<N: Train + Flat<Scalar = f32>, D: Dataset<N::Input<f32>, N::Target>>(
    network: &N,
    test: &D,
    options: &Options,
) -> Outcome<Evaluation> {
    weights::save(network, &options.weights)?;
    let mut reloaded = nnet::zeroed::<N>();
    weights::load(&mut *reloaded, &options.weights)?;
    let evaluation = Trainer::new(reloaded, Sgd::new(0.0)).threads(options.threads).evaluate(test)?;
    if !options.json {
        if let Some(confusion) = &evaluation.confusion {
            writeln!(stdout(), "\n{confusion}")?;
        }
        writeln!(stdout(), "saved to {} and read back: {evaluation}", options.weights.display())?;
    }
    Ok(evaluation)
}

/// Fails if the goal of the options was not met.
pub fn reached(test: &Evaluation, options: &Options) -> Outcome {
    if options.goal.met(test) {
        return Ok(());
    }
    Err(match options.goal {
        Goal::Accuracy(target) => {
            let accuracy = test.accuracy.unwrap_or(f64::NAN);
            format!("the accuracy on the test set is {accuracy:.4}, and the target is at least {target}")
        }
        Goal::Error(target) => {
            format!("the mean squared error on the test set is {:.5}, not below {target}", test.loss)
        }
    }
    .into())
}

impl Goal {
    /// Whether an evaluation comes to it, which one that is no number does not.
    fn met(self, test: &Evaluation) -> bool {
        match self {
            Self::Accuracy(least) => test.accuracy.is_some_and(|accuracy| accuracy >= least),
            Self::Error(bound) => test.loss < bound,
        }
    }
}

/// How long it took to the target of `--target`, reading included.
fn arrival<N: Network>(test: &Evaluation, options: &Options) -> String {
    let seconds = options.begin.elapsed().as_secs_f64();
    if !options.json {
        return format!("target reached {seconds:.2} s after the start");
    }
    let (name, value) = match options.goal {
        Goal::Accuracy(_) => ("accuracy", test.accuracy.unwrap_or(f64::NAN)),
        Goal::Error(_) => ("test_loss", test.loss),
    };
    format!(r#"{{"network":"{}","seconds_to_target":{seconds:.3},"{name}":{value:.4}}}"#, N::NAME)
}

fn line<N: Network>(report: &EpochReport) -> String {
    let EpochReport { epoch, loss, samples_per_second, rate, .. } = report;
    let test = report.test.as_ref().map(|test| format!("  test {test}")).unwrap_or_default();
    let name = N::NAME;
    format!("{name} epoch {epoch:2}  loss {loss:.4}{test}  {samples_per_second:.0} samples/s  last rate {rate:.1e}")
}

fn json<N: Network>(report: &EpochReport) -> String {
    let EpochReport { epoch, loss, samples_per_second, seconds, .. } = report;
    let test = report.test.as_ref().map_or(f64::NAN, |test| test.loss);
    // Regression has none.
    let accuracy = report.test.as_ref().and_then(|test| test.accuracy);
    let accuracy = accuracy.map(|accuracy| format!(r#""accuracy":{accuracy:.4},"#)).unwrap_or_default();
    let name = N::NAME;
    format!(
        r#"{{"network":"{name}","epoch":{epoch},"loss":{loss:.6},"test_loss":{test:.6},{accuracy}"samples_per_s":{samples_per_second:.1},"seconds":{seconds:.3}}}"#
    )
}
