//! Products of bytes, summed in 32 bits: a pair at a time where the processor multiplies pairs (SMLAD of Arm's DSP
//! extension), one by one elsewhere. Sums are exact and wrap, so both give the same bits.
#![allow(unsafe_code, reason = "reads through pointers whose bounds the caller proves")]

#[cfg(all(target_arch = "arm", target_feature = "dsp"))]
mod dsp;

/// sums[n] += Σₖ w[k] · x[n + k]; gives what follows the taps.
///
/// # Safety
///
/// `w` is followed by `K` bytes, `x` by `N + K − 1`.
#[inline(always)]
pub unsafe fn slide<const K: usize, const N: usize>(sums: &mut [i32; N], w: *const i8, x: *const i8) -> *const i8 {
    #[cfg(all(target_arch = "arm", target_feature = "dsp"))]
    {
        // SAFETY: the caller's promise.
        if let Some(next) = unsafe { dsp::row::<K, N>(sums, w, x) } {
            return next;
        }
    }
    let next = w.wrapping_add(K);
    if N == 1 {
        // SAFETY: the caller's promise: one row of `K`.
        unsafe { rows::<N, K>(sums, w, x) };
        return next;
    }
    for k in 0..K {
        // SAFETY: `k` is below `K`.
        let w = unsafe { read(w, k) };
        for (n, sum) in sums.iter_mut().enumerate() {
            // SAFETY: `n + k` is at most `N + K − 2`.
            *sum = sum.wrapping_add(w.wrapping_mul(unsafe { read(x, n + k) }));
        }
    }
    next
}

/// sums[n] += Σᵢ w[n · LENGTH + i] · x[i]
///
/// # Safety
///
/// `w` is followed by `N · LENGTH` bytes, `x` by `LENGTH`.
#[inline(always)]
pub unsafe fn rows<const N: usize, const LENGTH: usize>(sums: &mut [i32; N], w: *const i8, x: *const i8) {
    let mut i = 0;
    #[cfg(all(target_arch = "arm", target_feature = "dsp"))]
    if let ([a, b, c, d, e, f], true) = (&mut sums[..], dsp::reaches::<LENGTH>()) {
        let (mut w, mut x) = (w, x);
        for _ in 0..LENGTH / 4 {
            // SAFETY: the next four bytes are within `LENGTH`, of x and of each row.
            (w, x) = unsafe { dsp::six::<LENGTH>(a, b, c, d, e, f, w, x) };
        }
        i = LENGTH / 4 * 4;
    }
    #[cfg(all(target_arch = "arm", target_feature = "dsp"))]
    while i + 4 <= LENGTH {
        // SAFETY: four bytes from `i` on are within `LENGTH`, of x and of each row.
        unsafe { dsp::quad::<N, LENGTH>(sums, w.wrapping_add(i), x.wrapping_add(i)) };
        i += 4;
    }
    while i < LENGTH {
        // SAFETY: `i` is below `LENGTH`.
        let x = unsafe { read(x, i) };
        for (n, sum) in sums.iter_mut().enumerate() {
            // SAFETY: row `n` is one of `N`, and `i` within it.
            *sum = sum.wrapping_add(x.wrapping_mul(unsafe { read(w, n * LENGTH + i) }));
        }
        i += 1;
    }
}

/// # Safety
///
/// `from` is followed by more than `at` bytes.
#[inline(always)]
unsafe fn read(from: *const i8, at: usize) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { from.wrapping_add(at).read() }.into()
}
