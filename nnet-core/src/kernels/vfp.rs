//! Blocks of scalars on Arm's floating-point unit. One VLDM loads a row of numbers into registers that follow each other,
//! which a compiler that chooses registers one by one does not use. Products and sums are those of the plain loops, in the
//! same order: VMLA rounds the product, so the bits are the same.
#![allow(unsafe_code, reason = "assembly, which reads through pointers")]

use core::arch::asm;
use core::mem::MaybeUninit;

use super::tile::Sums;
use crate::simd::Simd;

/// The sums of `tile::sliding`, if there is such a block: 5 columns and 5 taps of 2 or 3 outputs in `f32`.
///
/// # Safety
///
/// As `tile`; taps and columns are neighbours.
#[inline(always)]
pub(super) unsafe fn sliding<I: Simd, const A: usize, const B: usize, const T: usize>(
    sums: &Sums,
    w: *const I::Scalar,
    x: *const I::Scalar,
    acc: &mut [[I::Vector; B]; A],
) -> bool {
    let is_block = (2..=3).contains(&A) && B == 5 && T == 5;
    if !is_block || !is_f32::<I::Scalar>() || !is_f32::<I::Vector>() || sums.extents[0] == 0 || sums.extents[1] == 0 {
        return false;
    }
    let (steps, w, x) = (Steps::new::<A>(sums), w.cast(), x.cast());
    let acc = (&raw mut *acc).cast::<[f32; 5]>();
    if A == 3 {
        // SAFETY: A rows of B scalars, which are `f32` as looked at above; `acc` is borrowed alone.
        let acc = unsafe { &mut *acc.cast() };
        // SAFETY: the caller's promise.
        unsafe { three(&steps, w, x, acc) };
    } else {
        // SAFETY: as above.
        let acc = unsafe { &mut *acc.cast() };
        // SAFETY: the caller's promise.
        unsafe { two(&steps, w, x, acc) };
    }
    true
}

/// Whether these are the bits of an `f32`: there is no other scalar of this size.
#[inline(always)]
pub(super) const fn is_f32<S>() -> bool {
    size_of::<S>() == size_of::<f32>()
}

/// Room for the floating-point registers.
type Registers = MaybeUninit<[f32; 32]>;

/// What pointers move by, in bytes: from an output to the next; behind a row of the kernel, and behind all rows.
struct Steps {
    channels: usize,
    rows: usize,
    output: isize,
    x_row: isize,
    w_row: isize,
    x_channel: isize,
    w_channel: isize,
}

impl Steps {
    #[inline(always)]
    fn new<const A: usize>(sums: &Sums) -> Self {
        let ([channels, rows, _], bytes) = (sums.extents, size_of::<f32>().cast_signed());
        let ([w_channel, w_row, _], [x_channel, x_row, _]) = (sums.w_step, sums.x_step);
        let (outputs, all) = (A.cast_signed() - 1, rows.cast_signed());
        Self {
            channels,
            rows,
            output: bytes * sums.w_output,
            x_row: bytes * x_row,
            w_row: bytes * (w_row - outputs * sums.w_output),
            x_channel: bytes * (x_channel - all * x_row),
            w_channel: bytes * (w_channel - all * w_row),
        }
    }
}

/// The 25 products of 5 taps and 5 columns; of the weights in s24 to s28 and the inputs from s15 on.
macro_rules! products {
    ($a:literal $b:literal $c:literal $d:literal $e:literal) => {
        concat!(
            products!(@ "s24", $a "s15" $b "s16" $c "s17" $d "s18" $e "s19"),
            products!(@ "s25", $a "s16" $b "s17" $c "s18" $d "s19" $e "s20"),
            products!(@ "s26", $a "s17" $b "s18" $c "s19" $d "s20" $e "s21"),
            products!(@ "s27", $a "s18" $b "s19" $c "s20" $d "s21" $e "s22"),
            products!(@ "s28", $a "s19" $b "s20" $c "s21" $d "s22" $e "s23"),
        )
    };
    (@ $w:literal, $($sum:literal $x:literal)*) => {
        concat!($("vmla.f32 ", $sum, ", ", $w, ", ", $x, "\n"),*)
    };
}

/// So many outputs: their sums are the registers up to `$last`; `$line`s go once through a row of the kernel.
macro_rules! outputs {
    ($($name:ident, $outputs:literal, $last:literal: $($line:expr),*;)*) => {$(
        /// # Safety
        ///
        /// As [`sliding`], whose steps these are.
        #[inline(always)]
        unsafe fn $name(steps: &Steps, w: *const f32, x: *const f32, acc: &mut [[f32; 5]; $outputs]) {
            let mut save = Registers::uninit();
            // SAFETY: it reads what the caller promises, writes `acc`, and leaves the floating-point registers as they
            // were: the target does not let them be named as changed.
            unsafe {
                asm!(
                    "vstmia {save}, {{s0-s31}}",
                    concat!("vldmia {acc}, {{s0-", $last, "}}"),
                    "2:",
                    "mov {left}, {rows}",
                    "3:",
                    "vldmia {x}, {{s15-s23}}",
                    $($line,)*
                    "add {x}, {x}, {x_row}",
                    "add {w}, {w}, {w_row}",
                    "subs {left}, {left}, #1",
                    "bne 3b",
                    "add {x}, {x}, {x_channel}",
                    "add {w}, {w}, {w_channel}",
                    "subs {channels}, {channels}, #1",
                    "bne 2b",
                    concat!("vstmia {acc}, {{s0-", $last, "}}"),
                    "vldmia {save}, {{s0-s31}}",
                    w = inout(reg) w => _,
                    x = inout(reg) x => _,
                    channels = inout(reg) steps.channels => _,
                    left = out(reg) _,
                    rows = in(reg) steps.rows,
                    output = in(reg) steps.output,
                    x_row = in(reg) steps.x_row,
                    w_row = in(reg) steps.w_row,
                    x_channel = in(reg) steps.x_channel,
                    w_channel = in(reg) steps.w_channel,
                    acc = in(reg) acc,
                    save = in(reg) save.as_mut_ptr(),
                    options(nostack),
                );
            }
        }
    )*};
}
outputs! {
    two, 2, "s9":
        "vldmia {w}, {{s24-s28}}",
        products!("s0" "s1" "s2" "s3" "s4"),
        "add {w}, {w}, {output}",
        "vldmia {w}, {{s24-s28}}",
        products!("s5" "s6" "s7" "s8" "s9");
    three, 3, "s14":
        "vldmia {w}, {{s24-s28}}",
        products!("s0" "s1" "s2" "s3" "s4"),
        "add {w}, {w}, {output}",
        "vldmia {w}, {{s24-s28}}",
        products!("s5" "s6" "s7" "s8" "s9"),
        "add {w}, {w}, {output}",
        "vldmia {w}, {{s24-s28}}",
        products!("s10" "s11" "s12" "s13" "s14");
}

/// Eight inputs of a row: its next weights, and their products with s8 to s15.
macro_rules! row {
    ($w:literal, $sum:literal) => {
        concat!(
            "vldmia {", $w, "}!, {{s16-s23}}\n",
            row!(@ $sum, "s16" "s8" "s17" "s9" "s18" "s10" "s19" "s11" "s20" "s12" "s21" "s13" "s22" "s14" "s23" "s15")
        )
    };
    (@ $sum:literal, $($w:literal $x:literal)*) => {
        concat!($("vmla.f32 ", $sum, ", ", $w, ", ", $x, "\n"),*)
    };
}

/// acc[o] += Σᵢ w[o·inputs + i] · x[i] over the first 8·turns inputs, in their order.
///
/// # Safety
///
/// `turns` is at least 1; so many entries follow `x`, and so many weights each of the eight rows of `w`.
#[inline(always)]
pub(super) unsafe fn rows(w: *const f32, inputs: usize, x: *const f32, turns: usize, acc: &mut [f32; 8]) {
    let mut save = Registers::uninit();
    let row = |o: usize| w.wrapping_add(o * inputs);
    // SAFETY: as for the blocks of outputs.
    unsafe {
        asm!(
            "vstmia {save}, {{s0-s31}}",
            "vldmia {acc}, {{s0-s7}}",
            "2:",
            "vldmia {x}!, {{s8-s15}}",
            row!("w0", "s0"),
            row!("w1", "s1"),
            row!("w2", "s2"),
            row!("w3", "s3"),
            row!("w4", "s4"),
            row!("w5", "s5"),
            row!("w6", "s6"),
            row!("w7", "s7"),
            "subs {turns}, {turns}, #1",
            "bne 2b",
            "vstmia {acc}, {{s0-s7}}",
            "vldmia {save}, {{s0-s31}}",
            w0 = inout(reg) row(0) => _,
            w1 = inout(reg) row(1) => _,
            w2 = inout(reg) row(2) => _,
            w3 = inout(reg) row(3) => _,
            w4 = inout(reg) row(4) => _,
            w5 = inout(reg) row(5) => _,
            w6 = inout(reg) row(6) => _,
            w7 = inout(reg) row(7) => _,
            x = inout(reg) x => _,
            turns = inout(reg) turns => _,
            acc = in(reg) acc,
            save = in(reg) save.as_mut_ptr(),
            options(nostack),
        );
    }
}
