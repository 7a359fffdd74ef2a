//! Rules against counts, by hand, at their limits, and what they say.

extern crate std;
use std::string::ToString;

use super::*;

/// Counts the windows one by one.
fn positions(input: usize, extent: usize, stride: usize, begin: usize, end: usize) -> usize {
    (0..).step_by(stride).take_while(|start| start + extent <= input + begin + end).count()
}

/// All windows of small sizes: kernel, stride, padding before and after, dilation.
fn windows() -> impl Iterator<Item = Window2d> {
    (0..8 * 4 * 4 * 3 * 3).map(|mut n: usize| {
        let mut next = |sizes| (n % sizes, n /= sizes).0;
        let (kernel, stride, begin, end, dilation) = (next(8) + 1, next(4) + 1, next(4), next(3), next(3) + 1);
        Window2d::new([kernel; 2], [stride; 2], [begin; 2]).with_padding_end([end; 2]).with_dilation([dilation; 2])
    })
}

#[test]
fn windows_equal_a_count_of_positions() {
    for window in windows() {
        let Window2d { kernel: [k, _], stride: [s, _], padding: [b, _], padding_end: [e, _], dilation: [d, _] } =
            window;
        for input in 1..12 {
            let want = positions(input, d * (k - 1) + 1, s, b, e);
            match window.output([input; 2]) {
                Ok(got) => assert_eq!(got, [want; 2], "{window:?}"),
                Err(error) => {
                    assert_eq!(want, 0, "{window:?}");
                    assert!(matches!(error, ShapeError::WindowTooLarge { axis: Axis::Height, .. }), "{error}");
                }
            }
        }
    }
}

/// The transposed size is the least from which the window leads back, and `output_padding` more.
#[test]
fn transposed_sizes_lead_back() {
    for window in windows() {
        for input in 1..7 {
            let x = Shape::Map([1, input, input]);
            let mut sizes = (1..80).filter(|&size| window.output([size; 2]) == Ok([input; 2]));
            let least = sizes.next();
            match conv_transpose2d(x, 1, 1, &window, [0, 0]) {
                // A least size below 1 is not found by the search, though the size above it may be.
                Ok(Shape::Map([1, h, w])) => assert_eq!((Some(h), h), (least, w), "{window:?}"),
                other => assert!(matches!(other, Err(ShapeError::PaddingTakesAll { .. })), "{window:?} {other:?}"),
            }
        }
    }
    let window = Window2d::new([3, 3], [2, 1], [1, 1]).with_dilation([1, 3]);
    let x = Shape::Map([4, 5, 5]);
    assert_eq!(conv_transpose2d(x, 2, 2, &window, [1, 2]), Ok(Shape::Map([2, 10, 11])));
    assert_eq!(conv_transpose2d(x, 2, 2, &window, [0, 0]), Ok(Shape::Map([2, 9, 9])));
    for (h, w) in (0..15).flat_map(|h| (0..15).map(move |w| (h, w))) {
        let within = (9..=10).contains(&h) && (9..=11).contains(&w);
        assert_eq!(window.leads_back([5, 5], [h, w]), within, "[{h}, {w}]");
    }
    let error = conv_transpose2d(x, 2, 2, &window, [2, 0]).unwrap_err();
    assert_eq!(error.to_string(), "output_padding 2 on its rows is not below stride 2 or dilation 1; use at most 1");
    let error = conv_transpose2d(Shape::Map([1, 1, 1]), 1, 1, &Window2d::new([3; 2], [1; 2], [2; 2]), [0; 2]);
    let want = "padding 2 on each side takes away all 3 rows of its output; use a padding of at most 1";
    assert_eq!(error.unwrap_err().to_string(), want);
}

#[test]
fn same_windows_keep_the_size() {
    for (kernel, dilation) in (1..8).flat_map(|kernel| (1..4).map(move |dilation| (kernel, dilation))) {
        let window = Window2d::same([kernel, 1], [dilation, 1]);
        assert_eq!(window.output([5, 3]), Ok([5, 3]));
        let rest = window.padding_end[0] - window.padding[0];
        assert!(rest <= 1, "an odd one at the end, as in PyTorch");
    }
    assert_eq!(Window2d::same([usize::MAX, 1], [3, 1]).output([5, 3]), Err(ShapeError::Overflow));
    assert_eq!(Window2d::same([0, 1], [1, 1]).output([5, 3]), Err(ShapeError::Zero { argument: "kernel" }));
}

#[test]
fn extremes_are_refused_without_overflow() {
    let big = usize::MAX;
    let input = Shape::Map([3, big, 2]);
    let window = Window2d::new([1, 1], [1, 1], [big / 2 + 1, 0]);
    assert_eq!(conv2d(input, 1, 1, &window), Err(ShapeError::Overflow));
    assert_eq!(linear(Shape::Flat(big / 2), 4), Err(ShapeError::Overflow));
    assert_eq!(flatten(Shape::Map([big; 3])), Err(ShapeError::Overflow));
    let window = Window2d::new([2, 2], [big; 2], [0, 0]).with_dilation([big; 2]);
    for window in [window, window.with_padding_end([big; 2]), window.with_dilation([1; 2])] {
        let x = Shape::Map([2, 5, 5]);
        assert_eq!(conv_transpose2d(x, 1, 1, &window, [big - 1; 2]), Err(ShapeError::Overflow));
    }
    assert_eq!(pool2d(Shape::Map([2, 5, 5]), &window), Err(ShapeError::Overflow));
    assert_eq!(pool1d(Shape::Sequence([2, 5]), &window), Err(ShapeError::Overflow));
    assert_eq!(adaptive_pool2d(Shape::Map([2, 5, 5]), [big, 2]), Err(ShapeError::Overflow));
    assert_eq!(upsample2d(Shape::Map([2, 5, 5]), [big, 2]), Err(ShapeError::Overflow));
    assert_eq!(zero_pad2d(Shape::Map([2, 5, 5]), [big, 0, 0, 0]), Err(ShapeError::Overflow));
    assert_eq!(concat(Shape::Flat(big), Shape::Flat(1)), Err(ShapeError::Overflow));
    assert_eq!(concat(Shape::Sequence([big / 32, 2]), Shape::Sequence([big / 32, 2])), Err(ShapeError::Overflow));
    let error =
        ShapeError::WindowTooLarge { axis: Axis::Width, input: big, kernel: big, dilation: 0, padding: [big; 2] };
    assert!(error.to_string().starts_with(&std::format!("kernel {big} ")), "{error}");
}

#[test]
fn lenet_flows() {
    let same = Window2d::new([5, 5], [1, 1], [2, 2]);
    let valid = Window2d::new([5, 5], [1, 1], [0, 0]);
    let halve = Window2d::new([2, 2], [2, 2], [0, 0]);
    let x = conv2d(Shape::Map([1, 28, 28]), 6, 1, &same).unwrap();
    let x = pool2d(x, &halve).unwrap();
    let x = conv2d(x, 16, 2, &valid).unwrap();
    let x = pool2d(x, &halve).unwrap();
    assert_eq!(x, Shape::Map([16, 5, 5]));
    assert_eq!(flatten(x), Ok(Shape::Flat(400)));
    assert_eq!(linear(x, 120), Err(ShapeError::NeedsFlat { found: x }));
    assert_eq!(global_pool2d(x), Ok(Shape::Flat(16)));
}

#[test]
fn sequences_flow() {
    let window = Window2d::new([1, 5], [1, 2], [0, 2]).with_dilation([1, 3]);
    let x = conv1d(Shape::Sequence([4, 40]), 6, 2, &window).unwrap();
    assert_eq!(x, Shape::Sequence([6, 16]));
    let x = pool1d(x, &Window2d::new([1, 3], [1, 3], [0, 1])).unwrap();
    assert_eq!(x, Shape::Sequence([6, 6]));
    assert_eq!(adaptive_pool1d(x, 8), Ok(Shape::Sequence([6, 8])));
    assert_eq!(flatten(x), Ok(Shape::Flat(36)));
    assert_eq!(x.to_string(), "[6, 6]");
    let error = conv1d(x, 1, 1, &window).unwrap_err().to_string();
    let want = "kernel 5 of dilation 3 spans 13, which exceeds the 6 positions of its input with padding 2 on each side; \
                use a dilation of at most 2, a kernel of at most 4 or a padding of at least 4";
    assert_eq!(error, want);
}

#[test]
fn maps_of_other_sizes() {
    let x = Shape::Map([3, 4, 5]);
    assert_eq!(adaptive_pool2d(x, [7, 1]), Ok(Shape::Map([3, 7, 1])));
    assert_eq!(adaptive_pool2d(x, [7, 0]), Err(ShapeError::Zero { argument: "out" }));
    assert_eq!(upsample2d(x, [2, 3]), Ok(Shape::Map([3, 8, 15])));
    assert_eq!(upsample2d(x, [0, 3]), Err(ShapeError::Zero { argument: "scale" }));
    assert_eq!(zero_pad2d(x, [1, 2, 3, 4]), Ok(Shape::Map([3, 11, 8])));
    assert_eq!(map_only(x), Ok(x));
    assert_eq!(channels(x), Ok(x));
    assert_eq!(group_norm(x, 3), Ok(x));
    assert_eq!(group_norm(Shape::Flat(6), 2), Ok(Shape::Flat(6)));
}

#[test]
fn pools_refuse_padding_above_half_of_what_they_span() {
    let x = Shape::Map([1, 9, 9]);
    let window = Window2d::new([3, 3], [1, 1], [2, 0]);
    let error = ShapeError::PaddingTooLarge { axis: Axis::Height, kernel: 3, padding: 2 };
    assert_eq!(pool2d(x, &window), Err(error));
    assert_eq!(pool2d(x, &window.with_padding_end([0, 2])), Err(error));
    assert_eq!(pool2d(x, &window.with_dilation([2, 1])), Ok(Shape::Map([1, 9, 7])));
}

#[test]
fn arms_add_and_join() {
    let (a, b) = (Shape::Map([3, 4, 5]), Shape::Map([2, 4, 5]));
    assert_eq!(sum(a, a), Ok(a));
    let error = sum(a, b).unwrap_err().to_string();
    assert_eq!(error, "adds values of one shape, but its arms give [3, 4, 5] and [2, 4, 5]; make them equal");
    assert_eq!(concat(a, b), Ok(Shape::Map([5, 4, 5])));
    assert_eq!(concat(Shape::Flat(3), Shape::Flat(4)), Ok(Shape::Flat(7)));
    assert_eq!(concat(Shape::Sequence([3, 9]), Shape::Sequence([4, 9])), Ok(Shape::Sequence([7, 9])));
    for (a, b) in [
        (a, Shape::Map([3, 4, 6])),
        (a, Shape::Map([3, 3, 5])),
        (Shape::Sequence([3, 9]), Shape::Sequence([3, 8])),
        (Shape::Flat(3), Shape::Sequence([3, 1])),
    ] {
        assert_eq!(concat(a, b), Err(ShapeError::ArmsDoNotJoin { found: [a, b] }));
        assert_eq!(sum(a, b), Err(ShapeError::ArmsDiffer { found: [a, b] }));
    }
}

#[test]
fn groups_name_the_divisors_beside_them() {
    let window = Window2d::new([1, 1], [1, 1], [0, 0]);
    let message =
        |channels, out, groups| conv2d(Shape::Map([channels, 1, 1]), out, groups, &window).unwrap_err().to_string();
    assert_eq!(message(6, 4, 4), "groups 4 do not divide its 6 input channels; use 2");
    assert_eq!(message(8, 12, 8), "groups 8 do not divide its 12 output channels; use 4");
    assert_eq!(message(3, 4, 9), "groups 9 do not divide its 3 input channels; use 1");
    assert_eq!(message(3, 4, 0), "groups is 0, but must be at least 1");
    assert_eq!(message(3, 0, 1), "out is 0, but must be at least 1");
    assert!(group_norm(Shape::Sequence([5, 2]), 2).unwrap_err().to_string().ends_with("use 1 or 5"));
}

#[test]
fn the_wrong_kind_of_input_is_named_with_its_cure() {
    let (flat, sequence, map) = (Shape::Flat(3), Shape::Sequence([3, 4]), Shape::Map([3, 4, 5]));
    let map_message = |shape| global_pool2d(shape).unwrap_err().after("`a` above gives").to_string();
    let want = "needs a map [channels, height, width], but `a` above gives [3]; put it before `Flatten`";
    assert_eq!(map_message(flat), want);
    assert!(map_message(sequence).ends_with("[3, 4]; sequences have layers of their own, such as `Conv1d`"));
    let sequence_message = |shape| adaptive_pool1d(shape, 1).unwrap_err().to_string();
    let want = "needs a sequence [channels, length], but it gets [3]; put it before `Flatten`";
    assert_eq!(sequence_message(flat), want);
    assert!(sequence_message(map).ends_with("[3, 4, 5]; maps have layers of their own, such as `Conv2d`"));
    let flat_message = |shape| over_features(shape).unwrap_err().to_string();
    let want = "needs a flat input, but it gets [3, 4]; put `Flatten` before it (3 * 4 = 12 features)";
    assert_eq!(flat_message(sequence), want);
    assert!(flat_message(map).ends_with("(3 * 4 * 5 = 60 features)"));
}
