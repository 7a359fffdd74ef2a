//! How weights begin when the declaration does not say: as the next activation wants them.

use std::f64::consts::SQRT_2;

use crate::check::{self, Node, RequestedInit};
use crate::layer::{Activation, Init, Kind, Scheme};

/// What comes after a layer: the rest of its block, then what comes after the block.
pub struct Following<'a> {
    pub layers: &'a [check::Layer],
    pub then: Option<&'a Following<'a>>,
}

/// The init of a layer that `following` come after, some of them perhaps unknown.
pub fn init(requested: Option<RequestedInit>, following: &Following) -> Init {
    let activation = next_activation(following);
    let (scheme, gain) = match requested {
        Some(RequestedInit { scheme, gain }) => (scheme, gain),
        None if rectifier_gain(activation).is_some() => (Scheme::KaimingUniform, None),
        None => (Scheme::XavierUniform, None),
    };
    Init { scheme, gain: gain.unwrap_or_else(|| default_gain(scheme, activation)) }
}

/// The activation that the layer's values reach first, past those that only move, select or scale them.
fn next_activation<'a>(following: &Following<'a>) -> Option<&'a Kind> {
    let mut rest = Some(following);
    while let Some(Following { layers, then }) = rest {
        for layer in *layers {
            match &layer.node {
                Node::Kind(kind) if passes(kind) => {}
                Node::Kind(kind) => return Some(kind).filter(|kind| gives_gain(kind)),
                Node::Sequence(inner) => return next_activation(&Following { layers: inner, then: None }),
                _ => return None,
            }
        }
        rest = *then;
    }
    None
}

/// Whether values keep their sign and order of size through it, or get a deviation of its own.
fn passes(kind: &Kind) -> bool {
    let is_norm = matches!(kind, Kind::BatchNorm { .. } | Kind::LayerNorm { .. } | Kind::GroupNorm { .. });
    is_norm || !(kind.has_parameters() || gives_gain(kind))
}

fn gives_gain(kind: &Kind) -> bool {
    matches!(kind, Kind::Activation(_) | Kind::PRelu { .. })
}

/// What a rectifier takes away from the deviation of its input (He and others, 2015).
fn rectifier_gain(activation: Option<&Kind>) -> Option<f64> {
    use Activation::{Gelu, HardSwish, LeakyRelu, Mish, Relu, Relu6, Silu};
    let leaky = |slope: f64| Some((2.0 / (1.0 + slope * slope)).sqrt());
    match activation? {
        Kind::Activation(Relu | Relu6 | Gelu | Silu | Mish | HardSwish) => Some(SQRT_2),
        Kind::Activation(LeakyRelu { slope }) => leaky(*slope),
        // The slope that it begins with.
        Kind::PRelu { .. } => leaky(0.25),
        _ => None,
    }
}

fn default_gain(scheme: Scheme, activation: Option<&Kind>) -> f64 {
    let is_kaiming = matches!(scheme, Scheme::KaimingUniform | Scheme::KaimingNormal);
    match (activation, rectifier_gain(activation)) {
        (Some(Kind::Activation(Activation::Tanh)), _) => 5.0 / 3.0,
        (_, Some(gain)) if is_kaiming => gain,
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::inits;

    #[test]
    fn follows_the_next_activation() {
        let first = |layers: &str| {
            let Init { scheme, gain } =
                inits(&format!("struct N: [1, 8, 8] -> [1, 8, 8] {{ Conv2d(1, 1), {layers} }}"))[0];
            (scheme, gain)
        };
        assert_eq!(first("Relu"), (Scheme::KaimingUniform, SQRT_2));
        assert_eq!(first("BatchNorm, MaxPool2d(1), Dropout, Relu"), (Scheme::KaimingUniform, SQRT_2));
        assert_eq!(first("LeakyRelu(1.0)"), (Scheme::KaimingUniform, 1.0));
        assert_eq!(first("PRelu"), (Scheme::KaimingUniform, (2.0 / 1.0625_f64).sqrt()));
        assert_eq!(first("Tanh"), (Scheme::XavierUniform, 5.0 / 3.0));
        assert_eq!(first("Conv2d(1, 1), Relu"), (Scheme::XavierUniform, 1.0));
        assert_eq!(first("{ BatchNorm, Relu }"), (Scheme::KaimingUniform, SQRT_2));
        assert_eq!(first("residual { Relu }"), (Scheme::XavierUniform, 1.0));
        // The last layer of a block is followed by what follows the block.
        let found = inits("struct N: [4] -> [4] { residual { Linear(4), Linear(4) }, Relu }");
        let found: Vec<_> = found.iter().map(|init| init.scheme).collect();
        assert_eq!(found, [Scheme::XavierUniform, Scheme::KaimingUniform]);
    }

    #[test]
    fn a_requested_gain_wins() {
        for (request, scheme, gain) in [
            ("kaiming_normal", Scheme::KaimingNormal, SQRT_2),
            ("kaiming_normal(gain = 3.0)", Scheme::KaimingNormal, 3.0),
            ("xavier_normal", Scheme::XavierNormal, 1.0),
        ] {
            let found = inits(&format!("struct N: [4] -> [4] {{ #[init({request})] Linear(4), Relu }}"))[0];
            assert_eq!((found.scheme, found.gain), (scheme, gain));
        }
    }
}
