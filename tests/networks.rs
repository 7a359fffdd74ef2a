//! Whole networks: their sizes, their gradients against central differences, their results on any number of threads.

#[path = "parity/networks.rs"]
mod networks;

use networks::{LeNet, LeNetScratch, LeNetTape, Mlp, Zoo1, Zoo2, Zoo3, Zoo4};
use nnet::host::Trainer;
use nnet::loss::Loss;
use nnet::optim::{Adam, OptimizerState, Sgd};
use nnet::{Differentiable, Flat, Lanes, Network, Pass, Random, Scalar, Tensor, Train, network, zeroed};

#[test]
fn lenet_has_the_published_size() {
    assert_eq!(LeNet::PARAMETER_COUNT, 61_706);
    assert_eq!(LeNet::WEIGHT_BYTES, 246_824);
    assert_eq!(LeNet::MACS, 416_520);
    // two areas: what the pools give, 6·14·14 and 16·5·5 numbers
    assert_eq!(LeNet::INFERENCE_BYTES, 4 * (1176 + 400));
    assert_eq!(LeNet::INFERENCE_BYTES, size_of::<LeNetScratch>());
    assert_eq!(LeNet::TRAINING_BYTES, size_of::<LeNet>() + size_of::<LeNetTape>());
    // The gradient of each map takes the place of the map.
    assert_eq!(LeNet::IN_PLACE_TRAINING_BYTES, size_of::<LeNetTape>());
    assert_eq!(LeNet::IN_PLACE_TRAINING_BYTES, 37_600);
    assert_eq!(<LeNet<f64> as Network>::WEIGHT_BYTES, 2 * LeNet::WEIGHT_BYTES);
    assert_eq!(size_of::<LeNetTape<Lanes<f32>>>(), 16 * size_of::<LeNetTape>());
}

#[test]
fn the_parameter_table_covers_the_memory() {
    fn check<N: Network>() {
        let mut end = 0;
        for parameter in N::PARAMETERS {
            assert_eq!(parameter.offset, end, "{} {}", N::NAME, parameter.name);
            end += parameter.len();
        }
        assert_eq!(end, N::PARAMETER_COUNT);
        assert_eq!(N::LAYERS.iter().map(|layer| layer.parameters).sum::<usize>(), end);
    }
    check::<LeNet>();
    check::<Mlp>();
    check::<Zoo1>();
    check::<Zoo2>();
    check::<Zoo3>();
    check::<Zoo4>();
    let network = nnet::boxed::<LeNet>(3);
    let conv2 = LeNet::<f32>::PARAMETERS[2];
    assert_eq!((conv2.name, conv2.shape), ("conv2.weight", &[16, 6, 5, 5][..]));
    assert_eq!(network.as_scalars()[conv2.offset + 1], network.conv2.weight[0][0][0][1]);
}

#[test]
fn the_summary_is_a_table() {
    let summary = Zoo3::summary().to_string();
    let want = "\
Zoo3                       output    parameters            MACs
input                        [12]
fc1     Linear(9)             [9]           117             108
tanh_1  Tanh                  [9]             0               0
fc2     Linear(6)             [6]            60              54
total                                       177             162
bytes with f32, one sample: weights 708; to predict 60 more; to train 828 more (gradients and tape), or in place 120 (tape)

to predict          buffer         bytes  area  from  to
fc1                    [9]            36     0  fc1   fc2
fc2                    [6]            24     1  fc2   the end
most at once                            60        fc2
";
    assert_eq!(summary, want);
}

network! {
    struct Planned: [3, 8, 8] -> [2] {
        stem: Conv2d(4, 3, padding = 1),
        Relu,
        block: residual { a: Conv2d(4, 3, padding = 1), Relu, b: Conv2d(4, 3, padding = 1) },
        Relu,
        GlobalAvgPool2d,
        head: Linear(2),
    }
}

/// The plan in the summary is that of the memory: its buffers never share an area at the same time, and the areas are as
/// large as their largest buffers.
#[test]
fn the_summary_shows_the_memory_of_predict() {
    let buffers = Planned::<f32>::BUFFERS;
    for (i, a) in buffers.iter().enumerate() {
        for b in buffers[i + 1..].iter().filter(|b| b.area == a.area) {
            assert!(a.end < b.begin, "{} and {} are in one area", a.name, b.name);
        }
    }
    let bytes = |area: usize| {
        let inside = buffers.iter().filter(|buffer| buffer.area == area);
        4 * inside.map(|buffer| buffer.shape.iter().product()).max().unwrap_or(0)
    };
    assert_eq!((0..3).map(bytes).sum::<usize>(), Planned::INFERENCE_BYTES);
    let summary = Planned::summary().to_string();
    let memory: Vec<_> = summary.lines().skip_while(|line| !line.starts_with("to predict")).collect();
    let columns: Vec<Vec<_>> = memory.iter().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(columns[1], ["stem", "[4,", "8,", "8]", "1,024", "0", "stem", "block"]);
    assert_eq!(columns[5], ["head", "[2]", "8", "1", "head", "the", "end"]);
    assert_eq!(columns[6], ["most", "at", "once", "3,072", "block.b"]);
}

/// Compares the gradient of a sample's loss with central differences, for up to 150 entries of each parameter.
///
/// With step h the quotient is off by h² for the truncation, ε·loss/h for the rounding, and without bound where a
/// ReLU or a maximum switches between the two points. So it is taken at two steps and the better one counts: no
/// wrong gradient agrees with either. The bound is 10⁻⁶ of the largest entry, and twice the rounding.
fn check_gradients<N: Train<Scalar = f64>>(target: &N::Target) {
    let (mut network, mut gradients) = (nnet::boxed::<N>(1), zeroed::<N::Gradients>());
    let (mut tape, mut scratch) = (zeroed::<N::Tape<f64>>(), zeroed::<N::Scratch<f64>>());
    let mut random = Random::new(2);
    let mut x = Box::new(N::Input::<f64>::ZERO);
    x.as_flat_mut().fill_with(|| random.normal());
    let targets = std::slice::from_ref(target);
    let loss = network.accumulate(&x, targets, 1.0, &Pass::new(0, 0), &mut tape, &mut gradients);
    for parameter in N::PARAMETERS {
        let range = parameter.offset..parameter.offset + parameter.len();
        let largest = gradients.as_scalars()[range.clone()].iter().fold(0.0_f64, |m, g| m.max(g.abs()));
        assert!(largest > 0.0, "{} {} learns nothing", N::NAME, parameter.name);
        for k in range.step_by(parameter.len().div_ceil(150)) {
            let got = gradients.as_scalars()[k];
            let w = network.as_scalars()[k];
            let mut loss_at = |w: f64| {
                network.as_scalars_mut()[k] = w;
                N::LOSS.forward(network.predict(&x, &mut scratch).as_flat(), targets)
            };
            let excess = [1e-6, 1e-7].map(|h| {
                let want = (loss_at(w + h) - loss_at(w - h)) / (2.0 * h);
                (got - want).abs() - 1e-6 * largest - 2.0 * f64::EPSILON * loss / h
            });
            loss_at(w);
            let best = excess[0].min(excess[1]);
            assert!(best <= 0.0, "{} {}[{k}]: {got} is off by {best:e} more than allowed", N::NAME, parameter.name);
        }
    }
}

#[test]
fn gradients_of_whole_networks_agree_with_central_differences() {
    check_gradients::<LeNet<f64>>(&3);
    check_gradients::<Mlp<f64>>(&7);
    check_gradients::<Zoo1<f64>>(&[0.1, -0.2, 0.3, 0.9]);
    check_gradients::<Zoo2<f64>>(&4);
    check_gradients::<Zoo3<f64>>(&[0.5, -0.5, 0.1, 3.0, -2.0, 0.0]);
    check_gradients::<Zoo4<f64>>(&[1.0, -2.0, 0.25]);
}

/// Random images whose class shows in the brightness of a corner.
fn samples(n: usize) -> Vec<([[[f32; 28]; 28]; 1], usize)> {
    let mut random = Random::new(8);
    let mut sample = || {
        let class = random.below(10);
        let mut x = [[[0.0; 28]; 28]; 1];
        x.as_flat_mut().fill_with(|| f32::from_f64(random.normal()));
        x[0][2 * class][5] += 20.0;
        (x, class)
    };
    (0..n).map(|_| sample()).collect()
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    // 300 samples in batches of 70: the last batch is partial, and the last group of each
    let data = samples(300);
    let trained = |threads: usize| {
        let optimizer = Adam::new(1e-3);
        let mut trainer = Trainer::new(nnet::boxed::<LeNet>(1), optimizer).batch_size(70).threads(threads).seed(5);
        let first = trainer.train_epoch(&data).unwrap();
        let second = trainer.train_epoch(&data).unwrap();
        assert!(second.loss < first.loss);
        trainer.into_network()
    };
    let one = trained(1);
    for threads in [2, 3, 7] {
        let many = trained(threads);
        let bits = |network: &LeNet| network.as_scalars().iter().map(|w| w.to_bits()).collect::<Vec<_>>();
        assert!(bits(&one) == bits(&many), "{threads} threads");
    }
}

network! {
    /// What a batch has to meet for, and draw for.
    #[allow(nnet::bias_before_batch_norm)]
    pub struct Normed: [1, 28, 28] -> [10] {
        stem: Conv2d(4, kernel = 3, stride = 2, bias = false), BatchNorm, Relu,
        residual { conv: Conv2d(4, kernel = 3, padding = 1), bn: BatchNorm, Dropout2d(0.2) },
        Flatten,
        Linear(24), BatchNorm, Relu,
        Dropout(0.3),
        head: Linear(10),
    }
    loss = cross_entropy;
}

#[test]
fn batch_norm_and_dropout_do_not_depend_on_the_number_of_threads() {
    let data = samples(150);
    let trained = |threads: usize| {
        let optimizer = Sgd::new(0.02).momentum(0.9);
        let mut trainer = Trainer::new(nnet::boxed::<Normed>(1), optimizer).batch_size(53).threads(threads).seed(5);
        trainer.train_epoch(&data).unwrap();
        trainer.train_epoch(&data).unwrap();
        trainer.into_network()
    };
    let bits = |network: &Normed| network.as_scalars().iter().map(|w| w.to_bits()).collect::<Vec<_>>();
    let one = trained(1);
    assert!(one.bn.running_var.iter().all(|&variance| variance > 0.0 && (variance - 1.0).abs() > 1e-3));
    for threads in [2, 3] {
        assert!(bits(&one) == bits(&trained(threads)), "{threads} threads");
    }
    // The folded network predicts the same, by rounding.
    let folded = nnet::folded(&*one);
    let (mut scratch, mut folded_scratch) = (zeroed::<NormedScratch>(), zeroed::<NormedFoldedScratch>());
    for (x, _) in &data[..20] {
        let (y, z) = (one.predict(x, &mut scratch), folded.predict(x, &mut folded_scratch));
        let largest = y.iter().fold(1.0_f32, |largest, y| largest.max(y.abs()));
        assert!(y.iter().zip(z).all(|(y, z)| (y - z).abs() <= 200.0 * f32::EPSILON * largest), "{y:?} {z:?}");
    }
}

network! {
    /// Half of its input, as dropout has it.
    pub struct Half: [64] -> [64] { Dropout(0.5) }
}

network! {
    /// The same network twice, and a dropout of its own.
    pub struct Halves: [64] -> [192] {
        concat { a: self::Half -> [64], b: self::Half -> [64], Dropout(0.5) },
    }
}

#[test]
fn networks_inside_a_network_draw_numbers_of_their_own() {
    let (network, pass) = (nnet::boxed::<Halves>(1), Pass::new(1, 2));
    let mut tape = zeroed::<HalvesTape>();
    let (masks, _) = network.forward(&[1.0; 64], &pass, &mut tape).as_chunks::<64>();
    assert!(masks.iter().all(|mask| mask.contains(&0.0) && mask.contains(&2.0)));
    assert!(masks[0] != masks[1] && masks[0] != masks[2] && masks[1] != masks[2]);
    // Backward draws the same again.
    let y = masks.concat();
    let (mut gradients, mut dx) = (HalvesGradients::ZERO, [0.0; 64]);
    *Halves::output_and_gradient(&mut tape).1 = [1.0; 192];
    network.backpropagate(&[1.0; 64], &pass, &mut tape, &mut gradients, Some(&mut dx));
    for (i, dx) in dx.iter().enumerate() {
        assert_eq!(*dx, y[i] + y[64 + i] + y[128 + i]);
    }
}

#[test]
fn layers_that_are_locked_stay_and_the_others_learn() {
    let data = samples(64);
    let mut trainer = Trainer::new(nnet::boxed::<Normed>(1), Sgd::new(0.02).weight_decay(0.1)).seed(5);
    trainer.freeze_all_but(&["head"]).unwrap();
    trainer.train_epoch(&data).unwrap();
    let (before, after) = (nnet::boxed::<Normed>(1), trainer.network());
    assert_eq!(before.stem, after.stem);
    assert_eq!(before.bn.weight, after.bn.weight);
    assert_ne!(before.head, after.head);
    trainer.unfreeze("stem").unwrap();
    trainer.train_epoch(&data).unwrap();
    assert_ne!(before.stem, trainer.network().stem);
    let unknown = trainer.freeze("haed").unwrap_err().to_string();
    assert!(unknown.contains("head"), "{unknown}");
}

#[test]
fn a_batch_is_the_mean_of_its_samples() {
    let data = samples(21);
    let indices: Vec<usize> = (0..21).collect();
    let mut trainer = Trainer::new(nnet::boxed::<LeNet>(1), Sgd::new(0.0)).threads(2);
    let loss = trainer.step(&data, &indices).unwrap();

    let network = nnet::boxed::<LeNet>(1);
    let (mut gradients, mut tape) = (zeroed::<LeNet>(), zeroed::<LeNetTape>());
    let mut total = 0.0;
    for (x, class) in &data {
        total += network.accumulate(x, &[*class], 1.0 / 21.0, &Pass::new(0, 0), &mut tape, &mut gradients);
    }
    assert!((loss - f64::from(total) / 21.0).abs() <= 21.0 * f64::from(f32::EPSILON) * loss);
    let got = trainer.gradients().unwrap().as_scalars();
    for parameter in LeNet::<f32>::PARAMETERS {
        let range = parameter.offset..parameter.offset + parameter.len();
        let want = &gradients.as_scalars()[range.clone()];
        let largest = want.iter().fold(0.0_f32, |m, g| m.max(g.abs()));
        for (got, want) in got[range].iter().zip(want) {
            // sums of 21·784 terms at most, in another order
            assert!((got - want).abs() <= 128.0 * f32::EPSILON * largest, "{}: {got}, want {want}", parameter.name);
        }
    }
}

/// A group that holds a bad sample leaves nothing behind in the lanes that the next, smaller group does not use.
#[test]
fn a_refused_batch_leaves_no_trace() {
    let mut data = samples(16);
    data[15].0[0][9][9] = f32::NAN;
    let mut trainer = Trainer::new(nnet::boxed::<LeNet>(1), Sgd::new(0.0)).threads(1);
    let all: Vec<usize> = (0..16).collect();
    let refused = trainer.step(&data, &all).unwrap_err().to_string();
    assert!(refused.contains("no longer a finite number"), "{refused}");
    assert!(trainer.step(&data, &[0, 1, 2]).unwrap().is_finite());
    assert!(trainer.gradients().unwrap().as_scalars().iter().all(|g| g.is_finite()));
}

#[test]
fn one_sample_at_a_time_learns_without_an_allocator() {
    let (mut network, mut gradients) = (nnet::boxed::<Zoo3>(1), Zoo3::<f32>::ZERO);
    let (mut tape, mut state) = (networks::Zoo3Tape::ZERO, OptimizerState::ZERO);
    let optimizer = Sgd::new(0.1).momentum(0.5);
    let (x, target) = ([0.5; 12], [0.1, 0.2, 0.3, -0.1, -0.2, -0.3]);
    let first = network.train_step(&x, &target, &mut tape, &mut gradients, &optimizer, &mut state);
    for _ in 0..200 {
        network.train_step(&x, &target, &mut tape, &mut gradients, &optimizer, &mut state);
    }
    let last = network.train_step(&x, &target, &mut tape, &mut gradients, &optimizer, &mut state);
    assert!(last < 1e-3 * first, "{first} to {last}");
    assert_eq!(state.step, 202);
}
