//! The speed of each kernel beside the roofs of the processor: its multiply-add peak and the bandwidth of its memories.
//!
//! ```text
//! cargo bench --bench kernels -- --json
//! ```
//!
//! prints one JSON line for each roof, with the keys `roof, simd` and `gflop_per_s`, or `kib, gb_per_s`; then one for
//! each kernel, with the keys `kernel, layer, shape, element, simd, us, flop, bytes, gb_per_s` and, of a kernel that
//! multiplies, `gflop_per_s, fma_fraction`. An element is a `group` of 16 samples, a `single` one, or one of the
//! `weights`. Operations are those of the products that are there, without those of a padding; bytes are those of what
//! is read and written, each once. `--simd` and `--quick` are those of the bench `throughput`.

mod layers;
#[path = "../measure/mod.rs"]
mod measure;
mod stream;

use std::time::Duration;

use measure::{Plan, options};
use nnet::simd::active;

/// The figures, and how they are printed.
struct Bench {
    json: bool,
    plan: Plan,
}

/// What is measured, and its operations and bytes.
struct Work {
    kernel: &'static str,
    layer: &'static str,
    shape: String,
    element: &'static str,
    flop: usize,
    bytes: usize,
}

fn main() {
    let Some(options) = options() else { return };
    // Shorter than the slices of a scheduler, so that other programs disturb few of the windows and not all a little.
    let plan = Plan { windows: if options.quick { 3 } else { 201 }, window: Duration::from_millis(1) };
    let bench = Bench { json: options.json, plan };
    bench.roofs();
    layers::all(&bench);
}

impl Bench {
    fn roofs(&self) {
        let (simd, peak) = (active(), self.plan.peak(1) / 1e9);
        if self.json {
            println!(r#"{{"roof":"fma_peak","simd":"{simd}","gflop_per_s":{peak:.2}}}"#);
        } else {
            println!("{:24} {simd:8}  {peak:6.1} GFLOP/s", "fma_peak");
        }
        for (name, kib) in [("L1", 16), ("L2", 384), ("memory", 256 << 10)] {
            let rate = stream::bytes_per_second(self.plan, kib << 10) / 1e9;
            if self.json {
                println!(r#"{{"roof":"{name}","simd":"{simd}","kib":{kib},"gb_per_s":{rate:.2}}}"#);
            } else {
                println!("{:24} {simd:8}  {rate:6.1} GB/s", format!("{name} ({kib} KiB)"));
            }
        }
    }

    /// Calls `step`, which does the work once, in windows.
    fn kernel(&self, work: &Work, step: impl FnMut()) {
        let Work { kernel, layer, shape, element, flop, bytes } = work;
        let rate = self.plan.rate(1, step);
        let (us, simd) = (1e6 / rate.steps, active());
        let (gflop, gb) = (rate.steps * *flop as f64 / 1e9, rate.steps * *bytes as f64 / 1e9);
        let fraction = rate.of_peak * *flop as f64;
        if self.json {
            let names = format!(r#""kernel":"{kernel}","layer":"{layer}","shape":"{shape}","element":"{element}""#);
            let work = format!(r#""simd":"{simd}","us":{us:.3},"flop":{flop},"bytes":{bytes},"gb_per_s":{gb:.2}"#);
            let of_peak = format!(r#","gflop_per_s":{gflop:.2},"fma_fraction":{fraction:.4}"#);
            println!("{{{names},{work}{}}}", if *flop > 0 { of_peak.as_str() } else { "" });
        } else {
            let names = format!("{kernel:24} {layer:16} {shape:30} {element:6} {simd:8}");
            let of_peak = format!("{gflop:6.1} GFLOP/s {:5.1} % of the peak", 100.0 * fraction);
            println!("{names} {us:9.2} us {gb:6.1} GB/s  {}", if *flop > 0 { of_peak.as_str() } else { "" });
        }
    }
}
