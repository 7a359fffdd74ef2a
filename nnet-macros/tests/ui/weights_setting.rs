use nnet::network;

network! {
    struct Absent: [4] -> [2] { Linear(2) }
    weights = "no_such_file.safetensors";
}

network! {
    struct Unquoted: [4] -> [2] { Linear(2) }
    weights = lenet.safetensors;
}

network! {
    struct Twice: [4] -> [2] { Linear(2) }
    weights = "no_such_file.safetensors";
    weights = "another.safetensors";
}

network! {
    struct Open<const N: usize>: [N] -> [2] { Linear(2) }
    weights = "no_such_file.safetensors";
}

network! {
    struct Last: [4] -> [2] { Linear(2) }
    weights = "no_such_file.safetensors"
}

fn main() {
    let _: &'static Absent = Absent::pretrained();
    let _: &'static Twice = Twice::pretrained();
}

// wrong: "no_such_file.safetensors" in Absent: [4] -> [2] { Linear(2) } weights = "no_such_file.safetensors"
// wrong: lenet in weights = lenet
// wrong: weights in weights = "another.safetensors"
// wrong: "no_such_file.safetensors" in Open<const N: usize>: [N] -> [2] { Linear(2) } weights = "no_such_file.safetensors"
// wrong: "no_such_file.safetensors" in Last: [4] -> [2] { Linear(2) } weights = "no_such_file.safetensors"
