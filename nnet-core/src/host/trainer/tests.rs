//! A linear layer trained by threads against the same thing done sample by sample.
#![allow(clippy::cast_precision_loss, reason = "small numbers of samples")]
#![allow(clippy::float_cmp, reason = "what is equal bit for bit is compared as such")]

pub(in super::super) mod line;
pub(in super::super) mod normed;
mod staged;

use std::borrow::Cow;
use std::string::ToString;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::DataError;
use super::*;
use crate::flat::Flat;
use crate::network::Network;
use crate::optim::{Adam, OptimizerState, Sgd, Step};
use crate::random::Random;
use crate::scalar::Scalar;
use line::Line;

/// Enough inputs for two ranges of an update.
const MANY: usize = 1500;
type Classifier = Line<f32, MANY, 3>;
type Regressor = Line<f64, 4, 2>;

#[allow(clippy::unnecessary_box_returns, reason = "a trainer takes a box")]
fn initial<N: Network>() -> Box<N> {
    let mut network = zeroed::<N>();
    network.init(&mut Random::new(11));
    network
}

/// Samples of three classes, told apart by which third of the entries is larger.
fn classes(count: usize) -> Vec<([f32; MANY], usize)> {
    let mut random = Random::new(5);
    let sample = |index: usize| {
        let class = index % 3;
        let mut x = [0.0; MANY];
        for (i, x) in x.iter_mut().enumerate() {
            let mean = if i % 3 == class { 0.3 } else { 0.0 };
            *x = Scalar::from_f64(mean + 0.5 * random.normal());
        }
        (x, class)
    };
    (0..count).map(sample).collect()
}

/// Samples of y = (x₀ + 2x₁, x₂ − x₃).
fn lines(count: usize) -> Vec<([f64; 4], [f64; 2])> {
    let mut random = Random::new(6);
    let mut sample = || {
        let x = [random.normal(), random.normal(), random.normal(), random.normal()];
        (x, [x[0] + 2.0 * x[1], x[2] - x[3]])
    };
    std::iter::repeat_with(&mut sample).take(count).collect()
}

fn quiet(_: &Event<'_>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let data = classes(203);
    // Batches of one group, of fewer groups than slots, and of more.
    for batch_size in [16, 48, 203] {
        let run = |threads| {
            let trainer = Trainer::new(initial::<Classifier>(), Adam::new(1e-3));
            let mut trainer = trainer.batch_size(batch_size).threads(threads).seed(9);
            let mut reports = trainer.fit(3, &data, Some(&data), quiet).expect("good data");
            for report in &mut reports {
                (report.seconds, report.samples_per_second) = (0.0, 0.0);
            }
            let bits: Vec<u32> = trainer.network().as_scalars().iter().map(|w| w.to_bits()).collect();
            (bits, reports)
        };
        let want = run(1);
        for threads in [2, 3, 5] {
            assert!(run(threads) == want, "{threads} threads, batches of {batch_size}");
        }
    }
}

/// The same epoch with one sample at a time: the summed loss, and the network.
fn by_hand(data: &[([f64; 4], [f64; 2])], batch_size: usize, seed: u64) -> (f64, Regressor) {
    let (mut network, mut gradients) = (*initial::<Regressor>(), Regressor::ZERO);
    let (mut tape, mut state) = (Flat::ZERO, OptimizerState::<_, Regressor>::ZERO);
    let mut order = Vec::new();
    shuffle(&mut order, data.len(), seed, 1);
    let mut total = 0.0;
    for batch in order.chunks(batch_size) {
        gradients.clear();
        let scale = 1.0 / batch.len() as f64;
        for &index in batch {
            let (x, target) = &data[index];
            let targets = std::slice::from_ref(target);
            total += network.accumulate::<f64>(x, targets, scale, &state.pass(), &mut tape, &mut gradients);
        }
        state.step(&Sgd::new(0.1).momentum(0.9), &mut network, &gradients);
    }
    (total, network)
}

#[test]
fn partial_batches_and_groups_equal_a_plain_computation() {
    for samples in [1, 15, 16, 17, 37, 150] {
        for batch_size in [1, 7, 16, 20, 150] {
            let data = lines(samples);
            let (total, want) = by_hand(&data, batch_size, 3);
            let trainer = Trainer::new(initial::<Regressor>(), Sgd::new(0.1).momentum(0.9));
            let mut trainer = trainer.batch_size(batch_size).threads(2).seed(3);
            let report = trainer.train_epoch(&data).expect("good data");
            // Each step sums a batch in another order, and passes its error on to the next; no term is above 10.
            let steps = samples.div_ceil(batch_size) as f64;
            let tolerance = 10.0 * f64::EPSILON * samples as f64 * steps;
            let loss = (report.loss - total / samples as f64).abs();
            assert!(loss <= tolerance, "{samples} by {batch_size}: loss off by {loss}");
            for (got, want) in trainer.network().as_scalars().iter().zip(want.as_scalars()) {
                let error = (got - want).abs();
                assert!(error <= tolerance, "{samples} by {batch_size}: got {got}, want {want}");
            }
        }
    }
}

/// So many that outer products are added up three times.
#[test]
fn a_batch_of_many_groups_equals_a_plain_computation() {
    let samples = 2 * 1024 + 100;
    let data = lines(samples);
    let (_, want) = by_hand(&data, samples, 3);
    let run = |threads| {
        let trainer = Trainer::new(initial::<Regressor>(), Sgd::new(0.1).momentum(0.9));
        let mut trainer = trainer.batch_size(samples).threads(threads).seed(3);
        trainer.train_epoch(&data).expect("good data");
        trainer.into_network()
    };
    let network = run(2);
    let tolerance = 10.0 * f64::EPSILON * samples as f64;
    for (got, want) in network.as_scalars().iter().zip(want.as_scalars()) {
        let error = (got - want).abs();
        assert!(error <= tolerance, "got {got}, want {want}");
    }
    assert!(run(1).as_scalars() == network.as_scalars());
}

#[test]
fn the_loss_falls_to_nothing_where_a_solution_exists() {
    let data = lines(100);
    let mut trainer = Trainer::new(initial::<Regressor>(), Sgd::new(0.1)).threads(2).batch_size(10);
    let reports = trainer.fit(60, &data, Some(&data), quiet).expect("good data");
    assert!(reports[0].loss > 0.1 && reports[59].loss < 1e-9, "{} to {}", reports[0], reports[59]);
    assert!(reports[59].test.as_ref().is_some_and(|test| test.loss < reports[0].loss && test.accuracy.is_none()));
    let solution = trainer.into_network();
    assert!((solution.w[0][1] - 2.0).abs() < 1e-4 && (solution.w[1][3] + 1.0).abs() < 1e-4);
}

#[test]
fn an_evaluation_equals_a_loop_over_the_samples() {
    let data = classes(203);
    let mut trainer = Trainer::new(initial::<Classifier>(), Adam::new(1e-3)).batch_size(16).threads(3);
    trainer.fit(2, &data, None, quiet).expect("good data");
    let evaluation = trainer.evaluate(&data).expect("good data");
    let mut scratch = Flat::ZERO;
    let (mut loss, mut confusion) = (0.0, Confusion::new(3));
    for (x, class) in &data {
        let y = trainer.network().predict::<f32>(x, &mut scratch);
        let sum: f64 = y.iter().map(|&y| f64::from(y).exp()).sum();
        loss += sum.ln() - f64::from(y[*class]);
        confusion.record(*class, crate::loss::argmax(y, 0));
    }
    // One sample's loss is a sum of 3 terms and a logit of MANY, each of f32 and below 10; a group sums 16.
    let tolerance = 10.0 * f64::from(f32::EPSILON) * 16.0;
    let error = (evaluation.loss - loss / 203.0).abs();
    assert!(error <= tolerance, "got {}, want {}", evaluation.loss, loss / 203.0);
    let right: u64 = (0..3).map(|class| confusion.count(class, class)).sum();
    assert_eq!(evaluation.accuracy, Some(right as f64 / 203.0));
    assert_eq!(evaluation.confusion, Some(confusion));
    assert!(right > 150, "{right} of 203");
}

#[test]
fn the_accuracy_of_an_epoch_is_that_before_its_steps() {
    let data = classes(50);
    let mut trainer = Trainer::new(initial::<Classifier>(), Sgd::new(1e-2)).batch_size(50).threads(2);
    let before = trainer.evaluate(&data).expect("good data");
    let report = trainer.train_epoch(&data).expect("good data");
    assert_eq!(report.accuracy, before.accuracy);
    assert!(trainer.evaluate(&data).expect("good data").accuracy > before.accuracy);
}

#[test]
fn a_class_out_of_range_is_named_and_changes_nothing() {
    let mut data = classes(70);
    (data[69].1, data[41].1, data[40].1) = (4, 3, 9);
    let indices: Vec<usize> = (0..70).collect();
    for threads in [1, 3] {
        let mut trainer = Trainer::new(initial::<Classifier>(), Sgd::new(0.1).momentum(0.9)).threads(threads);
        let error = trainer.step(&data, &indices).expect_err("class 9 of 3");
        assert!(matches!(error, TrainError::Class { sample: 40, class: 9, classes: 3 }), "{error}");
        assert_eq!((trainer.network(), trainer.steps()), (&*initial::<Classifier>(), 0));
        let error = trainer.evaluate(&data).expect_err("class 9 of 3");
        assert!(matches!(error, TrainError::Class { sample: 40, .. }), "{error}");
    }
}

#[test]
fn a_refused_batch_leaves_nothing_in_the_gradients() {
    let mut data = classes(70);
    let (indices, class) = ((0..64).collect::<Vec<_>>(), data[63].1);
    for threads in [1, 3] {
        let trainer = || Trainer::new(initial::<Classifier>(), Sgd::new(0.1).momentum(0.9)).threads(threads);
        let (mut refused, mut fresh) = (trainer(), trainer());
        data[63].1 = 3;
        refused.step(&data, &indices).expect_err("class 3 of 3");
        data[63].1 = class;
        // Of four slots, of two, and of four again.
        for indices in [&indices[..], &indices[..20], &indices] {
            let losses = [&mut refused, &mut fresh].map(|trainer| trainer.step(&data, indices).expect("good data"));
            assert_eq!(losses[0], losses[1]);
            assert_eq!(refused.network(), fresh.network(), "{threads} threads, {} samples", indices.len());
            assert_eq!(refused.gradients(), fresh.gradients());
        }
    }
}

#[test]
fn a_loss_that_is_not_finite_stops_before_the_step() {
    let mut data = lines(64);
    let mut trainer = Trainer::new(initial::<Regressor>(), Sgd::new(1e200)).batch_size(16).threads(2);
    let Err(TrainError::Diverged { epoch, batch, rate }) = trainer.fit(5, &data, None, quiet) else {
        panic!("a rate of 1e200 diverges")
    };
    assert_eq!((epoch, batch, rate, trainer.steps()), (1, 2, 1e200, 1));
    data[7].0[2] = f64::NAN;
    let mut trainer = Trainer::new(initial::<Regressor>(), Sgd::new(0.1));
    let error = trainer.step(&data, &[3, 7]).expect_err("an input is NaN");
    assert!(matches!(error, TrainError::Diverged { epoch: 0, batch: 1, .. }), "{error}");
    assert_eq!(trainer.network(), &*initial::<Regressor>());
    let error = trainer.evaluate(&data).expect_err("an input is NaN");
    assert!(matches!(error, TrainError::NotANumber { first: 0, last: 15 }), "{error}");
}

#[test]
fn epochs_are_watched_and_can_be_ended() {
    let data = lines(40);
    let mut trainer = Trainer::new(initial::<Regressor>(), Sgd::new(0.1)).batch_size(16).threads(1);
    let mut seen = Vec::new();
    let mut watch = |event: &Event<'_>| {
        match event {
            Event::Batch { epoch, batch, batches, .. } => seen.push((*epoch, *batch, *batches)),
            Event::Epoch(report) => seen.push((report.epoch, 0, 0)),
        }
        if seen.len() == 6 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let reports = trainer.fit(3, &data, None, &mut watch).expect("good data");
    assert_eq!(seen, [(1, 1, 3), (1, 2, 3), (1, 3, 3), (1, 0, 0), (2, 1, 3), (2, 2, 3)]);
    assert_eq!((reports.len(), trainer.steps()), (1, 5));
    let stop = |event: &Event<'_>| match event {
        Event::Epoch(_) => ControlFlow::Break(()),
        Event::Batch { .. } => ControlFlow::Continue(()),
    };
    let reports = trainer.fit(3, &data, None, stop).expect("good data");
    assert_eq!((reports.len(), reports[0].epoch), (1, 3));
}

#[test]
fn a_schedule_counts_steps_from_zero() {
    let data = lines(64);
    let trainer = Trainer::new(initial::<Regressor>(), Sgd::new(0.5)).batch_size(16);
    let mut trainer = trainer.schedule(Step { every: 4, gamma: 0.1 });
    let rates = trainer.fit(2, &data, None, quiet).expect("good data").into_iter().map(|report| report.rate);
    assert_eq!(rates.collect::<Vec<_>>(), [0.5, 0.5 * 0.1]);
    trainer.set_rate(0.0);
    let before = trainer.network().clone();
    trainer.train_epoch(&data).expect("good data");
    assert_eq!(trainer.network(), &before);
}

#[test]
fn the_gradient_of_the_last_batch_can_be_looked_at() {
    let data = lines(40);
    let mut trainer = Trainer::new(initial::<Regressor>(), Sgd::new(0.5)).threads(2);
    assert_eq!(trainer.gradients(), None);
    let before = trainer.network().clone();
    trainer.step(&data, &(0..40).collect::<Vec<_>>()).expect("good data");
    let gradients = trainer.gradients().expect("there was a step").as_scalars();
    for ((w, before), g) in trainer.network().as_scalars().iter().zip(before.as_scalars()).zip(gradients) {
        assert_eq!(*w, before - 0.5 * g);
    }
}

#[test]
fn nothing_to_train_on_is_an_error() {
    let mut trainer = Trainer::new(initial::<Regressor>(), Sgd::new(0.5)).threads(1);
    let (none, some) = (lines(0), lines(3));
    assert!(matches!(trainer.train_epoch(&none), Err(TrainError::NoSamples)));
    assert!(matches!(trainer.fit(1, &some, Some(&none), quiet), Err(TrainError::NoSamples)));
    assert!(matches!(trainer.step(&some, &[]), Err(TrainError::NoSamples)));
    assert!(matches!(trainer.evaluate(&none), Err(TrainError::NoSamples)));
    let missing = trainer.step(&some, &[0, 3]);
    assert!(matches!(missing, Err(TrainError::NoSuchSample { index: 3, samples: 3 })));
    assert_eq!(trainer.steps(), 0);
}

/// Counts how often it is checked, and refuses from the second time on.
struct Fussy(AtomicUsize);

impl Dataset<[f64; 4], [f64; 2]> for Fussy {
    fn len(&self) -> usize {
        30
    }

    fn sample(&self, index: usize, x: &mut [f64; 4]) -> Cow<'_, [f64; 2]> {
        *x = [index as f64 * 0.01; 4];
        Cow::Owned([1.0, 2.0])
    }

    fn check(&self) -> Result<(), DataError> {
        match self.0.fetch_add(1, Ordering::Relaxed) {
            0 => Ok(()),
            _ => Err(DataError::Other("not again".into())),
        }
    }
}

#[test]
fn a_data_set_can_compute_and_can_refuse() {
    let mut trainer = Trainer::new(initial::<Regressor>(), Sgd::new(0.01)).batch_size(4).threads(2);
    let data = Fussy(AtomicUsize::new(0));
    trainer.train_epoch(&data).expect("the first time is fine");
    let error = trainer.train_epoch::<dyn Dataset<_, _>>(&data).expect_err("the second is not");
    assert_eq!((error.to_string().as_str(), trainer.steps()), ("not again", 8));
}

#[test]
fn a_batch_needs_samples() {
    let outcome = std::panic::catch_unwind(|| Trainer::new(initial::<Regressor>(), Sgd::new(0.01)).batch_size(0));
    assert!(outcome.is_err());
}
