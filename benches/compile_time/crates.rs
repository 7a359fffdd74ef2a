//! A crate that depends on the workspace's `nnet`, whose program declares a network.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    /// Convolutions and rectifiers.
    Plain,
    /// Blocks of two convolutions, each with a batch norm.
    Residual,
}

impl Kind {
    pub const ALL: [Kind; 2] = [Kind::Plain, Kind::Residual];

    pub fn name(self) -> &'static str {
        match self {
            Kind::Plain => "plain",
            Kind::Residual => "residual",
        }
    }

    /// A network with so many layers, an even number: one in front, pairs, and a linear one at the end.
    fn declaration(self, layers: usize) -> String {
        let plain = "Conv2d(16, 3, padding = 1), Relu,";
        let normed = "Conv2d(16, 3, padding = 1, bias = false), BatchNorm";
        let mut body = plain.to_owned();
        for _ in 0..(layers - 2) / 2 {
            match self {
                Kind::Plain => writeln!(body, "{plain} {plain}"),
                Kind::Residual => writeln!(body, "residual {{ {normed}, Relu, {normed} }}, Relu,"),
            }
            .expect("a text");
        }
        format!(
            "nnet::network! {{ struct Net: [3, 32, 32] -> [10] {{ {body} GlobalAvgPool2d, Linear(10) }} loss = cross_entropy; }}"
        )
    }
}

/// A command of cargo that is timed.
pub struct Build {
    pub task: &'static str,
    pub command: &'static [&'static str],
    /// After an edit, from what the compiler kept of the crate before it; or without that.
    pub edited: bool,
}

/// Where the crate is, with a target folder of its own that all its versions share.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(path: &Path) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        fs::create_dir_all(path.join("src")).expect("a folder");
        let manifest = format!(
            "[package]\nname = \"compile-time\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
             [dependencies]\nnnet = {{ path = {:?} }}\n",
            root.display().to_string()
        );
        fs::write(path.join("Cargo.toml"), manifest).expect("a manifest");
        // The versions of the workspace, which are there without a network.
        fs::copy(root.join("Cargo.lock"), path.join("Cargo.lock")).expect("the workspace's lock file");
        Folder(path.to_path_buf())
    }

    /// Compiles version `edit` of the crate with a network of so many layers, or without one.
    pub fn compile(&self, build: &Build, network: Option<(Kind, usize)>, edit: u32) {
        let network =
            network.map_or(String::new(), |(kind, layers)| format!("{}\n\n{TRAIN}", kind.declaration(layers)));
        let train = if network.is_empty() { "" } else { "train();" };
        let program = format!("{network}fn main() {{ {train} println!(\"{edit}\"); }}\n");
        fs::write(self.0.join("src/main.rs"), program).expect("a program");
        let output = Command::new(env!("CARGO"))
            .args(build.command)
            .args(["--offline", "--quiet", "--target-dir", "target"])
            .env("CARGO_INCREMENTAL", if build.edited { "1" } else { "0" })
            .current_dir(&self.0)
            .output()
            .expect("cargo");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// A step of training, which uses all that the macro writes.
const TRAIN: &str = "\
fn train() {
    let mut trainer = nnet::host::Trainer::new(nnet::boxed::<Net>(1), nnet::optim::Sgd::new(0.1)).threads(1);
    let data = [([[[0.0; 32]; 32]; 3], 1), ([[[1.0; 32]; 32]; 3], 2)];
    let loss = trainer.step(&data, &[0, 1]);
    println!(\"{:?}\", loss.is_ok());
}
";
