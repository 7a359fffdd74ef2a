//! The kernels of normalizations, on the active instruction set, against plain loops in f64.

use super::super::{Groups, Kernels};
use crate::element::LANES;
use crate::random::Random;

extern crate std;
use std::vec;
use std::vec::Vec;

const EPS: f64 = f32::EPSILON as f64;

/// `f32`s in mean ± 1, in f64.
fn random(n: usize, mean: f64, seed: u64) -> Vec<f32> {
    let mut random = Random::new(seed);
    #[allow(clippy::cast_possible_truncation, reason = "any f32 will do")]
    (0..n).map(|_| (mean + 2.0 * random.uniform() - 1.0) as f32).collect()
}

fn assert_near(what: &str, got: f32, want: f64, tolerance: f64) {
    let isa = crate::simd::active();
    assert!((f64::from(got) - want).abs() <= tolerance, "{what} {isa}: got {got}, want {want}, tolerance {tolerance}");
}

/// Lane `lane` of entries `from..to`, in f64.
fn lane(values: &[f32], lanes: usize, lane: usize, from: usize, to: usize) -> Vec<f64> {
    values[from * lanes..to * lanes].iter().skip(lane).step_by(lanes).copied().map(f64::from).collect()
}

fn moments(x: &[f64]) -> [f64; 2] {
    let mean = x.iter().sum::<f64>() / x.len() as f64;
    [mean, x.iter().map(|x| (x - mean) * (x - mean)).sum()]
}

/// Calls `check` with lanes, channels, plane and x, of small and large means.
fn each_size(check: impl Fn(usize, usize, usize, &[f32])) {
    for lanes in [1, LANES] {
        for (channels, plane) in [(1, 1), (3, 1), (2, 2), (5, 7), (3, 64), (1, 131)] {
            for mean in [0.0, 100.0] {
                check(lanes, channels, plane, &random(channels * plane * lanes, mean, 1));
            }
        }
    }
}

#[test]
fn statistics_equal_plain_loops() {
    each_size(|lanes, channels, plane, x| {
        let mut statistics = vec![f32::NAN; 4 * channels * lanes];
        f32::batch_statistics(lanes, x, &mut statistics);
        for (c, l) in (0..channels).flat_map(|c| (0..lanes).map(move |l| (c, l))) {
            let x = lane(x, lanes, l, c * plane, (c + 1) * plane);
            let [mean, squares] = moments(&x);
            let largest = x.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
            // The corrected mean has the rounding of a few operations, however long the plane is.
            assert_near("mean", statistics[c * lanes + l], mean, 3.0 * EPS * largest);
            let tolerance =
                (plane as f64 + 8.0) * EPS * squares + plane as f64 * (3.0 * EPS * largest) * (3.0 * EPS * largest);
            assert_near("squares", statistics[(channels + c) * lanes + l], squares, tolerance);
        }
        assert!(statistics[2 * channels * lanes..].iter().all(|row| row.is_nan()));
    });
}

#[test]
fn batch_norm_equals_plain_loops() {
    each_size(|lanes, channels, plane, x| {
        let (w, b, start) = (random(channels, 0.0, 2), random(channels, 0.0, 3), random(x.len(), 0.0, 4));
        let mut statistics = random(4 * channels * lanes, 1.5, 5);
        let (mut y, mut dx) = (vec![f32::NAN; x.len()], start.clone());
        f32::batch_norm(lanes, 0.01, &w, &b, &statistics, x, &mut y);
        f32::batch_norm_gradient(lanes, 0.01, &w, &statistics, x, &mut dx);
        let row =
            |statistics: &[f32], r: usize, c: usize, l: usize| f64::from(statistics[(r * channels + c) * lanes + l]);
        for (k, &x) in x.iter().enumerate() {
            let (c, l) = (k / lanes / plane, k % lanes);
            let [mean, variance, mean_dy, product] = [0, 1, 2, 3].map(|r| row(&statistics, r, c, l));
            let inverse = 1.0 / libm::sqrt(variance + 0.01);
            let (w, b, normal) = (f64::from(w[c]), f64::from(b[c]), (f64::from(x) - mean) * inverse);
            assert_near("y", y[k], normal * w + b, 8.0 * EPS * ((normal * w).abs() + b.abs()));
            let terms = [f64::from(start[k]), -mean_dy, -normal * product].map(|term| w * inverse * term);
            let tolerance = 12.0 * EPS * terms.iter().map(|term| term.abs()).sum::<f64>();
            assert_near("dx", dx[k], terms.iter().sum(), tolerance);
        }
        let before = statistics.clone();
        f32::batch_norm_sums(lanes, 0.01, &mut statistics, x, &start);
        assert_eq!(statistics[..2 * channels * lanes], before[..2 * channels * lanes]);
        for (c, l) in (0..channels).flat_map(|c| (0..lanes).map(move |l| (c, l))) {
            let [x, dy] = [x, &start].map(|values| lane(values, lanes, l, c * plane, (c + 1) * plane));
            let (mean, inverse) = (row(&before, 0, c, l), 1.0 / libm::sqrt(row(&before, 1, c, l) + 0.01));
            let products = x.iter().zip(&dy).map(|(x, dy)| dy * (x - mean) * inverse);
            let n = plane as f64 + 8.0;
            assert_near(
                "Σ dy",
                statistics[(2 * channels + c) * lanes + l],
                dy.iter().sum(),
                n * EPS * dy.iter().map(|dy| dy.abs()).sum::<f64>(),
            );
            let magnitude: f64 = products.clone().map(f64::abs).sum();
            assert_near("Σ dy·x̂", statistics[(3 * channels + c) * lanes + l], products.sum(), n * EPS * magnitude);
        }
    });
}

/// What a plain loop finds for one sample and one group: y, dx, and for each channel dw and db.
struct Plain {
    y: Vec<f64>,
    dx: Vec<f64>,
    dw: Vec<f64>,
    db: Vec<f64>,
    inverse: f64,
    /// The largest |g|.
    largest_g: f64,
}

fn plain(eps: f64, w: &[f32], b: &[f32], x: &[f64], dy: &[f64]) -> Plain {
    let (n, plane) = (x.len() as f64, x.len() / w.len());
    let [mean, squares] = moments(x);
    let inverse = 1.0 / libm::sqrt(squares / n + eps);
    let normal: Vec<f64> = x.iter().map(|x| (x - mean) * inverse).collect();
    let g: Vec<f64> = dy.iter().enumerate().map(|(k, dy)| f64::from(w[k / plane]) * dy).collect();
    let mean_g = g.iter().sum::<f64>() / n;
    let mean_product = g.iter().zip(&normal).map(|(g, normal)| g * normal).sum::<f64>() / n;
    let (mut dw, mut db) = (vec![0.0; w.len()], vec![0.0; w.len()]);
    for k in 0..x.len() {
        dw[k / plane] += dy[k] * normal[k];
        db[k / plane] += dy[k];
    }
    Plain {
        y: normal.iter().enumerate().map(|(k, x)| x * f64::from(w[k / plane]) + f64::from(b[k / plane])).collect(),
        dx: g.iter().zip(&normal).map(|(g, normal)| inverse * (g - mean_g - normal * mean_product)).collect(),
        dw,
        db,
        inverse,
        largest_g: g.iter().fold(0.0, |m: f64, g| m.max(g.abs())),
    }
}

#[test]
fn group_norm_equals_plain_loops() {
    for (groups, channels, plane) in [(1, 1, 1), (1, 4, 1), (2, 6, 5), (3, 3, 7), (1, 33, 1), (4, 8, 2)] {
        for (lanes, mean) in [(1, 0.0), (LANES, 0.0), (1, 30.0), (LANES, 30.0)] {
            let n = channels * plane * lanes;
            let (x, dy) = (random(n, mean, 1), random(n, 0.0, 2));
            let (w, b) = (random(channels, 0.0, 3), random(channels, 0.0, 4));
            let shape = Groups { groups, eps: 0.01 };
            let (mut y, mut dx) = (vec![f32::NAN; n], vec![f32::NAN; n]);
            let (mut dw, mut db) = (vec![1.0; channels], vec![1.0; channels]);
            f32::group_norm(lanes, &shape, &w, &b, &x, &mut y);
            f32::group_norm_gradient(lanes, &shape, &x, &dy, Some([&mut dw, &mut db]), Some((&w, &mut dx)));
            let (size, part) = (channels / groups * plane, channels / groups);
            let (mut want_dw, mut want_db, mut steepest) = (vec![1.0; channels], vec![1.0; channels], 0.0);
            for (group, l) in (0..groups).flat_map(|group| (0..lanes).map(move |l| (group, l))) {
                let [x, dy, y, dx] = [&x, &dy, &y, &dx].map(|v| lane(v, lanes, l, group * size, (group + 1) * size));
                let of_group = group * part..(group + 1) * part;
                let want = plain(0.01, &w[of_group.clone()], &b[of_group.clone()], &x, &dy);
                // x is known to ε·|x|, so x̂, which is at most √size, to that times 1/σ, besides the sums' roundings.
                let known = EPS * (3.0 * (mean + 1.0) * want.inverse + size as f64 + 16.0);
                let root = libm::sqrt(size as f64);
                for k in 0..size {
                    #[allow(clippy::cast_possible_truncation, reason = "they were f32")]
                    let (y, dx) = (y[k] as f32, dx[k] as f32);
                    assert_near("y", y, want.y[k], known * (root + 1.0));
                    assert_near(
                        "dx",
                        dx,
                        want.dx[k],
                        2.0 * known * want.inverse * want.largest_g * (2.0 + root * root),
                    );
                }
                for (c, at) in of_group.enumerate() {
                    want_dw[at] += want.dw[c];
                    want_db[at] += want.db[c];
                }
                steepest = known.max(steepest) * (root + 1.0);
            }
            for c in 0..channels {
                let terms = (plane * lanes) as f64 + 8.0;
                assert_near("dw", dw[c], want_dw[c], steepest * terms + terms * EPS * terms);
                assert_near("db", db[c], want_db[c], terms * EPS * terms);
            }
        }
    }
}

#[test]
fn constant_planes_have_no_negative_variance() {
    for value in [0.1_f32, 100.3, -1e-3] {
        let mut statistics = vec![f32::NAN; 4 * LANES];
        f32::batch_statistics(LANES, &vec![value; 49 * LANES], &mut statistics);
        let (means, squares) = statistics[..2 * LANES].split_at(LANES);
        assert!(means.iter().all(|&mean| (mean - value).abs() <= 2.0 * f32::EPSILON * value.abs()));
        assert!(
            squares.iter().all(|&square| (0.0..=49.0 * f32::EPSILON * f32::EPSILON * value * value).contains(&square))
        );
    }
}
