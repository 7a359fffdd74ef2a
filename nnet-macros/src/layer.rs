//! What a layer is once its arguments are understood, and what the passes ask about it.

use crate::size::{Shape, Size, Window};

#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Conv2d(Convolution),
    Conv1d(Convolution),
    ConvTranspose2d {
        convolution: Convolution,
        output_padding: [Size; 2],
    },
    MaxPool2d {
        window: Window,
    },
    MaxPool1d {
        window: Window,
    },
    AvgPool2d {
        window: Window,
        count_include_pad: bool,
    },
    AvgPool1d {
        window: Window,
        count_include_pad: bool,
    },
    AdaptiveAvgPool2d {
        output: [Size; 2],
    },
    AdaptiveAvgPool1d {
        output: Size,
    },
    GlobalAvgPool2d,
    Upsample2d {
        scale: [Size; 2],
        mode: UpsampleMode,
    },
    ZeroPad2d {
        padding: [Size; 4],
    },
    Linear {
        out: Size,
        bias: bool,
    },
    Flatten,
    BatchNorm {
        eps: f64,
        momentum: f64,
    },
    LayerNorm {
        eps: f64,
    },
    GroupNorm {
        groups: Size,
        eps: f64,
    },
    Dropout {
        p: f64,
    },
    Dropout2d {
        p: f64,
    },
    PRelu {
        per_channel: bool,
    },
    Activation(Activation),
    /// A network or a user's own layer, by its path; what it gives is what its contract states.
    ByPath {
        output: Shape,
    },
}

/// One-dimensional ones have height 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Convolution {
    pub out: Size,
    pub window: Window,
    pub groups: Size,
    pub bias: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum UpsampleMode {
    Nearest,
    Bilinear { align_corners: bool },
}

/// A function of each entry, or of all features, that gives the shape it takes.
#[derive(Clone, Debug, PartialEq)]
pub enum Activation {
    Relu,
    LeakyRelu { slope: f64 },
    Relu6,
    Elu { alpha: f64 },
    Selu,
    Gelu,
    Silu,
    Mish,
    Softplus { beta: f64, threshold: f64 },
    Softsign,
    Sigmoid,
    HardSigmoid,
    HardSwish,
    Tanh,
    Softmax,
    LogSoftmax,
}

/// What a layer does with the buffer of its input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Manner {
    /// Writes another.
    Through,
    /// Overwrites it.
    InPlace,
    /// Leaves it as it is, perhaps called another shape.
    View,
}

/// The value that a layer's backward reads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reads {
    Nothing,
    Input,
    Output,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Loss {
    CrossEntropy,
    NegativeLogLikelihood,
    MeanSquaredError,
    MeanAbsoluteError,
    Huber { delta: f64 },
}

/// How weights begin: `#[init(..)]`, or what suits the next activation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Init {
    pub scheme: Scheme,
    pub gain: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scheme {
    XavierUniform,
    XavierNormal,
    KaimingUniform,
    KaimingNormal,
}

impl Kind {
    /// Whether it is a field of the network.
    pub fn has_parameters(&self) -> bool {
        self.is_affine()
            || matches!(
                self,
                Kind::LayerNorm { .. } | Kind::GroupNorm { .. } | Kind::PRelu { .. } | Kind::ByPath { .. }
            )
            || matches!(self, Kind::BatchNorm { .. })
    }

    /// The sizes among its arguments.
    pub fn sizes(&self) -> Vec<Size> {
        let of = |window: &Window| {
            [window.kernel, window.stride, window.padding, window.padding_end, window.dilation].concat()
        };
        match self {
            Kind::Conv2d(convolution) | Kind::Conv1d(convolution) | Kind::ConvTranspose2d { convolution, .. } => {
                let mut sizes = of(&convolution.window);
                sizes.extend([convolution.out, convolution.groups]);
                if let Kind::ConvTranspose2d { output_padding, .. } = self {
                    sizes.extend(output_padding);
                }
                sizes
            }
            Kind::MaxPool2d { window }
            | Kind::MaxPool1d { window }
            | Kind::AvgPool2d { window, .. }
            | Kind::AvgPool1d { window, .. } => of(window),
            Kind::AdaptiveAvgPool2d { output: sizes } | Kind::Upsample2d { scale: sizes, .. } => sizes.to_vec(),
            Kind::AdaptiveAvgPool1d { output: size } | Kind::Linear { out: size, .. } => vec![*size],
            Kind::GroupNorm { groups, .. } => vec![*groups],
            Kind::ZeroPad2d { padding } => padding.to_vec(),
            Kind::ByPath { output } => output.sizes().to_vec(),
            _ => Vec::new(),
        }
    }

    /// The same kind of layer, and a number of channels that suits it.
    pub fn plain(&self) -> (Kind, Size) {
        let mut kind = self.clone();
        let mut n = Size::ONE;
        match &mut kind {
            Kind::Conv2d(convolution) | Kind::Conv1d(convolution) => convolution.groups = Size::ONE,
            Kind::ConvTranspose2d { convolution, output_padding } => {
                convolution.groups = Size::ONE;
                *output_padding = [Size::Known(0); 2];
            }
            Kind::GroupNorm { groups, .. } => n = *groups,
            _ => {}
        }
        (kind, n)
    }

    /// Whether it has random weights, and perhaps a bias.
    pub fn is_affine(&self) -> bool {
        matches!(self, Kind::Conv2d(_) | Kind::Conv1d(_) | Kind::ConvTranspose2d { .. } | Kind::Linear { .. })
    }

    pub fn predicts(&self) -> Manner {
        match self {
            Kind::Flatten | Kind::Dropout { .. } | Kind::Dropout2d { .. } => Manner::View,
            Kind::Activation(_) | Kind::BatchNorm { .. } => Manner::InPlace,
            _ => Manner::Through,
        }
    }

    /// How it runs in training.
    pub fn trains(&self, frozen: bool) -> Manner {
        match self {
            Kind::Dropout { .. } | Kind::Dropout2d { .. } => Manner::InPlace,
            Kind::BatchNorm { .. } if !frozen => Manner::Through,
            _ => self.predicts(),
        }
    }

    /// What its backward does with the gradient of its output.
    pub fn goes_back(&self) -> Manner {
        match self {
            Kind::Flatten => Manner::View,
            Kind::Activation(_) | Kind::BatchNorm { .. } | Kind::Dropout { .. } | Kind::Dropout2d { .. } => {
                Manner::InPlace
            }
            _ => Manner::Through,
        }
    }

    pub fn backward_reads(&self, frozen: bool) -> Reads {
        match self {
            Kind::MaxPool2d { .. }
            | Kind::MaxPool1d { .. }
            | Kind::LayerNorm { .. }
            | Kind::GroupNorm { .. }
            | Kind::PRelu { .. }
            | Kind::ByPath { .. } => Reads::Input,
            Kind::Activation(activation) if activation.backward_reads_input() => Reads::Input,
            Kind::Activation(_) => Reads::Output,
            Kind::BatchNorm { .. } if !frozen => Reads::Input,
            _ if self.is_affine() && !frozen => Reads::Input,
            _ => Reads::Nothing,
        }
    }

    /// Whether it waits in training for all samples of the batch.
    pub fn meets(&self, frozen: bool) -> bool {
        matches!(self, Kind::BatchNorm { .. }) && !frozen
    }
}

impl Activation {
    /// Whether an entry of its output depends on all of its input.
    pub fn is_over_features(&self) -> bool {
        matches!(self, Activation::Softmax | Activation::LogSoftmax)
    }

    fn backward_reads_input(&self) -> bool {
        use Activation::{Gelu, HardSwish, Mish, Silu, Softplus};
        matches!(self, Gelu | Silu | Mish | Softplus { .. } | HardSwish)
    }
}

impl Loss {
    /// Whether a target is a class, so that the output must be one score a class.
    pub fn classifies(&self) -> bool {
        matches!(self, Loss::CrossEntropy | Loss::NegativeLogLikelihood)
    }
}

/// The name of a layer without one: its type in snake case, and its position.
pub fn default_name(kind: &str, position: usize) -> String {
    let mut name = String::new();
    for letter in kind.chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    format!("{name}_{position}")
}

#[cfg(test)]
mod tests {
    use super::default_name;

    #[test]
    fn default_names_are_snake_case() {
        for (kind, name) in [
            ("Conv2d", "conv2d_0"),
            ("MaxPool2d", "max_pool2d_0"),
            ("GlobalAvgPool2d", "global_avg_pool2d_0"),
            ("LogSoftmax", "log_softmax_0"),
        ] {
            assert_eq!(default_name(kind, 0), name);
        }
    }
}
