//! A gradient in pieces, each the work of one thread at a time.

use core::ops::Range;
use std::vec::Vec;

use super::freezing::Run;
use super::ledger::Product;
use crate::element::LANES;

/// Parameters in one piece of an update: with two moments, 64 KiB of `f32`.
const LENGTH: usize = 4096;
/// Rows of an outer product are cut in multiples of this, which is whole blocks of the kernel.
const ROWS: usize = 12;

/// Neighbouring parameters that one thread steps, all of which learn or are frozen.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Piece {
    pub parameters: Range<usize>,
    pub gradients: Range<usize>,
    pub learns: bool,
    /// Whose rows these are, if the gradient is still to be made.
    pub product: Option<Rows>,
}

/// Some rows of a [`Product`].
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rows {
    pub inputs: usize,
    /// The first number of x in a ledger, and that of these rows' dy.
    pub x: usize,
    pub dy: usize,
}

/// The pieces of `runs`, in their order; the `products` are sorted by their place.
pub(super) fn pieces(runs: &[Run], products: &[Product]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut products = products.iter().peekable();
    for run in runs {
        let mut at = run.gradients.start;
        while at < run.gradients.end {
            let end = if let Some(product) = products.next_if(|product| product.dw.start == at) {
                assert!(product.dw.end <= run.gradients.end, "a weight is one tensor");
                let length = rows_in_a_piece(product.inputs) * product.inputs;
                pieces.extend(cut(product.dw.clone(), length).map(|range| {
                    let row = (range.start - at) / product.inputs;
                    let rows = Rows { inputs: product.inputs, x: product.x, dy: product.dy + LANES * row };
                    run.piece(range, Some(rows))
                }));
                product.dw.end
            } else {
                let end = products.peek().map_or(run.gradients.end, |next| next.dw.start.min(run.gradients.end));
                pieces.extend(cut(at..end, LENGTH).map(|range| run.piece(range, None)));
                end
            };
            at = end;
        }
    }
    pieces
}

impl Run {
    fn piece(&self, gradients: Range<usize>, product: Option<Rows>) -> Piece {
        let parameter = |at: usize| at - self.gradients.start + self.parameters.start;
        let parameters = parameter(gradients.start)..parameter(gradients.end);
        Piece { parameters, gradients, learns: self.learns, product }
    }
}

fn rows_in_a_piece(inputs: usize) -> usize {
    (2 * LENGTH / inputs).max(1).next_multiple_of(ROWS)
}

fn cut(range: Range<usize>, length: usize) -> impl Iterator<Item = Range<usize>> {
    range.clone().step_by(length).map(move |begin| begin..range.end.min(begin + length))
}

#[cfg(test)]
mod tests {
    use std::vec;

    use super::*;

    #[test]
    fn every_parameter_is_in_one_piece() {
        // A convolution, a linear layer with its bias, one that is frozen, and running statistics between them.
        let run = |parameters: Range<usize>, begin: usize, learns| {
            let gradients = begin..begin + parameters.len();
            Run { parameters, gradients, learns }
        };
        let (linear, frozen) = (5000..5000 + 70 * 300, 26_300..26_330);
        let runs = [run(0..26_300, 0, true), run(26_320..26_350, 26_300, false), run(26_350..26_360, 26_330, true)];
        let products = [
            Product { dw: linear.clone(), inputs: 300, x: 640, dy: 320 },
            Product { dw: frozen.clone(), inputs: 3, x: 0, dy: 160 },
        ];
        let pieces = pieces(&runs, &products);
        let mut next = 0;
        for piece in &pieces {
            let Piece { parameters, gradients, learns, product } = piece;
            assert_eq!((gradients.start, parameters.len()), (next, gradients.len()));
            assert_eq!(*learns, !frozen.contains(&next));
            assert_eq!(parameters.start - gradients.start, if next < 26_300 { 0 } else { 20 });
            let rows = |of: &Range<usize>, inputs, x, dy| {
                of.contains(&next).then(|| Rows { inputs, x, dy: dy + LANES * (next - of.start) / inputs })
            };
            assert_eq!(*product, rows(&linear, 300, 640, 320).or(rows(&frozen, 3, 0, 160)));
            next = gradients.end;
        }
        assert_eq!(next, 26_340);
        let lengths: Vec<usize> = pieces.iter().map(|piece| piece.gradients.len()).collect();
        assert_eq!(lengths, vec![4096, 904, 36 * 300, 34 * 300, 300, 30, 10]);
    }
}
