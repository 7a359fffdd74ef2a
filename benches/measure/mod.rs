//! How speed is measured: windows of a task alternate with windows that measure the processor's multiply-add peak, so
//! that both see the same clock and the same neighbours. A figure is the median of its windows, and its fraction the
//! median of their ratios.

mod median;
mod options;
pub mod peak;

use std::time::{Duration, Instant};

pub use median::median;
pub use options::options;

/// How long and how often to measure.
#[derive(Clone, Copy)]
pub struct Plan {
    pub windows: usize,
    pub window: Duration,
}

/// Medians of a task.
pub struct Rate {
    /// Steps a second.
    pub steps: f64,
    /// Steps a floating-point operation of the peak: the fraction of the peak, if a step is one operation.
    pub of_peak: f64,
}

impl Plan {
    /// Calls `step` in windows, beside windows of the peak of so many threads.
    pub fn rate(self, threads: usize, mut step: impl FnMut()) -> Rate {
        step();
        let once = Instant::now();
        step();
        // The clock is read once in so many steps, so that it does not count.
        let between = 1 + 20_000 / once.elapsed().as_nanos().max(1);
        let (mut rates, mut ratios) = (Vec::new(), Vec::new());
        for _ in 0..self.windows {
            let peak = peak::flops(threads, self.window / 4);
            let (begin, mut steps) = (Instant::now(), 0);
            while begin.elapsed() < self.window {
                for _ in 0..between {
                    step();
                }
                steps += between;
            }
            let rate = steps as f64 / begin.elapsed().as_secs_f64();
            rates.push(rate);
            ratios.push(rate / peak);
        }
        Rate { steps: median(&mut rates), of_peak: median(&mut ratios) }
    }

    /// The peak of so many threads alone, in operations a second.
    pub fn peak(self, threads: usize) -> f64 {
        median(&mut (0..self.windows).map(|_| peak::flops(threads, self.window)).collect::<Vec<_>>())
    }
}
