//! candle's side of the comparison.

mod networks;
#[path = "../../peer.rs"]
mod peer;

use std::hint::black_box;

use candle_core::{DType, Device, Result, Tensor, Var};
use candle_nn::{ModuleT, VarBuilder, VarMap, loss};

use networks::{lenet, mlp, resnet};
use peer::{RATE, Request, SAMPLES};

fn main() -> Result<()> {
    let request = peer::request();
    let variables = VarMap::new();
    let builder = VarBuilder::from_varmap(&variables, DType::F32, &Device::Cpu);
    match request.task.as_str() {
        "lenet_train" => train(&request, &lenet(&builder)?, &variables, [1, 28, 28]),
        "lenet_predict_batch" | "lenet_latency" => predict(&request, &lenet(&builder)?, [1, 28, 28]),
        "mlp_train" => train(&request, &mlp(&builder)?, &variables, [784, 1, 1]),
        "resnet_train" => train(&request, &resnet(&builder)?, &variables, [3, 32, 32]),
        other => peer::refuse(&format!("no task {other}")),
    }
}

/// Batches of images, ready in memory.
fn inputs(samples: usize, batch: usize, [c, h, w]: [usize; 3]) -> Result<Vec<Tensor>> {
    let noise = peer::noise(samples * c * h * w);
    let images = |values| Tensor::from_slice(values, (batch, c, h, w), &Device::Cpu);
    noise.chunks_exact(batch * c * h * w).map(images).collect()
}

fn labels(batch: usize) -> Result<Vec<Tensor>> {
    let classes: Vec<u32> = peer::classes(SAMPLES).into_iter().map(|class| class as u32).collect();
    classes.chunks_exact(batch).map(|values| Tensor::from_slice(values, batch, &Device::Cpu)).collect()
}

/// v = 0.9 v + g, w = w - rate v; candle's own descent has no momentum.
struct Descent(Vec<(Var, Tensor)>);

impl Descent {
    /// Of what gradients reach: running statistics are variables, too, and have none.
    fn new(variables: &VarMap) -> Result<Self> {
        let still = |variable: Var| variable.zeros_like().map(|velocity| (variable, velocity));
        variables.all_vars().into_iter().map(still).collect::<Result<_>>().map(Self)
    }

    fn step(&mut self, loss: &Tensor) -> Result<()> {
        let gradients = loss.backward()?;
        for (variable, velocity) in &mut self.0 {
            if let Some(gradient) = gradients.get(variable) {
                // Detached, for else the velocity keeps every step's graph alive.
                *velocity = ((&*velocity * 0.9)? + gradient)?.detach();
                variable.set(&variable.sub(&(&*velocity * RATE)?)?)?;
            }
        }
        Ok(())
    }
}

fn train(request: &Request, network: &impl ModuleT, variables: &VarMap, image: [usize; 3]) -> Result<()> {
    let (inputs, labels) = (inputs(SAMPLES, request.batch, image)?, labels(request.batch)?);
    let mut batches = inputs.iter().zip(&labels).cycle();
    let mut descent = Descent::new(variables)?;
    let mut step = || {
        let (x, y) = batches.next().expect("a cycle has no end");
        descent.step(&loss::cross_entropy(&network.forward_t(x, true)?, y)?)
    };
    peer::serve(request, "{}", || step().unwrap_or_else(|error: candle_core::Error| peer::refuse(&error.to_string())));
    Ok(())
}

fn predict(request: &Request, network: &impl ModuleT, image: [usize; 3]) -> Result<()> {
    let inputs = inputs(256.max(request.batch), request.batch, image)?;
    let mut batches = inputs.iter().cycle();
    peer::serve(request, "{}", || {
        let x = batches.next().expect("a cycle has no end");
        black_box(network.forward_t(x, false).unwrap_or_else(|error| peer::refuse(&error.to_string())));
    });
    Ok(())
}
