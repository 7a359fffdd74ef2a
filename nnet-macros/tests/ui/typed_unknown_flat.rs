use nnet::Flat;
use nnet::typed::{Flatten, Linear};

fn main() {
    let fc: Linear<f32, 10, 3136> = Linear::ZERO;
    let (x, mut y) = ([[[0.0_f32; 7]; 7]; 64], [0.0; 10]);
    fc.forward(Flatten.view(&x), &mut y);
}

// wrong: &x
