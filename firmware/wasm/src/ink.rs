//! A drawing, and the image of it as MNIST's were made: its longer side 20 pixels, the centre of its ink in the middle of 28.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "places on the paper are small, and casts from floats saturate"
)]

use networks::digits::{Image, normalized};

/// Points along a side of the paper.
pub const SIDE: usize = 280;

/// Half the width of a line, in points.
const RADIUS: f32 = 11.0;

/// How dark each point of the paper is.
pub struct Paper {
    ink: [[u8; SIDE]; SIDE],
}

impl Paper {
    /// White paper.
    #[allow(clippy::large_stack_arrays, reason = "a constant for a `static`")]
    pub const EMPTY: Self = Self { ink: [[0; SIDE]; SIDE] };

    /// Wipes all ink off.
    pub fn clear(&mut self) {
        self.ink.as_flattened_mut().fill(0);
    }

    /// A line from one place to another, round at its ends. What lies outside of the paper, or is no number, leaves no ink.
    pub fn line(&mut self, from: [f32; 2], to: [f32; 2]) {
        let [dx, dy] = [to[0] - from[0], to[1] - from[1]];
        let length = (dx * dx + dy * dy).max(1e-6);
        let [columns, rows] = [span(from[0], to[0]), span(from[1], to[1])];
        for (y, row) in self.ink.iter_mut().enumerate().take(rows[1]).skip(rows[0]) {
            for (x, ink) in row.iter_mut().enumerate().take(columns[1]).skip(columns[0]) {
                let [px, py] = [middle(x) - from[0], middle(y) - from[1]];
                let along = ((px * dx + py * dy) / length).clamp(0.0, 1.0);
                let [ex, ey] = [px - along * dx, py - along * dy];
                // The edge is two points wide; squares need no root: r² − d² = (r − d)·(r + d).
                let inside = (RADIUS * RADIUS - (ex * ex + ey * ey)) / (2.0 * RADIUS);
                *ink = (*ink).max((255.0 * (0.5 + inside / 2.0)) as u8);
            }
        }
    }

    /// Writes the image to `image`; whether there is any ink.
    pub fn write(&self, image: &mut Image) -> bool {
        let (mut mass, mut sums) = (0, [0, 0]);
        let (mut least, mut most) = ([SIDE, SIDE], [0, 0]);
        for (y, row) in self.ink.iter().enumerate() {
            for (x, &ink) in row.iter().enumerate().filter(|(_, ink)| **ink > 0) {
                mass += u64::from(ink);
                for (axis, at) in [x, y].into_iter().enumerate() {
                    sums[axis] += u64::from(ink) * at as u64;
                    least[axis] = least[axis].min(at);
                    most[axis] = most[axis].max(at);
                }
            }
        }
        if mass == 0 {
            return false;
        }
        let longer = (most[0] - least[0]).max(most[1] - least[1]) + 1;
        let points = longer as f32 / 20.0;
        let centre = sums.map(|sum| sum as f32 / mass as f32 + 0.5);
        for (row, line) in image[0].iter_mut().enumerate() {
            for (column, pixel) in line.iter_mut().enumerate() {
                *pixel = normalized(self.mean(points, centre, [column, row]));
            }
        }
        true
    }

    /// The mean darkness of a pixel `points` wide, by 5×5 places in it.
    fn mean(&self, points: f32, centre: [f32; 2], pixel: [usize; 2]) -> u8 {
        let at = |axis: usize, part: usize| {
            let place = middle(part) / 5.0 + pixel[axis] as f32 - 14.0;
            (centre[axis] + place * points) as isize
        };
        let place = |part: usize| {
            let (x, y) = (usize::try_from(at(0, part % 5)).ok()?, usize::try_from(at(1, part / 5)).ok()?);
            self.ink.get(y)?.get(x)
        };
        let sum: u32 = (0..25).map(|part| place(part).copied().map_or(0, u32::from)).sum();
        (sum / 25) as u8
    }
}

/// The middle of a point or a part.
fn middle(at: usize) -> f32 {
    at as f32 + 0.5
}

/// The points that a line between two places may reach, and the one behind them.
fn span(a: f32, b: f32) -> [usize; 2] {
    // Casts from floats saturate, and make 0 of NaN.
    [(a.min(b) - RADIUS - 1.0) as usize, (a.max(b) + RADIUS + 2.0) as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Row and column of the middle of what is dark.
    fn centre(image: &Image) -> [f32; 2] {
        let ink = |row: usize, column: usize| image[0][row][column] - normalized(0);
        let (mut sum, mut sums) = (0.0, [0.0; 2]);
        for (row, column) in (0..28).flat_map(|row| (0..28).map(move |column| (row, column))) {
            sum += ink(row, column);
            sums[0] += ink(row, column) * (row as f32 + 0.5);
            sums[1] += ink(row, column) * (column as f32 + 0.5);
        }
        sums.map(|all| all / sum)
    }

    fn dark(image: &Image) -> Vec<[usize; 2]> {
        let places = (0..28).flat_map(|row| (0..28).map(move |column| [row, column]));
        places.filter(|[row, column]| image[0][*row][*column] > normalized(60)).collect()
    }

    #[test]
    fn a_drawing_is_20_pixels_high_and_in_the_middle_wherever_it_is() {
        for [x, y, height] in [[40.0, 50.0, 60.0], [200.0, 90.0, 150.0], [30.0, 20.0, 230.0]] {
            let mut paper = Box::new(Paper::EMPTY);
            paper.line([x, y], [x, y + height]);
            paper.line([x, y], [x + 30.0, y]);
            let mut image = [[[0.0; 28]; 28]; 1];
            assert!(paper.write(&mut image));
            let [row, column] = centre(&image);
            assert!((row - 14.0).abs() < 0.5 && (column - 14.0).abs() < 0.5, "the centre is {row}, {column}");
            let rows: Vec<_> = dark(&image).iter().map(|[row, _]| *row).collect();
            let high = rows.iter().max().expect("ink") - rows.iter().min().expect("ink") + 1;
            assert!((19..=21).contains(&high), "{high} rows");
        }
    }

    #[test]
    fn what_is_outside_or_no_number_leaves_no_ink() {
        let mut paper = Box::new(Paper::EMPTY);
        let mut image = [[[0.0; 28]; 28]; 1];
        assert!(!paper.write(&mut image), "white paper");
        paper.line([-500.0, -500.0], [-400.0, 1e30]);
        paper.line([f32::NAN, 3.0], [5.0, f32::INFINITY]);
        assert!(!paper.write(&mut image), "still white");
        paper.line([10.0, 10.0], [10.0, 10.0]);
        assert!(paper.write(&mut image), "a dot");
        paper.clear();
        assert!(!paper.write(&mut image), "white again");
    }
}
