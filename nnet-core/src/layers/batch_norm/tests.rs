//! Against numbers by hand and of PyTorch 2.15, against f64 over the whole batch, and central differences.

use super::*;
use crate::element::{LANES, Lanes, get_lane, set_lane};
use crate::layers::tests::{check_gradients, fill};

extern crate std;
use std::vec;
use std::vec::Vec;

/// C = 2 channels of 3 entries.
type Map<E> = [[E; 3]; 2];

const ZERO: Map<f64> = [[0.0; 3]; 2];

/// A group on its way through training.
struct Group<E: Element> {
    pass: Pass,
    x: Map<E>,
    y: Map<E>,
    dy: Map<E>,
    statistics: [[E; 2]; 4],
}

/// Samples in groups; in x the lanes left over hold `garbage`.
fn gather<E: Element>(x: &[Map<f64>], garbage: f64) -> Vec<Group<E>> {
    let groups = x.chunks(E::LANES).enumerate().map(|(g, samples)| {
        let pass = Pass::new(1, 1).group(g * E::LANES, samples.len());
        let (zero, mut x) = (Tensor::ZERO, Map::<E>::ZERO);
        E::scalars_mut(x.as_flat_mut()).fill(E::Scalar::from_f64(garbage));
        for (lane, sample) in samples.iter().enumerate() {
            set(&mut x, lane, sample);
        }
        Group { pass, x, y: zero, dy: zero, statistics: [[E::ZERO; 2]; 4] }
    });
    groups.collect()
}

fn set<E: Element>(group: &mut Map<E>, lane: usize, sample: &Map<f64>) {
    set_lane(group.as_flat_mut(), lane, sample.map(|row| row.map(E::Scalar::from_f64)).as_flat());
}

/// The lanes in use of all groups.
fn scatter<'a, E: Element>(groups: &'a [Group<E>], of: impl Fn(&'a Group<E>) -> &'a Map<E>) -> Vec<Map<f64>> {
    let lanes = groups.iter().flat_map(|group| (0..E::LANES.min(group.pass.samples())).map(move |l| (group, l)));
    let sample = lanes.map(|(group, l)| {
        let mut sample = Map::<E::Scalar>::ZERO;
        get_lane(of(group).as_flat(), l, sample.as_flat_mut());
        sample.map(|row| row.map(E::Scalar::to_f64))
    });
    sample.collect()
}

/// All stages of a training step over `samples` samples, from dy at the output.
fn train<E: Element>(
    layer: &BatchNorm<E::Scalar, 2>,
    eps: f64,
    groups: &mut [Group<E>],
    dy: &[Map<f64>],
) -> BatchNormGradients<E::Scalar, 2> {
    for group in &mut *groups {
        BatchNorm::statistics(&group.x, &mut group.statistics);
    }
    meet_forward(groups, dy.len(), 3, |group| &mut group.statistics);
    let mut gradients = BatchNormGradients::ZERO;
    for (group, dy) in groups.iter_mut().zip(dy.chunks(E::LANES)) {
        layer.forward(eps, &group.statistics, &group.x, &mut group.y);
        for (lane, dy) in dy.iter().enumerate() {
            set(&mut group.dy, lane, dy);
        }
        layer.gradient_sums(eps, &mut group.statistics, &group.x, &group.dy, Some(&mut gradients));
    }
    meet_backward(groups, dy.len(), 3, |group| &mut group.statistics);
    for group in groups {
        layer.backward(eps, &group.pass, &group.statistics, &group.x, &mut group.dy);
    }
    gradients
}

fn random_layer<S: Scalar>(seed: u64) -> BatchNorm<S, 2> {
    let (mut numbers, mut layer) = ([0.0; 8], BatchNorm::ZERO);
    fill(&mut numbers, seed);
    for (number, &value) in layer.as_scalars_mut().iter_mut().zip(&numbers) {
        *number = S::from_f64(value);
    }
    layer.running_var = layer.running_var.map(|v| v * v + S::from_f64(0.1));
    layer
}

/// `f32` values about `mean`, widened.
fn random_batch(samples: usize, mean: f64, seed: u64) -> Vec<Map<f64>> {
    let mut x = vec![ZERO; samples];
    fill(Map::flatten_mut(&mut x), seed);
    // Uniform in ±√3 has deviation 1.
    for x in Map::flatten_mut(&mut x) {
        *x = f32::from_f64(mean + *x * libm::sqrt(3.0)).to_f64();
    }
    x
}

#[test]
fn one_channel_by_hand() {
    let mut layer = BatchNorm::<f64, 1>::ZERO;
    layer.init();
    let x = [[1.0], [3.0], [5.0], [7.0]];
    let mut groups = [[[f64::NAN; 1]; 4]; 4];
    for (x, statistics) in x.iter().zip(&mut groups) {
        BatchNorm::statistics(x, statistics);
    }
    meet_forward(&mut groups, 4, 1, |group| group);
    assert!(groups.iter().all(|group| group[0] == [4.0] && group[1] == [5.0]));
    let mut y = [f64::NAN];
    layer.forward(4.0, &groups[3], &x[3], &mut y);
    assert_eq!(y, [1.0]);
    layer.track(0.5, &groups[0], 1, 4);
    assert_eq!((layer.running_mean, layer.running_var), ([2.0], [0.5 + 0.5 * (5.0 * (4.0 / 3.0))]));
    assert_eq!(layer.fold(0.0), ([1.0 / layer.running_var[0].sqrt()], [-2.0 * (1.0 / layer.running_var[0].sqrt())]));
}

/// Input and dy of the tests against PyTorch: three samples of two channels of two entries.
const X: [[[f64; 2]; 2]; 3] = [[[-4.0, 3.0], [-1.0, 6.0]], [[2.0, -2.0], [5.0, 1.0]], [[-3.0, 4.0], [0.0, -4.0]]];
const DY: [[[f64; 2]; 2]; 3] = [[[-3.0, 2.0], [0.0, -2.0]], [[3.0, 1.0], [-1.0, -3.0]], [[2.0, 0.0], [-2.0, 3.0]]];
const LAYER: BatchNorm<f64, 2> =
    BatchNorm { weight: [2.0, -0.5], bias: [1.0, 3.0], running_mean: [1.0, -1.0], running_var: [4.0, 0.25] };

fn assert_near(got: &[f64], want: &[f64]) {
    assert_eq!(got.len(), want.len());
    for (got, want) in got.iter().zip(want) {
        assert!((got - want).abs() <= 32.0 * f64::EPSILON * (1.0 + want.abs()), "got {got}, want {want}");
    }
}

/// `BatchNorm1d(2, eps=0.01, momentum=0.3)` in training.
#[test]
#[rustfmt::skip]
fn training_gives_the_numbers_of_pytorch() {
    let (mut groups, mut gradients) = ([[[0.0; 2]; 4]; 3], BatchNormGradients::ZERO);
    let (mut y, mut dx) = ([[[f64::NAN; 2]; 2]; 3], DY);
    for (x, statistics) in X.iter().zip(&mut groups) {
        BatchNorm::statistics(x, statistics);
    }
    meet_forward(&mut groups, 3, 2, |group| group);
    for k in 0..3 {
        LAYER.forward(0.01, &groups[k], &X[k], &mut y[k]);
        LAYER.gradient_sums(0.01, &mut groups[k], &X[k], &DY[k], Some(&mut gradients));
    }
    meet_backward(&mut groups, 3, 2, |group| group);
    for k in 0..3 {
        LAYER.backward(0.01, &Pass::new(0, 0), &groups[k], &X[k], &mut dx[k]);
    }
    let mut tracked = LAYER;
    tracked.track(0.3, &groups[2], 2, 3);
    assert_near(y.as_flat(), &[
        -1.571_740_216_995_760_6, 2.928_805_162_746_820_6, 3.315_162_860_061_045_4, 2.296_944_389_094_590_6,
        2.285_870_108_497_88, -0.285_870_108_497_880_3, 2.442_404_170_661_227, 3.024_243_296_927_772_4,
        -0.928_805_162_746_820_5, 3.571_740_216_995_760_6, 3.169_703_078_494_409, 3.751_542_204_760_954_6,
    ]);
    assert_near(dx.as_flat(), &[
        -1.755_871_948_304_502_9, 0.218_556_576_886_437_62, -0.004_890_151_580_785_497_5, -0.089_794_126_019_765_22,
        1.038_669_737_714_486_5, 0.461_512_055_533_040_53, -0.181_564_830_790_365_53, 0.324_111_039_527_051_5,
        1.281_625_216_361_089_3, -1.244_491_638_190_551_3, 0.232_340_334_756_451_2, -0.280_202_265_892_586_46,
    ]);
    assert_near(&gradients.weight, &[5.143_480_433_991_521, -7.612_395_235_320_637]);
    assert_near(&gradients.bias, &[5.0, -5.0]);
    assert_near(&tracked.running_mean, &[0.7, -0.35]);
    assert_near(&tracked.running_var, &[628.0 / 100.0, 4.425]);
}

/// The same layer in `eval()`, after that step.
#[test]
#[rustfmt::skip]
fn prediction_gives_the_numbers_of_pytorch() {
    let layer = BatchNorm { running_mean: [0.7, -0.35], running_var: [628.0 / 100.0, 4.425], ..LAYER };
    let (mut y, mut dx) = (X, DY);
    for (y, dx) in y.iter_mut().zip(&mut dx) {
        layer.predict(0.01, y);
        layer.frozen_backward(0.01, dx);
    }
    assert_near(y.as_flat(), &[
        -2.748_025_447_295_830_3, 2.834_140_112_506_47, 3.154_325_093_547_060_4, 1.492_362_547_655_641_7,
        2.036_687_889_677_57, -1.153_121_001_638_030_2, 1.729_785_768_497_273, 2.679_478_651_863_797_6,
        -1.950_573_224_466_930_3, 3.631_592_335_335_37, 2.916_901_872_705_429, 3.866_594_756_071_953_6,
    ]);
    assert_near(dx.as_flat(), &[
        -2.392_356_668_486_7, 1.594_904_445_657_8, 0.0, 0.474_846_441_683_262_4,
        2.392_356_668_486_7, 0.797_452_222_828_9, 0.237_423_220_841_631_2, 0.712_269_662_524_893_7,
        1.594_904_445_657_8, 0.0, 0.474_846_441_683_262_4, -0.712_269_662_524_893_7,
    ]);
}

/// y, dx, and for each channel dw, db and 0, and μ, σ² and 0, of a batch, by plain sums over it in `f64`.
fn reference(layer: &BatchNorm<f64, 2>, eps: f64, x: &[Map<f64>], dy: &[Map<f64>]) -> [Vec<Map<f64>>; 3] {
    let n = (3 * x.len()) as f64;
    let (mut y, mut dx, mut gradients, mut moments) = (x.to_vec(), x.to_vec(), ZERO, ZERO);
    for c in 0..2 {
        let sum = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
            x.iter().zip(dy).map(|(x, dy)| (0..3).map(|i| f(x[c][i], dy[c][i])).sum::<f64>()).sum()
        };
        let mean = sum(&|x, _| x) / n;
        let variance = sum(&|x, _| (x - mean) * (x - mean)) / n;
        let deviation = (variance + eps).sqrt();
        moments[c] = [mean, variance, 0.0];
        let (sum_dy, product) = (sum(&|_, dy| dy), sum(&|x, dy| dy * (x - mean) / deviation));
        gradients[c] = [product, sum_dy, 0.0];
        for k in 0..x.len() {
            for i in 0..3 {
                let normal = (x[k][c][i] - mean) / deviation;
                y[k][c][i] = normal * layer.weight[c] + layer.bias[c];
                dx[k][c][i] = layer.weight[c] / deviation * (dy[k][c][i] - sum_dy / n - normal * product / n);
            }
        }
    }
    [y, dx, vec![gradients, moments]]
}

/// 37 samples in three groups, also with a mean of 100 deviations: within 10⁻⁵ of the batch's f64 values, which are of
/// size 1.
#[test]
fn statistics_are_those_of_the_whole_batch() {
    for mean in [0.0, 100.0] {
        let (x, dy) = (random_batch(37, mean, 1), random_batch(37, 0.0, 2));
        let wide = random_layer::<f64>(3);
        let layer = random_layer::<f32>(3);
        let mut groups = gather::<Lanes<f32>>(&x, 7.0);
        let gradients = train(&layer, 1e-5, &mut groups, &dy);
        let [want_y, want_dx, want] = reference(&wide, 1e-5, &x, &dy);
        let near = |what: &str, got: &[f64], want: &[f64]| {
            assert_eq!(got.len(), want.len());
            for (got, want) in got.iter().zip(want) {
                assert!((got - want).abs() <= 1e-5 * (1.0 + want.abs()), "{what}: got {got}, want {want}");
            }
        };
        near("y", Map::flatten(&scatter(&groups, |group| &group.y)), Map::flatten(&want_y));
        near("dx", Map::flatten(&scatter(&groups, |group| &group.dy)), Map::flatten(&want_dx));
        for c in 0..2 {
            let got = [gradients.weight[c].to_f64(), gradients.bias[c].to_f64()];
            near("gradients", &got, &want[0][c][..2]);
            let got = [0, 1].map(|row| groups[0].statistics[row][c].0[0].to_f64());
            near("moments", &got, &want[1][c][..2]);
        }
        let first = groups[0].statistics;
        for group in &groups {
            assert_eq!(group.statistics, first);
            assert!(first.as_flattened().iter().all(|entry| entry.0 == [entry.0[0]; LANES]));
        }
    }
}

#[test]
fn lanes_out_of_use_change_no_bit_and_get_no_gradient() {
    let (x, dy) = (random_batch(37, 1.0, 4), random_batch(37, 0.0, 5));
    let layer = random_layer::<f32>(6);
    let run = |garbage| {
        let mut groups = gather::<Lanes<f32>>(&x, garbage);
        let gradients = train(&layer, 1e-5, &mut groups, &dy);
        let outputs = [scatter(&groups, |group| &group.y), scatter(&groups, |group| &group.dy)];
        assert!(groups[2].dy.as_flat().iter().all(|entry| entry.0[5..] == [0.0; LANES - 5]));
        (outputs, groups[0].statistics, gradients)
    };
    assert_eq!(run(0.0), run(1e6));
}

/// The gradient through the statistics, which every sample shares with every other one.
#[test]
fn gradients_of_a_batch_agree_with_central_differences() {
    fn check<E: Element<Scalar = f64>, const N: usize>() {
        let (mut layer, mut x) = (random_layer::<f64>(7), [ZERO; N]);
        fill(x.as_flat_mut(), 8);
        check_gradients::<_, _, [Map<f64>; N]>(
            &mut layer,
            &mut x,
            |layer, x, y| {
                let mut groups = gather::<E>(x, 3.0);
                train(layer, 0.1, &mut groups, &[ZERO; N]);
                y.copy_from_slice(&scatter(&groups, |group| &group.y));
            },
            |layer, x, dy, gradients, dx| {
                let mut groups = gather::<E>(x, 3.0);
                let found = train(layer, 0.1, &mut groups, dy);
                for c in 0..2 {
                    gradients.weight[c] += found.weight[c];
                    gradients.bias[c] += found.bias[c];
                }
                dx.copy_from_slice(&scatter(&groups, |group| &group.dy));
            },
        );
    }
    check::<f64, 5>();
    check::<f64, 1>();
    check::<Lanes<f64>, 21>();
}

#[test]
fn the_gradient_of_prediction_agrees_with_central_differences() {
    let (layer, mut x) = (random_layer::<f64>(9), ZERO);
    fill(x.as_flat_mut(), 10);
    check_gradients::<[f64; 0], _, Map<f64>>(
        &mut [],
        &mut x,
        |_, x, y| {
            *y = *x;
            layer.predict(0.1, y);
        },
        |_, _, dy, _, dx| {
            *dx = *dy;
            layer.frozen_backward(0.1, dx);
        },
    );
}

#[test]
fn folding_gives_what_prediction_gives() {
    let (layer, x) = (random_layer::<f32>(11), random_batch(1, 0.0, 12)[0].map(|row| row.map(f32::from_f64)));
    let (scale, shift) = layer.fold(1e-5);
    let mut group = x.map(|row| row.map(|x| Lanes([x; LANES])));
    let mut y = x;
    layer.predict(1e-5, &mut y);
    layer.predict(1e-5, &mut group);
    for (c, i) in (0..2).flat_map(|c| (0..3).map(move |i| (c, i))) {
        let want = x[c][i] * scale[c] + shift[c];
        let tolerance = 2.0 * f32::EPSILON * ((x[c][i] * scale[c]).abs() + shift[c].abs());
        assert!((y[c][i] - want).abs() <= tolerance && (group[c][i].0[15] - want).abs() <= tolerance);
    }
}

#[test]
fn the_variance_of_one_number_is_not_tracked() {
    let mut layer = LAYER;
    layer.track(0.5, &[[3.0, 5.0], [0.0; 2], [0.0; 2], [0.0; 2]], 1, 1);
    assert_eq!((layer.running_mean, layer.running_var), ([2.0, 2.0], LAYER.running_var));
}

#[test]
#[should_panic(expected = "x: [C, ..]")]
fn a_length_that_is_no_multiple_of_the_channels_is_refused() {
    BatchNorm::<f32, 2>::statistics(&[0.0_f32; 5], &mut [[0.0; 2]; 4]);
}

/// 5 entries of two channels, although their 80 scalars could be two planes.
#[test]
#[should_panic(expected = "x: [C, ..]")]
fn prediction_refuses_a_group_of_such_a_length() {
    LAYER.predict(1e-5, &mut [Lanes([0.0; LANES]); 5]);
}

#[test]
#[should_panic(expected = "as many groups as the samples fill")]
fn a_missing_group_is_refused() {
    meet_forward(&mut [[[Lanes([0.0_f32; LANES]); 1]; 4]; 2], 33, 1, |group| group);
}

#[test]
fn a_step_in_place_adds_the_gradient() {
    let (layer, dy) = (random_layer::<f64>(1), random_batch(5, 0.0, 3));
    let mut groups = gather::<Lanes<f64>>(&random_batch(5, 1.0, 2), 7.0);
    let gradients = train(&layer, 1e-5, &mut groups, &dy);
    let mut stepped = layer.clone();
    stepped.descend(0.75, &groups[0].statistics, 3, 5);
    let step = |w: [f64; 2], g: [f64; 2]| [0, 1].map(|c| 0.75 * w[c] + g[c]);
    assert_near(&stepped.weight, &step(layer.weight, gradients.weight));
    assert_near(&stepped.bias, &step(layer.bias, gradients.bias));
    assert_eq!((stepped.running_mean, stepped.running_var), (layer.running_mean, layer.running_var));
}
