//! The reader itself: the formula, the layout of the file, and a comparison that can fail.

use super::*;

/// The digest of `v`, as `reference.py` stores it.
fn digest(v: &[f64]) -> Tensor {
    Tensor::Digest(Digest {
        shape: vec![v.len()],
        sum: v.iter().sum(),
        norm: norm(v),
        largest: largest(v),
        projection: dot(&values(PROJECTION_SEED, v.len(), 1.0), v),
        samples: (0..SAMPLES).map(|j| v[j * v.len() / SAMPLES]).collect(),
    })
}

fn whole(v: &[f64]) -> Tensor {
    Tensor::Whole(Whole { shape: vec![v.len()], values: v.to_vec() })
}

fn refusal(expected: &Tensor, got: &[f64], tolerance: f64) -> String {
    compare("t", expected, got, tolerance).expect_err("the comparison must fail")
}

#[test]
#[allow(clippy::cast_possible_truncation, reason = "the values are exact in f32")]
#[allow(clippy::float_cmp, reason = "the values are exact in f32")]
fn formula_agrees_with_python() {
    for case in &Reference::load().formula {
        // serde_json may parse a double one unit off; in f32 that rounds away.
        let got = value(case.seed, case.k, case.bound);
        assert_eq!(got as f32, case.value as f32, "value({}, {}, {})", case.seed, case.k, case.bound);
        assert_eq!(f64::from(got as f32), got, "not exact in f32");
    }
}

#[test]
fn every_network_is_complete() {
    let reference = Reference::load();
    assert!(!reference.torch.is_empty());
    assert_eq!(reference.networks.len(), 22);
    for (name, network) in &reference.networks {
        assert_eq!(network.loss == "huber", network.delta.is_some(), "{name}");
        assert_eq!(network.batches.keys().copied().collect::<Vec<_>>(), [1, 16, 37, 64], "{name}");
        let learned: Vec<_> = network.parameters.iter().filter(|p| !p.name.contains(".running_")).collect();
        let has_statistics = learned.len() < network.parameters.len();
        for (&size, batch) in &network.batches {
            assert_eq!(batch.prediction.is_some(), has_statistics || name == "dropped", "{name}");
            let shape = [&[size], &network.output[..]].concat();
            assert!(batch.prediction.as_ref().is_none_or(|prediction| prediction.shape() == shape), "{name}");
            let Some(training) = &batch.training else {
                assert!(size == 1 || name == "dropped", "{name} {size}");
                continue;
            };
            assert_eq!(training.output.shape(), shape, "{name}");
            let shape = [&[size], &network.input[..]].concat();
            assert!(training.input_gradient.as_ref().is_none_or(|gradient| gradient.shape() == shape), "{name}");
            assert_eq!(training.input_gradient.is_none(), ["frozen_first", "frozen_body"].contains(&name.as_str()));
            assert!(training.loss.is_finite());
            assert_shapes(network, &training.gradients);
            assert_eq!(training.gradients.len() < learned.len(), name.starts_with("frozen"), "{name}");
            assert_shapes(network, &training.statistics);
            assert_eq!(training.statistics.len(), network.parameters.len() - learned.len(), "{name}");
        }
        for steps in network.optimizers.values() {
            assert_eq!(steps.losses.len(), 10, "{name}");
            assert_shapes(network, &steps.weights);
            assert_eq!(steps.weights.len(), network.parameters.len(), "{name}");
        }
    }
}

/// Tensors by name, each in the shape of the parameter.
fn assert_shapes(network: &Network, tensors: &BTreeMap<String, Tensor>) {
    for (name, tensor) in tensors {
        let parameter = network.parameters.iter().find(|parameter| parameter.name == *name);
        assert_eq!(tensor.shape(), parameter.map_or(&[][..], |parameter| &parameter.shape), "{name}");
    }
}

#[test]
fn optimizers_and_cases_have_their_options() {
    let reference = Reference::load();
    let nesterov = &reference.networks["zoo3"].optimizers["sgd_nesterov"].options;
    assert!(nesterov.nesterov && nesterov.lr > 0.0 && nesterov.momentum > 0.0);
    assert!(reference.networks["zoo3"].optimizers["adamw"].options.weight_decay > 0.0);
    assert_eq!(reference.schedules["cosine"].len(), 21);
    for (name, case) in &reference.losses {
        assert!(name.starts_with(&case.loss));
        assert_eq!(case.labels.is_some(), case.target.is_none(), "{name}");
        assert_eq!(case.delta.is_some(), case.loss == "huber", "{name}");
        assert_eq!(case.input.shape(), case.gradient.shape(), "{name}");
        assert!(case.value.is_finite(), "{name}");
    }
    for (name, case) in &reference.activations {
        assert_eq!(case.x.len(), case.dy.len(), "{name}");
        assert_eq!(case.y.values().len(), case.dx.values().len(), "{name}");
    }
}

#[test]
#[allow(clippy::cast_precision_loss, reason = "a few hundred values")]
fn zoo3_by_hand_gives_pytorchs_loss() {
    // [12] -> fc1 -> tanh -> fc2 -> [6], huber with delta 0.25
    let reference = Reference::load();
    let network = &reference.networks["zoo3"];
    let linear = |layer: &str, x: &[f64]| -> Vec<f64> {
        let w = network.parameter(&format!("{layer}.weight"));
        let b = network.parameter(&format!("{layer}.bias"));
        w.chunks(x.len()).zip(b).map(|(row, b)| dot(row, x) + b).collect()
    };
    let delta = network.delta.unwrap();
    for (&size, batch) in &network.batches {
        let training = batch.training.as_ref().unwrap();
        let forward = |x: &[f64]| {
            let hidden: Vec<_> = linear("fc1", x).into_iter().map(f64::tanh).collect();
            linear("fc2", &hidden)
        };
        let y: Vec<_> = network.inputs(0..size).chunks(12).flat_map(forward).collect();
        check_tensor("output", &training.output, &y, 1e-14);
        let huber = |(y, t): (&f64, f64)| match (y - t).abs() {
            r if r <= delta => 0.5 * r * r,
            r => delta * (r - 0.5 * delta),
        };
        let total: f64 = y.iter().zip(network.targets(0..size)).map(huber).sum();
        check_values("loss", &[training.loss], &[total / y.len() as f64], 1e-14);
    }
}

#[test]
fn labels_and_samples_count_from_the_range() {
    let reference = Reference::load();
    let lenet = &reference.networks["lenet"];
    assert_eq!(lenet.labels(0..4), [3, 0, 7, 4]);
    assert_eq!(lenet.inputs(0..3)[2 * 784..], lenet.inputs(2..3)[..]);
}

#[test]
fn the_same_tensor_passes_at_tolerance_zero() {
    let v = values(5, 64, 1.0);
    check_tensor("whole", &whole(&v), &v, 0.0);
    let v = values(5, 1000, 1.0);
    check_tensor("digest", &digest(&v), &v, 0.0);
}

#[test]
fn one_wrong_value_of_a_whole_tensor_is_named() {
    let want = [0.5, -2.0, 0.0];
    let why = refusal(&whole(&want), &[0.5, -2.0, 1e-3], 1e-4);
    assert_eq!(why, "t[2]: got 1e-3, want 0e0, error 1.0e-3 above 2.0e-4");
    check_tensor("t", &whole(&want), &[0.5, -2.0, 1e-4], 1e-4);
}

#[test]
fn a_digest_sees_what_lies_between_its_samples() {
    let v = values(5, 1000, 1.0);
    let expected = digest(&v);
    let mut sign = v.clone();
    sign[1] = -sign[1];
    assert!(refusal(&expected, &sign, 1e-6).starts_with("t projection: "));
    let mut exchanged = v.clone();
    exchanged.swap(1, 2);
    assert!(refusal(&expected, &exchanged, 1e-6).starts_with("t projection: "));
    let mut wild = v.clone();
    wild[1] = 1e300;
    assert!(refusal(&expected, &wild, 1e-6).starts_with("t largest: "));
    let mut first = v;
    first[0] += 1e-3;
    assert!(refusal(&expected, &first, 1e-6).starts_with("t[0]: "));
}

#[test]
fn not_a_number_and_infinity_fail() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for len in [64, 1000] {
            let mut got = values(5, len, 1.0);
            let expected = if len == 64 { whole(&got) } else { digest(&got) };
            got[1] = bad;
            assert!(refusal(&expected, &got, f64::INFINITY).starts_with("t[1]: "));
        }
        assert!(compare_values("t", &[1.0], &[bad], 1.0).is_err());
    }
}

#[test]
fn a_gradient_of_zero_is_small_beside_the_others() {
    let zero = Tensor::Zero(Zero { shape: vec![2], zero_beside: 10.0 });
    check_tensor("t", &zero, &[9e-6, -9e-6], 1e-6);
    assert_eq!(refusal(&zero, &[0.0, 2e-5], 1e-6), "t[1]: got 2e-5, want 0e0, error 2.0e-5 above 1.0e-5");
    assert!(compare("t", &zero, &[f64::NAN, 0.0], 1.0).is_err());
    let biases = &Reference::load().networks["norms"].batches[&16].training.as_ref().unwrap().gradients;
    assert!(matches!(biases["conv1.bias"], Tensor::Zero(_)));
    assert!(!matches!(biases["fc2.bias"], Tensor::Zero(_)));
}

#[test]
fn another_length_fails() {
    let why = refusal(&whole(&[1.0, 2.0]), &[1.0], 1.0);
    assert_eq!(why, "t: got 1 values, want 2 for [2]");
    assert!(compare_values("t", &[1.0], &[], 1.0).is_err());
}
