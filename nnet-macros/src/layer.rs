//! What a layer is once its arguments are understood, and what the passes ask about it.

use nnet_core::shape::Window2d;

#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Conv2d { out: usize, window: Window2d, bias: bool },
    MaxPool2d { window: Window2d },
    AvgPool2d { window: Window2d },
    GlobalAvgPool2d,
    Linear { out: usize, bias: bool },
    Flatten,
    Activation(Activation),
}

/// A function of each entry, or of all features, that gives the shape it takes.
#[derive(Clone, Debug, PartialEq)]
pub enum Activation {
    Relu,
    LeakyRelu { slope: f64 },
    Sigmoid,
    Tanh,
    Gelu,
    Softmax,
    LogSoftmax,
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
    /// Whether it learns, and so is a field of the network.
    pub fn has_parameters(&self) -> bool {
        matches!(self, Kind::Conv2d { .. } | Kind::Linear { .. })
    }

    /// Whether its backward reads its input.
    pub fn backward_reads_input(&self) -> bool {
        match self {
            Kind::Conv2d { .. } | Kind::MaxPool2d { .. } | Kind::Linear { .. } => true,
            Kind::Activation(activation) => *activation == Activation::Gelu,
            Kind::AvgPool2d { .. } | Kind::GlobalAvgPool2d | Kind::Flatten => false,
        }
    }

    /// Whether its backward reads its output.
    pub fn backward_reads_output(&self) -> bool {
        matches!(self, Kind::Activation(activation) if *activation != Activation::Gelu)
    }

    /// Whether it only gives its input another shape.
    pub fn is_view(&self) -> bool {
        *self == Kind::Flatten
    }

    /// Whether it overwrites its input, and in backward its gradient.
    pub fn is_in_place(&self) -> bool {
        matches!(self, Kind::Activation(_))
    }
}

impl Activation {
    /// Whether an entry of its output depends on all of its input.
    pub fn is_over_features(&self) -> bool {
        matches!(self, Activation::Softmax | Activation::LogSoftmax)
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
