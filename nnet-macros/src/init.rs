//! How weights begin when the declaration does not say: as the next activation wants them.

use std::f64::consts::SQRT_2;

use crate::check::RequestedInit;
use crate::layer::{Activation, Init, Kind, Scheme};

/// The init of a layer that `following` come after, some of them perhaps unknown.
pub fn init<'a>(requested: Option<RequestedInit>, following: impl Iterator<Item = Option<&'a Kind>>) -> Init {
    let activation = next_activation(following);
    let (scheme, gain) = match requested {
        Some(RequestedInit { scheme, gain }) => (scheme, gain),
        None if rectifier_gain(activation).is_some() => (Scheme::KaimingUniform, None),
        None => (Scheme::XavierUniform, None),
    };
    Init { scheme, gain: gain.unwrap_or_else(|| default_gain(scheme, activation)) }
}

/// The activation that the layer's values reach first, past those that only move or select them.
fn next_activation<'a>(mut following: impl Iterator<Item = Option<&'a Kind>>) -> Option<&'a Activation> {
    let next = following.find(|kind| kind.is_none_or(|kind| kind.is_in_place() || kind.has_parameters()))??;
    if let Kind::Activation(activation) = next { Some(activation) } else { None }
}

/// What a rectifier takes away from the deviation of its input (He and others, 2015).
fn rectifier_gain(activation: Option<&Activation>) -> Option<f64> {
    match activation? {
        Activation::Relu | Activation::Gelu => Some(SQRT_2),
        Activation::LeakyRelu { slope } => Some((2.0 / (1.0 + slope * slope)).sqrt()),
        Activation::Sigmoid | Activation::Tanh | Activation::Softmax | Activation::LogSoftmax => None,
    }
}

fn default_gain(scheme: Scheme, activation: Option<&Activation>) -> f64 {
    let is_kaiming = matches!(scheme, Scheme::KaimingUniform | Scheme::KaimingNormal);
    match (activation, rectifier_gain(activation)) {
        (Some(Activation::Tanh), _) => 5.0 / 3.0,
        (_, Some(gain)) if is_kaiming => gain,
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nnet_core::shape::Window2d;

    fn chosen(following: &[Kind]) -> (Scheme, f64) {
        let init = init(None, following.iter().map(Some));
        (init.scheme, init.gain)
    }

    #[test]
    fn follows_the_next_activation() {
        let pool = Kind::MaxPool2d { window: Window2d::new([2, 2], [2, 2], [0, 0]) };
        let relu = Kind::Activation(Activation::Relu);
        let leaky = Kind::Activation(Activation::LeakyRelu { slope: 1.0 });
        let tanh = Kind::Activation(Activation::Tanh);
        let linear = Kind::Linear { out: 1, bias: true };
        assert_eq!(chosen(std::slice::from_ref(&relu)), (Scheme::KaimingUniform, SQRT_2));
        assert_eq!(chosen(&[pool, Kind::Flatten, relu.clone()]), (Scheme::KaimingUniform, SQRT_2));
        assert_eq!(chosen(&[leaky]), (Scheme::KaimingUniform, 1.0));
        assert_eq!(chosen(&[tanh]), (Scheme::XavierUniform, 5.0 / 3.0));
        assert_eq!(chosen(&[linear, relu]), (Scheme::XavierUniform, 1.0));
        assert_eq!(chosen(&[]), (Scheme::XavierUniform, 1.0));
    }

    #[test]
    fn a_requested_gain_wins() {
        let requested = |scheme, gain| Some(RequestedInit { scheme, gain });
        let relu = Kind::Activation(Activation::Relu);
        let init = |request| init(request, [Some(&relu)].into_iter());
        for (request, gain) in [
            (requested(Scheme::KaimingNormal, None), SQRT_2),
            (requested(Scheme::KaimingNormal, Some(3.0)), 3.0),
            (requested(Scheme::XavierNormal, None), 1.0),
        ] {
            assert_eq!(Some(init(request).scheme), request.map(|request| request.scheme));
            assert_eq!(Some(init(request).gain), Some(gain));
        }
    }
}
