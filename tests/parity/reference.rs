//! The numbers of `reference.json`, computed by `PyTorch`, the tensors both sides make, and the comparison.
//!
//! `reference.py` writes the file and documents the formulas repeated here.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use serde::Deserialize;

/// Seed of r, the vector of the projections.
const PROJECTION_SEED: u64 = 77;
/// How many values of a large tensor are stored.
const SAMPLES: usize = 48;

/// Element `k` of the pseudo-random tensor `seed`: in [-bound, bound), exact in `f32`.
pub fn value(seed: u64, k: usize, bound: f64) -> f64 {
    let mut z = seed.wrapping_add((k as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    let top = u32::try_from(z >> 41).expect("23 bits");
    let u = f64::from(top) / f64::from(1 << 23);
    (2.0 * u - 1.0) * bound
}

/// The first `len` elements of the pseudo-random tensor `seed`.
pub fn values(seed: u64, len: usize, bound: f64) -> Vec<f64> {
    (0..len).map(|k| value(seed, k, bound)).collect()
}

/// Everything in `reference.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// The version of `PyTorch` that computed the numbers.
    pub torch: String,
    pub formula: Vec<FormulaCase>,
    pub networks: BTreeMap<String, Network>,
    /// Learning rate of steps 0, 1, ..
    pub schedules: BTreeMap<String, Vec<f64>>,
    pub losses: BTreeMap<String, LossCase>,
    pub activations: BTreeMap<String, ActivationCase>,
}

/// One value of the formula as Python computed it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormulaCase {
    pub seed: u64,
    pub k: usize,
    pub bound: f64,
    pub value: f64,
}

/// One network: what it is made from, what it computes, what it becomes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    pub id: u64,
    /// Shape of one sample.
    pub input: Vec<usize>,
    /// Shape of one sample's output.
    pub output: Vec<usize>,
    pub loss: String,
    /// Of the huber loss.
    pub delta: Option<f64>,
    /// Samples in each step of an optimizer.
    pub step_batch: usize,
    /// In the order of `state_dict`.
    pub parameters: Vec<Parameter>,
    /// By the number of samples.
    pub batches: BTreeMap<usize, Batch>,
    pub optimizers: BTreeMap<String, Steps>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    pub name: String,
    pub shape: Vec<usize>,
    pub center: f64,
    pub bound: f64,
}

/// Samples 0 .. n-1 through the network, and in training back.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// If it differs from the output in training.
    pub prediction: Option<Tensor>,
    /// If the samples suffice, and no mask of a dropout is needed.
    pub training: Option<Training>,
}

/// What training on a batch gives; the loss is the mean.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    pub output: Tensor,
    pub loss: f64,
    /// Of the parameters that learn.
    pub gradients: BTreeMap<String, Tensor>,
    /// Running means and variances afterwards.
    pub statistics: BTreeMap<String, Tensor>,
    /// None where the layers that come first are frozen.
    pub input_gradient: Option<Tensor>,
}

/// Ten steps of an optimizer, step i on the `step_batch` samples from number `step_batch` · i on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Steps {
    pub options: OptimizerOptions,
    /// The loss of each step, before its update.
    pub losses: Vec<f64>,
    /// After the last step, frozen ones and running statistics among them.
    pub weights: BTreeMap<String, Tensor>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptimizerOptions {
    pub lr: f64,
    #[serde(default)]
    pub momentum: f64,
    #[serde(default)]
    pub weight_decay: f64,
    #[serde(default)]
    pub nesterov: bool,
}

/// A loss on a small batch; `labels` for `cross_entropy` and `nll`, `target` for the others.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LossCase {
    pub loss: String,
    pub delta: Option<f64>,
    pub input: Tensor,
    pub labels: Option<Vec<usize>>,
    pub target: Option<Tensor>,
    pub value: f64,
    pub gradient: Tensor,
}

/// y = f(x) and dx, the gradient of dy·y.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActivationCase {
    pub x: Vec<f64>,
    pub dy: Vec<f64>,
    pub y: Tensor,
    pub dx: Tensor,
}

/// A tensor of the file: whole if it is small, else a digest of it.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Tensor {
    Whole(Whole),
    Digest(Digest),
    Zero(Zero),
}

/// A gradient that is zero but for rounding, such as that of a bias before a batch norm.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Zero {
    pub shape: Vec<usize>,
    /// The largest gradient of the network, which the rounding is small beside.
    pub zero_beside: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whole {
    pub shape: Vec<usize>,
    pub values: Vec<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Digest {
    pub shape: Vec<usize>,
    pub sum: f64,
    /// Euclidean.
    pub norm: f64,
    /// The largest magnitude.
    pub largest: f64,
    /// Σ r[k]·v[k].
    pub projection: f64,
    /// The values at `floor(j * n / 48)`.
    pub samples: Vec<f64>,
}

impl Reference {
    /// The file, which is read once.
    pub fn load() -> &'static Self {
        static REFERENCE: LazyLock<Reference> = LazyLock::new(|| {
            serde_json::from_str(include_str!("reference.json"))
                .unwrap_or_else(|error| panic!("reference.json: {error}; run reference.py again"))
        });
        &REFERENCE
    }
}

impl Network {
    /// The initial values of a parameter, by its name in `state_dict`.
    pub fn parameter(&self, name: &str) -> Vec<f64> {
        let t = self.parameters.iter().position(|p| p.name == name);
        let t = t.unwrap_or_else(|| panic!("network {} has no parameter `{name}`", self.id));
        let Parameter { shape, center, bound, .. } = &self.parameters[t];
        let around = values(1000 * self.id + t as u64, shape.iter().product(), *bound);
        around.into_iter().map(|value| center + value).collect()
    }

    /// One sample after the other: `[samples.len(), ..input]`.
    pub fn inputs(&self, samples: Range<usize>) -> Vec<f64> {
        stacked(1_000_000 * self.id, &self.input, samples)
    }

    /// Targets of mse, mae and huber: `[samples.len(), ..output]`.
    pub fn targets(&self, samples: Range<usize>) -> Vec<f64> {
        stacked(500_000 + 1_000_000 * self.id, &self.output, samples)
    }

    /// Class labels of `cross_entropy` and nll.
    pub fn labels(&self, samples: Range<usize>) -> Vec<usize> {
        samples.map(|s| (7 * s + 3) % self.output[0]).collect()
    }
}

/// Samples one after the other, each with its own seed.
fn stacked(seed: u64, shape: &[usize], samples: Range<usize>) -> Vec<f64> {
    let len = shape.iter().product();
    samples.flat_map(|s| values(seed + s as u64, len, 1.0)).collect()
}

impl Tensor {
    pub fn shape(&self) -> &[usize] {
        match self {
            Self::Whole(Whole { shape, .. }) | Self::Digest(Digest { shape, .. }) | Self::Zero(Zero { shape, .. }) => {
                shape
            }
        }
    }

    /// All values, for the inputs of the small cases.
    pub fn values(&self) -> &[f64] {
        match self {
            Self::Whole(whole) => &whole.values,
            Self::Digest(Digest { shape, .. }) | Self::Zero(Zero { shape, .. }) => {
                panic!("only a digest of the {shape:?} values is stored")
            }
        }
    }
}

/// Panics unless `got` is close to the expected tensor: see [`compare`].
#[track_caller]
pub fn check_tensor(name: &str, expected: &Tensor, got: &[f64], tolerance: f64) {
    if let Err(why) = compare(name, expected, got, tolerance) {
        panic!("{why}");
    }
}

/// Panics unless each number is within `tolerance * max |want|` of the expected one.
#[track_caller]
pub fn check_values(name: &str, want: &[f64], got: &[f64], tolerance: f64) {
    if let Err(why) = compare_values(name, want, got, tolerance) {
        panic!("{why}");
    }
}

/// Whether the error e = got − want is small: max |e| ≤ tolerance · max |want|, and ‖e‖ ≤ tolerance · ‖want‖.
///
/// Where want is zero but for rounding, max |want| is that of the tensors beside it.
/// A digest bounds only functionals of e. For the norm the triangle inequality gives |‖got‖ − ‖want‖| ≤ ‖e‖,
/// for the projection and the sum Cauchy–Schwarz gives |r·e| ≤ ‖r‖‖e‖ and |Σe| ≤ √n‖e‖.
/// Both right-hand sides come from the stored numbers, so a wild `got` cannot widen them.
pub fn compare(name: &str, expected: &Tensor, got: &[f64], tolerance: f64) -> Result<(), String> {
    let n: usize = expected.shape().iter().product();
    if got.len() != n {
        let shape = expected.shape();
        return Err(format!("{name}: got {} values, want {n} for {shape:?}", got.len()));
    }
    if let Some(k) = got.iter().position(|v| !v.is_finite()) {
        return Err(format!("{name}[{k}]: got {}, want a finite number", got[k]));
    }
    match expected {
        Tensor::Whole(whole) => compare_values(name, &whole.values, got, tolerance),
        Tensor::Digest(digest) => compare_digest(name, digest, got, tolerance),
        Tensor::Zero(zero) => {
            let bound = tolerance * zero.zero_beside;
            got.iter().enumerate().try_for_each(|(k, &got)| within(&format!("{name}[{k}]"), got, 0.0, bound))
        }
    }
}

fn compare_digest(name: &str, want: &Digest, got: &[f64], tolerance: f64) -> Result<(), String> {
    let n = got.len();
    for (j, &sample) in want.samples.iter().enumerate() {
        let k = j * n / SAMPLES;
        within(&format!("{name}[{k}]"), got[k], sample, tolerance * want.largest)?;
    }
    let (r, ones) = (values(PROJECTION_SEED, n, 1.0), vec![1.0; n]);
    let checks = [
        ("largest", largest(got), want.largest, want.largest),
        ("norm", norm(got), want.norm, want.norm),
        ("projection", dot(&r, got), want.projection, norm(&r) * want.norm),
        ("sum", dot(&ones, got), want.sum, norm(&ones) * want.norm),
    ];
    for (what, got, want, scale) in checks {
        within(&format!("{name} {what}"), got, want, tolerance * scale)?;
    }
    Ok(())
}

fn compare_values(name: &str, want: &[f64], got: &[f64], tolerance: f64) -> Result<(), String> {
    if got.len() != want.len() {
        return Err(format!("{name}: got {} values, want {}", got.len(), want.len()));
    }
    let bound = tolerance * largest(want);
    for (k, (&got, &want)) in got.iter().zip(want).enumerate() {
        within(&format!("{name}[{k}]"), got, want, bound)?;
    }
    Ok(())
}

/// Written so that NaN on either side is an error.
fn within(what: &str, got: f64, want: f64, bound: f64) -> Result<(), String> {
    let error = (got - want).abs();
    if error <= bound {
        return Ok(());
    }
    Err(format!("{what}: got {got:e}, want {want:e}, error {error:.1e} above {bound:.1e}"))
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(v: &[f64]) -> f64 {
    dot(v, v).sqrt()
}

fn largest(v: &[f64]) -> f64 {
    v.iter().fold(0.0, |most, x| x.abs().max(most))
}

#[cfg(test)]
#[path = "reference_tests.rs"]
mod tests;
