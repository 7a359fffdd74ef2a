//! Ten steps of an optimizer through the trainer, in f64, and of plain descent in place as well.

use nnet::element::set_lane;
use nnet::host::Trainer;
use nnet::optim::{Adam, AdamW, Optimizer, OptimizerState, Sgd};
use nnet::{Lanes, Tensor, Train, zeroed};

use crate::reference::{self, Reference, check_values};
use crate::{DOUBLE, check_parameters, filled};

/// Every optimizer of the reference on 1 and 2 threads; `targets` are those of all samples.
pub fn check_optimizers<N: Train<Scalar = f64>>(name: &str, targets: &[N::Target]) {
    let reference = &Reference::load().networks[name];
    let inputs = reference.inputs(0..10 * reference.step_batch);
    let samples: Vec<_> = inputs
        .chunks_exact(N::Input::<f64>::LENGTH)
        .zip(targets)
        .map(|(x, target)| (*N::Input::<f64>::view(x), target.clone()))
        .collect();
    for (optimizer, want) in &reference.optimizers {
        let o = &want.options;
        let sgd = Sgd::new(o.lr).weight_decay(o.weight_decay);
        let adam = Adam::new(o.lr).weight_decay(o.weight_decay);
        let steps = Steps { name, optimizer, reference, want, samples: &samples };
        match optimizer.as_str() {
            "sgd" => {
                steps.check::<N, _>(&sgd);
                steps.check_in_place::<N>(&sgd);
            }
            "sgd_momentum" => steps.check::<N, _>(&sgd.momentum(o.momentum)),
            "sgd_nesterov" => steps.check::<N, _>(&sgd.momentum(o.momentum).nesterov()),
            "adam" | "adam_decay" => steps.check::<N, _>(&adam),
            "adamw" => steps.check::<N, _>(&AdamW::new(o.lr).weight_decay(o.weight_decay)),
            other => panic!("optimizer {other}"),
        }
    }
}

struct Steps<'a, X, T> {
    name: &'a str,
    optimizer: &'a str,
    reference: &'a reference::Network,
    want: &'a reference::Steps,
    samples: &'a [(X, T)],
}

impl<X: Tensor<Element = f64>, T: Clone + Sync> Steps<'_, X, T> {
    fn check<N, O>(&self, optimizer: &O)
    where
        N: Train<Scalar = f64, Target = T, Input<f64> = X>,
        O: Optimizer<f64> + Clone,
    {
        for threads in [1, 2] {
            let what = format!("{} {} on {threads} threads", self.name, self.optimizer);
            let mut trainer = Trainer::new(filled::<N>(self.reference), optimizer.clone()).threads(threads);
            let batch = self.reference.step_batch;
            for (i, &want) in self.want.losses.iter().enumerate() {
                let indices: Vec<usize> = (batch * i..batch * (i + 1)).collect();
                let loss = trainer.step(self.samples, &indices).unwrap();
                check_values(&format!("{what}, loss of step {i}"), &[want], &[loss], DOUBLE);
            }
            assert_eq!(self.want.weights.len(), N::PARAMETERS.len());
            check_parameters(&what, &self.want.weights, trainer.network(), DOUBLE);
        }
    }

    /// The same without gradients: each batch is a group.
    fn check_in_place<N: Train<Scalar = f64, Target = T, Input<f64> = X>>(&self, optimizer: &Sgd) {
        let what = format!("{} {} in place", self.name, self.optimizer);
        let (mut network, mut tape) = (filled::<N>(self.reference), zeroed::<N::Tape<Lanes<f64>>>());
        let mut state = OptimizerState::ZERO;
        let batches = self.samples.chunks_exact(self.reference.step_batch);
        for (i, (batch, &want)) in batches.zip(&self.want.losses).enumerate() {
            let mut x = Box::new(N::Input::<Lanes<f64>>::ZERO);
            for (lane, (sample, _)) in batch.iter().enumerate() {
                set_lane(x.as_flat_mut(), lane, sample.as_flat());
            }
            let targets: Vec<_> = batch.iter().map(|(_, target)| target.clone()).collect();
            let loss = network.train_in_place::<Lanes<f64>>(&x, &targets, &mut tape, optimizer, &mut state);
            check_values(&format!("{what}, loss of step {i}"), &[want], &[loss], DOUBLE);
        }
        check_parameters(&what, &self.want.weights, &*network, DOUBLE);
    }
}
