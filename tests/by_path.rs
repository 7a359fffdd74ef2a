//! A layer of one's own by its path, as the documentation of `nnet::Layer` has it, in a network that trains.

use nnet::host::Trainer;
use nnet::optim::{OptimizerState, Sgd};
use nnet::{
    Differentiable, Element, Flat, Lanes, Layer, Network, Nothing, ParameterInfo, ParameterKind, Pass, Random, Scalar,
    Train, network, zeroed,
};

/// y = factor · x, entry by entry.
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct Scale<const N: usize, S> {
    /// `[N]`
    pub factor: [S; N],
}

// SAFETY: `repr(C)` of one array of one scalar.
#[allow(unsafe_code, reason = "one impl of `Flat`")]
unsafe impl<const N: usize, S: Scalar> Flat for Scale<N, S> {
    type Scalar = S;
    const ZERO: Self = Self { factor: [S::ZERO; N] };
}

impl<const N: usize, S: Scalar> Layer for Scale<N, S> {
    type Input<E: Element<Scalar = S>> = [E; N];
    type Output<E: Element<Scalar = S>> = [E; N];
    type Scratch<E: Element<Scalar = S>> = Nothing<S>;
    type Tape<E: Element<Scalar = S>> = Nothing<S>;
    type Gradients = Self;

    const INPUT_SHAPE: &'static [usize] = &[N];
    const OUTPUT_SHAPE: &'static [usize] = &[N];
    const PARAMETERS: &'static [ParameterInfo] =
        &[ParameterInfo { name: "factor", shape: &[N], offset: 0, kind: ParameterKind::Weight, gradient: Some(0) }];
    const MACS: usize = N;

    fn initialize(&mut self, _: &mut Random) {
        self.factor.fill(S::ONE);
    }

    fn predict_into<E: Element<Scalar = S>>(&self, x: &[E; N], y: &mut [E; N], _: &mut Nothing<S>) {
        for ((x, y), &factor) in x.iter().zip(y).zip(&self.factor) {
            for (x, y) in E::scalars(x.as_flat()).iter().zip(E::scalars_mut(y.as_flat_mut())) {
                *y = factor * *x;
            }
        }
    }

    fn forward_into<E: Element<Scalar = S>>(&self, x: &[E; N], y: &mut [E; N], _: &Pass, tape: &mut Nothing<S>) {
        self.predict_into(x, y, tape);
    }

    fn backward_into<E: Element<Scalar = S>>(
        &self,
        x: &[E; N],
        dy: &[E; N],
        _: &Pass,
        tape: &mut Nothing<S>,
        gradients: &mut Self,
        dx: Option<&mut [E; N]>,
    ) {
        for ((x, dy), sum) in x.iter().zip(dy).zip(&mut gradients.factor) {
            for (&x, &dy) in E::scalars(x.as_flat()).iter().zip(E::scalars(dy.as_flat())) {
                *sum += x * dy;
            }
        }
        if let Some(dx) = dx {
            self.predict_into(dy, dx, tape);
        }
    }
}

network! {
    #[derive(Clone, Debug, PartialEq)]
    pub struct Scaled: [3] -> [1] {
        before: Linear(4), Tanh,
        scale: self::Scale<4> -> [4],
        block: residual { BatchNorm, inner: self::Scale<4> -> [4] },
        head: Linear(1),
    }
    loss = mse;
}

#[test]
fn its_tensors_are_those_of_the_network() {
    let tensors: Vec<_> =
        Scaled::PARAMETERS.iter().map(|tensor| (tensor.name, tensor.offset, tensor.gradient)).collect();
    let want = [
        ("before.weight", 0, Some(0)),
        ("before.bias", 12, Some(12)),
        ("scale.factor", 16, Some(16)),
        ("block.batch_norm_0.weight", 20, Some(20)),
        ("block.batch_norm_0.bias", 24, Some(24)),
        ("block.batch_norm_0.running_mean", 28, None),
        ("block.batch_norm_0.running_var", 32, None),
        ("block.inner.factor", 36, Some(28)),
        ("head.weight", 40, Some(32)),
        ("head.bias", 44, Some(36)),
    ];
    assert_eq!(tensors, want);
    let network = nnet::boxed::<Scaled>(1);
    assert_eq!(network.scale.factor, [1.0; 4]);
    assert_eq!(*network, (*network).clone());
    assert_eq!(Scaled::MACS, 12 + 4 + 4 + 4);
}

/// Central differences for all parameters, from samples one by one; the same samples as a group give the same.
#[test]
fn its_gradients_agree_with_central_differences() {
    let mut network = nnet::boxed::<Scaled<f64>>(1);
    let mut random = Random::new(2);
    let mut numbers = || std::array::from_fn(|_| random.normal());
    let (xs, targets): (Vec<[f64; 3]>, Vec<[f64; 1]>) = (0..5).map(|_| (numbers(), [0.3])).unzip();
    network.scale.factor = [1.0, -2.0, 0.5, 3.0];
    let pass = Pass::new(0, 0);
    let (mut gradients, mut ignored) = (ScaledGradients::<f64>::ZERO, ScaledGradients::<f64>::ZERO);
    let mut tapes: Vec<_> = (0..5).map(|_| ScaledTape::<f64>::ZERO).collect();
    network.accumulate_batch(&xs, &targets, &pass, &mut tapes, &mut gradients);
    for tensor in <Scaled<f64> as Network>::PARAMETERS {
        for k in tensor.gradient.into_iter().flat_map(|_| 0..tensor.len()) {
            let (at, h) = (tensor.offset + k, 1e-5);
            let w = network.as_scalars()[at];
            let mut loss = |w: f64| {
                network.as_scalars_mut()[at] = w;
                network.accumulate_batch(&xs, &targets, &pass, &mut tapes, &mut ignored)
            };
            let want = (loss(w + h) - loss(w - h)) / (2.0 * h);
            loss(w);
            let got = gradients.as_scalars()[tensor.gradient.unwrap() + k];
            assert!((got - want).abs() <= 1e-8, "{}[{k}]: {got}, want {want}", tensor.name);
        }
    }
    let mut group = [Lanes([0.0; 16]); 3];
    for (lane, x) in xs.iter().enumerate() {
        nnet::element::set_lane(&mut group, lane, x);
    }
    let (mut tape, mut grouped) = (zeroed::<ScaledTape<Lanes<f64>>>(), ScaledGradients::<f64>::ZERO);
    network.accumulate_batch(&[group], &targets, &pass, std::slice::from_mut(&mut *tape), &mut grouped);
    for (one, many) in gradients.as_scalars().iter().zip(grouped.as_scalars()) {
        assert!((one - many).abs() <= 1e-12, "{one} {many}");
    }
}

#[test]
fn it_learns_on_a_host_and_without_one() {
    let data: Vec<_> = (0..32_u8).map(|i| ([f32::from(i % 4), f32::from(i % 3), 1.0], [f32::from(i % 4)])).collect();
    let mut trainer = Trainer::new(nnet::boxed::<Scaled>(1), Sgd::new(0.05).momentum(0.5)).batch_size(20);
    let losses: Vec<_> = (0..30).map(|_| trainer.train_epoch(&data).unwrap().loss).collect();
    assert!(losses[29] < 0.1 * losses[0], "{losses:?}");
    let mut network = nnet::boxed::<Scaled>(1);
    let (xs, targets): (Vec<_>, Vec<_>) = data.into_iter().unzip();
    let (mut gradients, mut state) = (ScaledGradients::ZERO, OptimizerState::ZERO);
    let mut tapes: Vec<_> = (0..xs.len()).map(|_| ScaledTape::ZERO).collect();
    let optimizer = Sgd::new(0.05).momentum(0.5);
    let mut step = || network.train_batch(&xs, &targets, &mut tapes, &mut gradients, &optimizer, &mut state);
    let first = step();
    let last = (0..60).map(|_| step()).last().unwrap();
    assert!(last < 0.1 * first, "{first} to {last}");
}

network! {
    /// A network as a layer, which has batch norm and layers by path inside; the first layer stays as it is.
    pub struct Outer: [3] -> [2] {
        #[frozen] front: Linear(4),
        Dropout(0.2),
        between: Linear(3), Gelu,
        inner: self::Scaled -> [1],
        head: Linear(2),
    }
    loss = mse;
}

/// Each sample of a group, and a layer of one's own by the step that `Layer` provides.
#[test]
fn a_step_in_place_equals_one_with_gradients() {
    let mut random = Random::new(2);
    let mut x = [Lanes([0.0; 16]); 3];
    for x in &mut x {
        x.0.fill_with(|| random.normal());
    }
    let targets: Vec<_> = (0..7).map(|i| [f64::from(i), -0.5]).collect();
    let mut network = nnet::boxed::<Outer<f64>>(1);
    let mut in_place = nnet::boxed::<Outer<f64>>(1);
    let (mut tape, mut gradients) = (zeroed::<OuterTape<Lanes<f64>>>(), zeroed::<OuterGradients<f64>>());
    let (mut state, mut steps) = (OptimizerState::ZERO, OptimizerState::ZERO);
    let mut optimizer = Sgd::new(0.1).weight_decay(0.02);
    for step in 0..5 {
        // as a schedule would
        optimizer.set_rate(0.1 / f64::from(1 + step));
        let tapes = std::slice::from_mut(&mut *tape);
        let want = network.train_batch(&[x], &targets, tapes, &mut gradients, &optimizer, &mut state);
        let got = in_place.train_in_place(&x, &targets, &mut tape, &optimizer, &mut steps);
        assert!((got - want).abs() <= 1e-12, "loss {got}, want {want}");
    }
    assert_eq!(steps.step, 5);
    for (at, (got, want)) in in_place.as_scalars().iter().zip(network.as_scalars()).enumerate() {
        assert!((got - want).abs() <= 1e-12, "{at}: {got}, want {want}");
    }
    let front = nnet::boxed::<Outer<f64>>(1).front.weight;
    assert!(in_place.front.weight == front && in_place.inner.scale.factor != [1.0; 4]);
    assert!(Outer::<f32>::IN_PLACE_TRAINING_BYTES == size_of::<OuterTape>());
}

network! {
    /// A layer by path behind a view of the input: its gradient is written in another shape.
    pub struct Behind: [1, 2, 2] -> [1] {
        Flatten,
        scale: self::Scale<4> -> [4],
        Linear(1, bias = false),
    }
}

#[test]
fn the_gradient_of_a_map_passes_a_flat_layer() {
    let mut network = nnet::boxed::<Behind<f64>>(1);
    network.scale.factor = [1.0, 2.0, 3.0, 4.0];
    network.linear_2.weight = [[5.0, 6.0, 7.0, 8.0]];
    let (mut tape, mut gradients) = (zeroed::<BehindTape<f64>>(), BehindGradients::<f64>::ZERO);
    let (x, mut dx) = ([[[1.0; 2]; 2]; 1], [[[0.0; 2]; 2]; 1]);
    network.forward(&x, &Pass::new(1, 0), &mut tape);
    *Behind::output_and_gradient(&mut tape).1 = [1.0];
    network.backpropagate(&x, &Pass::new(1, 0), &mut tape, &mut gradients, Some(&mut dx));
    assert_eq!(dx, [[[5.0, 12.0], [21.0, 32.0]]]);
}
