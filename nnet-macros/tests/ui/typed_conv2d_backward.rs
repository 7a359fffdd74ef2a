use nnet::Flat;
use nnet::typed::Conv2d;

fn main() {
    let conv: Conv2d<f32, 6, 1, 3, 1, 1> = Conv2d::ZERO;
    let (x, dy) = ([[[0.0_f32; 28]; 28]; 1], [[[0.0; 26]; 26]; 6]);
    conv.backward(&x, &dy, &mut Conv2d::ZERO, None);
}

// wrong: conv.backward(&x, &dy, &mut Conv2d::ZERO, None)
