//! The locals of a block of code: each buffer that a step touches, by the name and in the shape of its value.

use std::collections::HashMap;

use proc_macro2::{Span, TokenStream};
use syn::Ident;

use super::words::{area_name, local, tensor};
use crate::infer::Network;
use crate::plan::{Operand, Storage};
use crate::size::Shape;

/// What is bound so far. Begin another scope where a block of code begins or ends.
pub struct Scope<'a> {
    network: &'a Network,
    /// Views that are there: of what, and whether they can be written.
    views: HashMap<String, (Storage, bool)>,
    /// Of each area: the name of the value that is in it at the moment, and the local.
    areas: HashMap<usize, (String, Ident)>,
}

/// Values of forward, or gradients.
#[derive(Clone, Copy, PartialEq)]
pub enum Sort {
    Value,
    Gradient,
}

/// How a local is used.
#[derive(Clone, Copy, PartialEq)]
pub enum Use {
    Read,
    Write,
}

impl<'a> Scope<'a> {
    pub fn new(network: &'a Network) -> Self {
        Self { network, views: HashMap::new(), areas: HashMap::new() }
    }

    /// The local for a value, in the shape that a layer wants. That is the value's own, unless sizes have names: then
    /// rustc checks that both are the same.
    pub fn value(&mut self, operand: Operand, wanted: Shape, usage: Use, code: &mut TokenStream) -> TokenStream {
        let local = self.take(operand, Sort::Value, usage, code);
        self.reshaped(operand, wanted, usage, local)
    }

    /// The same for a gradient.
    pub fn gradient(&mut self, operand: Operand, wanted: Shape, usage: Use, code: &mut TokenStream) -> TokenStream {
        let local = self.take(operand, Sort::Gradient, usage, code);
        self.reshaped(operand, wanted, usage, local)
    }

    fn reshaped(&self, operand: Operand, wanted: Shape, usage: Use, local: TokenStream) -> TokenStream {
        if wanted == self.network.shape(operand.value) {
            return local;
        }
        let kind = tensor(wanted, code!(E));
        match usage {
            Use::Read => code!(::nnet::__private::reshaped::<_, #kind>(#local)),
            Use::Write => code!(::nnet::__private::reshaped_mut::<_, #kind>(#local)),
        }
    }

    /// Tells that something else was written to an area.
    pub fn forget(&mut self, area: usize) {
        self.areas.remove(&area);
    }

    /// The local for an operand; what makes it is added to `code`, if it is not there.
    fn take(&mut self, operand: Operand, sort: Sort, usage: Use, code: &mut TokenStream) -> TokenStream {
        let shape = self.network.shape(operand.value);
        let (name, kind) = (self.name(operand, sort), tensor(shape, code!(E)));
        let text = name.to_string();
        if let Storage::Area(area) = operand.storage {
            if let Some((_, local)) = self.areas.get(&area).filter(|(value, _)| *value == text) {
                return code!(#local);
            }
            let (local, memory) = (self.free_name(name, area), area_name(area));
            code.extend(code!(let #local: &mut #kind = ::nnet::__private::area(#memory);));
            self.areas.insert(area, (text, local.clone()));
            return code!(#local);
        }
        let (owner, own_shape) = self.owner(operand.storage);
        // A gradient in the place of a value has its own name.
        let is_replaced = sort == Sort::Gradient && matches!(operand.storage, Storage::Field(_));
        if shape == own_shape && !is_replaced {
            return code!(#owner);
        }
        let name = self.free_view_name(name, operand.storage, &owner);
        let text = name.to_string();
        let is_there = self.views.get(&text).is_some_and(|(_, writable)| *writable || usage == Use::Read);
        if !is_there {
            code.extend(match usage {
                _ if shape == own_shape => code!(let #name: &mut #kind = #owner;),
                Use::Read => code! {
                    let #name: &#kind = ::nnet::__private::Tensor::view(::nnet::__private::Tensor::as_flat(#owner));
                },
                Use::Write => code! {
                    let #name: &mut #kind =
                        ::nnet::__private::Tensor::view_mut(::nnet::__private::Tensor::as_flat_mut(#owner));
                },
            });
            // A view of what is written elsewhere in between would not compile, so each one serves one step.
            self.views.clear();
            self.views.insert(text, (operand.storage, usage == Use::Write || shape == own_shape));
        }
        code!(#name)
    }

    /// The name, or if another area or a view goes by it, as parts of a sum do, one with the area's letter.
    fn free_name(&self, name: Ident, area: usize) -> Ident {
        let is_taken = self.is_area(&name) || self.views.contains_key(&name.to_string());
        if !is_taken {
            return name;
        }
        let letter = area_name(area).to_string().trim_start_matches("area").to_owned();
        Ident::new(&format!("{name}{letter}"), name.span())
    }

    /// The name, or if an area or a view of something else goes by it, one with that of its owner.
    fn free_view_name(&self, name: Ident, storage: Storage, owner: &Ident) -> Ident {
        let is_other = |(of, _): &(Storage, bool)| *of != storage;
        let is_taken = self.is_area(&name) || self.views.get(&name.to_string()).is_some_and(is_other);
        if is_taken { Ident::new(&format!("{name}_in_{owner}"), name.span()) } else { name }
    }

    fn is_area(&self, name: &Ident) -> bool {
        self.areas.values().any(|(_, local)| local == name)
    }

    /// The local that a buffer is bound to from the beginning, and its shape there.
    fn owner(&self, storage: Storage) -> (Ident, Shape) {
        let plain = |name: &str| Ident::new(name, Span::mixed_site());
        match storage {
            Storage::Field(at) => {
                let name = self.network.operation(at).map_or_else(|| plain("x"), local);
                (name, self.network.shape(at + 1))
            }
            Storage::OutputGradient => (plain("output_gradient"), self.network.output),
            Storage::Caller => (plain("dx"), self.network.input),
            Storage::Input | Storage::Area(_) => (plain("x"), self.network.input),
        }
    }

    /// A value's own name, or `d_` and that for its gradient.
    fn name(&self, operand: Operand, sort: Sort) -> Ident {
        let giver = operand.value.checked_sub(1).and_then(|at| self.network.operation(at)).map(local);
        match (sort, giver) {
            (Sort::Value, Some(name)) => name,
            (Sort::Value, None) => Ident::new("x", Span::mixed_site()),
            (Sort::Gradient, Some(name)) => Ident::new(&format!("d_{name}"), Span::mixed_site()),
            (Sort::Gradient, None) => Ident::new("d_x", Span::mixed_site()),
        }
    }
}
