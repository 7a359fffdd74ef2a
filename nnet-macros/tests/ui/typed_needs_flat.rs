use nnet::Flat;
use nnet::typed::Linear;

fn main() {
    let fc: Linear<f32, 10, 400> = Linear::ZERO;
    let (x, mut y) = ([[[0.0_f32; 5]; 5]; 16], [0.0; 10]);
    fc.forward(&x, &mut y);
}

// wrong: &x
