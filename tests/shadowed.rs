//! Items of the user's with the names that the generated code gives its locals.

#![allow(non_upper_case_globals, dead_code, reason = "the names of locals")]

use nnet::host::{Trainer, weights};
use nnet::optim::Sgd;
use nnet::{Fold, Network, network};

static x: u8 = 0;
static tape: u8 = 0;
static conv: u8 = 0;
static d_conv: u8 = 0;
static group: u8 = 0;
static output_gradient: u8 = 0;
static folded: u8 = 0;
const scratch: u8 = 0;
const pass: u8 = 0;
const stage: u8 = 0;
const gradients: u8 = 0;
const dx: u8 = 0;
const meeting: u8 = 0;
const groups: u8 = 0;
const samples: u8 = 0;
const random: u8 = 0;
const area_a: u8 = 0;
const area_b: u8 = 0;
const bn_statistics: u8 = 0;
const inner_tape: u8 = 0;
const inner_scratch: u8 = 0;

network! {
    pub struct Inner: [8] -> [8] { Linear(8), Tanh }
}

network! {
    /// With everything that has locals: a batch norm, arms, a layer by path, views.
    pub struct Net: [1, 6, 6] -> [3] {
        conv: Conv2d(2, 3, bias = false), bn: BatchNorm, Relu,
        residual { again: Conv2d(2, 3, padding = 1) },
        concat { {}, Conv2d(2, 1) },
        Flatten,
        fc: Linear(8),
        inner: self::Inner -> [8],
        Dropout(0.1),
        head: Linear(3),
    }
    loss = cross_entropy;
}

network! {
    /// Fields may have the names of methods, constants and words of the language of layers.
    pub struct Named: [4] -> [2] {
        predict: Linear(4), init: PRelu, forward: Linear(4), backward: Tanh,
        residual { summary: Linear(4, bias = false), shortcut_of: BatchNorm },
        train_step: Linear(4), loss: LayerNorm, repeat_: Linear(2),
    }
    loss = mse;
}

#[test]
fn fields_may_have_the_names_of_methods() {
    let network = nnet::boxed::<Named>(1);
    assert!(network.predict(&[0.5; 4], &mut nnet::zeroed::<NamedScratch>())[1].is_finite());
    assert_eq!(network.predict.weight.len() + network.summary.weight.len(), 8);
    assert!(Named::summary().to_string().contains("train_step"));
}

#[test]
fn items_with_the_names_of_locals_do_not_disturb() {
    let data = vec![([[[0.5_f32; 6]; 6]; 1], 2_usize); 4];
    let mut trainer = Trainer::new(nnet::boxed::<Net>(1), Sgd::new(0.1)).batch_size(4);
    trainer.train_epoch(&data[..]).expect("finite numbers");
    let mut small = nnet::zeroed::<NetFolded>();
    trainer.network().fold_into(&mut small);
    let mut memory = nnet::zeroed::<NetFoldedScratch>();
    assert!(small.predict(&data[0].0, &mut memory)[2].is_finite());
    assert!(weights::to_bytes(trainer.network()).is_ok());
}
