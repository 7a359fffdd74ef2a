//! The networks that are measured.

use candle_core::{Result, Tensor};
use candle_nn::{
    BatchNorm, Conv2d, Conv2dConfig, FuncT, Linear, Module, ModuleT, VarBuilder, batch_norm, conv2d, conv2d_no_bias,
    func_t, linear,
};

/// LeNet-5 for 28×28 grey images.
pub fn lenet(builder: &VarBuilder) -> Result<FuncT<'static>> {
    let padded = Conv2dConfig { padding: 2, ..Conv2dConfig::default() };
    let first = conv2d(1, 6, 5, padded, builder.pp("first"))?;
    let second = conv2d(6, 16, 5, Conv2dConfig::default(), builder.pp("second"))?;
    let layers = fully_connected(&[400, 120, 84, 10], builder)?;
    Ok(func_t(move |x, train| {
        let x = first.forward(x)?.relu()?.max_pool2d(2)?;
        let x = second.forward(&x)?.relu()?.max_pool2d(2)?;
        layers.forward_t(&x, train)
    }))
}

/// 784-256-128-10.
pub fn mlp(builder: &VarBuilder) -> Result<FuncT<'static>> {
    fully_connected(&[784, 256, 128, 10], builder)
}

fn fully_connected(sizes: &[usize], builder: &VarBuilder) -> Result<FuncT<'static>> {
    let layer = |(at, pair): (usize, &[usize])| linear(pair[0], pair[1], builder.pp(format!("linear{at}")));
    let layers = sizes.windows(2).enumerate().map(layer).collect::<Result<Vec<Linear>>>()?;
    Ok(func_t(move |x, _| {
        let mut x = layers[0].forward(&x.flatten_from(1)?)?;
        for layer in &layers[1..] {
            x = layer.forward(&x.relu()?)?;
        }
        Ok(x)
    }))
}

/// Convolution and batch norm.
struct Normalized {
    convolution: Conv2d,
    norm: BatchNorm,
}

impl Normalized {
    fn new([inputs, outputs]: [usize; 2], kernel: usize, stride: usize, builder: &VarBuilder) -> Result<Self> {
        let config = Conv2dConfig { padding: kernel / 2, stride, ..Conv2dConfig::default() };
        Ok(Self {
            convolution: conv2d_no_bias(inputs, outputs, kernel, config, builder.pp("convolution"))?,
            norm: batch_norm(outputs, 1e-5, builder.pp("norm"))?,
        })
    }
}

impl ModuleT for Normalized {
    fn forward_t(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        self.norm.forward_t(&self.convolution.forward(x)?, train)
    }
}

/// y = relu(second(relu(first(x))) + shortcut(x))
struct Block {
    first: Normalized,
    second: Normalized,
    shortcut: Option<Normalized>,
}

impl Block {
    fn new(inputs: usize, outputs: usize, stride: usize, builder: &VarBuilder) -> Result<Self> {
        let shortcut = || Normalized::new([inputs, outputs], 1, stride, &builder.pp("shortcut"));
        Ok(Self {
            first: Normalized::new([inputs, outputs], 3, stride, &builder.pp("first"))?,
            second: Normalized::new([outputs; 2], 3, 1, &builder.pp("second"))?,
            shortcut: (stride > 1).then(shortcut).transpose()?,
        })
    }
}

impl ModuleT for Block {
    fn forward_t(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        let y = self.second.forward_t(&self.first.forward_t(x, train)?.relu()?, train)?;
        match &self.shortcut {
            Some(shortcut) => (y + shortcut.forward_t(x, train)?)?.relu(),
            None => (y + x)?.relu(),
        }
    }
}

/// A residual network for 32×32 colour pictures, one block a stage.
pub fn resnet(builder: &VarBuilder) -> Result<FuncT<'static>> {
    let stem = Normalized::new([3, 16], 3, 1, &builder.pp("stem"))?;
    let stages = [(16, 16, 1), (16, 32, 2), (32, 64, 2)];
    let block =
        |(at, (inputs, outputs, stride))| Block::new(inputs, outputs, stride, &builder.pp(format!("stage{at}")));
    let blocks = stages.into_iter().enumerate().map(block).collect::<Result<Vec<_>>>()?;
    let head = linear(64, 10, builder.pp("head"))?;
    Ok(func_t(move |x, train| {
        let mut x = stem.forward_t(x, train)?.relu()?;
        for block in &blocks {
            x = block.forward_t(&x, train)?;
        }
        head.forward(&x.mean((2, 3))?)
    }))
}
