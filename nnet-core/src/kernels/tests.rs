//! Every kernel, on the active instruction set, against plain loops in f64: odd sizes, outputs pre-filled with NaN.

use super::{Convolution, Factors, Function, Kernels, Pooled};
use crate::element::LANES;
use crate::random::Random;
use crate::shape::Window2d;

extern crate std;
use std::vec;
use std::vec::Vec;

pub(super) fn random(n: usize, seed: u64) -> Vec<f32> {
    let mut random = Random::new(seed);
    #[allow(clippy::cast_possible_truncation, reason = "any f32 will do")]
    (0..n).map(|_| (2.0 * random.uniform() - 1.0) as f32).collect()
}

/// Compares each entry with its sum in f64: `want` holds (Σ aᵢbᵢ, Σ |aᵢbᵢ|, terms). The bound is the usual one for a sum of k
/// rounded terms, whatever its order.
pub(super) fn assert_sums(what: &str, got: &[f32], want: &[(f64, f64, usize)]) {
    assert_eq!(got.len(), want.len());
    for (i, (&got, &(sum, magnitude, terms))) in got.iter().zip(want).enumerate() {
        #[allow(clippy::cast_precision_loss, reason = "few terms")]
        let tolerance = (terms as f64 + 2.0) * f64::from(f32::EPSILON) * magnitude;
        let error = (f64::from(got) - sum).abs();
        let isa = crate::simd::active();
        assert!(error <= tolerance, "{what}[{i}] {isa}: got {got}, want {sum}, tolerance {tolerance}");
    }
}

pub(super) fn add(sum: &mut (f64, f64, usize), a: f32, b: f32) {
    let product = f64::from(a) * f64::from(b);
    *sum = (sum.0 + product, sum.1 + product.abs(), sum.2 + 1);
}

/// Channels of one group on both sides, groups, height and width of x, window.
const SHAPES: [(usize, usize, usize, [usize; 2], Window2d); 16] = [
    (1, 6, 1, [28, 28], Window2d::new([5, 5], [1, 1], [2, 2])),
    (6, 16, 1, [14, 14], Window2d::new([5, 5], [1, 1], [0, 0])),
    (3, 7, 1, [9, 11], Window2d::new([3, 2], [2, 1], [1, 0])),
    (2, 1, 1, [8, 5], Window2d::new([1, 1], [1, 1], [0, 0])),
    (5, 13, 1, [7, 7], Window2d::new([7, 7], [1, 1], [3, 3])),
    (1, 5, 1, [6, 10], Window2d::new([2, 3], [3, 4], [1, 2])),
    (4, 4, 1, [3, 3], Window2d::new([5, 4], [1, 2], [2, 3])),
    (2, 3, 1, [5, 6], Window2d::new([1, 2], [3, 3], [0, 0])),
    // depthwise, with one and with several outputs a channel
    (1, 1, 13, [9, 10], Window2d::new([3, 3], [1, 1], [1, 1])),
    (1, 3, 4, [11, 6], Window2d::new([5, 3], [2, 2], [2, 1])),
    // groups
    (3, 5, 2, [6, 7], Window2d::new([3, 2], [1, 1], [0, 1])),
    (2, 7, 3, [5, 9], Window2d::new([2, 5], [2, 3], [1, 4]).with_padding_end([0, 2])),
    // dilation, alone and beside strides with and without a common divisor
    (2, 3, 1, [13, 11], Window2d::new([3, 2], [1, 1], [2, 1]).with_dilation([2, 5])),
    (3, 2, 2, [12, 17], Window2d::new([4, 5], [2, 3], [3, 5]).with_dilation([4, 2]).with_padding_end([1, 4])),
    (2, 2, 1, [10, 16], Window2d::new([3, 3], [4, 6], [1, 5]).with_dilation([2, 4]).with_padding_end([3, 0])),
    // PyTorch's padding = "same" with an even kernel
    (2, 6, 1, [9, 10], Window2d::same([4, 2], [1, 3])),
];

/// Calls `product` with the indices (w, x, y) of every product of the convolution, entries not scalars.
fn products(shape: &Convolution, mut product: impl FnMut(usize, usize, usize)) {
    let Convolution { inputs, outputs, groups, window, x, y } = *shape;
    let Window2d { kernel, stride, padding, dilation, .. } = window;
    let (inputs, outputs) = (inputs / groups, outputs / groups);
    let inside = |a: usize, n: usize, k: usize| {
        (n * stride[a] + k * dilation[a]).checked_sub(padding[a]).filter(|&place| place < x[a])
    };
    for (o, i) in (0..outputs * groups).flat_map(|o| (0..inputs).map(move |i| (o, i))) {
        let source = o / outputs * inputs + i;
        for (r, c) in (0..y[0]).flat_map(|r| (0..y[1]).map(move |c| (r, c))) {
            for (kh, kw) in (0..kernel[0]).flat_map(|kh| (0..kernel[1]).map(move |kw| (kh, kw))) {
                if let (Some(row), Some(column)) = (inside(0, r, kh), inside(1, c, kw)) {
                    let w = ((o * inputs + i) * kernel[0] + kh) * kernel[1] + kw;
                    product(w, (source * x[0] + row) * x[1] + column, (o * y[0] + r) * y[1] + c);
                }
            }
        }
    }
}

#[test]
fn convolutions_equal_plain_loops() {
    let with_y = |shape: (usize, usize, usize, [usize; 2], Window2d)| {
        let most = shape.4.output(shape.3).unwrap();
        // A transposed convolution may have fewer outputs than the window allows.
        [(shape, most), (shape, most.map(|n| n.max(2) - 1))]
    };
    for ((inputs, outputs, groups, x_size, window), y_size) in SHAPES.into_iter().flat_map(with_y) {
        let (inputs, outputs) = (inputs * groups, outputs * groups);
        let shape = Convolution { inputs, outputs, groups, window, x: x_size, y: y_size };
        for lanes in [1, LANES] {
            let (nx, ny) = (inputs * x_size[0] * x_size[1], outputs * y_size[0] * y_size[1]);
            let w = random(outputs * (inputs / groups) * window.kernel[0] * window.kernel[1], 1);
            let (b, x, dy) = (random(outputs, 2), random(nx * lanes, 3), random(ny * lanes, 4));
            let start: Vec<f32> = random(w.len(), 5);

            let mut want_y = vec![(0.0, 0.0, 0); ny * lanes];
            let mut want_dx = vec![(0.0, 0.0, 0); nx * lanes];
            let mut want_dw = vec![(0.0, 0.0, 0); w.len()];
            for (i, want) in want_y.iter_mut().enumerate() {
                add(want, b[i / lanes / (y_size[0] * y_size[1])], 1.0);
            }
            for (want, &start) in want_dw.iter_mut().zip(&start) {
                add(want, start, 1.0);
            }
            products(&shape, |wi, xi, yi| {
                for l in 0..lanes {
                    let (xi, yi) = (xi * lanes + l, yi * lanes + l);
                    add(&mut want_y[yi], w[wi], x[xi]);
                    add(&mut want_dx[xi], w[wi], dy[yi]);
                    add(&mut want_dw[wi], dy[yi], x[xi]);
                }
            });

            let mut y = vec![f32::NAN; ny * lanes];
            f32::convolution(lanes, shape, &w, &b, &x, &mut y);
            assert_sums("y", &y, &want_y);
            let mut dx = vec![f32::NAN; nx * lanes];
            f32::convolution_transposed(lanes, &shape, &w, &[], &dy, &mut dx);
            assert_sums("dx", &dx, &want_dx);
            let biases = random(inputs, 6);
            for (i, want) in want_dx.iter_mut().enumerate() {
                add(want, biases[i / lanes / (x_size[0] * x_size[1])], 1.0);
            }
            f32::convolution_transposed(lanes, &shape, &w, &biases, &dy, &mut dx);
            assert_sums("dx with a bias", &dx, &want_dx);
            let mut dw = start.clone();
            f32::convolution_weight_gradient(lanes, &shape, &x, &dy, &mut dw);
            assert_sums("dw", &dw, &want_dw);
        }
    }
}

/// In f64, where it is a plain loop that the layer's tests compare with its three parts.
fn pooled_in_f64(lanes: usize, shape: &Pooled<f64>, [w, b, x]: [&[f32]; 3], n: usize) -> Vec<f64> {
    let [w, b, x] = [w, b, x].map(|numbers| numbers.iter().copied().map(f64::from).collect::<Vec<_>>());
    let mut y = vec![f64::NAN; n];
    shape.run(lanes, &w, &b, &x, &mut y);
    y
}

#[test]
fn convolutions_with_a_pool_equal_plain_loops() {
    let mut checked = 0;
    for (inputs, outputs, groups, x_size, window) in SHAPES {
        let (inputs, outputs, map) = (inputs * groups, outputs * groups, window.output(x_size).unwrap());
        let convolution = Convolution { inputs, outputs, groups, window, x: x_size, y: map };
        let terms = inputs / groups * window.kernel[0] * window.kernel[1];
        for (pool, lanes) in
            [[2, 2], [1, 3], [3, 1], [2, 5], [4, 2]].into_iter().flat_map(|pool| [(pool, 1), (pool, LANES)])
        {
            let n = outputs * (map[0] / pool[0]) * (map[1] / pool[1]) * lanes;
            let [w, b] = [random(outputs * terms, 1), random(outputs, 2)];
            let x = random(inputs * x_size[0] * x_size[1] * lanes, 3);
            // No sum of products is larger than that of their magnitudes, wherever in the window it is.
            let sizes = [&w, &b, &x].map(|numbers| numbers.iter().map(|n| n.abs()).collect::<Vec<_>>());
            let largest = Pooled::new(convolution, None, pool, false);
            let magnitudes = pooled_in_f64(lanes, &largest, sizes.each_ref().map(|numbers| &numbers[..]), n);
            for (function, mean) in [(None, false), (Some(Function::Relu), false), (Some(Function::Relu), true)] {
                let want = pooled_in_f64(lanes, &Pooled::new(convolution, function, pool, mean), [&w, &b, &x], n);
                let shape = Pooled::new(convolution, function, pool, mean);
                let mut y = vec![f32::NAN; n];
                shape.run(lanes, &w, &b, &x, &mut y);
                for (i, ((&got, &want), magnitude)) in y.iter().zip(&want).zip(&magnitudes).enumerate() {
                    let rounded = terms + pool[0] * pool[1] + 3;
                    let tolerance = rounded as f64 * f64::from(f32::EPSILON) * magnitude;
                    let error = (f64::from(got) - want).abs();
                    assert!(error <= tolerance, "{shape:?} {lanes} y[{i}]: got {got}, want {want}");
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 10_000, "{checked} entries");
}

#[test]
fn linear_layers_equal_plain_loops() {
    for (inputs, outputs) in [(400, 120), (84, 10), (1, 1), (7, 3), (65, 17), (130, 31), (16, 33), (6, 4), (18, 44)] {
        for lanes in [1, LANES] {
            let w = random(outputs * inputs, 1);
            let (b, x, dy) = (random(outputs, 2), random(inputs * lanes, 3), random(outputs * lanes, 4));
            let start: Vec<f32> = random(w.len(), 5);
            let mut want_y = vec![(0.0, 0.0, 0); outputs * lanes];
            let mut want_dx = vec![(0.0, 0.0, 0); inputs * lanes];
            let mut want_dw = vec![(0.0, 0.0, 0); w.len()];
            let mut want_db = vec![(0.0, 0.0, 0); outputs];
            for o in 0..outputs {
                for l in 0..lanes {
                    add(&mut want_y[o * lanes + l], b[o], 1.0);
                    add(&mut want_db[o], dy[o * lanes + l], 1.0);
                }
                for i in 0..inputs {
                    add(&mut want_dw[o * inputs + i], start[o * inputs + i], 1.0);
                    for l in 0..lanes {
                        add(&mut want_y[o * lanes + l], w[o * inputs + i], x[i * lanes + l]);
                        add(&mut want_dx[i * lanes + l], w[o * inputs + i], dy[o * lanes + l]);
                        add(&mut want_dw[o * inputs + i], dy[o * lanes + l], x[i * lanes + l]);
                    }
                }
            }
            let mut y = vec![f32::NAN; outputs * lanes];
            f32::linear(lanes, &w, &b, &x, &mut y);
            assert_sums("y", &y, &want_y);
            let mut dx = vec![f32::NAN; inputs * lanes];
            f32::linear_input_gradient(lanes, &w, &dy, &mut dx);
            assert_sums("dx", &dx, &want_dx);
            let mut dw = start.clone();
            f32::linear_weight_gradient(lanes, &x, &dy, &mut dw);
            assert_sums("dw", &dw, &want_dw);
            let mut db = vec![0.0; outputs];
            f32::bias_gradient(lanes, &dy, &mut db);
            assert_sums("db", &db, &want_db);
        }
    }
}

/// dw of several groups from their factors, the first time over NaN, the second time added.
#[test]
fn sums_of_outer_products_equal_plain_loops() {
    for (inputs, outputs, groups) in
        [(400, 12, 4), (1, 1, 1), (7, 3, 2), (65, 17, 3), (130, 5, 1), (16, 6, 9), (18, 44, 2)]
    {
        let length = Factors::<f32>::turned_length(inputs);
        // The factors stand somewhere in their groups, and the first two rows of dy are another piece's.
        let (x_at, dy_at) = (3, 3 + length + 5);
        let [x, dy] = [(inputs, 1), (outputs + 2, 2)].map(|(n, seed)| random(groups * n * LANES, seed));
        let (x, dy) = (x.chunks(inputs * LANES), dy.chunks((outputs + 2) * LANES));
        let mut want = vec![(0.0, 0.0, 0); outputs * inputs];
        let mut kept = Vec::new();
        for (x, dy) in x.zip(dy) {
            let mut group = vec![f32::NAN; dy_at + dy.len()];
            f32::turn(x, &mut group[x_at..][..length]);
            group[dy_at..].copy_from_slice(dy);
            kept.push(group);
            for (at, want) in want.iter_mut().enumerate() {
                let (o, i) = (at / inputs, at % inputs);
                (0..LANES).for_each(|l| add(want, dy[(o + 2) * LANES + l], x[i * LANES + l]));
            }
        }
        let groups: Vec<&[f32]> = kept.iter().map(|group| &group[..]).collect();
        let factors = Factors { groups: &groups, x: x_at, dy: dy_at + 2 * LANES, inputs };
        let mut dw = vec![f32::NAN; outputs * inputs];
        f32::sum_of_products(true, &factors, &mut dw);
        assert_sums("dw", &dw, &want);
        f32::sum_of_products(false, &factors, &mut dw);
        let twice: Vec<_> = want.iter().map(|&(sum, size, terms)| (2.0 * sum, 2.0 * size, 2 * terms)).collect();
        assert_sums("dw twice", &dw, &twice);
    }
}

/// A product with the identity needs no tolerance.
#[test]
fn the_identity_changes_no_bit() {
    let n = 37;
    let mut w = vec![0.0_f32; n * n];
    w.iter_mut().step_by(n + 1).for_each(|w| *w = 1.0);
    for lanes in [1, LANES] {
        let x = random(n * lanes, 1);
        let (mut y, mut dx) = (vec![f32::NAN; n * lanes], vec![f32::NAN; n * lanes]);
        f32::linear(lanes, &w, &[], &x, &mut y);
        f32::linear_input_gradient(lanes, &w, &x, &mut dx);
        assert_eq!((&y, &dx), (&x, &x));
    }
}
