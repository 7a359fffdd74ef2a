//! The layers that are measured, by the methods that `network!` calls.

use std::hint::black_box;

use nnet::layers::{BatchNorm, BatchNormGradients, Conv2d, Linear, MaxPool2d, Relu, meet_backward, meet_forward};
use nnet::optim::{Optimizer, Sgd};
use nnet::shape::Window2d;
use nnet::{Element, Flat, Lanes, Pass, Random, Scalar, zeroed};

use super::{Bench, Work};

/// x: `[C, H, W]`
type Map<E, const C: usize, const H: usize, const W: usize> = [[[E; W]; H]; C];
type Group = Lanes<f32>;

/// Those of LeNet, the three stages of a residual network with the steps between them, and a wide linear one.
pub fn all(bench: &Bench) {
    convolution::<1, 28, 6, 28, 5>(bench, "lenet_conv1", 1, 2);
    convolution::<6, 14, 16, 10, 5>(bench, "lenet_conv2", 1, 0);
    convolution::<16, 32, 16, 32, 3>(bench, "resnet_stage1", 1, 1);
    convolution::<16, 32, 32, 16, 3>(bench, "resnet_step2", 2, 1);
    convolution::<32, 16, 32, 16, 3>(bench, "resnet_stage2", 1, 1);
    convolution::<32, 16, 64, 8, 3>(bench, "resnet_step3", 2, 1);
    convolution::<64, 8, 64, 8, 3>(bench, "resnet_stage3", 1, 1);
    linear::<400, 120>(bench, "lenet_fc1");
    linear::<784, 256>(bench, "mlp_fc1");
    pool::<6, 28, 14>(bench, "lenet_pool1");
    pool::<16, 10, 5>(bench, "lenet_pool2");
    relu::<6, 28>(bench, "lenet_relu1");
    batch_norm::<16, 32>(bench, "resnet_norm1");
    sgd::<61_706>(bench, "lenet");
}

/// Normal numbers on the heap.
#[allow(clippy::unnecessary_box_returns, reason = "nothing large is on the stack")]
fn random<T: Flat<Scalar = f32>>(seed: u64) -> Box<T> {
    let (mut tensor, mut random) = (zeroed::<T>(), Random::new(seed));
    tensor.as_scalars_mut().fill_with(|| f32::from_f64(random.normal()));
    tensor
}

const fn element<E: Element>() -> &'static str {
    if E::LANES == 1 { "single" } else { "group" }
}

/// Taps of a `window` on an axis from `x` to `y` entries that are not on the padding.
fn taps(window: &Window2d, x: usize, y: usize) -> usize {
    let inside = |at: usize| (window.padding[0]..x + window.padding[0]).contains(&at);
    (0..y).map(|o| (0..window.kernel[0]).filter(|k| inside(o * window.stride[0] + k)).count()).sum()
}

fn convolution<const IN: usize, const H: usize, const OUT: usize, const OH: usize, const K: usize>(
    bench: &Bench,
    layer: &'static str,
    stride: usize,
    padding: usize,
) {
    let window = Window2d::new([K, K], [stride, stride], [padding, padding]);
    convolution_forward::<Group, IN, H, OUT, OH, K>(bench, layer, &window);
    convolution_forward::<f32, IN, H, OUT, OH, K>(bench, layer, &window);
    convolution_gradients::<IN, H, OUT, OH, K>(bench, layer, &window);
}

/// The work of a convolution in either direction, but for its bytes.
fn convolution_work<E: Element, const IN: usize, const H: usize, const OUT: usize, const OH: usize>(
    layer: &'static str,
    window: &Window2d,
) -> Work {
    let taps = taps(window, H, OH);
    let shape = format!("[{IN}, {H}, {H}] -> [{OUT}, {OH}, {OH}]");
    Work { kernel: "", layer, shape, element: element::<E>(), flop: 2 * E::LANES * OUT * IN * taps * taps, bytes: 0 }
}

/// x: `[IN, H, H]`  →  y: `[OUT, OH, OH]`
fn convolution_forward<
    E: Element<Scalar = f32> + Flat<Scalar = f32>,
    const IN: usize,
    const H: usize,
    const OUT: usize,
    const OH: usize,
    const K: usize,
>(
    bench: &Bench,
    layer: &'static str,
    window: &Window2d,
) {
    let w = random::<Conv2d<f32, OUT, IN, K, K>>(1);
    let (x, mut y) = (random::<Map<E, IN, H, H>>(2), zeroed::<Map<E, OUT, OH, OH>>());
    let bytes = size_of_val(&*w) + size_of_val(&*x) + size_of_val(&*y);
    let work = convolution_work::<E, IN, H, OUT, OH>(layer, window);
    bench.kernel(&Work { kernel: "conv_forward", bytes, ..work }, || {
        w.forward(window, black_box(&*x), black_box(&mut *y));
    });
}

/// x: `[IN, H, H]`, dy: `[OUT, OH, OH]`  →  dx, then dw
fn convolution_gradients<const IN: usize, const H: usize, const OUT: usize, const OH: usize, const K: usize>(
    bench: &Bench,
    layer: &'static str,
    window: &Window2d,
) {
    let w = random::<Conv2d<f32, OUT, IN, K, K>>(1);
    let (x, dy) = (random::<Map<Group, IN, H, H>>(2), random::<Map<Group, OUT, OH, OH>>(3));
    let (mut dx, mut dw) = (zeroed::<Map<Group, IN, H, H>>(), zeroed::<Conv2d<f32, OUT, IN, K, K>>());
    let work = || convolution_work::<Group, IN, H, OUT, OH>(layer, window);
    let bytes = size_of_val(&*w) + size_of_val(&*dx) + size_of_val(&*dy);
    bench.kernel(&Work { kernel: "conv_input_gradient", bytes, ..work() }, || {
        w.input_gradient(window, black_box(&*dy), black_box(&mut *dx));
    });
    let bytes = 2 * size_of_val(&*dw) + size_of_val(&*x) + size_of_val(&*dy);
    bench.kernel(&Work { kernel: "conv_weight_gradient", bytes, ..work() }, || {
        w.backward(window, black_box(&*x), black_box(&*dy), black_box(&mut *dw), None);
    });
}

fn linear<const IN: usize, const OUT: usize>(bench: &Bench, layer: &'static str) {
    linear_forward::<Group, IN, OUT>(bench, layer);
    linear_forward::<f32, IN, OUT>(bench, layer);
    linear_gradients::<IN, OUT>(bench, layer);
}

/// The work of a linear layer in either direction, but for its bytes.
fn linear_work<E: Element, const IN: usize, const OUT: usize>(layer: &'static str) -> Work {
    let shape = format!("[{IN}] -> [{OUT}]");
    Work { kernel: "", layer, shape, element: element::<E>(), flop: 2 * E::LANES * OUT * IN, bytes: 0 }
}

/// x: `[IN]`  →  y: `[OUT]`
fn linear_forward<E: Element<Scalar = f32> + Flat<Scalar = f32>, const IN: usize, const OUT: usize>(
    bench: &Bench,
    layer: &'static str,
) {
    let w = random::<Linear<f32, OUT, IN>>(1);
    let (x, mut y) = (random::<[E; IN]>(2), zeroed::<[E; OUT]>());
    let bytes = size_of_val(&*w) + size_of_val(&*x) + size_of_val(&*y);
    bench.kernel(&Work { kernel: "linear_forward", bytes, ..linear_work::<E, IN, OUT>(layer) }, || {
        w.forward(black_box(&*x), black_box(&mut *y));
    });
}

/// x: `[IN]`, dy: `[OUT]`  →  dx, then dw
fn linear_gradients<const IN: usize, const OUT: usize>(bench: &Bench, layer: &'static str) {
    let w = random::<Linear<f32, OUT, IN>>(1);
    let (x, dy) = (random::<[Group; IN]>(2), random::<[Group; OUT]>(3));
    let (mut dx, mut dw) = (zeroed::<[Group; IN]>(), zeroed::<Linear<f32, OUT, IN>>());
    let work = || linear_work::<Group, IN, OUT>(layer);
    let bytes = size_of_val(&*w) + size_of_val(&*dx) + size_of_val(&*dy);
    bench.kernel(&Work { kernel: "linear_input_gradient", bytes, ..work() }, || {
        w.input_gradient(black_box(&*dy), black_box(&mut *dx));
    });
    let bytes = 2 * size_of_val(&*dw) + size_of_val(&*x) + size_of_val(&*dy);
    bench.kernel(&Work { kernel: "linear_weight_gradient", bytes, ..work() }, || {
        w.backward(black_box(&*x), black_box(&*dy), black_box(&mut *dw), None);
    });
}

fn pool<const C: usize, const H: usize, const OH: usize>(bench: &Bench, layer: &'static str) {
    pool_forward::<Group, C, H, OH>(bench, layer);
    pool_forward::<f32, C, H, OH>(bench, layer);
    pool_gradient::<C, H, OH>(bench, layer);
}

const HALVES: Window2d = Window2d::new([2, 2], [2, 2], [0, 0]);

/// x: `[C, H, H]`  →  y: `[C, OH, OH]`
fn pool_forward<E: Element<Scalar = f32> + Flat<Scalar = f32>, const C: usize, const H: usize, const OH: usize>(
    bench: &Bench,
    layer: &'static str,
) {
    let (x, mut y) = (random::<Map<E, C, H, H>>(1), zeroed::<Map<E, C, OH, OH>>());
    let shape = format!("[{C}, {H}, {H}] -> [{C}, {OH}, {OH}]");
    let bytes = size_of_val(&*x) + size_of_val(&*y);
    bench.kernel(&Work { kernel: "max_pool", layer, shape, element: element::<E>(), flop: 0, bytes }, || {
        MaxPool2d::new(HALVES).forward(black_box(&*x), black_box(&mut *y));
    });
}

/// x: `[C, H, H]`, dy: `[C, OH, OH]`  →  dx
fn pool_gradient<const C: usize, const H: usize, const OH: usize>(bench: &Bench, layer: &'static str) {
    let (x, dy) = (random::<Map<Group, C, H, H>>(1), random::<Map<Group, C, OH, OH>>(2));
    let mut dx = zeroed::<Map<Group, C, H, H>>();
    let shape = format!("[{C}, {H}, {H}] -> [{C}, {OH}, {OH}]");
    let bytes = 2 * size_of_val(&*x) + size_of_val(&*dy);
    bench.kernel(&Work { kernel: "max_pool_gradient", layer, shape, element: "group", flop: 0, bytes }, || {
        MaxPool2d::new(HALVES).backward(black_box(&*x), black_box(&*dy), black_box(&mut *dx));
    });
}

/// y: `[C, H, H]`, then dy likewise
fn relu<const C: usize, const H: usize>(bench: &Bench, layer: &'static str) {
    let (mut y, mut dy) = (random::<Map<Group, C, H, H>>(1), random::<Map<Group, C, H, H>>(2));
    let work = |kernel, tensors| {
        let (shape, bytes) = (format!("[{C}, {H}, {H}]"), tensors * size_of::<Map<Group, C, H, H>>());
        Work { kernel, layer, shape, element: "group", flop: 0, bytes }
    };
    bench.kernel(&work("relu", 2), || Relu.forward(black_box(&mut *y)));
    bench.kernel(&work("relu_gradient", 3), || Relu.backward(black_box(&*y), black_box(&mut *dy)));
}

/// Statistics of x: `[C, H, H]`, then y, sums over dy and dx, with the operations that the equations have for an entry.
fn batch_norm<const C: usize, const H: usize>(bench: &Bench, layer: &'static str) {
    const EPS: f64 = 1e-5;
    let mut norm = zeroed::<BatchNorm<f32, C>>();
    norm.init();
    let (x, mut dy) = (random::<Map<Group, C, H, H>>(1), random::<Map<Group, C, H, H>>(2));
    let (mut y, mut gradients) = (zeroed::<Map<Group, C, H, H>>(), zeroed::<BatchNormGradients<f32, C>>());
    let mut statistics = zeroed::<[[Group; C]; 4]>();
    let work = |kernel, flop, tensors| {
        let (shape, bytes) = (format!("[{C}, {H}, {H}]"), tensors * size_of::<Map<Group, C, H, H>>());
        Work { kernel, layer, shape, element: "group", flop: flop * Group::LANES * C * H * H, bytes }
    };
    // x is added; the square of x − mean is added
    bench.kernel(&work("batch_norm_statistics", 4, 1), || {
        BatchNorm::statistics(black_box(&*x), black_box(&mut *statistics));
    });
    meet_forward(&mut [&mut *statistics], Group::LANES, H * H, |group| group);
    // scale·x + shift
    bench.kernel(&work("batch_norm", 2, 2), || {
        norm.forward(EPS, black_box(&*statistics), black_box(&*x), black_box(&mut *y));
    });
    // dy is added; dy·x̂ is added, x̂ = (x − μ)·scale
    bench.kernel(&work("batch_norm_gradient_sums", 5, 2), || {
        norm.gradient_sums(EPS, black_box(&mut *statistics), black_box(&*x), black_box(&*dy), Some(&mut gradients));
    });
    meet_backward(&mut [&mut *statistics], Group::LANES, H * H, |group| group);
    // scale·dy + (a·x + b)
    bench.kernel(&work("batch_norm_gradient", 4, 3), || {
        norm.backward(EPS, &Pass::new(1, 1), black_box(&*statistics), black_box(&*x), black_box(&mut *dy));
    });
}

/// w, m ← a step with momentum and weight decay: m ← μm + (g + λw),  w ← w − rate·m
fn sgd<const N: usize>(bench: &Bench, layer: &'static str) {
    let (mut w, g, mut m) = (random::<[f32; N]>(1), random::<[f32; N]>(2), random::<[f32; N]>(3));
    let optimizer = Sgd::new(1e-6).momentum(0.9).weight_decay(1e-4);
    let work = Work { kernel: "sgd", layer, shape: format!("[{N}]"), element: "weights", flop: 6 * N, bytes: 20 * N };
    bench.kernel(&work, || {
        optimizer.update(1, 1e-6, black_box(&mut w[..]), black_box(&g[..]), black_box(&mut m[..]), &mut []);
    });
}
