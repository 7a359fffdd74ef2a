//! Data sets by hand, and many samples at once against one after the other.

use std::vec;

use super::super::idx::Idx;
use super::*;
use crate::element::{LANES, set_lane};

fn images(height: u8, width: u8, pixels: &[u8], labels: &[u8]) -> Images {
    let count = u8::try_from(labels.len()).expect("a small set");
    let head = [0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, height, 0, 0, 0, width];
    let images = [&head[..], pixels].concat();
    let labels = [&[0, 0, 8, 1, 0, 0, 0, count][..], labels].concat();
    let read = |bytes: &[u8]| Idx::read(bytes, "test").expect("an IDX file");
    Images::new(read(&images), read(&labels)).expect("as many images as labels")
}

#[test]
fn images_become_inputs_of_any_shape_with_as_many_entries() {
    let set = images(2, 2, &[0, 51, 102, 255, 1, 2, 3, 4], &[3, 9]).into_normalized(0.2, 0.5);
    let (mut map, mut flat) = ([[[0.0_f64; 2]; 2]; 1], [0.0_f32; 4]);
    assert_eq!(*set.sample(0, &mut map), 3);
    for (got, want) in map.as_flat().iter().zip([-0.4, 0.0, 0.4, 1.6]) {
        assert!((got - want).abs() <= 4.0 * f64::EPSILON, "got {got}, want {want}");
    }
    assert_eq!(*set.sample(1, &mut flat), 9);
    Dataset::<[f32; 4], usize>::check(&set).expect("2×2 = 4");
    assert_eq!((set.len(), set.images().count()), (2, 2));
}

#[test]
fn images_of_another_size_are_refused() {
    let images = images(2, 3, &[0; 6], &[1]);
    let error = Dataset::<[[f32; 2]; 2], usize>::check(&images.normalized(0.0, 1.0)).expect_err("6 pixels");
    assert!(matches!(error, DataError::InputSize { height: 2, width: 3, inputs: 4 }), "{error}");
    for (mean, std) in [(0.0, 0.0), (0.0, f64::NAN), (f64::INFINITY, 1.0), (0.0, -1.0)] {
        let error = Dataset::<[f32; 6], usize>::check(&images.normalized(mean, std)).expect_err("no scale");
        assert!(matches!(error, DataError::Scale { .. }), "{error}");
    }
}

#[test]
fn pairs_are_a_data_set_however_they_are_held() {
    fn second<D: Dataset<[f32; 2], usize> + ?Sized>(data: &D) -> ([f32; 2], usize, usize) {
        let mut x = [0.0; 2];
        let target = *data.sample(1, &mut x);
        (x, target, data.len())
    }
    let pairs = [([1.0, 2.0], 3), ([4.0, 5.0], 6)];
    let want = ([4.0, 5.0], 6, 2);
    assert_eq!(second(&pairs), want);
    assert_eq!(second(&pairs[..]), want);
    assert_eq!(second(&&pairs[..]), want);
    assert_eq!(second(&vec![pairs[0], pairs[1]]), want);
    assert_eq!(second::<dyn Dataset<_, _>>(&pairs), want);
}

/// Computes its samples, and leaves their way to the lanes to the trait.
struct Computed;

impl<S: Scalar, const N: usize> Dataset<[S; N], usize> for Computed {
    fn len(&self) -> usize {
        40
    }

    fn sample(&self, index: usize, x: &mut [S; N]) -> Cow<'_, usize> {
        for (i, x) in x.iter_mut().enumerate() {
            *x = S::from_f64((index * N + i) as f64 / 7.0);
        }
        Cow::Owned(index % 7)
    }
}

/// Against one sample after the other, with NaN in all lanes to begin with.
fn check_gather<S: Scalar, const N: usize, D: Dataset<[S; N], usize> + ?Sized>(data: &D) {
    let order = [39, 0, 7, 7, 12, 31, 2, 38, 1, 20, 21, 22, 5, 30, 9, 3];
    let nan = Lanes([S::from_f64(f64::NAN); LANES]);
    for used in 1..=LANES {
        let (mut got, mut want) = (vec![nan; N], vec![nan; N]);
        let (mut got_targets, mut want_targets) = (vec![8], vec![8]);
        data.gather(&order[..used], &mut got, &mut got_targets, &mut [[S::ZERO; N]; LANES]);
        let mut x = [S::ZERO; N];
        for (lane, &index) in order[..used].iter().enumerate() {
            want_targets.push(*data.sample(index, &mut x));
            set_lane(&mut want, lane, &x);
        }
        let bits = |group: &[Lanes<S>]| -> Vec<_> { group.iter().map(|x| x.0.map(|x| x.to_f64().to_bits())).collect() };
        assert_eq!(bits(&got), bits(&want), "{used} samples of {N} entries");
        assert_eq!(got_targets, want_targets);
    }
}

fn check_all_gather<S: Scalar, const N: usize>() {
    let pixels: Vec<u8> = (0..40 * N).map(|i| u8::try_from(i * 29 % 256).expect("a byte")).collect();
    let labels: Vec<u8> = (0..40).map(|i| i % 9).collect();
    let width = u8::try_from(N).expect("a small image");
    let images = images(1, width, &pixels, &labels).into_normalized(0.1307, 0.3081);
    check_gather::<S, N, _>(&images);
    check_gather::<S, N, _>(&&images);
    check_gather::<S, N, _>(&Computed);
    let mut pairs = vec![([S::ZERO; N], 0); 40];
    for (index, (x, target)) in pairs.iter_mut().enumerate() {
        *target = *images.sample(index, x);
    }
    check_gather::<S, N, _>(&pairs);
    check_gather::<S, N, dyn Dataset<_, _>>(&pairs);
}

#[test]
fn gathered_samples_have_the_bits_of_samples_one_by_one() {
    check_all_gather::<f32, 1>();
    check_all_gather::<f32, 16>();
    check_all_gather::<f32, 45>();
    check_all_gather::<f64, 15>();
    check_all_gather::<f64, 45>();
}

#[test]
fn an_order_follows_from_seed_and_epoch() {
    let order = |seed, epoch| {
        let mut order = vec![7; 3];
        shuffle(&mut order, 100, seed, epoch);
        order
    };
    assert_eq!(order(1, 2), order(1, 2));
    for other in [order(1, 3), order(2, 2), order(2, 1)] {
        assert_ne!(order(1, 2), other);
    }
    let mut sorted = order(1, 2);
    sorted.sort_unstable();
    assert!(sorted.into_iter().eq(0..100));
}
