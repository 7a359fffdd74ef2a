//! Activations by hand, beside PyTorch, at their kinks, and far out.

use super::*;
use crate::layers::tests::{check_gradients, fill};

#[test]
fn values_by_hand() {
    let apply = |f: &dyn Fn(&mut [f64; 3])| {
        let mut y = [-2.0, 0.0, 3.0];
        f(&mut y);
        y
    };
    assert_eq!(apply(&|y| Relu.forward(y)), [0.0, 0.0, 3.0]);
    assert_eq!(apply(&|y| LeakyRelu { slope: 0.5 }.forward(y)), [-1.0, 0.0, 3.0]);
    assert_eq!(apply(&|y| Tanh.forward(y)), [-libm::tanh(2.0), 0.0, libm::tanh(3.0)]);
    let sigmoid = apply(&|y| Sigmoid.forward(y));
    assert_eq!(sigmoid[1], 0.5);
    assert!((sigmoid[2] - 1.0 / (1.0 + libm::exp(-3.0))).abs() < 1e-15);
    // Φ(3) = 0.9986501019683699
    assert!((apply(&|y| Gelu.forward(y))[2] - 3.0 * 0.998_650_101_968_369_9).abs() < 1e-15);
}

#[test]
fn gradients_agree_with_central_differences() {
    macro_rules! check {
        ($layer:expr, $kept:ident) => {{
            let mut x = [0.0_f64; 9];
            fill(&mut x, 4);
            // over the kinks at ±3 and 6 as well
            x[5..].iter_mut().for_each(|x| *x *= 9.0);
            check_gradients::<[f64; 0], _, [f64; 9]>(
                &mut [],
                &mut x,
                |_, x, y| {
                    *y = *x;
                    $layer.forward(y);
                },
                |_, x, dy, _, dx| {
                    let mut y = *x;
                    $layer.forward(&mut y);
                    let $kept = if stringify!($kept) == "input" { *x } else { y };
                    *dx = *dy;
                    $layer.backward(&$kept, dx);
                },
            );
        }};
    }
    check!(Relu, output);
    check!(LeakyRelu { slope: 0.1 }, output);
    check!(LeakyRelu { slope: 0.0 }, output);
    check!(Sigmoid, output);
    check!(Tanh, output);
    check!(Gelu, input);
    check!(Relu6, output);
    check!(Elu { alpha: 0.7 }, output);
    check!(Elu { alpha: 0.0 }, output);
    check!(Selu, output);
    check!(HardSigmoid, output);
    check!(Softsign, output);
    check!(Silu, input);
    check!(HardSwish, input);
    check!(Mish, input);
    check!(Softplus { beta: 2.0, threshold: 1.0 }, input);
}

/// Zero, the kinks of all functions, and both sides of them.
const X: [f64; 8] = [-4.0, -3.0, -1.0, 0.0, 0.5, 3.0, 6.0, 7.0];

fn assert_near(name: &str, got: [f64; 8], want: [f64; 8]) {
    for (k, x) in X.iter().enumerate() {
        // a handful of roundings, of 1 where a slope is a difference from it
        let tolerance = 4.0 * f64::EPSILON * want[k].abs().max(1.0);
        assert!((got[k] - want[k]).abs() <= tolerance, "{name} at {x}: got {}, want {}", got[k], want[k]);
    }
}

/// Compares with what PyTorch 2.15 gives in double precision at X: y, and dx for dy = 1.
macro_rules! check_values {
    ($layer:expr, $kept:ident, $want:expr, $want_slope:expr) => {{
        let (mut y, mut slope) = (X, [1.0; 8]);
        $layer.forward(&mut y);
        $layer.backward(if stringify!($kept) == "input" { &X } else { &y }, &mut slope);
        assert_near(stringify!($layer), y, $want);
        assert_near(concat!(stringify!($layer), "'"), slope, $want_slope);
    }};
}

#[test]
fn exponentials_equal_those_of_pytorch() {
    check_values!(
        Elu { alpha: 0.7 },
        output,
        [-0.687_179_052_777_886, -0.665_149_052_142_495_2, -0.442_484_391_179_990_33, 0.0, 0.5, 3.0, 6.0, 7.0],
        [0.012_820_947_222_113_924, 0.034_850_947_857_504_76, 0.257_515_608_820_009_6, 0.7, 1.0, 1.0, 1.0, 1.0]
    );
    check_values!(
        Selu,
        output,
        [
            -1.725_898_628_189_894_5,
            -1.670_568_728_767_111_8,
            -1.111_330_737_812_562_5,
            0.0,
            0.525_350_493_677_740_2,
            3.152_102_962_066_441_4,
            6.304_205_924_132_883,
            7.354_906_911_488_364
        ],
        [
            0.032_200_712_657_482_14,
            0.087_530_612_080_264_87,
            0.646_768_603_034_814,
            1.758_099_340_847_376_6,
            1.050_700_987_355_480_5,
            1.050_700_987_355_480_5,
            1.050_700_987_355_480_5,
            1.050_700_987_355_480_5
        ]
    );
    check_values!(
        Softplus { beta: 2.0, threshold: 5.0 },
        input,
        [
            0.000_167_703_186_447_884_42,
            0.001_237_842_568_865_224_7,
            0.063_464_005_521_486_25,
            0.346_573_590_279_972_64,
            0.656_630_843_759_111_4,
            3.0,
            6.0,
            7.0
        ],
        [
            0.000_335_350_130_466_478_16,
            0.002_472_623_156_634_774_8,
            0.119_202_922_022_117_55,
            0.5,
            0.731_058_578_630_004_9,
            1.0,
            1.0,
            1.0
        ]
    );
}

#[test]
fn gates_equal_those_of_pytorch() {
    check_values!(
        Silu,
        input,
        [
            -0.071_944_839_848_366_23,
            -0.142_277_619_532_700_35,
            -0.268_941_421_369_995_1,
            0.0,
            0.311_229_665_600_927_3,
            2.857_722_380_467_299_8,
            5.985_164_261_060_192,
            6.993_622_641_639_196
        ],
        [
            -0.052_664_614_891_072_91,
            -0.088_104_106_015_169_62,
            0.072_329_488_128_513_25,
            0.5,
            0.739_961_187_302_651_9,
            1.088_104_106_015_169_3,
            1.012_326_432_591_524_9,
            1.005_460_497_066_451_8
        ]
    );
    check_values!(
        Mish,
        input,
        [
            -0.072_591_740_792_025_35,
            -0.145_647_461_275_624_6,
            -0.303_401_461_374_108_95,
            0.0,
            0.375_245_211_304_895_1,
            2.986_535_004_967_957_5,
            5.999_926_634_065_252,
            6.999_988_379_809_741
        ],
        [
            -0.053_773_209_793_480_33,
            -0.093_393_114_532_320_84,
            0.059_216_755_877_395_014,
            0.6,
            0.886_424_375_357_727_2,
            1.021_106_910_929_443_5,
            1.000_134_140_506_21,
            1.000_021_559_160_889
        ]
    );
    check_values!(
        Softsign,
        output,
        [-0.8, -0.75, -0.5, 0.0, 0.333_333_333_333_333_3, 0.75, 0.857_142_857_142_857_1, 0.875],
        [
            0.040_000_000_000_000_01,
            0.0625,
            0.25,
            1.0,
            0.444_444_444_444_444_4,
            0.0625,
            0.020_408_163_265_306_117,
            0.015_625
        ]
    );
}

#[test]
fn pieces_equal_those_of_pytorch() {
    // PyTorch has this sixth as an f32, even for doubles.
    const SIXTH: f64 = 1.0 / 6.0;
    check_values!(
        HardSigmoid,
        output,
        [0.0, 0.0, 0.333_333_333_333_333_3, 0.5, 0.583_333_333_333_333_4, 1.0, 1.0, 1.0],
        [0.0, 0.0, SIXTH, SIXTH, SIXTH, 0.0, 0.0, 0.0]
    );
    check_values!(
        HardSwish,
        input,
        [0.0, 0.0, -0.333_333_333_333_333_3, 0.0, 0.291_666_666_666_666_7, 3.0, 6.0, 7.0],
        [0.0, 0.0, 0.166_666_666_666_666_69, 0.5, 0.666_666_666_666_666_6, 1.0, 1.0, 1.0]
    );
    check_values!(Relu6, output, [0.0, 0.0, 0.0, 0.0, 0.5, 3.0, 6.0, 6.0], [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
}

#[test]
fn huge_inputs_neither_overflow_nor_vanish() {
    macro_rules! check {
        ($layer:expr, $kept:ident, $low:expr, $high:expr, $slopes:expr) => {
            for huge in [1e4, f32::MAX] {
                let x = [-huge, huge];
                let (mut y, mut slope) = (x, [1.0_f32; 2]);
                $layer.forward(&mut y);
                assert_eq!(y, [$low, $high.unwrap_or(huge)], "{}", stringify!($layer));
                $layer.backward(if stringify!($kept) == "input" { &x } else { &y }, &mut slope);
                assert_eq!(slope, $slopes, "{}'", stringify!($layer));
            }
        };
    }
    check!(Elu { alpha: 2.0 }, output, -2.0, None, [0.0, 1.0]);
    check!(Silu, input, 0.0, None, [0.0, 1.0]);
    check!(Mish, input, 0.0, None, [0.0, 1.0]);
    check!(HardSwish, input, 0.0, None, [0.0, 1.0]);
    check!(Softplus { beta: 1.0, threshold: 20.0 }, input, 0.0, None, [0.0, 1.0]);
    // no linear part below 10⁹: the logarithm must do without it
    check!(Softplus { beta: 1.0, threshold: 1e9 }, input, 0.0, None, [0.0, 1.0]);
    check!(Relu6, output, 0.0, Some(6.0), [0.0, 0.0]);
    check!(HardSigmoid, output, 0.0, Some(1.0), [0.0, 0.0]);
    let mut y = [-f32::MAX, f32::MAX];
    Softsign.forward(&mut y);
    assert_eq!(y, [-1.0, 1.0]);
}

#[test]
fn a_nan_is_not_hidden() {
    macro_rules! check {
        ($($layer:expr),*) => {$(
            let mut y = [f32::NAN; 4];
            $layer.forward(&mut y);
            assert!(y.iter().all(|y| y.is_nan()), "{}", stringify!($layer));
            // nor is the gradient lost where the kept value is one
            let mut dy = [1.0_f32; 4];
            $layer.backward(&y, &mut dy);
            assert!(dy.iter().all(|dy| *dy != 0.0), "{}'", stringify!($layer));
        )*};
    }
    check!(Relu6, LeakyRelu { slope: 0.1 }, Elu { alpha: 1.0 }, Selu, Sigmoid, HardSigmoid, Tanh, Softsign, Gelu);
    check!(Silu, HardSwish, Mish, Softplus { beta: 1.0, threshold: 20.0 });
    let mut y = [f32::NAN; 4];
    Relu.forward(&mut y);
    assert!(y.iter().all(|y| y.is_nan()));
}
