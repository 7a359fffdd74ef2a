use nnet::typed::MaxPool1d;

fn main() {
    let (x, mut y) = ([[0.0_f32; 20]; 3], [[0.0; 12]; 3]);
    MaxPool1d::<2, 2, 2>.forward(&x, &mut y);
}

// wrong: &x
