use nnet::Flat;
use nnet::layers::Conv2d;
use nnet::typed::Sliding;

fn main() {
    let conv: Sliding<Conv2d<f32, 16, 2, 3, 3>, 1, 1, 1, 3> = Sliding::ZERO;
    let (x, mut y) = ([[[0.0_f32; 8]; 8]; 6], [[[0.0; 8]; 8]; 16]);
    conv.forward(&x, &mut y);
}

// wrong: &x
