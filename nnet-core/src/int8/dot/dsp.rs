//! Arm's DSP extension: two products of signed halves, and their sum, in one instruction.
//!
//! Of four bytes b₀ b₁ b₂ b₃ in a word, the pairs (b₀, b₂) and (b₁, b₃) come apart as such halves in one instruction each.
//! Pair n of x meets pair 0 of the taps for column n, and pair n + 1 meets pair 1.

use core::arch::asm;

macro_rules! multiply {
    ($($(#[$doc:meta])* $name:ident, $instruction:literal;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        fn $name(w: u32, x: u32, sum: i32) -> i32 {
            let result;
            // SAFETY: arithmetic on registers.
            unsafe {
                asm!(
                    concat!($instruction, " {0}, {1}, {2}, {3}"),
                    lateout(reg) result, in(reg) w, in(reg) x, in(reg) sum,
                    options(pure, nomem, nostack),
                );
            }
            result
        }
    )*};
}
multiply! {
    /// Both halves' products.
    both, "smlad";
    /// Lower half of w by the upper one of x.
    upper, "smlabt";
}

/// b₀ and b₂.
#[inline(always)]
fn even(word: u32) -> u32 {
    let pair;
    // SAFETY: arithmetic on registers.
    unsafe { asm!("sxtb16 {0}, {1}", lateout(reg) pair, in(reg) word, options(pure, nomem, nostack, preserves_flags)) };
    pair
}

/// b₁ and b₃.
#[inline(always)]
fn odd(word: u32) -> u32 {
    let pair;
    // SAFETY: arithmetic on registers.
    unsafe {
        asm!("sxtb16 {0}, {1}, ror #8", lateout(reg) pair, in(reg) word, options(pure, nomem, nostack, preserves_flags));
    };
    pair
}

/// # Safety
///
/// `from` is followed by `at + 4` bytes.
#[inline(always)]
unsafe fn word(from: *const i8, at: usize) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { from.wrapping_add(at).cast::<u32>().read_unaligned() }
}

/// Whether all rows of [`six`] can be addressed from the first one.
#[inline(always)]
pub const fn reaches<const LENGTH: usize>() -> bool {
    5 * LENGTH < 4096
}

/// Where a row begins, if it can be addressed: what is never run has to be assembled, too.
const fn offset<const LENGTH: usize>(row: usize) -> usize {
    if reaches::<LENGTH>() { row * LENGTH } else { 0 }
}

/// Four weights of a row by the pairs `even` and `odd` of x.
macro_rules! quad {
    ($sum:literal, $place:literal) => {
        concat!(
            "ldr {word}, ",
            $place,
            "\n",
            "sxtb16 {pair}, {word}\n",
            "sxtb16 {word}, {word}, ror #8\n",
            "smlad {",
            $sum,
            "}, {even}, {pair}, {",
            $sum,
            "}\n",
            "smlad {",
            $sum,
            "}, {odd}, {word}, {",
            $sum,
            "}",
        )
    };
}

/// Four entries of six rows: sums += Σ w[n · LENGTH + i] · x[i], i < 4; gives what follows them in the first row and in x.
///
/// # Safety
///
/// Four bytes follow `x`, and each of the six rows of `w`; and [`reaches`].
#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "a register each")]
pub unsafe fn six<const LENGTH: usize>(
    a: &mut i32,
    b: &mut i32,
    c: &mut i32,
    d: &mut i32,
    e: &mut i32,
    f: &mut i32,
    mut w: *const i8,
    mut x: *const i8,
) -> (*const i8, *const i8) {
    // SAFETY: it reads what the caller promises, and writes registers.
    unsafe {
        asm!(
            "ldr {odd}, [{x}], #4",
            "sxtb16 {even}, {odd}",
            "sxtb16 {odd}, {odd}, ror #8",
            quad!("b", "[{w}, #{second}]"),
            quad!("c", "[{w}, #{third}]"),
            quad!("d", "[{w}, #{fourth}]"),
            quad!("e", "[{w}, #{fifth}]"),
            quad!("f", "[{w}, #{sixth}]"),
            quad!("a", "[{w}], #4"),
            w = inout(reg) w,
            x = inout(reg) x,
            a = inout(reg) *a,
            b = inout(reg) *b,
            c = inout(reg) *c,
            d = inout(reg) *d,
            e = inout(reg) *e,
            f = inout(reg) *f,
            even = out(reg) _,
            odd = out(reg) _,
            word = out(reg) _,
            pair = out(reg) _,
            second = const offset::<LENGTH>(1),
            third = const offset::<LENGTH>(2),
            fourth = const offset::<LENGTH>(3),
            fifth = const offset::<LENGTH>(4),
            sixth = const offset::<LENGTH>(5),
            options(pure, readonly, nostack),
        );
    }
    (w, x)
}

/// sums[n] += Σ w[n · LENGTH + i] · x[i], i < 4
///
/// # Safety
///
/// Four bytes follow `x`, and each of the `N` rows of `w`.
#[inline(always)]
pub unsafe fn quad<const N: usize, const LENGTH: usize>(sums: &mut [i32; N], w: *const i8, x: *const i8) {
    // SAFETY: four bytes follow.
    let x = unsafe { word(x, 0) };
    let (x_even, x_odd) = (even(x), odd(x));
    for (n, sum) in sums.iter_mut().enumerate() {
        // SAFETY: four bytes follow in each row.
        let w = unsafe { word(w, n * LENGTH) };
        *sum = both(odd(w), x_odd, both(even(w), x_even, *sum));
    }
}

/// The row of a kernel, and what follows its taps; nothing if it is none of those below.
///
/// # Safety
///
/// `w` is followed by `K` bytes, `x` by `N + K − 1`.
#[inline(always)]
pub unsafe fn row<const K: usize, const N: usize>(
    sums: &mut [i32; N],
    w: *const i8,
    x: *const i8,
) -> Option<*const i8> {
    // SAFETY: the caller's promise.
    unsafe {
        match (K, &mut sums[..]) {
            (5, [a, b, c, d, e]) => Some(five_by_five(a, b, c, d, e, w, x)),
            (5, [a, b, c, d]) => Some(five_by_four(a, b, c, d, w, x)),
            (5, [a, b]) => Some(five_by_two(a, b, w, x)),
            (3, [a, b, c, d]) => Some(three_by_four(a, b, c, d, w, x)),
            (3, [a, b]) => Some(three_by_two(a, b, w, x)),
            _ if K % 2 == 1 && K > 5 && N % 2 == 0 => {
                slide::<K, N>(sums, w, x);
                Some(w.wrapping_add(K))
            }
            _ => None,
        }
    }
}

/// The next pair of x, and which taps it meets for which sums: two by SMLAD, one with its upper or lower half.
macro_rules! pair {
    ($half:ident: $($taps:literal $instruction:literal $sum:literal),*) => {
        concat!(pair!(@ $half), $("\n", $instruction, " {", $sum, "}, {", $taps, "}, {pair}, {", $sum, "}"),*)
    };
    (@ even) => { "sxtb16 {pair}, {word}" };
    (@ odd) => { "sxtb16 {pair}, {word}, ror #8" };
}

/// Five taps: two pairs, and the last one.
macro_rules! five_taps {
    () => {
        concat!(
            "ldr {even}, [{w}], #4\n",
            "ldr {word}, [{x}]\n",
            "ldrsb {last}, [{w}], #1\n",
            "sxtb16 {odd}, {even}, ror #8\n",
            "sxtb16 {even}, {even}",
        )
    };
}

/// Three taps: the outer ones as a pair, and the middle one.
macro_rules! three_taps {
    () => {
        concat!(
            "ldrsb {outer}, [{w}], #1\n",
            "ldrsb {middle}, [{w}], #1\n",
            "ldrsb {word}, [{w}], #1\n",
            "pkhbt {outer}, {outer}, {word}, lsl #16\n",
            "ldr {word}, [{x}]",
        )
    };
}

/// A row of a kernel in as many registers as there are: one piece of assembly, for the compiler would spill.
///
/// Sums go by letters; `word` is four bytes of x, `pair` two of them.
macro_rules! rows {
    ($($name:ident($($sum:ident),*; $($temporary:ident),*) $($line:expr),*;)*) => {$(
        /// # Safety
        ///
        /// The taps of the kernel's row follow `w`; behind `x` as many bytes as they meet.
        #[inline(always)]
        unsafe fn $name($($sum: &mut i32,)* mut w: *const i8, x: *const i8) -> *const i8 {
            // SAFETY: it reads what the caller promises, and writes registers.
            unsafe {
                asm!(
                    $($line,)*
                    w = inout(reg) w,
                    x = in(reg) x,
                    $($sum = inout(reg) *$sum,)*
                    $($temporary = out(reg) _,)*
                    options(pure, readonly, nostack),
                );
            }
            w
        }
    )*};
}
rows! {
    five_by_five(a, b, c, d, e; even, odd, last, word, pair)
        five_taps!(),
        pair!(even: "even" "smlad" "a"),
        pair!(odd: "odd" "smlad" "a", "even" "smlad" "b"),
        "ldr {word}, [{x}, #2]",
        pair!(even: "last" "smlabt" "a", "odd" "smlad" "b", "even" "smlad" "c"),
        pair!(odd: "last" "smlabt" "b", "odd" "smlad" "c", "even" "smlad" "d"),
        "ldr {word}, [{x}, #4]",
        pair!(even: "last" "smlabt" "c", "odd" "smlad" "d", "even" "smlad" "e"),
        pair!(odd: "last" "smlabt" "d", "odd" "smlad" "e"),
        "ldrsb {pair}, [{x}, #8]",
        "smlabb {e}, {last}, {pair}, {e}";
    five_by_four(a, b, c, d; even, odd, last, word, pair)
        five_taps!(),
        pair!(even: "even" "smlad" "a"),
        pair!(odd: "odd" "smlad" "a", "even" "smlad" "b"),
        "ldr {word}, [{x}, #2]",
        pair!(even: "last" "smlabt" "a", "odd" "smlad" "b", "even" "smlad" "c"),
        pair!(odd: "last" "smlabt" "b", "odd" "smlad" "c", "even" "smlad" "d"),
        "ldr {word}, [{x}, #4]",
        pair!(even: "last" "smlabt" "c", "odd" "smlad" "d"),
        pair!(odd: "last" "smlabt" "d");
    five_by_two(a, b; even, odd, last, word, pair)
        five_taps!(),
        pair!(even: "even" "smlad" "a"),
        pair!(odd: "odd" "smlad" "a", "even" "smlad" "b"),
        "ldr {word}, [{x}, #2]",
        pair!(even: "last" "smlabt" "a", "odd" "smlad" "b"),
        pair!(odd: "last" "smlabt" "b");
    three_by_four(a, b, c, d; outer, middle, word, pair)
        three_taps!(),
        pair!(even: "outer" "smlad" "a", "middle" "smlabt" "b"),
        pair!(odd: "middle" "smlabb" "a", "outer" "smlad" "b", "middle" "smlabt" "c"),
        "ldr {word}, [{x}, #2]",
        pair!(even: "outer" "smlad" "c", "middle" "smlabt" "d"),
        pair!(odd: "outer" "smlad" "d");
    three_by_two(a, b; outer, middle, word, pair)
        three_taps!(),
        pair!(even: "outer" "smlad" "a", "middle" "smlabt" "b"),
        pair!(odd: "middle" "smlabb" "a", "outer" "smlad" "b");
}

/// sums[n] += Σₖ w[k] · x[n + k] for an odd `K` of at least 7 and an even `N`.
///
/// # Safety
///
/// `w` is followed by `K` bytes, `x` by `N + K − 1`.
#[inline(always)]
unsafe fn slide<const K: usize, const N: usize>(sums: &mut [i32; N], w: *const i8, x: *const i8) {
    let quads = K / 4;
    let mut pairs = [[0; 2]; 16];
    for (quad, pair) in pairs.iter_mut().enumerate().take(quads) {
        // SAFETY: four taps from `4 · quad` on are among the `K`.
        let w = unsafe { word(w, 4 * quad) };
        *pair = [even(w), odd(w)];
    }
    // What is left: the last tap, or three of which the outer two are a pair.
    // SAFETY: all of them are among the `K`.
    let last = unsafe { super::read(w, K - 1) };
    // SAFETY: as above.
    let [first, middle] = unsafe { [super::read(w, K - 3), super::read(w, K - 2)] };
    let (is_one, outer) = (K % 4 == 1, (first as u32 & 0xFFFF) | (last as u32) << 16);
    for at in (0..N + K - 3).step_by(2) {
        // SAFETY: `at` is even and at most `N + K − 5`, since `N + K` is odd: four bytes follow.
        let x = unsafe { word(x, at) };
        for (m, x) in [(at, even(x)), (at + 1, odd(x))] {
            // Pair m is x[m] and x[m + 2].
            for (quad, [w_even, w_odd]) in pairs.iter().enumerate().take(quads) {
                if let Some(sum) = m.checked_sub(4 * quad).and_then(|n| sums.get_mut(n)) {
                    *sum = both(*w_even, x, *sum);
                }
                if let Some(sum) = m.checked_sub(4 * quad + 1).and_then(|n| sums.get_mut(n)) {
                    *sum = both(*w_odd, x, *sum);
                }
            }
            if is_one {
                // x[n + K − 1] is the upper half of pair n + K − 3.
                if let Some(sum) = m.checked_sub(K - 3).and_then(|n| sums.get_mut(n)) {
                    *sum = upper(last as u32, x, *sum);
                }
                continue;
            }
            if let Some(sum) = m.checked_sub(K - 3).and_then(|n| sums.get_mut(n)) {
                *sum = both(outer, x, *sum);
            }
            // x[n + K − 2] is the upper half of pair n + K − 4, and the lower one of pair n + K − 2.
            if let Some(sum) = (m + 4).checked_sub(K).and_then(|n| sums.get_mut(n)) {
                *sum = upper(middle as u32, x, *sum);
            }
        }
    }
}
