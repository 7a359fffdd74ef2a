//! The program: a crate with the networks, and the checks beside them, built offline by the cargo of the test.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::tree::Network;
use nnet::shape::Shape;

const MANIFEST: &str = r#"[package]
name = "random-networks"
version = "0.0.0"
edition = "2024"
publish = false

[dependencies]
nnet = { path = ROOT, default-features = false }

[workspace]

[profile.dev]
debug = false
incremental = false

[profile.dev.package.nnet-core]
opt-level = 3
"#;

const FILES: &[(&str, &str)] = &[
    ("main.rs", include_str!("program/main.rs")),
    ("case.rs", include_str!("program/case.rs")),
    ("check.rs", include_str!("program/check.rs")),
    ("judge.rs", include_str!("program/judge.rs")),
];

/// Builds the program and runs it; what it prints, and whether all is well.
pub fn run(networks: &[Network]) -> (String, bool) {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("random");
    write(&directory, networks);
    let output = Command::new(env!("CARGO"))
        .args(["run", "--offline", "--quiet", "--manifest-path"])
        .arg(directory.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(directory.join("target"))
        .current_dir(&directory)
        .output()
        .expect("cargo starts");
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (text.concat(), output.status.success())
}

fn write(directory: &Path, networks: &[Network]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = directory.join("src");
    fs::create_dir_all(&source).expect("the directory of the target can be written");
    put(&directory.join("Cargo.toml"), &MANIFEST.replace("ROOT", &format!("{:?}", root.display().to_string())));
    // Without it the resolver asks for versions that may not be there.
    if let Ok(lock) = fs::read_to_string(root.join("Cargo.lock")) {
        put(&directory.join("Cargo.lock"), &lock);
    }
    for (name, text) in FILES {
        put(&source.join(name), text);
    }
    put(&source.join("networks.rs"), &text(networks));
}

fn put(path: &Path, text: &str) {
    fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// The networks, and a function that checks them all.
fn text(networks: &[Network]) -> String {
    let mut text = String::from("//! Written by `tests/random`.\n\n");
    text += "use crate::case::{Case, output};\nuse crate::check::{Expected, Report};\nuse nnet::network;\n\n";
    let mut calls = String::new();
    for network in networks {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{network}");
        let _ = write!(calls, "{}", call(network));
    }
    text + "pub fn check(report: &mut Report) {\n" + &calls + "}\n"
}

fn call(network: &Network) -> String {
    let Network { name, parameters, learned, is_frozen, varies, loss, .. } = network;
    let target = match network.output {
        Shape::Flat(classes) if loss == "cross_entropy" || loss == "nll" => format!("|random| random.below({classes})"),
        _ => "output".to_owned(),
    };
    let declaration = network.to_string();
    format!(
        "    report.check(
        &Expected {{
            name: {name:?},
            declaration: {declaration:?},
            parameters: {parameters},
            learned: {learned},
            input_gradient: {},
            steady: {},
        }},
        || Box::new(Case::<{name}<f64>>::new({target})),
    );\n",
        !is_frozen, !varies,
    )
}
