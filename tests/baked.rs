//! Weights in a `static`, from a file that is read when the program is compiled.

use nnet::host::weights;
use nnet::{Flat, Network, network};

network! {
    /// Two classes of four features.
    pub struct Tiny: [4] -> [2] { fc1: Linear(3), Tanh, fc2: Linear(2) }
}

network! {
    /// Running statistics lie in the file as well.
    pub struct Normed: [4] -> [2] { fc1: Linear(3, bias = false), bn: BatchNorm, Relu, fc2: Linear(2) }
}

network! {
    /// The weights of [`Tiny`], named in the declaration.
    pub struct Named: [4] -> [2] { fc1: Linear(3), Tanh, fc2: Linear(2) }
    weights = "tests/tiny.safetensors";
}

static TINY: Tiny = nnet::weights!(Tiny, "tests/tiny.safetensors");
static NORMED: Normed = nnet::weights!(Normed, "tests/normed.safetensors",);

/// The file as it should be; `UPDATE_WEIGHTS=1` writes it.
fn expected<N: Network>(network: &N, path: &str) {
    let bytes = weights::to_bytes(network).expect("finite");
    let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_WEIGHTS").is_some() {
        std::fs::write(&path, &bytes).expect("the file can be written");
    }
    assert_eq!(std::fs::read(&path).expect("a file"), bytes, "UPDATE_WEIGHTS=1 writes {path}");
}

#[test]
fn a_static_has_the_weights_of_its_file() {
    let mut tiny = nnet::boxed::<Tiny>(3);
    tiny.fc1.bias = [0.5, -0.25, 1e-20];
    let mut normed = nnet::boxed::<Normed>(4);
    normed.bn.running_mean = [1.0, -2.0, 3.0];
    normed.bn.running_var = [0.0, 0.5, 4.0];
    expected(&*tiny, "tests/tiny.safetensors");
    expected(&*normed, "tests/normed.safetensors");
    assert_eq!(TINY.as_scalars(), tiny.as_scalars());
    assert_eq!(Named::pretrained().as_scalars(), tiny.as_scalars());
    assert_eq!(NORMED.as_scalars(), normed.as_scalars());
}

#[test]
fn it_predicts_where_it_lies() {
    let x = [0.5, -1.0, 0.0, 2.0];
    let mut again = nnet::boxed::<Tiny>(0);
    weights::load(&mut *again, concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tiny.safetensors")).expect("it fits");
    let (mut scratch, mut other) = (TinyScratch::ZERO, TinyScratch::ZERO);
    let y = TINY.predict(&x, &mut scratch);
    assert_eq!(y, again.predict(&x, &mut other));
    assert!(y[0] > y[1], "{y:?}");
}
