//! A network that is a layer of itself would never end.

use syn::Ident;

use super::nearest_layer;
use crate::ast::{BlockKind, Layer, Node};
use crate::errors::Errors;
use crate::parse;

/// Reports each layer that is the network, as far as its path tells, and forgets what it is.
pub fn refuse(network: &Ident, layers: &mut [Layer], errors: &mut Errors) {
    for layer in layers {
        match &mut layer.node {
            Some(Node::Call(call)) if is(network, &parse::text(&call.path)) => {
                let path = &call.path;
                errors.over(
                    path,
                    format_args!(
                        "{network} cannot be a layer of itself; declare what it repeats as a network of its own"
                    ),
                );
                layer.node = None;
            }
            Some(Node::Block(block)) => match &mut block.kind {
                BlockKind::Sequence(inner) | BlockKind::Concat(inner) | BlockKind::Add(inner) => {
                    refuse(network, inner, errors);
                }
                BlockKind::Repeat { body, .. } => refuse(network, body, errors),
                BlockKind::Residual { body, shortcut } => {
                    refuse(network, body, errors);
                    refuse(network, shortcut.as_deref_mut().map(std::slice::from_mut).unwrap_or_default(), errors);
                }
            },
            _ => {}
        }
    }
}

fn is(network: &Ident, path: &str) -> bool {
    // Without a module it is the layer of that name.
    if nearest_layer(path) == Some(path) {
        return false;
    }
    let name = path.strip_prefix("self::").unwrap_or(path);
    name == "Self" || *network == name
}
