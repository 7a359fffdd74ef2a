//! Movements as an accelerometer sees them along one axis, made up: what a program has in place of a sensor.

use nnet::Random;

/// What there is to tell apart.
pub const MOVEMENTS: [&str; 3] = ["rest", "swing", "tap"];

/// `N` readings of the movement, which starts anywhere and is of any size within limits; in units of gravity.
///
/// Rest is noise, a swing goes up and down in 8 readings, a tap is one knock that dies away.
pub fn readings<const N: usize>(movement: usize, random: &mut Random) -> [f32; N] {
    let mut uniform = |from: f32, to: f32| from + (to - from) * random.uniform() as f32;
    let size = uniform(0.5, 1.5);
    let start = uniform(0.0, 8.0);
    let mut readings = [0.0; N];
    for (t, reading) in readings.iter_mut().enumerate() {
        let signal = match movement {
            1 => swing(start + t as f32),
            2 => knock(t as f32 - start),
            _ => 0.0,
        };
        *reading = size * signal + uniform(-0.2, 0.2);
    }
    readings
}

/// A triangle between -1 and 1 with a period of 8.
fn swing(t: f32) -> f32 {
    let phase = t - 8.0 * (t / 8.0) as u32 as f32;
    if phase < 4.0 { phase / 2.0 - 1.0 } else { 3.0 - phase / 2.0 }
}

/// 1 at 0, halved and turned at each step after it.
fn knock(t: f32) -> f32 {
    if !(0.0..8.0).contains(&t) {
        return 0.0;
    }
    let steps = t as u32;
    let sign = if steps % 2 == 0 { 1.0 } else { -1.0 };
    sign / (1 << steps) as f32
}
