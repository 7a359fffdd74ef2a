//! Pools, on the active instruction set, against plain loops in f64: odd sizes, outputs pre-filled with NaN.

use super::{Pool, Windows};
use crate::element::LANES;
use crate::kernels::tests::{add, assert_sums, random};
use crate::kernels::{Function, Kernels};
use crate::shape::Window2d;

extern crate std;
use std::vec;
use std::vec::Vec;

const fn window(kernel: [usize; 2], stride: [usize; 2], padding: [usize; 2]) -> Window2d {
    Window2d::new(kernel, stride, padding)
}

const X: [usize; 2] = [7, 9];

/// Every kind of window, of which those of a mean have no gaps.
const WINDOWS: [Window2d; 8] = [
    window([2, 2], [2, 2], [0, 0]),
    window([3, 2], [2, 1], [1, 1]),
    window([1, 3], [1, 4], [0, 1]),
    window([4, 3], [1, 1], [2, 0]).with_padding_end([1, 1]),
    Window2d::same([2, 3], [1, 1]),
    window([2, 3], [1, 2], [1, 2]).with_dilation([3, 2]),
    window([3, 2], [3, 1], [1, 1]).with_dilation([2, 5]).with_padding_end([2, 0]),
    Window2d::same([3, 2], [2, 4]),
];

fn sliding(window: Window2d, padding_counts: bool) -> Pool {
    Pool { channels: 3, windows: Windows::Sliding(window), padding_counts, x: X, y: window.output(X).unwrap() }
}

/// The shapes of maxima, and those of means.
fn shapes() -> (Vec<Pool>, Vec<Pool>) {
    let mut max: Vec<Pool> = WINDOWS.into_iter().map(|window| sliding(window, false)).collect();
    let dense = WINDOWS.into_iter().filter(|window| window.dilation == [1, 1]);
    let mut avg: Vec<Pool> = dense.flat_map(|window| [true, false].map(|counts| sliding(window, counts))).collect();
    for y in [[1, 1], [3, 4], [7, 5], [10, 20], [2, 9]] {
        let adaptive = Pool { channels: 3, windows: Windows::Adaptive, padding_counts: false, x: X, y };
        max.push(adaptive);
        avg.push(adaptive);
    }
    (max, avg)
}

/// The entries of x in the window of entry `yi` of y, padding left out, and by how many a mean divides.
fn window_of(shape: &Pool, yi: usize) -> (Vec<usize>, usize) {
    let Pool { x, y, .. } = *shape;
    let at = [yi / y[1] % y[0], yi % y[1]];
    let axis = |a: usize| -> Vec<usize> {
        match shape.windows {
            Windows::Sliding(Window2d { kernel, stride, padding, dilation, .. }) => {
                let tap =
                    |k: usize| (at[a] * stride[a] + k * dilation[a]).checked_sub(padding[a]).filter(|&i| i < x[a]);
                (0..kernel[a]).filter_map(tap).collect()
            }
            Windows::Adaptive => {
                let ends = [at[a], at[a] + 1].map(|n| (n * x[a]) as f64 / y[a] as f64);
                (0..x[a]).filter(|&i| i as f64 >= ends[0].floor() && (i as f64) < ends[1].ceil()).collect()
            }
        }
    };
    let (rows, columns) = (axis(0), axis(1));
    let places =
        rows.iter().flat_map(|row| columns.iter().map(move |column| (yi / (y[0] * y[1]) * x[0] + row) * x[1] + column));
    let places: Vec<usize> = places.collect();
    let divisor = match shape.windows {
        Windows::Sliding(window) if shape.padding_counts => window.kernel[0] * window.kernel[1],
        _ => places.len(),
    };
    (places, divisor)
}

fn lane(values: &[f32], l: usize, lanes: usize) -> Vec<f32> {
    values[l..].iter().step_by(lanes).copied().collect()
}

/// Pools compute each lane like a lone sample, to the bit.
#[test]
fn pools_of_a_group_equal_those_of_its_samples() {
    let run = |shape: &Pool, lanes: usize, max: bool, x: &[f32], dy: &[f32]| {
        let (mut y, mut dx) = (vec![f32::NAN; dy.len()], vec![f32::NAN; x.len()]);
        if max {
            f32::max_pool(lanes, shape, x, &mut y);
            f32::max_pool_gradient(lanes, shape, x, dy, &mut dx);
        } else {
            f32::avg_pool(lanes, shape, x, &mut y);
            f32::avg_pool_gradient(lanes, shape, dy, &mut dx);
        }
        [y, dx]
    };
    let (max, avg) = shapes();
    for (shape, max) in max.iter().map(|shape| (shape, true)).chain(avg.iter().map(|shape| (shape, false))) {
        let (x, dy) = (random(3 * 63 * LANES, 1), random(3 * shape.y[0] * shape.y[1] * LANES, 2));
        let groups = run(shape, LANES, max, &x, &dy);
        for l in 0..LANES {
            let alone = run(shape, 1, max, &lane(&x, l, LANES), &lane(&dy, l, LANES));
            assert_eq!(groups.each_ref().map(|group| lane(group, l, LANES)), alone, "{shape:?}");
        }
    }
}

#[test]
fn maxima_equal_plain_loops() {
    for shape in shapes().0 {
        let (nx, ny) = (3 * 63, 3 * shape.y[0] * shape.y[1]);
        let (x, dy) = (random(nx, 1), random(ny, 2));
        let (mut want_y, mut want_dx) = (vec![f32::NEG_INFINITY; ny], vec![0.0_f32; nx]);
        for yi in 0..ny {
            let places = window_of(&shape, yi).0.into_iter();
            if let Some(best) = places.reduce(|best, i| if x[i] > x[best] { i } else { best }) {
                want_y[yi] = x[best];
                want_dx[best] += dy[yi];
            }
        }
        let (mut y, mut dx) = (vec![f32::NAN; ny], vec![f32::NAN; nx]);
        f32::max_pool(1, &shape, &x, &mut y);
        f32::max_pool_gradient(1, &shape, &x, &dy, &mut dx);
        assert_eq!((y, dx), (want_y, want_dx), "{shape:?}");
    }
}

/// Bit by bit: a zero may have another sign.
#[test]
fn maxima_in_place_equal_those_beside_and_a_function() {
    let plain = |window: &Window2d| {
        let Window2d { kernel, stride, padding, padding_end, dilation } = *window;
        [padding, padding_end] == [[0; 2]; 2] && dilation == [1; 2] && kernel <= stride && kernel[1] <= stride[1]
    };
    let more = [window([2, 3], [3, 3], [0, 0]), window([1, 2], [4, 5], [0, 0]), window([7, 9], [8, 10], [0, 0])];
    let windows: Vec<_> = WINDOWS.into_iter().filter(plain).chain(more).collect();
    assert_eq!(windows.len(), 4);
    let functions = [None, Some(Function::Relu), Some(Function::LeakyRelu(0.1)), Some(Function::Tanh)];
    for (window, lanes) in windows.into_iter().flat_map(|window| [(window, 1), (window, LANES)]) {
        let shape = sliding(window, false);
        let (x, dy) = (random(3 * 63 * lanes, 1), random(3 * shape.y[0] * shape.y[1] * lanes, 2));
        for function in functions {
            let mut kept = x.clone();
            function.inspect(|function| f32::activation(*function, &mut kept));
            let mut want = vec![f32::NAN; x.len()];
            f32::max_pool_gradient(lanes, &shape, &kept, &dy, &mut want);
            function.inspect(|function| f32::activation_gradient(*function, &kept, &mut want));
            f32::max_pool_gradient_in_place(lanes, &shape, function, &dy, &mut kept);
            assert_eq!(kept, want, "{window:?} {function:?} {lanes}");
        }
    }
}

/// The first of equal entries takes the gradient; in a window with a NaN, some entry.
#[test]
fn one_entry_of_a_window_takes_its_gradient_in_place() {
    const NONE: f32 = f32::NEG_INFINITY;
    for (kernel, lanes) in [([2, 2], 1), ([2, 2], LANES), ([2, 1], 1), ([2, 1], LANES)] {
        let windows = Windows::Sliding(window(kernel, [2, 2], [0, 0]));
        let shape = Pool { channels: 1, windows, padding_counts: false, x: [2, 4], y: [1, 2] };
        let gradient = |x: [f32; 8]| {
            let mut x: Vec<f32> = x.into_iter().flat_map(|x| vec![x; lanes]).collect();
            let dy: Vec<f32> = [5.0, 7.0].into_iter().flat_map(|dy| vec![dy; lanes]).collect();
            f32::max_pool_gradient_in_place(lanes, &shape, None, &dy, &mut x);
            lane(&x, 0, lanes)
        };
        let want = [5.0, 0.0, 7.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        assert_eq!(gradient([3.0, 1.0, NONE, NONE, 3.0, 3.0, NONE, NONE]), want, "{kernel:?} {lanes}");
        let mut of_nan = gradient([1.0, 0.5, f32::NAN, 1.0, f32::NAN, 3.0, 2.0, f32::NAN]);
        of_nan.sort_by(f32::total_cmp);
        assert_eq!(of_nan, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 5.0, 7.0], "{kernel:?} {lanes}");
    }
}

#[test]
#[should_panic(expected = "the windows do not overlap")]
fn windows_that_overlap_are_refused_in_place() {
    let shape = sliding(window([3, 2], [2, 2], [0, 0]), false);
    f32::max_pool_gradient_in_place(1, &shape, None, &random(3 * shape.y[0] * shape.y[1], 1), &mut random(3 * 63, 1));
}

#[test]
#[should_panic(expected = "follows from its output")]
fn functions_that_need_their_input_are_refused_in_place() {
    let shape = sliding(WINDOWS[0], false);
    let dy = random(3 * shape.y[0] * shape.y[1], 1);
    f32::max_pool_gradient_in_place(1, &shape, Some(Function::Gelu), &dy, &mut random(3 * 63, 1));
}

#[test]
fn means_equal_plain_loops() {
    for shape in shapes().1 {
        let (nx, ny) = (3 * 63, 3 * shape.y[0] * shape.y[1]);
        let (x, dy) = (random(nx, 1), random(ny, 2));
        let (mut want_y, mut want_dx) = (vec![(0.0, 0.0, 0); ny], vec![(0.0, 0.0, 0); nx]);
        for yi in 0..ny {
            let (places, divisor) = window_of(&shape, yi);
            for i in places {
                // rounded once, as two of the roundings that `assert_sums` allows for
                add(&mut want_y[yi], x[i], 1.0 / divisor as f32);
                add(&mut want_dx[i], dy[yi], 1.0 / divisor as f32);
            }
        }
        let (mut y, mut dx) = (vec![f32::NAN; ny], vec![f32::NAN; nx]);
        f32::avg_pool(1, &shape, &x, &mut y);
        f32::avg_pool_gradient(1, &shape, &dy, &mut dx);
        assert_sums("avg y", &y, &want_y);
        assert_sums("avg dx", &dx, &want_dx);
    }
}

/// As in PyTorch: taps at −1 and 1 of a single entry at 0 see nothing.
#[test]
fn a_window_whose_taps_are_all_in_the_padding_has_no_maximum() {
    let window = window([1, 2], [1, 1], [0, 1]).with_dilation([1, 2]);
    let windows = Windows::Sliding(window);
    let shape = Pool { channels: 1, windows, padding_counts: false, x: [1, 1], y: [1, 1] };
    let (mut y, mut dx) = ([f32::NAN], [f32::NAN]);
    f32::max_pool(1, &shape, &[3.0], &mut y);
    f32::max_pool_gradient(1, &shape, &[3.0], &[5.0], &mut dx);
    assert_eq!((y, dx), ([f32::NEG_INFINITY], [0.0]));
}

#[test]
#[should_panic(expected = "the window of a mean has no gaps")]
fn a_dilated_mean_is_refused() {
    let shape = sliding(WINDOWS[5], true);
    f32::avg_pool(1, &shape, &random(3 * 63, 1), &mut vec![0.0; 3 * shape.y[0] * shape.y[1]]);
}
