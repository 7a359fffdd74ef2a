use nnet::{network, weights};

network! {
    struct Tiny: [4] -> [2] { Linear(2) }
}

static A: Tiny = weights!();
static B: Tiny = weights!("tiny.safetensors");
static C: Tiny = weights!(Tiny);
static D: Tiny = weights!(Tiny, tiny);
static E: Tiny = weights!(Tiny, "no_such_file.safetensors");

fn main() {}

// wrong: weights!() in weights!();
// wrong: "tiny.safetensors" in weights!("tiny.safetensors");
// wrong: weights!(Tiny)
// wrong: tiny in weights!(Tiny, tiny);
// wrong: "no_such_file.safetensors"
