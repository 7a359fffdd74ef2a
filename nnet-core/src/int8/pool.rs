//! Pools of bytes: the greatest, or the mean, rounded half away from 0. Scale and zero point stay as they are.

use super::network::{flat, flat_mut};
use super::{Bytes, Geometry};

/// The greatest byte of each window; the padding has none.
#[inline]
pub fn max_pool<X: Bytes, Y: Bytes>(geometry: &Geometry, x: &X, y: &mut Y) {
    each_window(geometry, flat(x), flat_mut(y), i8::MIN, i8::max, |greatest, _| greatest);
}

/// The mean of each window, which has no padding.
#[inline]
pub fn average_pool<X: Bytes, Y: Bytes>(geometry: &Geometry, x: &X, y: &mut Y) {
    let mean = |sum: i32, count: i32| {
        let half = if sum < 0 { -(count / 2) } else { count / 2 };
        i8::try_from((sum + half) / count.max(1)).unwrap_or_default()
    };
    each_window(geometry, flat(x), flat_mut(y), 0, |sum: i32, x| sum.wrapping_add(x.into()), mean);
}

/// Folds each window, and makes a byte of it and the count of its entries.
#[inline]
fn each_window<T: Copy>(
    geometry: &Geometry,
    x: &[i8],
    y: &mut [i8],
    first: T,
    fold: impl Fn(T, i8) -> T,
    last: impl Fn(T, i32) -> i8,
) {
    let ([height, width], window) = (geometry.input, &geometry.window);
    let [rows, columns] = geometry.output;
    if height == 0 || width == 0 || rows == 0 || columns == 0 {
        return;
    }
    for (x, y) in x.chunks_exact(height * width).zip(y.chunks_exact_mut(rows * columns)) {
        for (r, y) in y.chunks_exact_mut(columns).enumerate() {
            for (k, y) in y.iter_mut().enumerate() {
                let (mut folded, mut count) = (first, 0);
                for kh in 0..window.kernel[0] {
                    let row = (r * window.stride[0] + kh * window.dilation[0]).wrapping_sub(window.padding[0]);
                    for kw in 0..window.kernel[1] {
                        let column = (k * window.stride[1] + kw * window.dilation[1]).wrapping_sub(window.padding[1]);
                        let inside = row < height && column < width;
                        if let Some(x) = x.get(row.wrapping_mul(width).wrapping_add(column)).filter(|_| inside) {
                            folded = fold(folded, *x);
                            count += 1;
                        }
                    }
                }
                *y = last(folded, count);
            }
        }
    }
}
