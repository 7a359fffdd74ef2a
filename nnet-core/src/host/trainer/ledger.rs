//! The factors of outer products, kept until a whole batch has gone back: dw = Σ dy·xᵀ.
//!
//! Added up group by group, dw would be read and written for each group, in a gradient for each slot, and these
//! added up. From the factors it is one product of matrices, in pieces that the optimizer takes while they are in the cache.

use core::ops::Range;
use std::vec::Vec;

use crate::element::{Element, LANES, Lanes};
use crate::flat::Flat;
use crate::kernels::Factors;
use crate::products::OuterProducts;
use crate::scalar::Scalar;
use crate::tensor::Tensor;

/// The outer products of one group of samples.
pub(super) struct Ledger<S> {
    products: Vec<Product>,
    /// Of each product x, turned around, and dy; room that is left is for a later batch.
    factors: Vec<Lanes<S>>,
    /// Entries in use.
    used: usize,
}

/// A sum of outer products, and where in a ledger its factors lie.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Product {
    /// Where dw lies among the gradient's numbers.
    pub dw: Range<usize>,
    pub inputs: usize,
    /// The first number of x, of dy.
    pub x: usize,
    pub dy: usize,
}

/// A [`Ledger`] that is written to, beside the gradient that its products belong to.
pub(super) struct Entries<'a, S> {
    ledger: &'a mut Ledger<S>,
    /// The gradient's address, and its numbers.
    address: usize,
    numbers: usize,
}

impl<S: Scalar> Ledger<S> {
    pub fn new() -> Self {
        Self { products: Vec::new(), factors: Vec::new(), used: 0 }
    }

    /// Forgets all products, and keeps the memory.
    pub fn clear(&mut self) {
        self.products.clear();
        self.used = 0;
    }

    /// In the order in which they came.
    pub fn products(&self) -> &[Product] {
        &self.products
    }

    pub fn factors(&self) -> &[S] {
        Element::scalars(&self.factors[..self.used])
    }

    /// Takes products of weights whose gradients lie in `gradients`.
    pub fn entries<G: Flat<Scalar = S>>(&mut self, gradients: &G) -> Entries<'_, S> {
        let numbers = gradients.as_scalars();
        Entries { ledger: self, address: numbers.as_ptr().addr(), numbers: numbers.len() }
    }

    /// Room for `entries`; where it begins.
    fn take(&mut self, entries: usize) -> usize {
        let begin = self.used;
        self.used += entries;
        if self.factors.len() < self.used {
            self.factors.resize(self.used, Tensor::ZERO);
        }
        begin
    }
}

impl<S: Scalar> OuterProducts<S> for Entries<'_, S> {
    fn add<E: Element<Scalar = S>>(&mut self, x: &[E], dy: &[E], dw: &mut [S]) {
        assert_eq!(E::LANES, LANES, "a trainer works on groups");
        let begin = dw.as_ptr().addr().wrapping_sub(self.address) / size_of::<S>();
        let (range, products) = (begin..begin.saturating_add(dw.len()), &self.ledger.products);
        assert!(range.end <= self.numbers, "a weight gradient lies in the gradient of the network");
        assert!(
            products.iter().all(|product| product.dw.start != begin),
            "a weight gradient is one outer product a pass"
        );
        let turned = Factors::<S>::turned_length(x.len());
        let x_at = self.ledger.take(turned / LANES);
        let dy_at = self.ledger.take(dy.len());
        let factors = Element::scalars_mut(&mut self.ledger.factors);
        S::turn(E::scalars(x), &mut factors[LANES * x_at..][..turned]);
        factors[LANES * dy_at..][..LANES * dy.len()].copy_from_slice(E::scalars(dy));
        let product = Product { dw: range, inputs: x.len(), x: LANES * x_at, dy: LANES * dy_at };
        self.ledger.products.push(product);
    }
}
