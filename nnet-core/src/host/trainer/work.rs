//! What one thread does of an update at a time: a piece of the gradient, from the slots' to the parameters.

use core::array::from_fn;
use core::mem;
use core::ops::Range;
use std::vec::Vec;

use super::crew::SLOTS;
use super::pieces::{Piece, Rows};
use crate::kernels::Factors;
use crate::scalar::Scalar;

/// A piece of the first slot's gradient, with those of the others, the parameters and the moments of the same piece;
/// parameters and moments are empty if it is frozen, and a moment that the optimizer does not have always is.
pub(super) struct Work<'a, S> {
    product: Option<Rows>,
    pub w: &'a mut [S],
    pub g: &'a mut [S],
    /// As many as there are other slots, and then empty ones.
    others: [&'a mut [S]; SLOTS - 1],
    pub m: &'a mut [S],
    pub v: &'a mut [S],
}

/// The memory of all `pieces`, of which each row may be empty but that of the first slot's gradient.
pub(super) fn work<'a, S: Scalar>(
    pieces: &[Piece],
    w: &'a mut [S],
    g: &'a mut [S],
    others: &'a mut [&mut [S]],
    [m, v]: [&'a mut [S]; 2],
) -> Vec<Work<'a, S>> {
    let [mut w, mut g, mut m, mut v] = [w, g, m, v].map(Row::new);
    let mut slots = others.iter_mut();
    let mut others: [_; SLOTS - 1] = from_fn(|_| Row::new(slots.next().map_or(&mut [], |gradient| &mut **gradient)));
    let take = |piece: &Piece| {
        let Piece { parameters, gradients, learns, product } = piece.clone();
        let (g, others) = (g.take(&gradients), others.each_mut().map(|row| row.take(&gradients)));
        if learns {
            Work { product, w: w.take(&parameters), g, others, m: m.take(&gradients), v: v.take(&gradients) }
        } else {
            Work { product, w: &mut [], g, others, m: &mut [], v: &mut [] }
        }
    };
    pieces.iter().map(take).collect()
}

impl<S: Scalar> Work<'_, S> {
    /// Leaves the sum of all slots in g: of the outer products of `groups`, if these are the `first`, or of the slots.
    pub fn gradient(&mut self, groups: &[&[S]], is_first: bool) {
        let Self { product, g, others, .. } = self;
        if let &mut Some(Rows { inputs, x, dy }) = product {
            S::sum_of_products(is_first, &Factors { groups, x, dy, inputs }, g);
            return;
        }
        for other in others.iter_mut().filter(|other| !other.is_empty()) {
            S::drain(other, g);
        }
    }
}

/// A row of numbers, of which pieces are taken from the front to the back.
struct Row<'a, S> {
    rest: &'a mut [S],
    /// Where the rest begins; none for a row that is empty to begin with.
    begin: Option<usize>,
}

impl<'a, S> Row<'a, S> {
    fn new(rest: &'a mut [S]) -> Self {
        let begin = (!rest.is_empty()).then_some(0);
        Self { rest, begin }
    }

    /// The numbers in `range`, which is behind all taken before; nothing of an empty row.
    fn take(&mut self, range: &Range<usize>) -> &'a mut [S] {
        let Some(begin) = &mut self.begin else { return &mut [] };
        let (gap, length) = (range.start - *begin, range.len());
        *begin = range.end;
        let rest = &mut mem::take(&mut self.rest)[gap..];
        let (taken, rest) = rest.split_at_mut(length);
        self.rest = rest;
        taken
    }
}
