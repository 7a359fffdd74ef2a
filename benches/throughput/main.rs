//! Training and prediction speed, as samples a second and as a share of the processor's multiply-add peak.
//!
//! ```text
//! cargo bench --bench throughput -- --json
//! ```
//!
//! prints one JSON line for each figure, with the keys `task, batch, threads, metric, value` and for all but the peak
//! `fma_fraction`. Windows of the task alternate with windows that measure the peak, so that both see the same clock
//! and the same neighbours; a figure is the median of its windows, and its fraction the median of their ratios.
//! `--quick` takes few and short windows, to see that everything runs.

mod networks;
mod peak;

use std::hint::black_box;
use std::time::{Duration, Instant};

use networks::{LeNet, Mlp, ResNet};
use nnet::host::{Predictor, Trainer};
use nnet::optim::Sgd;
use nnet::{Flat, Network, Random, Scalar, Tensor, Train};

/// How long and how often to measure.
#[derive(Clone, Copy)]
struct Plan {
    json: bool,
    windows: usize,
    window: Duration,
}

/// Floating-point operations of the multiply-accumulates of one sample.
#[derive(Clone, Copy)]
struct Work {
    task: &'static str,
    batch: usize,
    threads: usize,
    flop: f64,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let Some(unknown) = arguments.iter().find(|a| !["--json", "--quick"].contains(&a.as_str())) {
        eprintln!("error: unknown option {unknown}; the options are --json and --quick");
        std::process::exit(2);
    }
    let given = |option: &str| arguments.iter().any(|argument| argument == option);
    let (windows, window) = if given("--quick") { (3, 5) } else { (15, 60) };
    let plan = Plan { json: given("--json"), windows, window: Duration::from_millis(window) };

    for threads in [1, 2] {
        let mut rates: Vec<f64> = (0..plan.windows).map(|_| peak::flops(threads, plan.window)).collect();
        plan.print("fma_peak", 0, threads, "gflop_per_s", median(&mut rates) / 1e9, None);
    }
    for threads in [1, 2] {
        for batch in [16, 64, 256] {
            train::<LeNet>(plan, "lenet_train", batch, threads);
        }
    }
    for threads in [1, 2] {
        predict_batch::<LeNet>(plan, "lenet_predict_batch", 256, threads);
    }
    latency::<LeNet>(plan, "lenet_latency");
    for threads in [1, 2] {
        train::<Mlp>(plan, "mlp_train", 64, threads);
    }
    for threads in [1, 2] {
        train::<ResNet>(plan, "resnet_train", 32, threads);
    }
}

impl Plan {
    fn print(&self, task: &str, batch: usize, threads: usize, metric: &str, value: f64, fraction: Option<f64>) {
        if self.json {
            let fraction = fraction.map_or(String::new(), |f| format!(r#","fma_fraction":{f:.4}"#));
            println!(
                r#"{{"task":"{task}","batch":{batch},"threads":{threads},"metric":"{metric}","value":{value:.2}{fraction}}}"#
            );
        } else {
            let fraction = fraction.map_or(String::new(), |f| format!("   {:5.1} % of the peak", 100.0 * f));
            println!("{task:22} batch {batch:3}  threads {threads}  {value:12.1} {metric}{fraction}");
        }
    }

    /// Calls `step`, which does a batch, in windows; samples a second.
    fn throughput(&self, work: Work, mut step: impl FnMut()) {
        let Work { task, batch, threads, flop } = work;
        step();
        let (mut rates, mut fractions) = (Vec::new(), Vec::new());
        for _ in 0..self.windows {
            let peak = peak::flops(threads, self.window / 4);
            let (begin, mut steps) = (Instant::now(), 0);
            while begin.elapsed() < self.window {
                step();
                steps += 1;
            }
            let rate = (steps * batch) as f64 / begin.elapsed().as_secs_f64();
            rates.push(rate);
            fractions.push(rate * flop / peak);
        }
        let (value, fraction) = (median(&mut rates), median(&mut fractions));
        self.print(task, batch, threads, "samples_per_s", value, Some(fraction));
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Operations of a forward pass.
fn forward_flop<N: Network>() -> f64 {
    2.0 * N::MACS as f64
}

/// Operations of a training step: each product of the forward pass comes twice more, once for the weight and once
/// for the input, but for the input of the first layer.
fn train_flop<N: Network>() -> f64 {
    let first = N::LAYERS.iter().find(|layer| layer.macs > 0).map_or(0, |layer| layer.macs);
    2.0 * (3 * N::MACS - first) as f64
}

/// Random samples with random classes.
fn samples<N: Train<Target = usize> + Flat<Scalar = f32>>(n: usize) -> Vec<(N::Input<f32>, usize)> {
    let mut random = Random::new(1);
    let mut sample = || {
        let mut x = N::Input::<f32>::ZERO;
        x.as_flat_mut().fill_with(|| f32::from_f64(random.normal()));
        (x, random.below(N::Output::<f32>::LENGTH))
    };
    (0..n).map(|_| sample()).collect()
}

fn train<N: Train<Target = usize> + Flat<Scalar = f32>>(plan: Plan, task: &'static str, batch: usize, threads: usize) {
    let data = samples::<N>(4096);
    let optimizer = Sgd::new(1e-3).momentum(0.9);
    let mut trainer = Trainer::new(nnet::boxed::<N>(1), optimizer).batch_size(batch).threads(threads);
    let order: Vec<usize> = (0..data.len()).collect();
    let mut batches = order.chunks_exact(batch).cycle();
    plan.throughput(Work { task, batch, threads, flop: train_flop::<N>() }, || {
        let loss = trainer.step(&data, batches.next().expect("a cycle has no end"));
        black_box(loss.expect("random data do not diverge at this rate"));
    });
}

fn predict_batch<N: Train<Target = usize> + Flat<Scalar = f32>>(
    plan: Plan,
    task: &'static str,
    batch: usize,
    threads: usize,
) {
    let inputs: Vec<_> = samples::<N>(batch).into_iter().map(|(x, _)| x).collect();
    let mut outputs = vec![N::Output::<f32>::ZERO; batch];
    let network = nnet::boxed::<N>(1);
    let mut predictor = Predictor::new(threads);
    plan.throughput(Work { task, batch, threads, flop: forward_flop::<N>() }, || {
        predictor.predict(&*network, black_box(&inputs), black_box(&mut outputs));
    });
}

/// Single predictions: the median time of one.
fn latency<N: Train<Target = usize> + Flat<Scalar = f32>>(plan: Plan, task: &'static str) {
    let x = samples::<N>(1)[0].0;
    let network = nnet::boxed::<N>(1);
    let mut scratch = nnet::zeroed::<N::Scratch<f32>>();
    let (mut times, mut peaks) = (Vec::new(), Vec::new());
    for _ in 0..plan.windows {
        peaks.push(peak::flops(1, plan.window / 4));
        let window = Instant::now();
        while window.elapsed() < plan.window {
            let begin = Instant::now();
            black_box(network.predict(black_box(&x), &mut scratch));
            times.push(begin.elapsed().as_secs_f64());
        }
    }
    let seconds = median(&mut times);
    let fraction = forward_flop::<N>() / seconds / median(&mut peaks);
    plan.print(task, 1, 1, "us", 1e6 * seconds, Some(fraction));
}
