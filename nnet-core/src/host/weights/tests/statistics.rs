//! Running statistics of batch norms, and the counts that PyTorch writes beside them.

use super::super::super::trainer::tests::normed::Normed;
use super::*;

type Small = Normed<f32, 2, 3, 1>;

/// A file of `Small` with all entries `value`, its names behind `prefix`, with scalars of I64 called `counts`.
fn with_counts(prefix: &str, counts: &[&str], value: impl Fn(&str) -> f32) -> Vec<u8> {
    let (mut header, mut data) = (Vec::new(), Vec::new());
    for parameter in Small::PARAMETERS {
        let (begin, name) = (data.len(), format!("{prefix}{}", parameter.name));
        data.extend((0..parameter.len()).flat_map(|_| value(parameter.name).to_le_bytes()));
        header.push(tensor(&name, "F32", parameter.shape, begin, data.len()));
    }
    for count in counts {
        data.extend(7_i64.to_le_bytes());
        header.push(tensor(count, "I64", &[], data.len() - 8, data.len()));
    }
    file(&format!("{{{}}}", header.join(",")), &data)
}

#[test]
fn running_statistics_come_back_bit_for_bit() {
    let mut saved = network::<Small>();
    saved.bn1.running_mean = [0.1, -0.2, 0.3];
    saved.bn1.running_var = [0.0, 2.5, 1e-8];
    let bytes = to_bytes(&saved).expect("finite weights");
    let names: Vec<_> = parse(&bytes).expect("a good file").names().into_iter().map(String::from).collect();
    assert!(names.contains(&"bn1.running_mean".into()) && names.contains(&"bn2.running_var".into()), "{names:?}");
    let mut into = Small::ZERO;
    from_bytes(&mut into, &bytes).expect("the same network");
    assert_eq!(into, saved);
}

#[test]
fn counts_beside_running_statistics_are_left_alone() {
    for counts in [&["bn1.num_batches_tracked", "bn2.num_batches_tracked"][..], &["bn2.num_batches_tracked"], &[]] {
        let mut into = network::<Small>();
        from_bytes(&mut into, &with_counts("", counts, |_| 0.5)).expect("a file of PyTorch");
        assert!(into.as_scalars().iter().all(|w| *w == 0.5));
    }
}

#[test]
fn other_counts_are_refused() {
    for count in ["fc1.num_batches_tracked", "num_batches_tracked", "bn1.num_batches", "bn1.num_batches_tracked.x"] {
        let problems = problems::<Small>(&with_counts("", &[count], |_| 0.5));
        assert_eq!(problems, [Problem::Extra { tensor: count.into(), found: vec![] }]);
    }
}

#[test]
fn counts_have_the_common_prefix_too() {
    let counts = ["a.bn1.num_batches_tracked", "a.bn2.num_batches_tracked"];
    let bytes = with_counts("a.", &counts, |_| 0.5);
    assert_eq!(problems::<Small>(&bytes), [Problem::Prefix { prefix: "a.".into() }]);
}

#[test]
fn negative_variances_are_refused() {
    let bytes = with_counts("", &[], |name| if name == "fc1.bias" || name == "bn1.running_var" { -0.25 } else { 0.5 });
    let problems = problems::<Small>(&bytes);
    assert_eq!(
        problems,
        [Problem::NegativeVariance { tensor: "bn1.running_var", shape: &[3], entry: 0, value: -0.25 }]
    );
    assert_eq!(problems[0].to_string(), "`bn1.running_var` [3] has -2.5e-1 as entry 0, a negative variance");
    let nan = with_counts("", &[], |name| if name == "bn1.running_var" { f32::NAN } else { 0.5 });
    assert!(matches!(super::problems::<Small>(&nan)[..], [Problem::NotFinite { tensor: "bn1.running_var", .. }]));
    let mut bad = network::<Small>();
    bad.bn2.running_var[0] = -1e-9;
    assert_eq!(
        to_bytes(&bad).expect_err("a negative variance").to_string(),
        "nothing was written, because `Normed` has negative variances:\n  \
           `bn2.running_var` [1] has -9.999999717180685e-10 as entry 0, a negative variance\n\
         set them to what a batch norm tracks"
    );
}
