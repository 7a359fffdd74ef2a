//! Padding: a map in the middle of zeros.

use super::convolution::product;
use crate::scalar::Scalar;

/// The sizes of a padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pad {
    /// Channels of x and y.
    pub channels: usize,
    /// Rows above x and columns left of it.
    pub before: [usize; 2],
    /// Rows below x and columns right of it.
    pub after: [usize; 2],
    /// Height and width of x.
    pub x: [usize; 2],
    /// Height and width of y.
    pub y: [usize; 2],
}

impl Pad {
    fn check<S>(&self, lanes: usize, x: &[S], y: &[S]) {
        for a in 0..2 {
            let padded = self.x[a].checked_add(self.before[a]).and_then(|n| n.checked_add(self.after[a]));
            assert_eq!(padded, Some(self.y[a]), "y is x with its padding");
        }
        assert_eq!(Some(x.len()), product([self.channels, self.x[0], self.x[1], lanes]), "x: [C, H, W]");
        assert_eq!(Some(y.len()), product([self.channels, self.y[0], self.y[1], lanes]), "y: [C, OH, OW]");
    }

    /// Where each row of x begins in x and in y, entries not scalars.
    fn rows(&self) -> impl Iterator<Item = (usize, usize)> {
        let Self { channels, before, x, y, .. } = *self;
        (0..channels).flat_map(move |channel| {
            (0..x[0]).map(move |r| ((channel * x[0] + r) * x[1], (channel * y[0] + before[0] + r) * y[1] + before[1]))
        })
    }
}

/// y = x inside, 0 around
#[inline(always)]
pub(super) fn forward<S: Scalar>(lanes: usize, shape: &Pad, x: &[S], y: &mut [S]) {
    shape.check(lanes, x, y);
    y.fill(S::ZERO);
    let length = shape.x[1] * lanes;
    for (from, to) in shape.rows() {
        y[to * lanes..][..length].copy_from_slice(&x[from * lanes..][..length]);
    }
}

/// Forward: y = x inside   so   dx = dy there
#[inline(always)]
pub(super) fn gradient<S: Scalar>(lanes: usize, shape: &Pad, dy: &[S], dx: &mut [S]) {
    shape.check(lanes, dx, dy);
    let length = shape.x[1] * lanes;
    for (to, from) in shape.rows() {
        dx[to * lanes..][..length].copy_from_slice(&dy[from * lanes..][..length]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::LANES;
    use crate::kernels::Kernels;
    use crate::kernels::tests::random;

    extern crate std;
    use std::vec;

    #[test]
    fn padding_equals_plain_loops() {
        for (before, after) in [([0, 0], [0, 0]), ([1, 2], [3, 0]), ([0, 1], [0, 1])] {
            let y_size = [4 + before[0] + after[0], 3 + before[1] + after[1]];
            let shape = Pad { channels: 2, before, after, x: [4, 3], y: y_size };
            for lanes in [1, LANES] {
                let (nx, ny) = (24 * lanes, 2 * y_size[0] * y_size[1] * lanes);
                let (x, dy) = (random(nx, 1), random(ny, 2));
                let (mut want_y, mut want_dx) = (vec![0.0; ny], vec![0.0; nx]);
                for i in 0..nx {
                    let (l, column, row, channel) = (i % lanes, i / lanes % 3, i / lanes / 3 % 4, i / lanes / 12);
                    let at = (channel * y_size[0] + row + before[0]) * y_size[1] + column + before[1];
                    want_y[at * lanes + l] = x[i];
                    want_dx[i] = dy[at * lanes + l];
                }
                let (mut y, mut dx) = (vec![f32::NAN; ny], vec![f32::NAN; nx]);
                f32::pad(lanes, &shape, &x, &mut y);
                f32::pad_gradient(lanes, &shape, &dy, &mut dx);
                assert_eq!((y, dx), (want_y, want_dx));
            }
        }
    }
}
