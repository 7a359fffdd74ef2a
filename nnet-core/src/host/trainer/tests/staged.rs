//! Two batch norms trained by threads against the same thing done sample by sample.

use super::normed::{MOMENTUM, Normed};
use super::*;
use crate::network::ParameterInfo;
use crate::optim::Momentum;

type Regressor = Normed<f64, 4, 5, 2>;
type Classifier = Normed<f32, MANY, 4, 3>;

/// All that a step may change, bit for bit.
fn bits<N: Train, O: Optimizer<N::Scalar>>(trainer: &Trainer<N, O>) -> (Vec<u64>, Vec<u64>, u64) {
    let bits = |row: &[N::Scalar]| row.iter().map(|w| w.to_f64().to_bits()).collect();
    (bits(trainer.network().as_scalars()), bits(trainer.moments.as_scalars()), trainer.steps())
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let data = classes(203);
    // Ragged last groups; more groups than slots, then fewer.
    for batch_size in [9, 48, 150, 203] {
        let run = |threads| {
            let trainer = Trainer::new(initial::<Classifier>(), Adam::new(1e-3));
            let mut trainer = trainer.batch_size(batch_size).threads(threads).seed(9);
            let reports = trainer.fit(2, &data, Some(&data), quiet).expect("good data");
            (bits(&trainer), reports.into_iter().map(|report| (report.loss, report.accuracy, report.test)).collect())
        };
        let want: (_, Vec<_>) = run(1);
        for threads in [2, 3, 7] {
            assert!(run(threads) == want, "{threads} threads, batches of {batch_size}");
        }
    }
}

/// The same epochs with a batch of single samples at a time: the mean loss of the last epoch, and the network.
fn by_hand(data: &[([f64; 4], [f64; 2])], batch_size: usize, seed: u64, epochs: u64) -> (f64, Regressor) {
    let mut network = *initial::<Regressor>();
    let (mut gradients, mut state) = (Flat::ZERO, OptimizerState::ZERO);
    state.seed = seed;
    let (mut order, mut total) = (Vec::new(), 0.0);
    for epoch in 1..=epochs {
        shuffle(&mut order, data.len(), seed, epoch);
        total = 0.0;
        for batch in order.chunks(batch_size) {
            let (xs, targets): (Vec<_>, Vec<_>) = batch.iter().map(|&index| data[index]).unzip();
            let mut tapes: Vec<_> = batch.iter().map(|_| Flat::ZERO).collect();
            let optimizer = Sgd::new(0.05).momentum(0.9);
            let loss = network.train_batch::<f64, _>(&xs, &targets, &mut tapes, &mut gradients, &optimizer, &mut state);
            total += loss * batch.len() as f64;
        }
    }
    (total / data.len() as f64, network)
}

#[test]
fn batches_of_groups_equal_batches_of_samples() {
    for samples in [17, 37, 150, 203] {
        for batch_size in [7, 16, 35, 150, 203] {
            let data = lines(samples);
            if data.len() % batch_size == 1 {
                continue;
            }
            let (loss, want) = by_hand(&data, batch_size, 3, 2);
            let trainer = Trainer::new(initial::<Regressor>(), Sgd::new(0.05).momentum(0.9));
            let mut trainer = trainer.batch_size(batch_size).threads(2).seed(3);
            let reports = trainer.fit(2, &data, None, quiet).expect("good data");
            // Each step sums a batch in another order, and passes its error on to the next. No term is above 10, and
            // what is divided by is a deviation, none of which is below 0.1.
            let steps = 2.0 * samples.div_ceil(batch_size) as f64;
            let tolerance = 10.0 / 0.1 * f64::EPSILON * samples as f64 * steps;
            let error = (reports[1].loss - loss).abs();
            assert!(error <= tolerance, "{samples} by {batch_size}: loss off by {error}");
            for (got, want) in trainer.network().as_scalars().iter().zip(want.as_scalars()) {
                let error = (got - want).abs();
                assert!(error <= tolerance, "{samples} by {batch_size}: got {got}, want {want}");
            }
        }
    }
}

#[test]
fn running_statistics_are_those_of_the_batch() {
    let data = lines(41);
    let mut trainer = Trainer::new(initial::<Regressor>(), Sgd::new(0.5)).threads(2);
    let before = trainer.network().clone();
    trainer.step(&data, &(0..41).collect::<Vec<_>>()).expect("good data");
    for c in 0..5 {
        let hidden = |x: &[f64; 4]| -> f64 { x.iter().zip(&before.fc1.weight[c]).map(|(x, w)| x * w).sum() };
        let hidden: Vec<f64> = data.iter().map(|(x, _)| hidden(x)).collect();
        let mean = hidden.iter().sum::<f64>() / 41.0;
        // Divided by n − 1.
        let variance = hidden.iter().map(|h| (h - mean) * (h - mean)).sum::<f64>() / 40.0;
        let bn = &trainer.network().bn1;
        let errors = [bn.running_mean[c] - MOMENTUM * mean, bn.running_var[c] - (1.0 - MOMENTUM) - MOMENTUM * variance];
        // 41 terms below 100.
        assert!(errors.iter().all(|error| error.abs() <= 41.0 * 100.0 * f64::EPSILON), "channel {c}: {errors:?}");
    }
    assert!(trainer.network().bn2.running_mean != [0.0; 2] && trainer.network().bn2.running_var != [1.0; 2]);
    // An evaluation moves none.
    let after = trainer.network().clone();
    trainer.evaluate(&data).expect("good data");
    assert_eq!(trainer.network(), &after);
}

#[test]
fn a_diverged_batch_changes_nothing() {
    let mut data = lines(100);
    data[70].0[1] = f64::NAN;
    let mut trainer = Trainer::new(initial::<Regressor>(), Adam::new(0.1)).threads(2);
    trainer.step(&data, &(0..50).collect::<Vec<_>>()).expect("good data");
    let before = bits(&trainer);
    let error = trainer.step(&data, &(50..100).collect::<Vec<_>>()).expect_err("an input is NaN");
    assert!(matches!(error, TrainError::Diverged { .. }), "{error}");
    assert_eq!(bits(&trainer), before);
    trainer.step(&data, &(0..50).collect::<Vec<_>>()).expect("good data");
}

#[test]
fn a_wrong_class_stops_before_the_first_meeting() {
    let mut data = classes(70);
    (data[69].1, data[41].1, data[40].1) = (4, 3, 9);
    let indices: Vec<usize> = (0..70).collect();
    for threads in [1, 3] {
        let mut trainer = Trainer::new(initial::<Classifier>(), Sgd::new(0.1).momentum(0.9)).threads(threads);
        let before = bits(&trainer);
        let error = trainer.step(&data, &indices).expect_err("class 9 of 3");
        assert!(matches!(error, TrainError::Class { sample: 40, class: 9, classes: 3 }), "{error}");
        assert_eq!(bits(&trainer), before);
        trainer.step(&data, &indices[..40]).expect("good data");
    }
}

#[test]
fn a_batch_without_variance_is_refused_before_the_epoch() {
    let data = lines(33);
    let mut trainer = Trainer::new(initial::<Regressor>(), Sgd::new(0.1)).threads(1).batch_size(16);
    let before = bits(&trainer);
    let error = trainer.train_epoch(&data).expect_err("33 = 2 · 16 + 1");
    assert_eq!(
        error.to_string(),
        "33 samples in batches of 16 leave 1 for the last batch, but a batch norm over single values needs at least 2; \
         choose another batch size"
    );
    let error = trainer.step(&data, &[7]).expect_err("one sample");
    assert!(matches!(error, TrainError::SmallBatch { samples: 1, smallest: 2 }), "{error}");
    assert_eq!((bits(&trainer), trainer.epoch), (before, 0));
    let mut trainer = trainer.batch_size(1);
    assert!(matches!(trainer.train_epoch(&lines(4)), Err(TrainError::SmallLastBatch { last: 1, .. })));
    let mut trainer = trainer.batch_size(64);
    assert!(matches!(trainer.train_epoch(&lines(1)), Err(TrainError::SmallLastBatch { last: 1, .. })));
    trainer.batch_size(31).train_epoch(&data).expect("33 = 31 + 2");
}

/// The tensors whose numbers differ, and those whose moments do.
fn changed<N: Train>(before: &[Vec<N::Scalar>; 2], after: &[Vec<N::Scalar>; 2]) -> [Vec<&'static str>; 2] {
    let differs = |which: usize, begin: Option<usize>, length: usize| {
        let part = |both: &[Vec<N::Scalar>; 2]| -> Option<Vec<u64>> {
            Some(both[which][begin?..][..length].iter().map(|w| w.to_f64().to_bits()).collect())
        };
        part(before) != part(after)
    };
    let names = |which, begin: fn(&ParameterInfo) -> Option<usize>| {
        let changed = N::PARAMETERS.iter().filter(|tensor| differs(which, begin(tensor), tensor.len()));
        changed.map(|tensor| tensor.name).collect()
    };
    [names(0, |tensor| Some(tensor.offset)), names(1, |tensor| tensor.gradient)]
}

/// What an epoch changes.
fn epoch_changes<N: Train, D: Data<N>>(trainer: &mut Trainer<N, Sgd<Momentum>>, data: &D) -> [Vec<&'static str>; 2] {
    let state = |trainer: &Trainer<N, Sgd<Momentum>>| {
        [trainer.network.as_scalars().to_vec(), trainer.moments.as_scalars().to_vec()]
    };
    let before = state(trainer);
    trainer.train_epoch(data).expect("good data");
    changed::<N>(&before, &state(trainer))
}

const STATISTICS: [&str; 4] = ["bn1.running_mean", "bn1.running_var", "bn2.running_mean", "bn2.running_var"];

#[test]
fn what_is_frozen_stays_bit_for_bit() {
    let data = lines(150);
    // Biases before a batch norm have no gradient but rounding errors, so decay makes sure that they move.
    let optimizer = Sgd::new(0.05).weight_decay(0.1).momentum(0.9);
    let mut trainer = Trainer::new(initial::<Regressor>(), optimizer).threads(2);
    trainer.network_mut().fc1.bias = [0.5; 5];
    trainer.network_mut().fc2.bias = [0.5; 2];
    let all: Vec<&str> = Regressor::PARAMETERS.iter().map(|tensor| tensor.name).collect();
    let learned = |names: &[&str]| -> [Vec<&str>; 2] {
        let is_in = |name: &&str| names.contains(name);
        let moved = all.iter().copied().filter(|name| is_in(name) || STATISTICS.contains(name)).collect();
        [moved, all.iter().copied().filter(is_in).collect()]
    };
    let of_layers = |layers: &[&str]| {
        let is_in = |name: &&&str| layers.iter().any(|layer| name.starts_with(layer) && !STATISTICS.contains(name));
        learned(&all.iter().filter(is_in).copied().collect::<Vec<_>>())
    };
    assert_eq!(epoch_changes(&mut trainer, &data), of_layers(&["fc1", "bn1", "fc2", "bn2"]));
    trainer.freeze("bn1").expect("a layer");
    trainer.freeze("fc1.weight").expect("a tensor");
    assert_eq!(epoch_changes(&mut trainer, &data), of_layers(&["fc1.bias", "fc2", "bn2"]));
    // The gradient is whole all the same.
    let gradients = trainer.gradients().expect("a batch");
    assert!(gradients.bn1.weight.iter().chain(gradients.fc1.weight.as_flattened()).all(|g| *g != 0.0));
    trainer.unfreeze("fc1").expect("a layer");
    assert_eq!(epoch_changes(&mut trainer, &data), of_layers(&["fc1", "fc2", "bn2"]));
    trainer.freeze_all_but(&["fc2.bias", "bn2"]).expect("both are there");
    assert_eq!(epoch_changes(&mut trainer, &data), of_layers(&["fc2.bias", "bn2"]));
    trainer.freeze_all_but(&[]).expect("all");
    assert_eq!(epoch_changes(&mut trainer, &data), of_layers(&[]));
}

#[test]
fn a_large_tensor_is_frozen_in_all_its_pieces() {
    let data = classes(48);
    let mut trainer = Trainer::new(initial::<super::Classifier>(), Sgd::new(0.1).momentum(0.9)).threads(2);
    trainer.freeze("fc.weight").expect("a tensor");
    assert_eq!(epoch_changes(&mut trainer, &data), [["fc.bias"]; 2]);
    trainer.unfreeze("fc").expect("a layer");
    assert_eq!(epoch_changes(&mut trainer, &data), [["fc.weight", "fc.bias"]; 2]);
}

#[test]
fn freezing_does_not_change_what_the_others_learn_from() {
    let data = lines(40);
    let indices: Vec<usize> = (0..40).collect();
    let mut free = Trainer::new(initial::<Regressor>(), Adam::new(0.1)).threads(1);
    let mut frozen = Trainer::new(initial::<Regressor>(), Adam::new(0.1)).threads(1);
    frozen.freeze("fc1").expect("a layer");
    free.step(&data, &indices).expect("good data");
    frozen.step(&data, &indices).expect("good data");
    assert_eq!(frozen.network().fc1, initial::<Regressor>().fc1);
    assert_eq!(frozen.gradients(), free.gradients());
    let (frozen, free) = (frozen.network(), free.network());
    assert_eq!((&frozen.bn1, &frozen.fc2, &frozen.bn2), (&free.bn1, &free.fc2, &free.bn2));
}

#[test]
fn a_name_that_freezes_nothing_is_refused() {
    let mut trainer = Trainer::new(initial::<Regressor>(), Sgd::new(0.1)).threads(1);
    let plan = trainer.plan.runs().to_vec();
    let error = trainer.freeze("bn3").expect_err("no such layer");
    assert_eq!(
        error.to_string(),
        "`bn3` is no block, layer or tensor of `Normed` that learns; similar are `bn1`, `bn2`, `fc1`"
    );
    for name in ["fc1.", "fc", "c1", "", "fc1.weight.x", "weight"] {
        assert!(matches!(trainer.unfreeze(name), Err(TrainError::NoSuchName { .. })), "`{name}`");
    }
    let error = trainer.freeze("bn1.running_mean").expect_err("it has no gradient");
    assert_eq!(
        error.to_string(),
        "`bn1.running_mean` of `Normed` never learns, being frozen in the declaration or a running statistic; \
         name parameters that have a gradient"
    );
    assert!(trainer.freeze_all_but(&["fc2", "fc3"]).is_err());
    assert_eq!(trainer.plan.runs(), plan);
}
