use nnet::Flat;
use nnet::typed::Conv1d;

fn main() {
    let conv: Conv1d<f32, 4, 1, 9, 4> = Conv1d::ZERO;
    let (x, mut y) = ([[0.0_f32; 3001]; 1], [[0.0; 749]; 4]);
    conv.forward(&x, &mut y);
}

// wrong: &x
