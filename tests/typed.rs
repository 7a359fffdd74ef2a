//! `LeNet` by hand and by the macro: the same weights give the same bits, in prediction and in training.

use nnet::layers::Relu;
use nnet::loss::{CrossEntropy, Loss};
use nnet::optim::{Momentum, Optimizer, OptimizerState, Sgd};
use nnet::typed::{Conv2d, Flatten, Linear, MaxPool2d};
use nnet::{Flat, Network, Random, Tensor, Train, network};

network! {
    pub struct Declared: [1, 28, 28] -> [10] {
        conv1: Conv2d(6, kernel = 5, padding = 2),
        Relu,
        MaxPool2d(2),
        conv2: Conv2d(16, kernel = 5),
        Relu,
        MaxPool2d(2),
        Flatten,
        fc1: Linear(120),
        Relu,
        fc2: Linear(84),
        Relu,
        fc3: Linear(10),
    }
    loss = cross_entropy;
}

struct LeNet {
    conv1: Conv2d<f32, 6, 1, 5, 1, 2>,
    conv2: Conv2d<f32, 16, 6, 5>,
    fc1: Linear<f32, 120, 400>,
    fc2: Linear<f32, 84, 120>,
    fc3: Linear<f32, 10, 84>,
}

/// What the layers give, or the gradient of the loss with respect to it.
struct Values {
    conv1: [[[f32; 28]; 28]; 6],
    pool1: [[[f32; 14]; 14]; 6],
    conv2: [[[f32; 10]; 10]; 16],
    pool2: [[[f32; 5]; 5]; 16],
    fc1: [f32; 120],
    fc2: [f32; 84],
    fc3: [f32; 10],
}

type Image = [[[f32; 28]; 28]; 1];

impl LeNet {
    const ZERO: Self =
        Self { conv1: Conv2d::ZERO, conv2: Conv2d::ZERO, fc1: Linear::ZERO, fc2: Linear::ZERO, fc3: Linear::ZERO };

    /// The weights of the declared network, layer by layer.
    fn of(network: &Declared) -> Box<Self> {
        let mut copy = Box::new(Self::ZERO);
        copy.conv1.0.clone_from(&network.conv1);
        copy.conv2.0.clone_from(&network.conv2);
        copy.fc1.0.clone_from(&network.fc1);
        copy.fc2.0.clone_from(&network.fc2);
        copy.fc3.0.clone_from(&network.fc3);
        copy
    }

    fn forward(&self, x: &Image, y: &mut Values) {
        self.conv1.forward(x, &mut y.conv1);
        Relu.forward(&mut y.conv1);
        MaxPool2d::<2>.forward(&y.conv1, &mut y.pool1);
        self.conv2.forward(&y.pool1, &mut y.conv2);
        Relu.forward(&mut y.conv2);
        MaxPool2d::<2>.forward(&y.conv2, &mut y.pool2);
        self.fc1.forward(Flatten.view(&y.pool2), &mut y.fc1);
        Relu.forward(&mut y.fc1);
        self.fc2.forward(&y.fc1, &mut y.fc2);
        Relu.forward(&mut y.fc2);
        self.fc3.forward(&y.fc2, &mut y.fc3);
    }

    fn backward(&self, x: &Image, y: &Values, dy: &mut Values, d: &mut Self) {
        self.fc3.backward(&y.fc2, &dy.fc3, &mut d.fc3, Some(&mut dy.fc2));
        Relu.backward(&y.fc2, &mut dy.fc2);
        self.fc2.backward(&y.fc1, &dy.fc2, &mut d.fc2, Some(&mut dy.fc1));
        Relu.backward(&y.fc1, &mut dy.fc1);
        let pool2 = Flatten.view_mut(&mut dy.pool2);
        self.fc1.backward(Flatten.view(&y.pool2), &dy.fc1, &mut d.fc1, Some(pool2));
        MaxPool2d::<2>.backward(&y.conv2, &dy.pool2, &mut dy.conv2);
        Relu.backward(&y.conv2, &mut dy.conv2);
        self.conv2.backward(&y.pool1, &dy.conv2, &mut d.conv2, Some(&mut dy.pool1));
        MaxPool2d::<2>.backward(&y.conv1, &dy.pool1, &mut dy.conv1);
        Relu.backward(&y.conv1, &mut dy.conv1);
        self.conv1.backward(x, &dy.conv1, &mut d.conv1, None);
    }

    /// All numbers, layer by layer.
    fn layers(&mut self) -> [&mut [f32]; 5] {
        [
            self.conv1.as_scalars_mut(),
            self.conv2.as_scalars_mut(),
            self.fc1.as_scalars_mut(),
            self.fc2.as_scalars_mut(),
            self.fc3.as_scalars_mut(),
        ]
    }
}

impl Values {
    const ZERO: Self = Self {
        conv1: Tensor::ZERO,
        pool1: Tensor::ZERO,
        conv2: Tensor::ZERO,
        pool2: Tensor::ZERO,
        fc1: Tensor::ZERO,
        fc2: Tensor::ZERO,
        fc3: Tensor::ZERO,
    };

    /// NaN everywhere.
    fn unknown() -> Box<Self> {
        let mut values = Box::new(Self::ZERO);
        let Self { conv1, pool1, conv2, pool2, fc1, fc2, fc3 } = &mut *values;
        let maps = [conv1.as_flat_mut(), pool1.as_flat_mut(), conv2.as_flat_mut(), pool2.as_flat_mut()];
        maps.into_iter().chain([&mut fc1[..], fc2, fc3]).for_each(|entries| entries.fill(f32::NAN));
        values
    }
}

fn image(random: &mut Random) -> Image {
    let mut image = [[[0.0; 28]; 28]; 1];
    for pixel in image.as_flat_mut() {
        *pixel = (random.next_u64() >> 40) as f32 / (1 << 24) as f32 - 0.5;
    }
    image
}

#[test]
fn lenet_by_hand_equals_the_declared_one() {
    let mut random = Random::new(7);
    let mut declared = Box::new(Declared::ZERO);
    declared.init(&mut random);
    let mut by_hand = LeNet::of(&declared);

    let (mut tape, mut scratch) = (Box::new(DeclaredTape::ZERO), Box::new(DeclaredScratch::ZERO));
    let (mut declared_gradients, mut gradients) = (Box::new(DeclaredGradients::ZERO), Box::new(LeNet::ZERO));
    let (mut y, mut dy) = (Values::unknown(), Values::unknown());
    let optimizer = Sgd::new(0.05).momentum(0.9);
    let mut state = Box::new(OptimizerState::<Sgd<Momentum>, Declared>::ZERO);
    let mut moments = Box::new(LeNet::ZERO);

    for step in 1..=3 {
        let (x, class) = (image(&mut random), usize::try_from(step).unwrap() * 3);
        by_hand.forward(&x, &mut y);
        assert_eq!(&y.fc3, declared.predict(&x, &mut scratch), "predictions before step {step}");

        let want = declared.train_step(&x, &class, &mut tape, &mut declared_gradients, &optimizer, &mut state);
        let loss = CrossEntropy.backward(&y.fc3, &[class], 1.0, &mut dy.fc3);
        by_hand.backward(&x, &y, &mut dy, &mut gradients);
        for ((w, g), m) in by_hand.layers().into_iter().zip(gradients.layers()).zip(moments.layers()) {
            optimizer.update(step, optimizer.rate(), w, g, m, &mut []);
            g.fill(0.0);
        }
        assert_eq!(loss, want, "loss of step {step}");
        let numbers: Vec<f32> = by_hand.layers().into_iter().flat_map(|layer| layer.iter().copied()).collect();
        assert_eq!(numbers, declared.as_scalars(), "weights after step {step}");
    }
}
