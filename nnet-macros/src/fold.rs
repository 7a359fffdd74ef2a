//! The folded network: without the batch norms that the layers before them take over in prediction.

use crate::generate::words::folded_name;
use crate::infer::{Content, Layer, Module, Network, Operation, Parameter, Role, Segment, Work};
use crate::layer::Kind;

/// The folded network, and what its operations come from.
pub struct Folded {
    pub network: Network,
    /// Of each of its operations: that of the network, and the batch norm that it took over.
    pub sources: Vec<(usize, Option<usize>)>,
}

/// The network without the batch norms that can be folded, if there are any.
pub fn fold(network: &Network) -> Option<Folded> {
    let taken: Vec<_> = (0..network.operations.len()).map(|at| taken_over(network, at)).collect();
    if taken.iter().all(Option::is_none) {
        return None;
    }
    let norms: Vec<_> = taken.iter().flatten().copied().collect();
    // The folded values of the network's values.
    let mut values = vec![0];
    let (mut operations, mut sources) = (Vec::new(), Vec::new());
    for (at, operation) in network.operations.iter().enumerate() {
        let inputs: Vec<_> = operation.inputs.iter().filter_map(|input| values.get(*input).copied()).collect();
        if norms.contains(&at) {
            values.extend(inputs);
            continue;
        }
        let norm = taken.get(at).copied().flatten();
        let work = match &operation.work {
            Work::Layer(layer) if norm.is_some() => Work::Layer(Box::new(with_bias(layer))),
            work => work.clone(),
        };
        operations.push(Operation { work, inputs, ..operation.clone() });
        sources.push((at, norm));
        values.push(operations.len());
    }
    let position = |at: usize| sources.iter().position(|(source, _)| *source == at);
    let root = without(&network.root, &position);
    let name = folded_name(&network.name);
    let (attributes, budget) = (Vec::new(), Vec::new());
    let network = Network { attributes, name, operations, root, loss: None, budget, weights: None, ..network.clone() };
    Some(Folded { network, sources })
}

/// The batch norm that the layer at `at` can take over: the only reader of what it gives, in the same structure.
fn taken_over(network: &Network, at: usize) -> Option<usize> {
    let operation = network.operation(at)?;
    operation.layer().filter(|layer| layer.kind.is_affine())?;
    let mut readers = network.operations.iter().enumerate().filter(|(_, reader)| reader.inputs.contains(&(at + 1)));
    let (norm, reader) = readers.next()?;
    let is_norm = reader.layer().is_some_and(|layer| matches!(layer.kind, Kind::BatchNorm { .. }));
    (is_norm && readers.next().is_none() && around(reader) == around(operation)).then_some(norm)
}

/// The structure that holds an operation's field.
fn around(operation: &Operation) -> Vec<String> {
    operation.place.iter().rev().skip(1).map(Segment::text).collect()
}

fn with_bias(layer: &Layer) -> Layer {
    let mut layer = layer.clone();
    let channels = match &mut layer.kind {
        Kind::Conv2d(convolution) | Kind::Conv1d(convolution) | Kind::ConvTranspose2d { convolution, .. } => {
            convolution.bias = true;
            convolution.out
        }
        Kind::Linear { out, bias } => {
            *bias = true;
            *out
        }
        _ => return layer,
    };
    layer.parameters.retain(|parameter| parameter.role == Role::Weight);
    layer.parameters.push(Parameter { role: Role::Bias, shape: vec![channels], entries: channels });
    layer
}

/// The structure without the fields of operations that are gone.
fn without(module: &Module, position: &impl Fn(usize) -> Option<usize>) -> Module {
    let inner = |block: &Module| Some(without(block, position)).filter(|block| !block.fields.is_empty());
    let fields = module.fields.iter().filter_map(|field| {
        let content = match &field.content {
            Content::Layer(at) => Content::Layer(position(*at)?),
            Content::Block(block) => Content::Block(inner(block)?),
            Content::Blocks(count, block) => Content::Blocks(*count, inner(block)?),
        };
        // Attributes such as documentation are those of the network's field; others need not suit this one.
        let attributes =
            field.attributes.iter().filter(|attribute| attribute.path().is_ident("doc")).cloned().collect();
        Some(crate::infer::Field { name: field.name.clone(), attributes, content, is_known: true })
    });
    Module { words: module.words.clone(), fields: fields.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::network;

    #[test]
    fn batch_norms_right_behind_affine_layers_go() {
        let net = network(
            "struct N: [2, 8, 8] -> [3] {
                BatchNorm,
                stem: Conv2d(4, 3, bias = false), BatchNorm, Relu,
                residual { conv: Conv2d(4, 3, padding = 1), bn: BatchNorm } shortcut { Conv2d(4, 1), Relu, BatchNorm },
                blocks: repeat(2) { BatchNorm, c: Conv2d(4, 1), b: BatchNorm },
                named: { d: Conv2d(4, 1) }, BatchNorm,
                Flatten, Linear(3),
            }",
        );
        let folded = fold(&net).expect("some can be folded");
        let labels: Vec<_> = folded.network.operations.iter().map(|operation| operation.label.as_str()).collect();
        assert!(!labels.contains(&"bn") && !labels.contains(&"blocks.1.b") && !labels.contains(&"batch_norm_2"));
        for kept in
            ["batch_norm_0", "shortcut.batch_norm_2", "blocks.0.batch_norm_0", "blocks.1.batch_norm_0", "named.d"]
        {
            assert!(labels.contains(&kept), "{kept} in {labels:?}");
        }
        assert_eq!(net.operations.len() - folded.network.operations.len(), 4);
        let stem = folded.network.operations[1].layer().expect("a layer");
        assert_eq!(stem.parameters.len(), 2);
        assert!(fold(&network("struct N: [4] -> [4] { Linear(4), Relu, BatchNorm }")).is_none());
    }
}
