use nnet::typed::AvgPool2d;

fn main() {
    let (x, mut y) = ([[[0.0_f32; 28]; 28]; 6], [[[0.0; 14]; 14]; 8]);
    AvgPool2d::<2>.forward(&x, &mut y);
}

// wrong: &mut y
