//! Training and prediction speed, as samples a second and as a share of the processor's multiply-add peak.
//!
//! ```text
//! cargo bench --bench throughput -- --json
//! ```
//!
//! prints one JSON line for each figure, with the keys `task, batch, threads, simd, metric, value` and for all but the
//! peak `fma_fraction`. `--simd all` measures every instruction set of this processor, each beside its own peak,
//! `--simd avx2` that one; without it the one that `nnet` chooses. `--quick` takes few and short windows, to see that
//! everything runs.

#[path = "../measure/mod.rs"]
mod measure;
mod networks;

use std::hint::black_box;
use std::time::{Duration, Instant};

use measure::{Plan, median, options, peak};
use networks::{LeNet, Mlp, ResNet};
use nnet::host::{Predictor, Trainer};
use nnet::optim::Sgd;
use nnet::{Flat, Network, Random, Scalar, Tensor, Train};

/// The figures, and how they are printed.
#[derive(Clone, Copy)]
struct Bench {
    json: bool,
    plan: Plan,
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
    let Some(options) = options() else { return };
    // Many slices of a scheduler, so that other programs take the same share of a task's window and of the peak's.
    let (windows, window) = if options.quick { (3, 5) } else { (15, 60) };
    let bench = Bench { json: options.json, plan: Plan { windows, window: Duration::from_millis(window) } };

    for threads in [1, 2] {
        bench.print("fma_peak", 0, threads, "gflop_per_s", bench.plan.peak(threads) / 1e9, None);
    }
    for threads in [1, 2] {
        for batch in [16, 64, 256] {
            train::<LeNet>(bench, "lenet_train", batch, threads);
        }
    }
    for threads in [1, 2] {
        predict_batch::<LeNet>(bench, "lenet_predict_batch", 256, threads);
    }
    latency::<LeNet>(bench, "lenet_latency");
    for threads in [1, 2] {
        train::<Mlp>(bench, "mlp_train", 64, threads);
    }
    for threads in [1, 2] {
        train::<ResNet>(bench, "resnet_train", 32, threads);
    }
}

impl Bench {
    fn print(&self, task: &str, batch: usize, threads: usize, metric: &str, value: f64, fraction: Option<f64>) {
        let simd = nnet::simd::active();
        if self.json {
            let subject = format!(r#""task":"{task}","batch":{batch},"threads":{threads},"simd":"{simd}""#);
            let fraction = fraction.map_or(String::new(), |f| format!(r#","fma_fraction":{f:.4}"#));
            println!(r#"{{{subject},"metric":"{metric}","value":{value:.2}{fraction}}}"#);
        } else {
            let subject = format!("{task:22} batch {batch:3}  threads {threads}  {simd:8}");
            let fraction = fraction.map_or(String::new(), |f| format!("   {:5.1} % of the peak", 100.0 * f));
            println!("{subject}  {value:12.1} {metric}{fraction}");
        }
    }

    /// Calls `step`, which does a batch, in windows; samples a second.
    fn throughput(&self, work: Work, step: impl FnMut()) {
        let Work { task, batch, threads, flop } = work;
        let rate = self.plan.rate(threads, step);
        let (value, fraction) = (rate.steps * batch as f64, rate.of_peak * batch as f64 * flop);
        self.print(task, batch, threads, "samples_per_s", value, Some(fraction));
    }
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

fn train<N: Train<Target = usize> + Flat<Scalar = f32>>(
    bench: Bench,
    task: &'static str,
    batch: usize,
    threads: usize,
) {
    let data = samples::<N>(4096);
    let optimizer = Sgd::new(1e-3).momentum(0.9);
    let mut trainer = Trainer::new(nnet::boxed::<N>(1), optimizer).batch_size(batch).threads(threads);
    let order: Vec<usize> = (0..data.len()).collect();
    let mut batches = order.chunks_exact(batch).cycle();
    bench.throughput(Work { task, batch, threads, flop: train_flop::<N>() }, || {
        let loss = trainer.step(&data, batches.next().expect("a cycle has no end"));
        black_box(loss.expect("random data do not diverge at this rate"));
    });
}

fn predict_batch<N: Train<Target = usize> + Flat<Scalar = f32>>(
    bench: Bench,
    task: &'static str,
    batch: usize,
    threads: usize,
) {
    let inputs: Vec<_> = samples::<N>(batch).into_iter().map(|(x, _)| x).collect();
    let mut outputs = vec![N::Output::<f32>::ZERO; batch];
    let network = nnet::boxed::<N>(1);
    let mut predictor = Predictor::new(threads);
    bench.throughput(Work { task, batch, threads, flop: forward_flop::<N>() }, || {
        predictor.predict(&*network, black_box(&inputs), black_box(&mut outputs));
    });
}

/// Single predictions: the median time of one. They are too short for other programs to disturb many of them, so the
/// windows of the peak are short as well.
fn latency<N: Train<Target = usize> + Flat<Scalar = f32>>(bench: Bench, task: &'static str) {
    let x = samples::<N>(1)[0].0;
    let network = nnet::boxed::<N>(1);
    let mut scratch = nnet::zeroed::<N::Scratch<f32>>();
    let (mut times, mut peaks) = (Vec::new(), Vec::new());
    let window = bench.plan.window / 12;
    for _ in 0..12 * bench.plan.windows {
        peaks.push(peak::flops(1, window / 4));
        let opened = Instant::now();
        while opened.elapsed() < window {
            let begin = Instant::now();
            black_box(network.predict(black_box(&x), &mut scratch));
            times.push(begin.elapsed().as_secs_f64());
        }
    }
    let seconds = median(&mut times);
    let fraction = forward_flop::<N>() / seconds / median(&mut peaks);
    bench.print(task, 1, 1, "us", 1e6 * seconds, Some(fraction));
}
