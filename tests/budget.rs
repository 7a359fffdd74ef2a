//! Budgets that are reached and not exceeded, where the macro knows all sizes and where only rustc does.

#![cfg(feature = "std")]

use nnet::{Measure, Network, network};

network! {
    #[allow(nnet::bias_before_batch_norm)]
    pub struct Features: [1, 8, 8] -> [32] {
        Conv2d(4, kernel = 3),
        BatchNorm,
        Relu,
        Flatten,
        Linear(32),
    }
    budget(ram = 704, flash = 18_784, macs = 5_904, parameters = 4_688, training_ram = 20_800, in_place_training_ram = 2_048);
}

network! {
    pub struct Net: [1, 8, 8] -> [2] {
        Tanh,
        body: self::Features -> [32],
        head: Linear(2),
    }
    budget(training_ram = 21_592, in_place_training_ram = 2_576, parameters = 4_754, ram = 1_088 B, macs = 5_968, flash = 19_048);
    loss = mse;
}

network! {
    struct Free: [2] -> [2] { Linear(2) }
}

#[test]
fn limits_equal_to_the_figures_are_kept() {
    for summary in [Features::summary(), Net::summary(), <Net<f64> as Network>::summary()] {
        assert_eq!(summary.budget.len(), 6);
        for limit in summary.budget {
            assert_eq!(limit.figure, limit.limit, "{} of {}", limit.measure.key(), summary.name);
        }
    }
    let figures =
        |measure| Net::summary().budget.iter().find(|limit| limit.measure == measure).map(|limit| limit.figure);
    assert_eq!(figures(Measure::Ram), Some(Net::INFERENCE_BYTES));
    assert_eq!(figures(Measure::Flash), Some(Net::WEIGHT_BYTES));
    assert_eq!(figures(Measure::Macs), Some(Net::MACS));
    assert_eq!(figures(Measure::Parameters), Some(Net::PARAMETER_COUNT));
    assert_eq!(figures(Measure::TrainingRam), Some(Net::TRAINING_BYTES));
    assert_eq!(figures(Measure::InPlaceTrainingRam), Some(Net::IN_PLACE_TRAINING_BYTES));
}

#[test]
fn the_summary_shows_the_budget() {
    let text = Net::summary().to_string();
    let last = text.lines().find(|line| line.starts_with("budget")).expect("a line");
    assert_eq!(
        last,
        "budget with f32: training_ram 21,592 of 21,592 bytes, in_place_training_ram 2,576 of 2,576 bytes, \
         parameters 4,754 of 4,754, ram 1,088 of 1,088 bytes, macs 5,968 of 5,968, flash 19,048 of 19,048 bytes"
    );
    assert!(!Free::summary().to_string().contains("budget"));
}

/// A limit may come from a macro around.
macro_rules! limited {
    ($limit:literal, $unit:ident) => {
        network! {
            struct Limited: [2] -> [2] { Linear(2) }
            budget(flash = $limit $unit);
        }
    };
}

limited!(24, B);

#[test]
fn a_macro_can_write_the_limit() {
    assert_eq!(Limited::summary().budget[0].limit, Limited::WEIGHT_BYTES);
}
