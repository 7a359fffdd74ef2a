use nnet::Flat;
use nnet::typed::Conv2d;

fn main() {
    let conv: Conv2d<f32, 6, 1, 5> = Conv2d::ZERO;
    let (x, mut y) = ([[[0.0_f32; 4]; 4]; 1], [[[0.0; 1]; 1]; 6]);
    conv.forward(&x, &mut y);
}

// wrong: &x
