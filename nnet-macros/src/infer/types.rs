//! The types of blocks: `NetBlock1` for `block1` in `Net`. No two may have one name, nor that of another item.

use std::collections::HashSet;

use syn::Ident;

use super::{Content, Field, Module};
use crate::errors::Errors;
use crate::generate::words::{folded_name, gradients_name, module_name, scratch_name, tape_name};

/// Reports each block whose type would have a name that is taken, and gives it another in the stub.
pub fn check(network: &Ident, root: &mut Module, errors: &mut Errors) {
    let folded = folded_name(network);
    let mut taken: HashSet<_> =
        [scratch_name(network), tape_name(network), gradients_name(network), scratch_name(&folded), folded].into();
    derived(network, root, &mut taken);
    rename(network, root, &mut taken, errors);
}

/// What is made beside each block: its gradients, and its form in the folded network.
fn derived(network: &Ident, module: &Module, taken: &mut HashSet<Ident>) {
    for block in module.fields.iter().filter_map(Field::block) {
        taken.insert(gradients_name(&module_name(network, block)));
        taken.insert(module_name(&folded_name(network), block));
        derived(network, block, taken);
    }
}

fn rename(network: &Ident, module: &mut Module, taken: &mut HashSet<Ident>, errors: &mut Errors) {
    for Field { name, content, .. } in &mut module.fields {
        let (Content::Block(block) | Content::Blocks(_, block)) = content else { continue };
        let kind = module_name(network, block);
        if !taken.insert(kind.clone()) {
            let message =
                format!("{name}: the block's type would be `{kind}`, but there is one already; choose another name");
            errors.at(name.span(), message);
            block.words.push(taken.len().to_string());
        }
        rename(network, block, taken, errors);
    }
}
