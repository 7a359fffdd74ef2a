//! nnet's side of the comparison, and the processor's peak (`fma_peak`, in GFLOP/s).

#[path = "../../../throughput/networks.rs"]
mod networks;
#[path = "../../../measure/peak.rs"]
mod peak;
#[path = "../../peer.rs"]
mod peer;

use std::hint::black_box;
use std::time::Duration;

use networks::{LeNet, Mlp, ResNet};
use nnet::host::{Predictor, Trainer};
use nnet::optim::Sgd;
use nnet::{Flat, Tensor, Train};
use peer::{RATE, Request, SAMPLES};

fn main() {
    let request = peer::request();
    match request.task.as_str() {
        "fma_peak" => {
            let gigaflops = |seconds| peak::flops(request.threads, Duration::from_secs_f64(seconds)) / 1e9;
            peer::answer(&about(0), gigaflops);
        }
        "lenet_train" => train::<LeNet>(&request),
        "lenet_predict_batch" => predict_batch::<LeNet>(&request),
        "lenet_latency" => latency::<LeNet>(&request),
        "mlp_train" => train::<Mlp>(&request),
        "resnet_train" => train::<ResNet>(&request),
        other => peer::refuse(&format!("no task {other}")),
    }
}

/// The instruction set, and the operations of a sample: two for each multiply-accumulate.
fn about(macs: usize) -> String {
    format!(r#"{{"mode":"{}","flop":{}}}"#, nnet::simd::active(), 2 * macs)
}

fn inputs<N: Train + Flat<Scalar = f32>>(count: usize) -> Vec<N::Input<f32>> {
    let noise = peer::noise(count * N::Input::<f32>::LENGTH);
    let input = |values: &[f32]| {
        let mut x = N::Input::<f32>::ZERO;
        x.as_flat_mut().copy_from_slice(values);
        x
    };
    noise.chunks_exact(N::Input::<f32>::LENGTH).map(input).collect()
}

/// Forward; its products come twice more in backward, but for the input of the first layer.
fn train<N: Train<Target = usize> + Flat<Scalar = f32>>(request: &Request) {
    let data: Vec<_> = inputs::<N>(SAMPLES).into_iter().zip(peer::classes(SAMPLES)).collect();
    let optimizer = Sgd::new(RATE).momentum(0.9);
    let trainer = Trainer::new(nnet::boxed::<N>(1), optimizer);
    let mut trainer = trainer.batch_size(request.batch).threads(request.threads);
    let order: Vec<usize> = (0..data.len()).collect();
    let mut batches = order.chunks_exact(request.batch).cycle();
    let first = N::LAYERS.iter().find(|layer| layer.macs > 0).map_or(0, |layer| layer.macs);
    peer::serve(request, &about(3 * N::MACS - first), || {
        let loss = trainer.step(&data, batches.next().expect("a cycle has no end"));
        black_box(loss.expect("random data do not diverge at this rate"));
    });
}

fn predict_batch<N: Train<Target = usize> + Flat<Scalar = f32>>(request: &Request) {
    let inputs = inputs::<N>(request.batch);
    let mut outputs = vec![N::Output::<f32>::ZERO; request.batch];
    let network = nnet::boxed::<N>(1);
    let mut predictor = Predictor::new(request.threads);
    peer::serve(request, &about(N::MACS), || {
        predictor.predict(&*network, black_box(&inputs), black_box(&mut outputs));
    });
}

fn latency<N: Train<Target = usize> + Flat<Scalar = f32>>(request: &Request) {
    let inputs = inputs::<N>(256);
    let mut next = inputs.iter().cycle();
    let network = nnet::boxed::<N>(1);
    let mut scratch = nnet::zeroed::<N::Scratch<f32>>();
    peer::serve(request, &about(N::MACS), || {
        let x = next.next().expect("a cycle has no end");
        black_box(network.predict(black_box(x), &mut scratch));
    });
}
