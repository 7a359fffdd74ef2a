//! What the examples share: their options, and the pictures that `resnet` draws. `.ci/run examples` runs the examples.

#[path = "../examples/digits/options.rs"]
#[allow(dead_code, reason = "the examples use the rest")]
mod options;
#[path = "../examples/pictures/mod.rs"]
mod pictures;

use std::ops::ControlFlow;
use std::{fs, process};

use nnet::host::idx::Idx;
use nnet::host::{Dataset, Trainer};
use nnet::network;
use nnet::optim::{OneCycle, Sgd};
use options::{Example, Goal};
use pictures::{CLASSES, Pictures};

const EXAMPLE: Example =
    Example { own: &["weights", "target"], goal: Goal::Accuracy(0.5), ..Example::classifier("test") };

/// What is wrong with a command line.
fn refusal(line: &str) -> String {
    let words = std::iter::once("test").chain(line.split(' ')).map(Into::into);
    EXAMPLE.parse(words).err().map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn options_are_read_and_mistakes_are_named() {
    let line = ["test", "--epochs", "3", "--target", "0.25", "--weights=here", "--json"].map(Into::into);
    let options = EXAMPLE.parse(line).expect("good options").expect("no call for help");
    assert_eq!((options.epochs, options.batch, options.json), (3, 64, true));
    assert_eq!((options.goal, options.stop), (Goal::Accuracy(0.25), true));
    assert_eq!(options.weights.to_str(), Some("here"));

    assert_eq!(refusal("--epochs 0"), "--epochs 0: give an integer of at least 1");
    assert_eq!(refusal("--lr -1"), "--lr -1: give a finite number above 0");
    for target in ["nan", "1.01", "-0.5", "much"] {
        assert_eq!(refusal(&format!("--target {target}")), format!("--target {target}: give a number from 0 to 1"));
    }
    // An option of another example.
    assert_eq!(refusal("--depth 8"), "invalid option '--depth'");
    assert!(refusal("--weights").contains("missing argument"));
    assert!(refusal("more").contains("unexpected argument"));
    assert!(!EXAMPLE.usage().contains("--depth"));
    assert!(EXAMPLE.usage().contains("--target NUMBER stop after the first epoch"));
}

network! {
    struct Linear: [3, 32, 32] -> [10] { Flatten, Linear(10) }
    loss = cross_entropy;
}

#[test]
fn pictures_are_beyond_a_linear_model() {
    let (train, test) = (Pictures::new(1, 2000), Pictures::new(2, 1000));
    let mut trainer = Trainer::new(nnet::boxed::<Linear>(1), Sgd::new(0.002)).schedule(OneCycle::new(5 * 32));
    let reports = trainer.fit(5, &train, Some(&test), |_| ControlFlow::Continue(())).expect("pictures fit");
    let accuracy = reports[4].test.as_ref().and_then(|test| test.accuracy).expect("classes");
    // Chance is 0.1, with a deviation of √(0.1·0.9/1000) = 0.0095.
    assert!((0.05..0.15).contains(&accuracy), "{accuracy}");
    // And yet it was trained.
    assert!(reports[4].loss < reports[0].loss);
}

#[test]
fn pictures_follow_from_their_seed_and_are_written_as_idx() {
    let folder = std::env::temp_dir().join(format!("nnet-pictures-{}", process::id()));
    fs::create_dir(&folder).expect("a new folder");
    let pictures = Pictures::new(7, 25);
    pictures.write(&folder, "test").expect("a folder to write to");
    let images = Idx::open(folder.join("test-images.idx")).expect("an IDX file");
    let labels = Idx::open(folder.join("test-labels.idx")).expect("an IDX file");
    fs::remove_dir_all(&folder).expect("the folder is ours");
    assert_eq!(images.dimensions(), [25, 3, 32, 32]);
    assert_eq!(labels.dimensions(), [25]);

    let (again, other) = (Pictures::new(7, 25), Pictures::new(8, 25));
    let (mut x, mut y) = ([[[0.0; 32]; 32]; 3], [[[0.0; 32]; 32]; 3]);
    for (index, (pixels, &label)) in images.data().chunks(3 * 32 * 32).zip(labels.data()).enumerate() {
        let class = index % usize::from(CLASSES);
        assert_eq!(usize::from(label), class);
        assert_eq!(*pictures.sample(index, &mut x), class);
        assert_eq!(*again.sample(index, &mut y), class);
        assert_eq!(x, y);
        other.sample(index, &mut y);
        assert_ne!(x, y);
        assert_eq!(x[0][0][0], (f32::from(pixels[0]) - 127.5) / 64.0);
    }
}
