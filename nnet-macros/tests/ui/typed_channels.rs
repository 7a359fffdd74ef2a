use nnet::Flat;
use nnet::typed::Conv2d;

fn main() {
    let conv1: Conv2d<f32, 8, 1, 3> = Conv2d::ZERO;
    let conv2: Conv2d<f32, 16, 6, 3> = Conv2d::ZERO;
    let (x, mut a, mut b) = ([[[0.0_f32; 12]; 12]; 1], [[[0.0; 10]; 10]; 8], [[[0.0; 8]; 8]; 16]);
    conv1.forward(&x, &mut a);
    conv2.forward(&a, &mut b);
}

// wrong: &a
