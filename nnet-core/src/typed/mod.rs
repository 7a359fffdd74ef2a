//! Layers by hand: a network without the macro, whose shapes rustc checks.
//!
//! The user writes a structure of layers and calls them on arrays. Strides and paddings are numbers in the types of the
//! layers, sizes those of the arrays, so nothing is written twice. A call whose sizes do not fit is an error of
//! `cargo check`, at the call, in decimals:
//!
//! ```text
//! error[E0277]: a window of 5 with stride 1, padding 0 and dilation 1 does not lead from 28 to 25
//!   |
//! 7 |     conv.forward(&x, &mut y);
//!   |          ------- ^^ 28 entries do not give 25
//!   = note: it gives (28 + 2 * 0 - (5 - 1) * 1 - 1) / 1 + 1, rounded down; make the output that large, or change the window
//! ```
//!
//! | layer | relation | |
//! |---|---|---|
//! | [`Conv2d`], [`Conv1d`], any [`Sliding`] | [`Maps`], [`Connect`] | the window leads from x to y; the channels are those of all groups |
//! | [`ConvTranspose2d`] | [`Spreads`], [`Connect`] | the window leads from y to x |
//! | [`MaxPool2d`], [`AvgPool2d`], [`MaxPool1d`], [`AvgPool1d`] | [`Pools`] | as of a convolution, and the padding is at most half of the window |
//! | [`Flatten`] | [`Flattens`] | C·H·W entries |
//! | [`Linear`] | [`Features`] | a flat input of as many entries as the layer takes |
//!
//! All other layers are those of [`crate::layers`]: activations, global and adaptive pools need no relation that an
//! array's type does not state. The kernels are the same, and so are the numbers that come out.
//!
//! # Which sizes
//!
//! Stable Rust cannot compute with the numbers of a type. `typenum` can, but it knows the numbers to 1024, the powers of
//! two, the powers of ten, and few others. Another size of an input, an output or a flat view is refused with a
//! message that says so. It does not bound what is in between, nor [`Linear`]. The macro `network!` takes any size,
//! [`crate::layers`] checks any size when it runs, and [`Tensor::view`](crate::Tensor::view) is a flat view of any size.
//!
//! # `LeNet` by hand
//!
//! ```
//! use nnet_core::layers::Relu;
//! use nnet_core::loss::{CrossEntropy, Loss};
//! use nnet_core::optim::{Optimizer, Sgd};
//! use nnet_core::typed::{Conv2d, Flatten, Linear, MaxPool2d};
//! use nnet_core::{Flat, Random, Tensor, init::Init};
//!
//! struct LeNet {
//!     conv1: Conv2d<f32, 6, 1, 5, 1, 2>, // to 6 channels from 1, a window of 5×5, stride 1, padding 2
//!     conv2: Conv2d<f32, 16, 6, 5>,
//!     fc1: Linear<f32, 120, 400>,
//!     fc2: Linear<f32, 84, 120>,
//!     fc3: Linear<f32, 10, 84>,
//! }
//!
//! /// What the layers give, or the gradient of the loss with respect to it.
//! struct Values {
//!     conv1: [[[f32; 28]; 28]; 6],
//!     pool1: [[[f32; 14]; 14]; 6],
//!     conv2: [[[f32; 10]; 10]; 16],
//!     pool2: [[[f32; 5]; 5]; 16],
//!     fc1: [f32; 120],
//!     fc2: [f32; 84],
//!     fc3: [f32; 10],
//! }
//!
//! impl LeNet {
//!     fn forward(&self, x: &[[[f32; 28]; 28]; 1], y: &mut Values) {
//!         self.conv1.forward(x, &mut y.conv1);
//!         Relu.forward(&mut y.conv1);
//!         MaxPool2d::<2>.forward(&y.conv1, &mut y.pool1);
//!         self.conv2.forward(&y.pool1, &mut y.conv2);
//!         Relu.forward(&mut y.conv2);
//!         MaxPool2d::<2>.forward(&y.conv2, &mut y.pool2);
//!         self.fc1.forward(Flatten.view(&y.pool2), &mut y.fc1);
//!         Relu.forward(&mut y.fc1);
//!         self.fc2.forward(&y.fc1, &mut y.fc2);
//!         Relu.forward(&mut y.fc2);
//!         self.fc3.forward(&y.fc2, &mut y.fc3);
//!     }
//!
//!     /// From `dy.fc3` to all other gradients; those of the parameters are added to `d`.
//!     fn backward(&self, x: &[[[f32; 28]; 28]; 1], y: &Values, dy: &mut Values, d: &mut LeNet) {
//!         self.fc3.backward(&y.fc2, &dy.fc3, &mut d.fc3, Some(&mut dy.fc2));
//!         Relu.backward(&y.fc2, &mut dy.fc2);
//!         self.fc2.backward(&y.fc1, &dy.fc2, &mut d.fc2, Some(&mut dy.fc1));
//!         Relu.backward(&y.fc1, &mut dy.fc1);
//!         let pool2 = Flatten.view_mut(&mut dy.pool2);
//!         self.fc1.backward(Flatten.view(&y.pool2), &dy.fc1, &mut d.fc1, Some(pool2));
//!         MaxPool2d::<2>.backward(&y.conv2, &dy.pool2, &mut dy.conv2);
//!         Relu.backward(&y.conv2, &mut dy.conv2);
//!         self.conv2.backward(&y.pool1, &dy.conv2, &mut d.conv2, Some(&mut dy.pool1));
//!         MaxPool2d::<2>.backward(&y.conv1, &dy.pool1, &mut dy.conv1);
//!         Relu.backward(&y.conv1, &mut dy.conv1);
//!         self.conv1.backward(x, &dy.conv1, &mut d.conv1, None);
//!     }
//!
//!     /// All numbers, layer by layer.
//!     fn layers(&mut self) -> [&mut [f32]; 5] {
//!         let Self { conv1, conv2, fc1, fc2, fc3 } = self;
//!         [
//!             conv1.as_scalars_mut(),
//!             conv2.as_scalars_mut(),
//!             fc1.as_scalars_mut(),
//!             fc2.as_scalars_mut(),
//!             fc3.as_scalars_mut(),
//!         ]
//!     }
//! }
//!
//! // constants are for `static`s; a structure this large is better not on the stack
//! const NETWORK: LeNet =
//!     LeNet { conv1: Conv2d::ZERO, conv2: Conv2d::ZERO, fc1: Linear::ZERO, fc2: Linear::ZERO, fc3: Linear::ZERO };
//! const VALUES: Values = Values {
//!     conv1: Tensor::ZERO,
//!     pool1: Tensor::ZERO,
//!     conv2: Tensor::ZERO,
//!     pool2: Tensor::ZERO,
//!     fc1: Tensor::ZERO,
//!     fc2: Tensor::ZERO,
//!     fc3: Tensor::ZERO,
//! };
//! let (mut network, mut gradients) = (Box::new(NETWORK), Box::new(NETWORK));
//! let (mut y, mut dy) = (Box::new(VALUES), Box::new(VALUES));
//!
//! let (mut random, init) = (Random::new(1), Init::KaimingUniform { gain: std::f64::consts::SQRT_2 });
//! network.conv1.init(init, &mut random);
//! network.conv2.init(init, &mut random);
//! network.fc1.init(init, &mut random);
//! network.fc2.init(init, &mut random);
//! network.fc3.init(init, &mut random);
//!
//! let (x, class, optimizer) = ([[[0.5; 28]; 28]; 1], 3, Sgd::new(0.05));
//! let mut losses = [0.0; 2];
//! for (step, loss) in losses.iter_mut().enumerate() {
//!     network.forward(&x, &mut y);
//!     *loss = CrossEntropy.backward(&y.fc3, &[class], 1.0, &mut dy.fc3);
//!     network.backward(&x, &y, &mut dy, &mut gradients);
//!     for (w, g) in network.layers().into_iter().zip(gradients.layers()) {
//!         optimizer.update(step as u64 + 1, optimizer.rate(), w, g, &mut [], &mut []);
//!         g.fill(0.0);
//!     }
//! }
//! assert!(losses[1] < losses[0]);
//! ```

mod channels;
mod flatten;
mod linear;
mod number;
mod pool;
mod sliding;
mod window;

#[cfg(test)]
mod tests;

pub use channels::{Bias, Biases, Connect, Groups};
pub use flatten::{Flatten, Flattens};
pub use linear::{Features, Linear};
pub use pool::{AvgPool1d, AvgPool2d, MaxPool1d, MaxPool2d};
pub use sliding::{Conv1d, Conv2d, ConvTranspose2d, Sliding};
pub use window::{Maps, Pools, Spreads, Window};
