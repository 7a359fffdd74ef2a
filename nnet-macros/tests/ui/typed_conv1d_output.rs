use nnet::Flat;
use nnet::typed::Conv1d;

fn main() {
    let conv: Conv1d<f32, 4, 2, 7, 2, 3> = Conv1d::ZERO;
    let (x, mut y) = ([[0.0_f32; 100]; 2], [[0.0; 51]; 4]);
    conv.forward(&x, &mut y);
}

// wrong: &x
