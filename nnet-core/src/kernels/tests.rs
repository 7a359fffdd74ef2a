//! Every kernel, on the active instruction set, against plain loops in f64: odd sizes, outputs pre-filled with NaN.

use super::{Convolution, Function, Kernels, Pool};
use crate::element::LANES;
use crate::random::Random;
use crate::shape::Window2d;

extern crate std;
use std::vec;
use std::vec::Vec;

fn random(n: usize, seed: u64) -> Vec<f32> {
    let mut random = Random::new(seed);
    #[allow(clippy::cast_possible_truncation, reason = "any f32 will do")]
    (0..n).map(|_| (2.0 * random.uniform() - 1.0) as f32).collect()
}

/// Compares each entry with its sum in f64: `want` holds (Σ aᵢbᵢ, Σ |aᵢbᵢ|, terms). The bound is the usual one for a sum of k
/// rounded terms, whatever its order.
fn assert_sums(what: &str, got: &[f32], want: &[(f64, f64, usize)]) {
    assert_eq!(got.len(), want.len());
    for (i, (&got, &(sum, magnitude, terms))) in got.iter().zip(want).enumerate() {
        #[allow(clippy::cast_precision_loss, reason = "few terms")]
        let tolerance = (terms as f64 + 2.0) * f64::from(f32::EPSILON) * magnitude;
        let error = (f64::from(got) - sum).abs();
        let isa = crate::simd::active();
        assert!(error <= tolerance, "{what}[{i}] {isa}: got {got}, want {sum}, tolerance {tolerance}");
    }
}

fn add(sum: &mut (f64, f64, usize), a: f32, b: f32) {
    let product = f64::from(a) * f64::from(b);
    *sum = (sum.0 + product, sum.1 + product.abs(), sum.2 + 1);
}

const SHAPES: [(usize, usize, [usize; 2], Window2d); 8] = [
    (1, 6, [28, 28], Window2d::new([5, 5], [1, 1], [2, 2])),
    (6, 16, [14, 14], Window2d::new([5, 5], [1, 1], [0, 0])),
    (3, 7, [9, 11], Window2d::new([3, 2], [2, 1], [1, 0])),
    (2, 1, [8, 5], Window2d::new([1, 1], [1, 1], [0, 0])),
    (5, 13, [7, 7], Window2d::new([7, 7], [1, 1], [3, 3])),
    (1, 5, [6, 10], Window2d::new([2, 3], [3, 4], [1, 2])),
    (4, 4, [3, 3], Window2d::new([5, 4], [1, 2], [2, 3])),
    (2, 3, [5, 6], Window2d::new([1, 2], [3, 3], [0, 0])),
];

/// Calls `product` with the indices (w, x, y) of every product of the convolution, entries not scalars.
fn products(shape: &Convolution, mut product: impl FnMut(usize, usize, usize)) {
    let Convolution { inputs, outputs, window: Window2d { kernel, stride, padding }, x, y } = *shape;
    for o in 0..outputs {
        for i in 0..inputs {
            for (r, c) in (0..y[0]).flat_map(|r| (0..y[1]).map(move |c| (r, c))) {
                for (kh, kw) in (0..kernel[0]).flat_map(|kh| (0..kernel[1]).map(move |kw| (kh, kw))) {
                    let row = (r * stride[0] + kh).checked_sub(padding[0]).filter(|&row| row < x[0]);
                    let column = (c * stride[1] + kw).checked_sub(padding[1]).filter(|&column| column < x[1]);
                    if let (Some(row), Some(column)) = (row, column) {
                        let w = ((o * inputs + i) * kernel[0] + kh) * kernel[1] + kw;
                        product(w, (i * x[0] + row) * x[1] + column, (o * y[0] + r) * y[1] + c);
                    }
                }
            }
        }
    }
}

#[test]
fn convolutions_equal_plain_loops() {
    for (inputs, outputs, x_size, window) in SHAPES {
        let y_size = window.output(x_size).unwrap();
        let shape = Convolution { inputs, outputs, window, x: x_size, y: y_size };
        for lanes in [1, LANES] {
            let (nx, ny) = (inputs * x_size[0] * x_size[1], outputs * y_size[0] * y_size[1]);
            let w = random(outputs * inputs * window.kernel[0] * window.kernel[1], 1);
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
            f32::convolution(lanes, &shape, &w, &b, &x, &mut y);
            assert_sums("y", &y, &want_y);
            let mut dx = vec![f32::NAN; nx * lanes];
            f32::convolution_input_gradient(lanes, &shape, &w, &dy, &mut dx);
            assert_sums("dx", &dx, &want_dx);
            let mut dw = start.clone();
            f32::convolution_weight_gradient(lanes, &shape, &x, &dy, &mut dw);
            assert_sums("dw", &dw, &want_dw);
        }
    }
}

#[test]
fn linear_layers_equal_plain_loops() {
    for (inputs, outputs) in [(400, 120), (84, 10), (1, 1), (7, 3), (65, 17), (130, 31), (16, 33)] {
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
            f32::bias_gradient(&dy, &mut db);
            assert_sums("db", &db, &want_db);
        }
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

/// Pools compute each lane like a lone sample, to the bit.
#[test]
fn pools_of_a_group_equal_those_of_its_samples() {
    for (kernel, stride, padding) in [([2, 2], [2, 2], [0, 0]), ([3, 2], [2, 1], [1, 1]), ([1, 3], [1, 3], [0, 1])] {
        let window = Window2d::new(kernel, stride, padding);
        let x_size = [9, 8];
        let shape = Pool { channels: 3, window, x: x_size, y: window.output(x_size).unwrap() };
        let (nx, ny) = (3 * 72, 3 * shape.y[0] * shape.y[1]);
        let (x, dy) = (random(nx * LANES, 1), random(ny * LANES, 2));
        let run = |lanes: usize, x: &[f32], dy: &[f32]| {
            let mut out = [vec![f32::NAN; ny * lanes], vec![f32::NAN; ny * lanes]];
            let mut back = [vec![f32::NAN; nx * lanes], vec![f32::NAN; nx * lanes]];
            f32::max_pool(lanes, &shape, x, &mut out[0]);
            f32::avg_pool(lanes, &shape, x, &mut out[1]);
            f32::max_pool_gradient(lanes, &shape, x, dy, &mut back[0]);
            f32::avg_pool_gradient(lanes, &shape, dy, &mut back[1]);
            [out, back].concat()
        };
        let groups = run(LANES, &x, &dy);
        for l in 0..LANES {
            let lane = |v: &[f32]| v[l..].iter().step_by(LANES).copied().collect::<Vec<_>>();
            let alone = run(1, &lane(&x), &lane(&dy));
            for (group, alone) in groups.iter().zip(&alone) {
                assert_eq!(&lane(group), alone);
            }
        }
    }
}

/// The rows and columns of x in the window of output (r, c), padding left out.
fn window_of(shape: &Pool, r: usize, c: usize) -> Vec<(usize, usize)> {
    let Pool { window: Window2d { kernel, stride, padding }, x, .. } = *shape;
    let inside = |a: usize, n: usize, k: usize| (n * stride[a] + k).checked_sub(padding[a]).filter(|&i| i < x[a]);
    let taps = (0..kernel[0]).flat_map(|kh| (0..kernel[1]).map(move |kw| (kh, kw)));
    taps.filter_map(|(kh, kw)| Some((inside(0, r, kh)?, inside(1, c, kw)?))).collect()
}

#[test]
fn pools_equal_plain_loops() {
    for (kernel, stride, padding) in [([2, 2], [2, 2], [0, 0]), ([3, 2], [2, 1], [1, 1]), ([1, 3], [1, 4], [0, 1])] {
        let window = Window2d::new(kernel, stride, padding);
        let shape = Pool { channels: 2, window, x: [7, 9], y: window.output([7, 9]).unwrap() };
        let (nx, ny) = (2 * 63, 2 * shape.y[0] * shape.y[1]);
        let (x, dy) = (random(nx, 1), random(ny, 2));
        let share = 1.0 / (kernel[0] * kernel[1]) as f32;
        let mut want_max = vec![0.0; ny];
        let mut want_dx = vec![0.0_f32; nx];
        let mut want_avg = vec![(0.0, 0.0, 0); ny];
        let mut want_avg_dx = vec![(0.0, 0.0, 0); nx];
        for yi in 0..ny {
            let (channel, r, c) = (yi / (shape.y[0] * shape.y[1]), yi / shape.y[1] % shape.y[0], yi % shape.y[1]);
            let places = window_of(&shape, r, c).into_iter().map(|(row, column)| (channel * 7 + row) * 9 + column);
            let best = places.clone().reduce(|best, i| if x[i] > x[best] { i } else { best }).unwrap();
            want_max[yi] = x[best];
            want_dx[best] += dy[yi];
            for i in places {
                add(&mut want_avg[yi], x[i], share);
                add(&mut want_avg_dx[i], dy[yi], share);
            }
        }
        let (mut y, mut dx) = (vec![f32::NAN; ny], vec![f32::NAN; nx]);
        f32::max_pool(1, &shape, &x, &mut y);
        f32::max_pool_gradient(1, &shape, &x, &dy, &mut dx);
        assert_eq!((&y, &dx), (&want_max, &want_dx));
        f32::avg_pool(1, &shape, &x, &mut y);
        f32::avg_pool_gradient(1, &shape, &dy, &mut dx);
        assert_sums("avg y", &y, &want_avg);
        assert_sums("avg dx", &dx, &want_avg_dx);
    }
}

/// Activations in f32, on the active instruction set, against the same functions in f64: within a few roundings of the result,
/// and where a result is a difference from 1, of that.
#[test]
fn activations_equal_those_of_f64() {
    let functions = [Function::Relu, Function::LeakyRelu(0.1), Function::Sigmoid, Function::Tanh, Function::Gelu];
    let x: Vec<f32> = (-2000..=2000).map(|i| i as f32 * 0.01).collect();
    let dy = random(x.len(), 3);
    for function in functions {
        let (mut y, mut want_y) = (x.clone(), x.iter().copied().map(f64::from).collect::<Vec<_>>());
        f32::activation(function, &mut y);
        f64::activation(function, &mut want_y);
        let of_input = function == Function::Gelu;
        let (mut dx, mut want_dx) = (dy.clone(), dy.iter().copied().map(f64::from).collect::<Vec<_>>());
        f32::activation_gradient(function, if of_input { &x } else { &y }, &mut dx);
        let wide = |v: &[f32]| v.iter().copied().map(f64::from).collect::<Vec<_>>();
        f64::activation_gradient(function, &wide(if of_input { &x } else { &y }), &mut want_dx);
        for k in 0..x.len() {
            let near = |got: f32, want: f64, scale: f64| {
                (f64::from(got) - want).abs() <= 8.0 * f64::from(f32::EPSILON) * scale.max(want.abs())
            };
            let at = x[k];
            assert!(near(y[k], want_y[k], f64::from(f32::MIN_POSITIVE)) || of_input, "{function:?}({at}): {}", y[k]);
            // Φ by erfc has a relative error that grows with the square of its argument.
            assert!(near(y[k], want_y[k], 1e-3), "{function:?}({at}): got {}, want {}", y[k], want_y[k]);
            assert!(
                near(dx[k], want_dx[k], f64::from(dy[k].abs())),
                "{function:?}'({at}): got {}, want {}",
                dx[k],
                want_dx[k]
            );
        }
    }
}
