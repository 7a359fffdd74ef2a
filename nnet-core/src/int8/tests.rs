//! Layers of bytes against the same arithmetic in plain loops, and against the layers of floats they come from.

use std::vec::Vec;

use super::*;
use crate::layers::{Conv2d, Linear};
use crate::random::Random;
use crate::shape::Window2d;

/// Bytes from all of their range.
fn bytes(random: &mut Random, to: &mut [i8]) {
    to.fill_with(|| random.next_u64().to_le_bytes()[3].cast_signed());
}

/// y by its definition, each tap by itself, in 64 bits.
fn reference<const OUT: usize, const IN: usize, const KH: usize, const KW: usize>(
    layer: &Conv2dInt8<OUT, IN, KH, KW>,
    geometry: &Geometry,
    x: &[i8],
) -> Vec<i8> {
    let [height, width] = geometry.input;
    let Window2d { stride, padding, dilation, .. } = geometry.window;
    let [rows, columns] = geometry.output();
    let group = OUT / (geometry.channels / IN);
    let at = |channel: usize, row: usize, column: usize| {
        let inside =
            (padding[0]..padding[0] + height).contains(&row) && (padding[1]..padding[1] + width).contains(&column);
        if inside {
            x[(channel * height + row - padding[0]) * width + column - padding[1]]
        } else {
            layer.zero_points[0]
        }
    };
    let sum = |o: usize, r: usize, c: usize| {
        let taps = (0..IN).flat_map(|i| (0..KH).flat_map(move |kh| (0..KW).map(move |kw| (i, kh, kw))));
        let products = taps.map(|(i, kh, kw)| {
            let x = at(o / group * IN + i, r * stride[0] + kh * dilation[0], c * stride[1] + kw * dilation[1]);
            i64::from(layer.weight[o][i][kh][kw]) * i64::from(x)
        });
        i64::from(layer.bias[o]) + products.sum::<i64>()
    };
    let mut y = Vec::new();
    for o in 0..OUT {
        let rescale = Rescale { multiplier: layer.multiplier[o], shift: layer.shift[o] };
        for (r, c) in (0..rows).flat_map(|r| (0..columns).map(move |c| (r, c))) {
            let [high, wide] = geometry.pool;
            let window = (0..high).flat_map(|i| (0..wide).map(move |j| (r * high + i, c * wide + j)));
            let byte = |(r, c)| rescale.apply(i32::try_from(sum(o, r, c)).expect("small"), layer.zero_points[1]);
            y.extend(window.map(byte).max());
        }
    }
    y
}

/// One geometry: x is `[C, H, W]`, y has `Y` bytes.
macro_rules! compare {
    ($out:literal, $in:literal, [$kh:literal, $kw:literal], x $c:literal $h:literal $w:literal, $window:expr, pool $pool:expr) => {{
        const GEOMETRY: Geometry = Geometry::new($c, [$h, $w], $window, $pool);
        const Y: usize = $out * GEOMETRY.output()[0] * GEOMETRY.output()[1];
        let mut random = Random::new(7);
        let mut layer = Conv2dInt8::<$out, $in, $kh, $kw>::ZERO;
        bytes(&mut random, layer.weight.as_flattened_mut().as_flattened_mut().as_flattened_mut());
        bytes(&mut random, &mut layer.zero_points);
        for (o, number) in (0..$out).zip(0_i32..) {
            let terms = f64::from($in * $kh * $kw).sqrt();
            let rescale = Rescale::new((0.01 + 0.01 * f64::from(number)) / terms);
            (layer.bias[o], layer.multiplier[o], layer.shift[o]) =
                (37 * number - 50, rescale.multiplier, rescale.shift);
        }
        let mut x = [[[0; $w]; $h]; $c];
        bytes(&mut random, x.as_flattened_mut().as_flattened_mut());
        let (mut y, mut strip) = ([77; Y], [99; GEOMETRY.strip()]);
        layer.predict(&GEOMETRY, &x, &mut y, &mut strip);
        assert_eq!(y.to_vec(), reference(&layer, &GEOMETRY, x.as_flattened().as_flattened()), "{GEOMETRY:?}");
        assert!(y.iter().any(|q| *q != y[0]), "bytes of many values");
    }};
}

#[test]
fn convolutions_are_their_definition() {
    compare!(6, 1, [5, 5], x 1 28 28, Window2d::new([5, 5], [1, 1], [2, 2]), pool [2, 2]);
    compare!(4, 6, [5, 5], x 6 14 14, Window2d::new([5, 5], [1, 1], [0, 0]), pool [2, 2]);
    compare!(3, 2, [3, 3], x 2 9 11, Window2d::new([3, 3], [1, 1], [1, 1]), pool [1, 1]);
    compare!(3, 2, [7, 7], x 2 9 13, Window2d::new([7, 7], [1, 1], [3, 3]), pool [3, 3]);
    compare!(4, 1, [3, 3], x 4 8 8, Window2d::new([3, 3], [2, 2], [1, 1]), pool [1, 1]);
    compare!(4, 2, [1, 1], x 4 3 5, Window2d::new([1, 1], [1, 1], [0, 0]), pool [1, 1]);
    compare!(2, 3, [1, 4], x 3 1 17, Window2d::new([1, 4], [1, 1], [0, 2]), pool [1, 2]);
    compare!(2, 1, [2, 3], x 1 12 12, Window2d::new([2, 3], [1, 2], [0, 2]).with_dilation([3, 2]), pool [2, 1]);
    compare!(2, 1, [9, 9], x 1 10 12, Window2d::new([9, 9], [1, 1], [4, 3]), pool [1, 1]);
    compare!(2, 1, [3, 3], x 1 5 5, Window2d::same([3, 3], [1, 1]).with_padding_end([2, 0]), pool [1, 1]);
}

#[test]
fn rows_of_any_length_are_their_definition() {
    fn check<const OUT: usize, const IN: usize>() {
        let mut random = Random::new(3);
        let mut layer = LinearInt8::<OUT, IN>::ZERO;
        bytes(&mut random, layer.weight.as_flattened_mut());
        layer.zero_points = [3, -7];
        for (o, number) in (0..OUT).zip(0_i32..) {
            let rescale = Rescale::new(0.003);
            (layer.bias[o], layer.multiplier[o], layer.shift[o]) = (number * 100, rescale.multiplier, rescale.shift);
        }
        let (mut x, mut y) = ([0; IN], [0; OUT]);
        bytes(&mut random, &mut x);
        layer.predict(&x, &mut y);
        for o in 0..OUT {
            let sum = x.iter().zip(&layer.weight[o]).map(|(x, w)| i32::from(*x) * i32::from(*w)).sum::<i32>();
            assert_eq!(y[o], Rescale::new(0.003).apply(sum + layer.bias[o], -7), "{OUT} x {IN}, {o}");
        }
    }
    check::<1, 1>();
    check::<9, 7>();
    check::<4, 64>();
    check::<11, 101>();
}

#[test]
fn rescaling_rounds_to_the_nearest() {
    for factor in [0.249_99, 0.1, 1.0 / 3.0e3, 1e-6, 3e-9] {
        let rescale = Rescale::new(factor);
        for sum in (-2_000_000..2_000_000).step_by(1_237) {
            let exact = f64::from(sum) * factor;
            let got = f64::from(rescale.apply(sum, 0));
            // The lower 32 bits of the product are dropped: 2^-shift of a step at most.
            let slack = 0.5 + f64::from(sum).abs() * 2.0_f64.powi(-31) + 2.0_f64.powi(-i32::from(rescale.shift));
            assert!((got - exact.clamp(-128.0, 127.0)).abs() <= slack, "{sum} · {factor} gives {got}");
        }
    }
    assert_eq!(Rescale::new(0.0).multiplier, 0);
    assert_eq!(Rescale::new(f64::NAN).multiplier, 0);
    // Whatever a file holds, nothing panics.
    for (multiplier, shift) in [(i32::MIN, 0), (i32::MAX, 255), (-1, 31), (i32::MIN, 32)] {
        for sum in [i32::MIN, -1, 0, i32::MAX] {
            let _ = Rescale { multiplier, shift }.apply(sum, i8::MIN);
        }
    }
}

#[test]
fn quantized_layers_are_near_those_of_floats() {
    let mut random = Random::new(11);
    let mut layer = crate::zeroed::<Conv2d<f32, 5, 3, 3, 3>>();
    layer.init(crate::init::Init::KaimingUniform { gain: 1.0 }, &mut random);
    layer.bias = [0.3, -0.2, 0.0, 5.0, -0.1];
    let window = Window2d::new([3, 3], [1, 1], [1, 1]);
    let mut x = [[[0.0_f32; 6]; 6]; 3];
    x.as_flattened_mut()
        .as_flattened_mut()
        .fill_with(|| f32::from(u8::try_from(random.next_u64() % 256).expect("a byte")) / 85.0 - 1.0);
    let mut y = [[[0.0_f32; 6]; 6]; 5];
    layer.forward(&window, &x, &mut y);
    let [mut of_x, mut of_y] = [Range::ZERO; 2];
    of_x.see(x.as_flattened().as_flattened()).expect("finite");
    of_y.see(y.as_flattened().as_flattened()).expect("finite");
    let of_x = of_x.affine(0.0);
    let mut bytes = Conv2dInt8::<5, 3, 3, 3>::ZERO;
    let of_y = bytes.quantize("conv", &layer, of_x, of_y).expect("it fits");
    let q = x.map(|x| x.map(|x| x.map(|x| of_x.quantize(x))));
    let mut found = [[[0; 6]; 6]; 5];
    let geometry = Geometry::new(3, [6, 6], window, [1, 1]);
    bytes.predict(&geometry, &q, &mut found, &mut [0_i8; 144]);
    for (o, (found, wanted)) in found.iter().zip(&y).enumerate() {
        // Half a step of y; half a step of x and of w for each of 27 products.
        let w = layer.weight[o].as_flattened().as_flattened();
        let (sum, largest) = w.iter().fold((0.0, 0.0_f32), |(sum, largest), w| (sum + w.abs(), largest.max(w.abs())));
        let slack = of_y.scale[0] + 0.5 * of_x.scale[0] * sum + 27.0 * 2.0 * 0.5 * largest / 127.0;
        for (found, wanted) in found.as_flattened().iter().zip(wanted.as_flattened()) {
            let found = of_y.dequantize(*found);
            assert!((found - wanted).abs() <= slack, "channel {o}: {found}, not {wanted} within {slack}");
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let x = Affine { scale: [0.01], zero_point: [0] };
    let y = Range { least: -1.0, greatest: 1.0 };
    let mut bytes = LinearInt8::<2, 1>::ZERO;
    let mut layer = Linear::<f32, 2, 1> { weight: [[1.0], [1e-9]], bias: [0.0, 100.0] };
    assert_eq!(bytes.quantize("fc", &layer, x, y), Err(QuantizeError::Overflow { layer: "fc", channel: 1 }));
    layer.weight[1][0] = f32::NEG_INFINITY;
    assert_eq!(
        bytes.quantize("fc", &layer, x, y),
        Err(QuantizeError::Weight { layer: "fc", number: f32::NEG_INFINITY })
    );
    // Nothing but zeros is no reason to fail.
    layer = Linear { weight: [[0.0], [0.0]], bias: [0.0, 0.0] };
    let of_y = bytes.quantize("fc", &layer, x, Range::ZERO).expect("zeros");
    let mut q = [1; 2];
    bytes.predict(&[5_i8], &mut q);
    assert_eq!(q.map(|q| of_y.dequantize(q)), [0.0; 2]);
    let mut range = Range::ZERO;
    assert_eq!(range.see(&[1.0, f32::INFINITY]), Err(f32::INFINITY));
}

#[test]
fn pools_take_the_greatest_and_the_mean() {
    let window = Window2d::new([2, 2], [2, 2], [0, 0]);
    let geometry = Geometry::new(1, [2, 4], window, [1, 1]);
    let x = [[[-4_i8, -1, 3, 7], [-3, -2, 0, 1]]];
    let mut y = [[[0; 2]; 1]];
    max_pool(&geometry, &x, &mut y);
    assert_eq!(y, [[[-1, 7]]]);
    average_pool(&geometry, &x, &mut y);
    // -10 / 4 and 11 / 4
    assert_eq!(y, [[[-3, 3]]]);
    let padded = Geometry::new(1, [2, 4], Window2d::new([2, 2], [2, 2], [0, 1]), [1, 1]);
    let mut y = [[[0; 3]; 1]];
    max_pool(&padded, &x, &mut y);
    assert_eq!(y, [[[-3, 3, 7]]]);
    let mut y = [-100, -1, 0, 100];
    ReluInt8 { zero_point: [-1] }.predict(&mut y);
    assert_eq!(y, [-1, -1, 0, 100]);
}
