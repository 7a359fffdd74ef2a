//! Frequencies and correlations within five standard errors, and equalities that need no tolerance.

use super::*;
use crate::element::{Lanes, get_lane};

extern crate std;
use std::vec;
use std::vec::Vec;

const N: usize = 4096;

/// For each of 128 samples, 1 where an entry is kept and 0 where not.
fn masks(pass: Pass, layer: u64, p: f64) -> Vec<[f32; N]> {
    let mut masks = vec![];
    for first in (0..128).step_by(LANES) {
        let mut y = vec![Lanes([1.0_f32; LANES]); N];
        Dropout { p }.forward(&pass.group(first, LANES), layer, <[Lanes<f32>; N]>::view_mut(&mut y));
        for lane in 0..LANES {
            let mut sample = [f32::NAN; N];
            get_lane(&y, lane, &mut sample);
            masks.push(sample.map(|y| if y == 0.0 { 0.0 } else { 1.0 }));
        }
    }
    masks
}

/// Σ (a − q)(b − q) / (q(1 − q)·√n), of variance 1 for independent masks that keep with probability q.
fn correlation<'a>(q: f64, pairs: impl Iterator<Item = (&'a f32, &'a f32)>) -> f64 {
    let (mut sum, mut n) = (0.0, 0.0);
    for (&a, &b) in pairs {
        sum += (f64::from(a) - q) * (f64::from(b) - q);
        n += 1.0;
    }
    sum / (q * (1.0 - q) * libm::sqrt(n))
}

#[test]
fn entries_are_dropped_as_often_as_told() {
    for p in [0.1, 0.5, 0.85] {
        let masks = masks(Pass::new(1, 2), 3, p);
        let (samples, entries) = (masks.len() as f64, N as f64);
        let variance = p * (1.0 - p);
        let kept = |mask: &[f32; N]| mask.iter().copied().map(f64::from).sum::<f64>();
        let total: f64 = masks.iter().map(kept).sum();
        // One standard error of the mean of n draws: √(p(1 − p) / n).
        let error = (total / (samples * entries) - (1.0 - p)).abs();
        assert!(error < 5.0 * libm::sqrt(variance / (samples * entries)), "p = {p}: off by {error}");
        // Counts are near normal, of variance n·p(1 − p), whose estimate from m of them has relative error √(2 / m).
        let spread = |counts: &[f64], draws: f64| {
            let m = counts.len() as f64;
            let square: f64 = counts.iter().map(|k| (k - draws * (1.0 - p)) * (k - draws * (1.0 - p))).sum();
            let error = (square / (m * draws * variance) - 1.0).abs();
            assert!(error < 5.0 * libm::sqrt(2.0 / m), "p = {p}: {m} counts of {draws} spread {error} too far");
        };
        spread(&masks.iter().map(kept).collect::<Vec<_>>(), entries);
        let of_entry = |i: usize| masks.iter().map(|mask| f64::from(mask[i])).sum();
        spread(&(0..N).map(of_entry).collect::<Vec<_>>(), samples);
    }
}

#[test]
fn what_is_kept_makes_up_for_what_is_dropped() {
    let mut y = [3.0_f64; 1000];
    Dropout { p: 0.2 }.forward(&Pass::new(1, 1), 0, &mut y);
    assert!(y.iter().all(|&y| y == 0.0 || y == 3.0 * (1.0 / 0.8)));
    assert!(y.contains(&0.0) && y.iter().any(|&y| y > 0.0));
}

/// 28 statistics, each of variance 1.
#[test]
fn neighbours_are_uncorrelated() {
    let (p, q) = (0.3, 0.7);
    let pass = Pass::new(5, 6);
    let here = masks(pass, 7, p);
    let check = |what: &str, correlation: f64| assert!(correlation.abs() < 5.0, "{what}: {correlation}");
    for lag in [1, 2, 3, 4, 8, 15, 16, 17, 32, 64, 256, 1024] {
        check("entries", correlation(q, here.iter().flat_map(|m| m.iter().zip(&m[lag..]))));
    }
    for lag in [1, 2, 15, 16, 17, 64] {
        let samples = || here.iter().zip(&here[lag..]);
        check("samples", correlation(q, samples().flat_map(|(a, b)| a.iter().zip(b))));
        check("diagonals", correlation(q, samples().flat_map(|(a, b)| a.iter().zip(&b[lag..]))));
    }
    let others = [
        ("layers", masks(pass, 8, p)),
        ("steps", masks(Pass::new(5, 7), 7, p)),
        ("seeds", masks(Pass::new(6, 6), 7, p)),
        ("networks", masks(pass.nested(7), 7, p)),
    ];
    for (what, other) in &others {
        check(what, correlation(q, here.iter().flatten().zip(other.iter().flatten())));
    }
}

#[test]
fn a_group_equals_its_samples() {
    // Neither a whole number of blocks for a group nor for a sample.
    let pass = Pass::new(1, 2);
    let (mut flat, mut map) = ([Lanes([1.0_f32; LANES]); 131], [[Lanes([1.0_f32; LANES]); 3]; 71]);
    Dropout { p: 0.4 }.forward(&pass.group(32, 5), 3, &mut flat);
    Dropout2d { p: 0.4 }.forward(&pass.group(32, 5), 3, &mut map);
    for lane in 0..5 {
        let (mut of_flat, mut of_map) = ([f32::NAN; 131], [[f32::NAN; 3]; 71]);
        get_lane(&flat, lane, &mut of_flat);
        get_lane(map.as_flat(), lane, of_map.as_flat_mut());
        let (mut alone, mut map_alone) = ([1.0_f32; 131], [[1.0_f32; 3]; 71]);
        Dropout { p: 0.4 }.forward(&pass.group(32 + lane, 1), 3, &mut alone);
        Dropout2d { p: 0.4 }.forward(&pass.group(32 + lane, 1), 3, &mut map_alone);
        assert_eq!((alone, map_alone), (of_flat, of_map));
    }
}

#[test]
fn backward_draws_the_mask_of_forward() {
    let pass = Pass::new(8, 9).group(16, 16);
    let (mut y, mut dy) = ([[Lanes([1.0_f32; LANES]); 3]; 40], [[Lanes([1.0_f32; LANES]); 3]; 40]);
    Dropout { p: 0.5 }.forward(&pass, 1, &mut y);
    Dropout { p: 0.5 }.backward(&pass, 1, &mut dy);
    assert_eq!(y, dy);
    Dropout2d { p: 0.5 }.forward(&pass, 2, &mut y);
    Dropout2d { p: 0.5 }.backward(&pass, 2, &mut dy);
    assert_eq!(y, dy);
    assert!(Element::scalars(y.as_flat()).contains(&4.0) && Element::scalars(y.as_flat()).contains(&0.0));
}

#[test]
fn channels_are_dropped_whole_and_as_often_as_told() {
    let p = 0.3;
    let mut kept = 0.0;
    for first in (0..1600).step_by(LANES) {
        let mut y = [[Lanes([1.0_f32; LANES]); 5]; 21];
        Dropout2d { p }.forward(&Pass::new(1, 1).group(first, LANES), 0, &mut y);
        for channel in y {
            assert_eq!(channel, [channel[0]; 5]);
            kept += channel[0].0.iter().map(|&y| if y > 0.0 { 1.0 } else { 0.0 }).sum::<f64>();
        }
    }
    let n = 1600.0 * 21.0;
    assert!((kept / n - (1.0 - p)).abs() < 5.0 * libm::sqrt(p * (1.0 - p) / n), "{kept} of {n}");
}

#[test]
fn of_probability_0_and_1_all_and_nothing_is_kept() {
    let pass = Pass::new(1, 1);
    let x: [f32; 200] = core::array::from_fn(|i| i as f32 - 100.0);
    let mut y = x;
    Dropout { p: 0.0 }.forward(&pass, 0, &mut y);
    assert_eq!(y, x);
    Dropout { p: 1.0 }.forward(&pass, 0, &mut y);
    assert_eq!(y, [0.0; 200]);
    let mut map = [x; 3];
    Dropout2d { p: 0.0 }.forward(&pass, 0, &mut map);
    assert_eq!(map, [x; 3]);
    Dropout2d { p: 1.0 }.forward(&pass, 0, &mut map);
    assert_eq!(map, [[0.0; 200]; 3]);
}

/// As with PyTorch, which multiplies by the mask.
#[test]
fn a_nan_is_not_hidden() {
    let mut y = [f32::NAN; 100];
    Dropout { p: 0.5 }.forward(&Pass::new(1, 1), 0, &mut y);
    assert!(y.iter().all(|y| y.is_nan()));
}

#[test]
#[should_panic(expected = "a probability is between 0 and 1")]
fn a_probability_above_1_is_refused() {
    Dropout { p: 1.5 }.forward(&Pass::new(1, 1), 0, &mut [1.0_f32; 4]);
}

#[test]
#[should_panic(expected = "a probability is between 0 and 1")]
fn a_probability_that_is_no_number_is_refused() {
    Dropout2d { p: f64::NAN }.forward(&Pass::new(1, 1), 0, &mut [[1.0_f32; 4]; 2]);
}
