//! The networks that are measured.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

/// A network of images.
pub trait Forward {
    /// Channels, height and width of an image.
    const IMAGE: [usize; 3];

    fn forward(&self, x: Tensor<4>) -> Tensor<2>;
}

/// LeNet-5 for 28×28 grey images.
#[derive(Module, Debug)]
pub struct LeNet {
    first: Conv2d,
    second: Conv2d,
    pool: MaxPool2d,
    layers: Vec<Linear>,
}

impl LeNet {
    pub fn new(device: &Device) -> Self {
        let padding = PaddingConfig2d::Explicit(2, 2, 2, 2);
        Self {
            first: Conv2dConfig::new([1, 6], [5, 5]).with_padding(padding).init(device),
            second: Conv2dConfig::new([6, 16], [5, 5]).init(device),
            pool: MaxPool2dConfig::new([2, 2]).init(),
            layers: linear(&[400, 120, 84, 10], device),
        }
    }
}

impl Forward for LeNet {
    const IMAGE: [usize; 3] = [1, 28, 28];

    fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let x = self.pool.forward(relu(self.first.forward(x)));
        let x = self.pool.forward(relu(self.second.forward(x)));
        fully_connected(&self.layers, x.flatten(1, 3))
    }
}

/// 784-256-128-10.
#[derive(Module, Debug)]
pub struct Mlp {
    layers: Vec<Linear>,
}

impl Mlp {
    pub fn new(device: &Device) -> Self {
        Self { layers: linear(&[784, 256, 128, 10], device) }
    }
}

impl Forward for Mlp {
    const IMAGE: [usize; 3] = [784, 1, 1];

    fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        fully_connected(&self.layers, x.flatten(1, 3))
    }
}

fn linear(sizes: &[usize], device: &Device) -> Vec<Linear> {
    sizes.windows(2).map(|pair| LinearConfig::new(pair[0], pair[1]).init(device)).collect()
}

fn fully_connected(layers: &[Linear], x: Tensor<2>) -> Tensor<2> {
    let mut x = layers[0].forward(x);
    for layer in &layers[1..] {
        x = layer.forward(relu(x));
    }
    x
}

/// Convolution and batch norm.
#[derive(Module, Debug)]
struct Normalized {
    convolution: Conv2d,
    norm: BatchNorm,
}

impl Normalized {
    fn new([inputs, outputs]: [usize; 2], kernel: usize, stride: usize, device: &Device) -> Self {
        let around = kernel / 2;
        let convolution = Conv2dConfig::new([inputs, outputs], [kernel; 2])
            .with_stride([stride; 2])
            .with_padding(PaddingConfig2d::Explicit(around, around, around, around))
            .with_bias(false)
            .init(device);
        Self { convolution, norm: BatchNormConfig::new(outputs).init(device) }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.norm.forward(self.convolution.forward(x))
    }
}

/// y = relu(second(relu(first(x))) + shortcut(x))
#[derive(Module, Debug)]
struct Block {
    first: Normalized,
    second: Normalized,
    shortcut: Option<Normalized>,
}

impl Block {
    fn new(inputs: usize, outputs: usize, stride: usize, device: &Device) -> Self {
        let shortcut = (stride > 1).then(|| Normalized::new([inputs, outputs], 1, stride, device));
        Self {
            first: Normalized::new([inputs, outputs], 3, stride, device),
            second: Normalized::new([outputs; 2], 3, 1, device),
            shortcut,
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let y = self.second.forward(relu(self.first.forward(x.clone())));
        relu(y + self.shortcut.as_ref().map_or(x.clone(), |shortcut| shortcut.forward(x)))
    }
}

/// A residual network for 32×32 colour pictures, one block a stage.
#[derive(Module, Debug)]
pub struct ResNet {
    stem: Normalized,
    blocks: Vec<Block>,
    head: Linear,
}

impl ResNet {
    pub fn new(device: &Device) -> Self {
        Self {
            stem: Normalized::new([3, 16], 3, 1, device),
            blocks: vec![Block::new(16, 16, 1, device), Block::new(16, 32, 2, device), Block::new(32, 64, 2, device)],
            head: LinearConfig::new(64, 10).init(device),
        }
    }
}

impl Forward for ResNet {
    const IMAGE: [usize; 3] = [3, 32, 32];

    fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let x = self.blocks.iter().fold(relu(self.stem.forward(x)), |x, block| block.forward(x));
        let x: Tensor<3> = x.flatten(2, 3);
        self.head.forward(x.mean_dim(2).flatten(1, 2))
    }
}
