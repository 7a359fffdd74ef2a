use nnet::Flat;
use nnet::typed::ConvTranspose2d;

fn main() {
    let conv: ConvTranspose2d<f32, 8, 4, 3, 2, 1> = ConvTranspose2d::ZERO;
    let (x, mut y) = ([[[0.0_f32; 7]; 7]; 8], [[[0.0; 15]; 15]; 4]);
    conv.forward(&x, &mut y);
}

// wrong: &x
