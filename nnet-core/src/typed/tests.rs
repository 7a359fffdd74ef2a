//! The relations agree with the shape rules, and the layers with those that they wrap.

use super::*;
use crate::flat::Flat;
use crate::layers;
use crate::layers::tests::fill;
use crate::shape::{Shape, Window2d, conv_transpose2d, pool2d};
use crate::tensor::Tensor;

/// A window from `IN` to `OUT`, to ask which relations hold.
struct Ask<W, const IN: usize, const OUT: usize>(W);

/// What is said where no better answer is.
trait No {
    const MAPS: bool = false;
    const POOLS: bool = false;
    const SPREADS: bool = false;
}
impl<W, const IN: usize, const OUT: usize> No for Ask<W, IN, OUT> {}

impl<W: Maps<IN, OUT>, const IN: usize, const OUT: usize> Ask<W, IN, OUT> {
    const MAPS: bool = true;
}
impl<W: Pools<IN, OUT>, const IN: usize, const OUT: usize> Ask<W, IN, OUT> {
    const POOLS: bool = true;
}
impl<W: Spreads<IN, OUT>, const IN: usize, const OUT: usize> Ask<W, IN, OUT> {
    const SPREADS: bool = true;
}

/// Calls `agree` with each combination of the numbers, and with what the types say of it.
macro_rules! each {
    ([$k:literal $s:literal $p:literal $d:literal $in:literal $out:literal] {}) => {
        agree::<$k, $s, $p, $d, $in, $out>([
            Ask::<Window<$k, $s, $p, $d>, $in, $out>::MAPS,
            Ask::<Window<$k, $s, $p, $d>, $in, $out>::POOLS,
            Ask::<Window<$k, $s, $p, $d>, $in, $out>::SPREADS,
        ]);
    };
    ($chosen:tt { ($($number:literal)*) $($rest:tt)* }) => { each!(@ $chosen ($($number)*) { $($rest)* }) };
    (@ $chosen:tt ($($number:literal)*) $rest:tt) => { $(each!(+ $chosen $number $rest);)* };
    (+ [$($chosen:literal)*] $number:literal $rest:tt) => { each!([$($chosen)* $number] $rest) };
}

fn agree<const K: usize, const S: usize, const P: usize, const D: usize, const IN: usize, const OUT: usize>(
    [maps, pools, spreads]: [bool; 3],
) {
    let window = Window2d::new([K; 2], [S; 2], [P; 2]).with_dilation([D; 2]);
    let what = (K, S, P, D, IN, OUT);
    let square = |n| Shape::Map([1, n, n]);
    assert_eq!(maps, IN > 0 && window.output([IN; 2]) == Ok([OUT; 2]), "maps {what:?}");
    assert_eq!(pools, IN > 0 && pool2d(square(IN), &window) == Ok(square(OUT)), "pools {what:?}");
    // output padding is what the size of the output has above the least, and below the stride
    let leads = |more| conv_transpose2d(square(IN), 1, 1, &window, [more; 2]) == Ok(square(OUT));
    assert_eq!(spreads, IN > 0 && (0..S).any(leads), "spreads {what:?}");
}

/// Windows that fit, that are too large, that begin or end in the padding, and that have a 0 somewhere.
#[test]
fn the_relations_are_those_of_the_shape_rules() {
    each!([] { (1 2 3) (1 3) (0 1 2) (1 2) (1 4) (0 1 2 3 5) });
    each!([] { (0 2) (0 1) (0 1) (0 1) (0 3) (0 1 2 3) });
}

const fn connect<const G: usize, const C: usize, const OF_GROUP: usize, const OTHERS: usize>()
where
    Groups<G>: Connect<C, OF_GROUP, OTHERS>,
{
}

const fn biases<const B: usize, const OUT: usize>()
where
    Biases<B>: Bias<OUT>,
{
}

/// Convolutions in groups connect to as many channels as the groups have, and a layer has all biases or none.
#[test]
fn channels_connect() {
    connect::<1, 6, 6, 16>();
    connect::<2, 12, 6, 16>();
    connect::<16, 16, 1, 32>();
    biases::<16, 16>();
    biases::<0, 16>();
}

#[test]
fn convolutions_are_those_of_the_layers() {
    let mut conv: Sliding<layers::Conv2d<f64, 6, 2, 3, 2, 0>, 2, 1, 2, 2> = Sliding::ZERO;
    fill(conv.as_scalars_mut(), 1);
    let (mut x, mut y, mut want) = ([[[0.0_f64; 9]; 7]; 4], [[[f64::NAN; 5]; 3]; 6], [[[f64::NAN; 5]; 3]; 6]);
    fill(x.as_flat_mut(), 2);
    let window = Window2d::new([3, 2], [2, 2], [1, 1]).with_dilation([2, 2]);
    conv.forward(&x, &mut y);
    conv.0.forward(&window, &x, &mut want);
    assert_eq!(y, want);
    let (mut gradients, mut dx, mut alone) = (conv.clone(), x, x);
    let (mut want_gradients, mut want_dx) = (conv.0.clone(), x);
    conv.backward(&x, &y, &mut gradients, Some(&mut dx));
    conv.input_gradient(&y, &mut alone);
    conv.0.backward(&window, &x, &y, &mut want_gradients, Some(&mut want_dx));
    assert_eq!((&gradients.0, dx, alone), (&want_gradients, want_dx, want_dx));
}

#[test]
fn convolutions_of_sequences_are_those_of_the_layers() {
    let mut conv: Conv1d<f64, 3, 2, 5, 2, 1> = Sliding::ZERO;
    fill(conv.as_scalars_mut(), 1);
    let (mut x, mut y, mut want) = ([[0.0_f64; 10]; 2], [[f64::NAN; 4]; 3], [[f64::NAN; 4]; 3]);
    fill(x.as_flat_mut(), 2);
    let window = Window2d::new([1, 5], [1, 2], [0, 1]);
    conv.forward(&x, &mut y);
    conv.0.forward(&window, &x, &mut want);
    assert_eq!(y, want);
    let (mut gradients, mut dx, mut alone) = (conv.clone(), x, x);
    let (mut want_gradients, mut want_dx) = (conv.0.clone(), x);
    conv.backward(&x, &y, &mut gradients, Some(&mut dx));
    conv.input_gradient(&y, &mut alone);
    conv.0.backward(&window, &x, &y, &mut want_gradients, Some(&mut want_dx));
    assert_eq!((&gradients.0, dx, alone), (&want_gradients, want_dx, want_dx));
}

#[test]
fn transposed_convolutions_are_those_of_the_layers() {
    let mut conv: ConvTranspose2d<f64, 4, 3, 3, 2, 1> = Sliding::ZERO;
    fill(conv.as_scalars_mut(), 1);
    // one row without and one column with output padding
    let (mut x, mut y, mut want) = ([[[0.0_f64; 5]; 4]; 4], [[[f64::NAN; 10]; 7]; 3], [[[f64::NAN; 10]; 7]; 3]);
    fill(x.as_flat_mut(), 2);
    let window = Window2d::new([3, 3], [2, 2], [1, 1]);
    conv.forward(&x, &mut y);
    conv.0.forward(&window, &x, &mut want);
    assert_eq!(y, want);
    let (mut gradients, mut dx, mut alone) = (conv.clone(), x, x);
    let (mut want_gradients, mut want_dx) = (conv.0.clone(), x);
    conv.backward(&x, &y, &mut gradients, Some(&mut dx));
    conv.input_gradient(&y, &mut alone);
    conv.0.backward(&window, &x, &y, &mut want_gradients, Some(&mut want_dx));
    assert_eq!((&gradients.0, dx, alone), (&want_gradients, want_dx, want_dx));
}

#[test]
fn pools_are_those_of_the_layers() {
    let mut x = [[[0.0_f64; 7]; 9]; 2];
    fill(x.as_flat_mut(), 1);
    let window = Window2d::new([3, 3], [2, 2], [1, 1]);
    let (mut y, mut want) = ([[[f64::NAN; 4]; 5]; 2], [[[f64::NAN; 4]; 5]; 2]);
    let (mut dx, mut want_dx) = (x, x);
    MaxPool2d::<3, 2, 1>.forward(&x, &mut y);
    layers::MaxPool2d::new(window).forward(&x, &mut want);
    assert_eq!(y, want);
    MaxPool2d::<3, 2, 1>.backward(&x, &y, &mut dx);
    layers::MaxPool2d::new(window).backward(&x, &y, &mut want_dx);
    assert_eq!(dx, want_dx);
    AvgPool2d::<3, 2, 1>.forward(&x, &mut y);
    layers::AvgPool2d::new(window).forward(&x, &mut want);
    assert_eq!(y, want);
    AvgPool2d::<3, 2, 1>.backward(&y, &mut dx);
    layers::AvgPool2d::new(window).backward(&y, &mut want_dx);
    assert_eq!(dx, want_dx);
}

#[test]
fn pools_of_sequences_by_hand() {
    let x = [[1.0, 3.0, 2.0, 8.0, 6.0]];
    let (mut y, mut dx) = ([[f32::NAN; 2]], [[f32::NAN; 5]]);
    MaxPool1d::<2>.forward(&x, &mut y);
    assert_eq!(y, [[3.0, 8.0]]);
    MaxPool1d::<2>.backward(&x, &[[5.0, 7.0]], &mut dx);
    assert_eq!(dx, [[0.0, 5.0, 0.0, 7.0, 0.0]]);
    AvgPool1d::<2>.forward(&x, &mut y);
    assert_eq!(y, [[2.0, 5.0]]);
    AvgPool1d::<2>.backward(&[[4.0, 6.0]], &mut dx);
    assert_eq!(dx, [[2.0, 2.0, 3.0, 3.0, 0.0]]);
}

#[test]
fn linear_layers_are_those_of_the_layers() {
    let mut fc: Linear<f64, 2, 6> = Linear::ZERO;
    fill(fc.as_scalars_mut(), 1);
    let mut x = [[0.0_f64; 3]; 2];
    fill(x.as_flat_mut(), 2);
    let (mut y, mut want, mut dx, mut alone) = ([f64::NAN; 2], [f64::NAN; 2], x, [0.0; 6]);
    fc.forward(Flatten.view(&x), &mut y);
    fc.0.forward(Flatten.view(&x), &mut want);
    assert_eq!(y, want);
    let (mut gradients, mut want_gradients, mut want_dx) = (fc.clone(), fc.0.clone(), [0.0; 6]);
    fc.backward(Flatten.view(&x), &y, &mut gradients, Some(Flatten.view_mut(&mut dx)));
    fc.input_gradient(&y, &mut alone);
    fc.0.backward(Flatten.view(&x), &y, &mut want_gradients, Some(&mut want_dx));
    assert_eq!((&gradients.0, dx.as_flat(), alone), (&want_gradients, &want_dx[..], want_dx));
}
