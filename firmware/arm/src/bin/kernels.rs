//! Convolutions of other kernels than LeNet's on the board's floating-point unit, beside plain loops.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use measure::{exit, say};
use nnet::layers::Conv2d;
use nnet::shape::Window2d;
use nnet::{Flat, Random, Tensor};

measure::exit_on_panic!();

/// How many numbers of a convolution, its output and the gradients of its input and weights, are not those of plain loops.
fn wrong<const OUT: usize, const IN: usize, const K: usize, const N: usize, const M: usize>(
    stride: usize,
    padding: usize,
) -> u32 {
    let window = Window2d::new([K, K], [stride, stride], [padding, padding]);
    let mut random = Random::new(K as u64);
    let mut layer = Conv2d::<f32, OUT, IN, K, K>::ZERO;
    let (mut x, mut dy) = ([[[0.0_f32; N]; N]; IN], [[[0.0_f32; M]; M]; OUT]);
    for numbers in [layer.as_scalars_mut(), x.as_flat_mut(), dy.as_flat_mut()] {
        numbers.fill_with(|| random.uniform() as f32 - 0.5);
    }
    let (mut y, mut dx) = ([[[f32::NAN; M]; M]; OUT], [[[f32::NAN; N]; N]; IN]);
    layer.forward(&window, &x, &mut y);
    let mut gradients = Conv2d::<f32, OUT, IN, K, K>::ZERO;
    layer.backward(&window, &x, &dy, &mut gradients, Some(&mut dx));
    let (mut want_y, mut want_dx) = ([[[0.0; M]; M]; OUT], [[[0.0; N]; N]; IN]);
    let mut want = Conv2d::<f32, OUT, IN, K, K>::ZERO;
    for o in 0..OUT {
        for (r, c) in (0..M).flat_map(|r| (0..M).map(move |c| (r, c))) {
            want_y[o][r][c] += layer.bias[o];
            want.bias[o] += dy[o][r][c];
            for (i, (u, v)) in (0..IN).flat_map(|i| (0..K * K).map(move |k| (i, (k / K, k % K)))) {
                let (Some(p), Some(q)) = ((r * stride + u).checked_sub(padding), (c * stride + v).checked_sub(padding))
                else {
                    continue;
                };
                if p < N && q < N {
                    want_y[o][r][c] += layer.weight[o][i][u][v] * x[i][p][q];
                    want.weight[o][i][u][v] += x[i][p][q] * dy[o][r][c];
                    want_dx[i][p][q] += layer.weight[o][i][u][v] * dy[o][r][c];
                }
            }
        }
    }
    let near = |(a, b): &(&f32, &f32)| (*a - *b).abs() < 1e-4;
    let far = |got: &[f32], want: &[f32]| got.iter().zip(want).filter(|pair| !near(pair)).count() as u32;
    let far_weights = far(gradients.as_scalars(), want.as_scalars());
    far(y.as_flat(), want_y.as_flat()) + far(dx.as_flat(), want_dx.as_flat()) + far_weights
}

#[entry]
fn main() -> ! {
    let mut all = 0;
    all += wrong::<4, 3, 1, 9, 9>(1, 0);
    all += wrong::<7, 2, 2, 8, 9>(1, 1);
    all += wrong::<8, 5, 3, 9, 9>(1, 1);
    all += wrong::<1, 1, 3, 7, 7>(1, 1);
    all += wrong::<5, 4, 4, 9, 4>(2, 1);
    all += wrong::<1, 7, 5, 9, 9>(1, 2);
    all += wrong::<8, 1, 7, 11, 11>(1, 3);
    all += wrong::<2, 3, 3, 11, 4>(3, 1);
    say(c"wrong", all);
    say(c"stack", measure::stack());
    exit(all == 0)
}
