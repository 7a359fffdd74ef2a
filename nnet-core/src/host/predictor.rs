//! Predictions for many samples at once: 16 side by side, groups over threads.

use std::boxed::Box;
use std::iter::repeat_with;
use std::vec;
use std::vec::Vec;

use super::interleave::interleave;
use super::pool::Pool;
use crate::element::{LANES, Lanes, get_lane};
use crate::flat::{Flat, zeroed};
use crate::network::Network;
use crate::tensor::Tensor;

type Group<N> = Lanes<<N as Flat>::Scalar>;
type Input<N> = <N as Network>::Input<<N as Flat>::Scalar>;
type Output<N> = <N as Network>::Output<<N as Flat>::Scalar>;

/// Threads and scratch memory for predictions of networks of type `N`.
///
/// One sample alone is better off with [`Network::predict`], which needs neither.
///
/// ```
/// # use nnet_core::layers::Linear;
/// use nnet_core::host::Predictor;
/// # fn predict<N: nnet_core::Network>(network: &N, inputs: &[N::Input<N::Scalar>], outputs: &mut [N::Output<N::Scalar>]) {
/// let mut predictor = Predictor::new(2);
/// predictor.predict(network, inputs, outputs);
/// # }
/// ```
pub struct Predictor<N: Network> {
    pool: Pool,
    workers: Vec<Worker<N>>,
}

/// What one thread works in.
struct Worker<N: Network> {
    /// The inputs of a group: [input].
    x: Vec<Group<N>>,
    scratch: Box<N::Scratch<Group<N>>>,
}

/// Up to 16 samples, and where their outputs go.
type Work<'a, N> = (&'a [Input<N>], &'a mut [Output<N>]);

impl<N: Network> Predictor<N> {
    /// A predictor on `threads` threads, the caller counted; 0 counts as 1, more than 256 as 256. Their number changes no
    /// result.
    #[must_use]
    pub fn new(threads: usize) -> Self {
        let pool = Pool::new(threads);
        let worker = || Worker { x: vec![Tensor::ZERO; Input::<N>::LENGTH], scratch: zeroed() };
        let workers = repeat_with(worker).take(pool.threads()).collect();
        Self { pool, workers }
    }

    /// Writes the output of each of `inputs` to the same place in `outputs`. Allocates a list of the groups.
    ///
    /// # Panics
    ///
    /// If there are more or fewer outputs than inputs.
    pub fn predict(&mut self, network: &N, inputs: &[Input<N>], outputs: &mut [Output<N>]) {
        let (given, wanted) = (outputs.len(), inputs.len());
        assert_eq!(given, wanted, "room for {given} outputs of {wanted} inputs");
        let mut work: Vec<Work<N>> = inputs.chunks(LANES).zip(outputs.chunks_mut(LANES)).collect();
        self.pool.for_each(&mut self.workers, &mut work, |worker, (inputs, outputs)| {
            worker.predict(network, inputs, outputs);
        });
    }
}

impl<N: Network> Worker<N> {
    fn predict(&mut self, network: &N, inputs: &[Input<N>], outputs: &mut [Output<N>]) {
        // Lanes beyond the last input hold what an earlier group left there: finite or not, a lane is on its own.
        interleave(inputs.iter().map(Tensor::as_flat), |x| x, &mut self.x);
        let y = network.predict(Tensor::view(&self.x), &mut self.scratch).as_flat();
        for (lane, output) in outputs.iter_mut().enumerate() {
            get_lane(y, lane, output.as_flat_mut());
        }
    }
}
