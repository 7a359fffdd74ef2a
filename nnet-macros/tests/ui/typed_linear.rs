use nnet::Flat;
use nnet::typed::Linear;

fn main() {
    let fc1: Linear<f32, 120, 400> = Linear::ZERO;
    let fc2: Linear<f32, 84, 128> = Linear::ZERO;
    let (x, mut a, mut b) = ([0.0_f32; 400], [0.0; 120], [0.0; 84]);
    fc1.forward(&x, &mut a);
    fc2.forward(&a, &mut b);
}

// wrong: &a
