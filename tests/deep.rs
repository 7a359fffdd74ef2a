//! A residual network of a hundred layers, 99 convolutions with their batch norms and a linear one, 1.6 million
//! parameters. It trains for a few steps, and needs no large stack for that in a debug build.

#![allow(clippy::large_stack_arrays, reason = "tables of a hundred layers, which are constants")]

use nnet::host::Trainer;
use nnet::optim::Sgd;
use nnet::{Random, Scalar, Tensor, network};

network! {
    /// A residual network of a hundred layers.
    pub struct Deep: [3, 32, 32] -> [10] {
        stem: Conv2d(16, kernel = 3, padding = 1, bias = false), BatchNorm, Relu,
        stage1: repeat(16) {
            residual {
                conv1: Conv2d(16, kernel = 3, padding = 1, bias = false), BatchNorm, Relu,
                conv2: Conv2d(16, kernel = 3, padding = 1, bias = false), BatchNorm,
            },
            Relu,
        },
        down2: Conv2d(32, kernel = 3, stride = 2, padding = 1, bias = false), BatchNorm, Relu,
        stage2: repeat(16) {
            residual {
                conv1: Conv2d(32, kernel = 3, padding = 1, bias = false), BatchNorm, Relu,
                conv2: Conv2d(32, kernel = 3, padding = 1, bias = false), BatchNorm,
            },
            Relu,
        },
        down3: Conv2d(64, kernel = 3, stride = 2, padding = 1, bias = false), BatchNorm, Relu,
        stage3: repeat(16) {
            residual {
                conv1: Conv2d(64, kernel = 3, padding = 1, bias = false), BatchNorm, Relu,
                conv2: Conv2d(64, kernel = 3, padding = 1, bias = false), BatchNorm,
            },
            Relu,
        },
        GlobalAvgPool2d,
        head: Linear(10),
    }
    loss = cross_entropy;
}

/// Less than a tenth of what a thread has unless told otherwise.
const STACK: usize = 192 << 10;

/// Losses of a few steps on random pictures with a bright line.
fn losses() -> Vec<f64> {
    let mut random = Random::new(1);
    let mut sample = |class: usize| {
        let mut x = Box::new([[[0.0; 32]; 32]; 3]);
        x.as_flat_mut().fill_with(|| f32::from_f64(random.normal()));
        x[class % 3][class].fill(5.0);
        (*x, class % 10)
    };
    let data: Vec<_> = (0..16).map(&mut sample).collect();
    let mut trainer = Trainer::new(nnet::boxed::<Deep>(1), Sgd::new(0.02).momentum(0.9)).threads(1);
    let indices: Vec<_> = (0..data.len()).collect();
    (0..8).map(|_| trainer.step(&data, &indices).expect("a step")).collect()
}

#[test]
fn a_hundred_layers_learn_on_a_small_stack() {
    let convolutions = Deep::LAYERS.iter().filter(|layer| layer.declaration.starts_with("Conv2d")).count();
    assert_eq!(convolutions, 99);
    let losses =
        std::thread::Builder::new().stack_size(STACK).spawn(losses).expect("a thread").join().expect("it ends");
    assert!(losses[7] < 0.5 * losses[0], "{losses:?}");
}
