use nnet::Flat;
use nnet::typed::Conv2d;

fn main() {
    let conv: Conv2d<f32, 16, 6, 3, 1, 1, 1> = Conv2d::ZERO;
    let (x, mut y) = ([[[0.0_f32; 8]; 8]; 6], [[[0.0; 8]; 8]; 16]);
    conv.forward(&x, &mut y);
}

// wrong: conv.forward(&x, &mut y)
