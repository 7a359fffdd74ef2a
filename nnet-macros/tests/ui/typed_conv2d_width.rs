use nnet::Flat;
use nnet::typed::Sliding;

fn main() {
    let conv: Sliding<nnet::layers::Conv2d<f32, 8, 4, 3, 5>, 2, 1, 2> = Sliding::ZERO;
    let (x, mut y) = ([[[0.0_f32; 40]; 30]; 4], [[[0.0; 18]; 14]; 8]);
    conv.forward(&x, &mut y);
}

// wrong: &x
