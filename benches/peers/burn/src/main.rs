//! burn's side of the comparison, on its backend `flex`.

mod networks;
#[path = "../../peer.rs"]
mod peer;

use std::hint::black_box;

use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{GradientsParams, SgdConfig};
use burn::tensor::{Device, Int, Tensor, TensorData};

use networks::{Forward, LeNet, Mlp, ResNet};
use peer::{RATE, Request, SAMPLES};

fn main() {
    let request = peer::request();
    let device = Device::flex();
    let learning = device.clone().autodiff();
    match request.task.as_str() {
        "lenet_train" => train(&request, LeNet::new(&learning), &learning),
        "lenet_predict_batch" | "lenet_latency" => predict(&request, &LeNet::new(&device), &device),
        "mlp_train" => train(&request, Mlp::new(&learning), &learning),
        "resnet_train" => train(&request, ResNet::new(&learning), &learning),
        other => peer::refuse(&format!("no task {other}")),
    }
}

/// Batches of images, ready in memory.
fn inputs(samples: usize, batch: usize, [c, h, w]: [usize; 3], device: &Device) -> Vec<Tensor<4>> {
    let noise = peer::noise(samples * c * h * w);
    let images = |values: &[f32]| Tensor::from_data(TensorData::new(values.to_vec(), [batch, c, h, w]), device);
    noise.chunks_exact(batch * c * h * w).map(images).collect()
}

fn labels(batch: usize, device: &Device) -> Vec<Tensor<1, Int>> {
    let classes: Vec<i64> = peer::classes(SAMPLES).into_iter().map(|class| class as i64).collect();
    let labels = |values: &[i64]| Tensor::from_data(TensorData::new(values.to_vec(), [batch]), device);
    classes.chunks_exact(batch).map(labels).collect()
}

fn train<N: Forward + Module>(request: &Request, network: N, device: &Device) {
    let momentum = MomentumConfig::new().with_momentum(0.9).with_dampening(0.0).with_nesterov(false);
    let mut optimizer = SgdConfig::new().with_momentum(Some(momentum)).init();
    let cross_entropy = CrossEntropyLossConfig::new().init(device);
    let inputs = inputs(SAMPLES, request.batch, N::IMAGE, device);
    let labels = labels(request.batch, device);
    let mut batches = inputs.iter().zip(&labels).cycle();
    let mut network = Some(network);
    peer::serve(request, "{}", || {
        let (x, y) = batches.next().expect("a cycle has no end");
        let learner = network.take().expect("each step puts it back");
        let loss = cross_entropy.forward(learner.forward(x.clone()), y.clone());
        let gradients = GradientsParams::from_grads(loss.backward(), &learner);
        network = Some(optimizer.step(RATE, learner, gradients));
    });
}

fn predict<N: Forward>(request: &Request, network: &N, device: &Device) {
    let inputs = inputs(256.max(request.batch), request.batch, N::IMAGE, device);
    let mut batches = inputs.iter().cycle();
    peer::serve(request, "{}", || {
        let x = batches.next().expect("a cycle has no end");
        black_box(network.forward(x.clone()).into_data());
    });
}
