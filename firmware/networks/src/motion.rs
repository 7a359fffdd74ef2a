//! Movements as an accelerometer sees them along one axis, made up: what a program has in place of a sensor.

use nnet::Random;

/// What there is to tell apart.
pub const MOVEMENTS: [&str; 3] = ["rest", "swing", "tap"];

/// Up and down.
const SWING: [f32; 8] = [-1.0, -0.5, 0.0, 0.5, 1.0, 0.5, 0.0, -0.5];
/// A knock that dies away.
const TAP: [f32; 8] = [1.0, -0.5, 0.25, -0.125, 0.0625, -0.03125, 0.015_625, -0.007_812_5];

/// `N` readings of the movement, in units of gravity: noise, and a swing or a tap of any size within limits, which
/// begins anywhere in the first 8 readings.
pub fn readings<const N: usize>(movement: usize, random: &mut Random) -> [f32; N] {
    let start = random.below(8);
    let size = uniform(0.5, 1.5, random);
    let mut readings = [0.0; N];
    for (t, reading) in readings.iter_mut().enumerate() {
        let signal = match movement {
            1 => SWING[(start + t) % 8],
            2 => t.checked_sub(start).and_then(|t| TAP.get(t)).copied().unwrap_or(0.0),
            _ => 0.0,
        };
        *reading = size * signal + uniform(-0.2, 0.2, random);
    }
    readings
}

/// Uniform in `from..to`, one of 65,536 numbers.
fn uniform(from: f32, to: f32, random: &mut Random) -> f32 {
    let [high, low, ..] = random.next_u64().to_be_bytes();
    from + (to - from) * f32::from(u16::from_be_bytes([high, low])) / 65_536.0
}

/// An accelerometer that delivers one reading after another: each movement for a window of 32, in turn.
pub struct Sensor {
    random: Random,
    window: [f32; 32],
    count: usize,
}

impl Sensor {
    /// At its first reading.
    #[must_use]
    pub const fn new() -> Self {
        Self { random: Random::new(7), window: [0.0; 32], count: 0 }
    }

    /// The next reading.
    pub fn read(&mut self) -> f32 {
        let (window, at) = (self.count / self.window.len(), self.count % self.window.len());
        if at == 0 {
            self.window = readings(window % MOVEMENTS.len(), &mut self.random);
        }
        self.count += 1;
        self.window[at]
    }
}

impl Default for Sensor {
    fn default() -> Self {
        Self::new()
    }
}
