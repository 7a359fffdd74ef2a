use nnet::Flat;
use nnet::typed::{Flatten, Linear};

fn main() {
    let fc: Linear<f32, 120, 256> = Linear::ZERO;
    let (x, mut y) = ([[[0.0_f32; 5]; 5]; 16], [0.0; 120]);
    fc.forward(Flatten.view(&x), &mut y);
}

// wrong: &x
