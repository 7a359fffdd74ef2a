//! Sizes that have names: the same networks as with numbers, to the bit.

use nnet::optim::{OptimizerState, Sgd};
use nnet::{Network, Random, Scalar, Tensor, Train, network, zeroed};

mod config {
    pub const SIDE: usize = 12;
    pub const CHANNELS: [usize; 2] = [4, 6];
}

const KERNEL: usize = 3;
const HIDDEN: usize = 20;
const CLASSES: usize = 5;

const fn half(size: usize) -> usize {
    size / 2
}

network! {
    /// Every kind of name, in every place where a size may be.
    pub struct Named: [1, config::SIDE, config::SIDE] -> [CLASSES] {
        conv1: Conv2d({ config::CHANNELS[0] }, kernel = KERNEL, padding = "same", bias = false),
        BatchNorm,
        Relu,
        MaxPool2d(half(4)) -> [4, 6, 6],
        block: residual { Conv2d(config::CHANNELS[0], KERNEL, padding = 1, bias = false), BatchNorm, Tanh },
        concat {
            a: Conv2d(config::CHANNELS[1], kernel = [KERNEL, 1], padding = [half(KERNEL), 0], groups = half(4)),
            b: { Upsample2d(2), MaxPool2d([2, half(4)]) },
        } -> [10, half(config::SIDE), 6],
        repeat(2) { residual { GroupNorm(half(KERNEL + 1)), ZeroPad2d([0, 1, half(2), 0]), AvgPool2d(half(5), stride = 1) } },
        Flatten,
        fc1: Linear(HIDDEN),
        LayerNorm,
        add { {}, Linear({ HIDDEN }) },
        Silu,
        Dropout(0.1),
        Linear(CLASSES),
    }
    loss = cross_entropy;
}

network! {
    /// The same in numbers.
    pub struct Plain: [1, 12, 12] -> [5] {
        conv1: Conv2d(4, kernel = 3, padding = "same", bias = false),
        BatchNorm,
        Relu,
        MaxPool2d(2) -> [4, 6, 6],
        block: residual { Conv2d(4, 3, padding = 1, bias = false), BatchNorm, Tanh },
        concat {
            a: Conv2d(6, kernel = [3, 1], padding = [1, 0], groups = 2),
            b: { Upsample2d(2), MaxPool2d([2, 2]) },
        } -> [10, 6, 6],
        repeat(2) { residual { GroupNorm(2), ZeroPad2d([0, 1, 1, 0]), AvgPool2d(2, stride = 1) } },
        Flatten,
        fc1: Linear(20),
        LayerNorm,
        add { {}, Linear(20) },
        Silu,
        Dropout(0.1),
        Linear(5),
    }
    loss = cross_entropy;
}

#[test]
fn constants_say_the_same() {
    assert_eq!(Named::INPUT_SHAPE, Plain::INPUT_SHAPE);
    assert_eq!(Named::OUTPUT_SHAPE, Plain::OUTPUT_SHAPE);
    assert_eq!(Named::PARAMETERS, Plain::PARAMETERS);
    assert_eq!(Named::PARAMETER_COUNT, Plain::PARAMETER_COUNT);
    assert_eq!(Named::WEIGHT_BYTES, Plain::WEIGHT_BYTES);
    assert_eq!(Named::MACS, Plain::MACS);
    let outputs = |layers: &[nnet::LayerInfo]| layers.iter().map(|layer| layer.output).collect::<Vec<_>>();
    assert_eq!(outputs(Named::LAYERS), outputs(Plain::LAYERS));
    // Areas may be shared otherwise, where the macro cannot compare sizes.
    const { assert!(Named::INFERENCE_BYTES <= 2 * Plain::INFERENCE_BYTES) };
}

/// The parameters after some steps of training.
fn trained<N>() -> Vec<f32>
where
    N: Train<Scalar = f32, Target = usize> + Network<Scalar = f32, Input<f32> = [[[f32; 12]; 12]; 1]>,
{
    let mut random = Random::new(5);
    let mut network = nnet::boxed::<N>(3);
    let mut gradients = zeroed::<N::Gradients>();
    let mut tapes = vec![*zeroed::<N::Tape<f32>>(), *zeroed::<N::Tape<f32>>()];
    let optimizer = Sgd::new(0.05).momentum(0.9);
    let mut state = OptimizerState::ZERO;
    for step in 0..5 {
        let mut x = [[[[0.0; 12]; 12]; 1]; 2];
        x.iter_mut().flat_map(Tensor::as_flat_mut).for_each(|x| *x = Scalar::from_f64(random.normal()));
        network.train_batch(&x, &[step % 5, 2], &mut tapes, &mut gradients, &optimizer, &mut state);
    }
    network.as_scalars().to_vec()
}

#[test]
fn training_gives_the_same_bits() {
    let (named, plain) = (trained::<Named>(), trained::<Plain>());
    assert!(named.iter().all(|parameter| parameter.is_finite()));
    assert_eq!(named, plain);
}

network! {
    /// A residual network of any width, with another network of any width in it.
    pub struct Wide<const WIDTH: usize, const HIDDEN: usize>: [1, 12, 12] -> [5] {
        stem: Conv2d(WIDTH, 3, padding = 1, bias = false),
        BatchNorm,
        Relu,
        a: residual { Conv2d(WIDTH, KERNEL, padding = 1, bias = false), BatchNorm, Relu, Conv2d(WIDTH, 3, padding = "same") },
        MaxPool2d(2) -> [WIDTH, 6, 6],
        residual(shortcut = Conv2d(HIDDEN, 1)) { Conv2d(HIDDEN, 1), PRelu(per_channel = true) },
        GlobalAvgPool2d,
        Linear(HIDDEN), Tanh,
        repeat(2) { residual { Linear(HIDDEN), LayerNorm, Silu } },
        Linear(8),
        head: self::Head<6> -> [CLASSES],
    }
    loss = cross_entropy;
}

network! {
    /// Another network with a parameter.
    pub struct Head<const HIDDEN: usize>: [8] -> [5] { Linear(HIDDEN), Relu, Linear(5) }
}

network! {
    /// The same in numbers.
    pub struct Fixed: [1, 12, 12] -> [5] {
        stem: Conv2d(4, 3, padding = 1, bias = false),
        BatchNorm,
        Relu,
        a: residual { Conv2d(4, 3, padding = 1, bias = false), BatchNorm, Relu, Conv2d(4, 3, padding = "same") },
        MaxPool2d(2) -> [4, 6, 6],
        residual(shortcut = Conv2d(7, 1)) { Conv2d(7, 1), PRelu(per_channel = true) },
        GlobalAvgPool2d,
        Linear(7), Tanh,
        repeat(2) { residual { Linear(7), LayerNorm, Silu } },
        Linear(8),
        head: { Linear(6), Relu, Linear(5) },
    }
    loss = cross_entropy;
}

#[test]
fn parameters_give_the_same_bits() {
    type Named = Wide<4, 7>;
    let [wide, fixed] = [Named::PARAMETERS, Fixed::PARAMETERS].map(|tensors| {
        let places = |tensor: &nnet::ParameterInfo| (tensor.shape, tensor.offset, tensor.gradient);
        tensors.iter().map(places).collect::<Vec<_>>()
    });
    assert_eq!(wide, fixed);
    assert_eq!((Named::MACS, Named::WEIGHT_BYTES), (Fixed::MACS, Fixed::WEIGHT_BYTES));
    assert_eq!(Named::LAYERS.iter().map(|layer| layer.parameters).sum::<usize>(), Named::PARAMETER_COUNT);
    assert_eq!(trained::<Named>(), trained::<Fixed>());
    assert_ne!(Wide::<5, 7>::PARAMETER_COUNT, Named::PARAMETER_COUNT);
}

#[test]
fn a_network_with_parameters_folds() {
    let mut network = nnet::boxed::<Wide<4, 7>>(5);
    network.batch_norm_1.running_mean = [0.5, 0.25, -0.5, 1.0];
    let folded = nnet::folded(&*network);
    let x = [[[0.3; 12]; 12]; 1];
    let (mut scratch, mut folded_scratch) = (WideScratch::<4, 7>::ZERO, WideFoldedScratch::<4, 7>::ZERO);
    let (y, z) = (network.predict(&x, &mut scratch), folded.predict(&x, &mut folded_scratch));
    assert!(y.iter().zip(z).all(|(y, z)| (y - z).abs() < 1e-5), "{y:?} {z:?}");
}

macro_rules! doubled {
    ($name:ident, $size:expr) => {
        network! { pub struct $name: [4] -> [3] { Linear($size * 2), Relu, Linear(3) } }
    };
}
doubled!(DoubledName, HIDDEN + 1);
doubled!(DoubledNumber, 20 + 1);

struct Config;

impl Config {
    const WIDTH: usize = 6;
}

network! {
    /// Parameters with the names of other things, one that sizes no field, and groups of all channels.
    pub struct Grouped<const G: usize, const WIDTH: usize>: [WIDTH, 4, 4] -> [3] {
        Conv2d(WIDTH, kernel = 3, groups = WIDTH),
        GroupNorm(G),
        GlobalAvgPool2d,
        Linear(Config::WIDTH),
        Relu,
        Linear({ if HIDDEN > 10 { 5 } else { 4 } }),
        repeat(2) { Linear(half(10)), Tanh },
        Linear(3),
    }
}

#[test]
fn names_are_what_rustc_takes_them_for() {
    assert_eq!(DoubledName::LAYERS[0].output, [42]);
    assert_eq!(DoubledNumber::LAYERS[0].output, [42]);
    let outputs: Vec<_> = Grouped::<2, 4>::LAYERS.iter().map(|layer| layer.output.to_vec()).collect();
    let flat = [vec![4], vec![6], vec![6], vec![5], vec![5], vec![5], vec![5], vec![5], vec![3]];
    assert_eq!(outputs, [&[vec![4, 2, 2], vec![4, 2, 2]][..], &flat].concat());
    let network = nnet::boxed::<Grouped<2, 4>>(1);
    let y = *network.predict(&[[[0.5; 4]; 4]; 4], &mut zeroed::<GroupedScratch<2, 4>>());
    assert!(y.iter().all(|y| y.is_finite()));
}
