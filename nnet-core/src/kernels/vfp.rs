//! Blocks of scalars on Arm's floating-point unit. One VLDM loads a row of numbers into registers that follow each other,
//! which a compiler that chooses registers one by one does not use. Products and sums are those of the plain loops, in the
//! same order: VMLA rounds the product, so the bits are the same.
#![allow(unsafe_code, reason = "assembly, which reads through pointers")]

use core::arch::asm;
use core::mem::MaybeUninit;

use super::tile::Sums;

/// The sums of T neighbouring taps, 3 or 5, for 5 neighbouring columns of A outputs, at most 3.
///
/// # Safety
///
/// All `w` and `x` of the formula of [`Sums`] can be read, and A of `acc` read and written.
#[inline(always)]
pub(super) unsafe fn slide<const A: usize, const T: usize>(
    sums: &Sums,
    w: *const f32,
    x: *const f32,
    acc: *mut [f32; 5],
) {
    if sums.extents[0] == 0 || sums.extents[1] == 0 {
        return;
    }
    let steps = Steps::new::<A>(sums);
    // SAFETY: the caller's promise.
    unsafe {
        match (A, T) {
            (1, 3) => one_by_three(&steps, w, x, acc),
            (2, 3) => two_by_three(&steps, w, x, acc),
            (3, 3) => three_by_three(&steps, w, x, acc),
            (1, 5) => one_by_five(&steps, w, x, acc),
            (2, 5) => two_by_five(&steps, w, x, acc),
            (3, 5) => three_by_five(&steps, w, x, acc),
            _ => unreachable!("{A} outputs and {T} taps"),
        }
    }
}

/// Whether these are the bits of an `f32`: there is no other scalar of this size.
#[inline(always)]
pub(super) const fn is_f32<S>() -> bool {
    size_of::<S>() == size_of::<f32>()
}

/// The sums over `taps`, with those steps of w and x, for 5 columns of A outputs, at most 3.
///
/// # Safety
///
/// As [`slide`].
#[inline(always)]
pub(super) unsafe fn step<const A: usize>(
    sums: &Sums,
    taps: usize,
    [w_step, x_step]: [isize; 2],
    w: *const f32,
    x: *const f32,
    acc: *mut [f32; 5],
) {
    if taps == 0 {
        return;
    }
    let bytes = size_of::<f32>().cast_signed();
    let steps = Strides {
        taps,
        output: bytes * sums.w_output,
        w: bytes * (w_step - (A.cast_signed() - 1) * sums.w_output),
        column: bytes * sums.x_column,
        x: bytes * (x_step - 5 * sums.x_column),
    };
    // SAFETY: the caller's promise.
    unsafe {
        match A {
            1 => one(&steps, w, x, acc),
            2 => two(&steps, w, x, acc),
            3 => three(&steps, w, x, acc),
            _ => unreachable!("{A} outputs"),
        }
    }
}

/// What pointers move by, in bytes, behind an output and a tap; and behind a column and all columns.
struct Strides {
    taps: usize,
    output: isize,
    w: isize,
    column: isize,
    x: isize,
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

/// The next weights of an output, from s24 on, and their products with the inputs from s15 on for its five sums.
macro_rules! output {
    (1 $sums:tt) => {
        concat!("vldmia {w}, {{s24}}\n", output!(@ "s24" $sums "s15" "s16" "s17" "s18" "s19"))
    };
    (3 $sums:tt) => {
        concat!(
            "vldmia {w}, {{s24-s26}}\n",
            output!(@ "s24" $sums "s15" "s16" "s17" "s18" "s19"),
            output!(@ "s25" $sums "s16" "s17" "s18" "s19" "s20"),
            output!(@ "s26" $sums "s17" "s18" "s19" "s20" "s21"),
        )
    };
    (5 $sums:tt) => {
        concat!(
            "vldmia {w}, {{s24-s28}}\n",
            output!(@ "s24" $sums "s15" "s16" "s17" "s18" "s19"),
            output!(@ "s25" $sums "s16" "s17" "s18" "s19" "s20"),
            output!(@ "s26" $sums "s17" "s18" "s19" "s20" "s21"),
            output!(@ "s27" $sums "s18" "s19" "s20" "s21" "s22"),
            output!(@ "s28" $sums "s19" "s20" "s21" "s22" "s23"),
        )
    };
    (@ $w:literal ($($sum:literal)*) $($x:literal)*) => {
        concat!($("vmla.f32 ", $sum, ", ", $w, ", ", $x, "\n"),*)
    };
}

/// A block of so many taps and outputs: the registers of its inputs, of all its sums, and of each output's sums.
macro_rules! blocks {
    ($($name:ident: $taps:tt, $inputs:literal, $all:literal, $first:tt $(, $next:tt)*;)*) => {$(
        /// # Safety
        ///
        /// As [`slide`], whose steps these are; there are as many `acc` as outputs.
        #[inline(always)]
        unsafe fn $name(steps: &Steps, w: *const f32, x: *const f32, acc: *mut [f32; 5]) {
            let mut save = Registers::uninit();
            // SAFETY: it reads what the caller promises, writes `acc`, and leaves the floating-point registers as they
            // were: the target does not let them be named as changed.
            unsafe {
                asm!(
                    "vstmia {save}, {{s0-s31}}",
                    concat!("vldmia {acc}, {{", $all, "}}"),
                    "2:",
                    "mov {left}, {rows}",
                    "3:",
                    concat!("vldmia {x}, {{", $inputs, "}}"),
                    output!($taps $first),
                    $("add {w}, {w}, {output}", output!($taps $next),)*
                    "add {x}, {x}, {x_row}",
                    "add {w}, {w}, {w_row}",
                    "subs {left}, {left}, #1",
                    "bne 3b",
                    "add {x}, {x}, {x_channel}",
                    "add {w}, {w}, {w_channel}",
                    "subs {channels}, {channels}, #1",
                    "bne 2b",
                    concat!("vstmia {acc}, {{", $all, "}}"),
                    "vldmia {save}, {{s0-s31}}",
                    // An operand that a single output has no use for.
                    "/* {output} */",
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
blocks! {
    one_by_three: 3, "s15-s21", "s0-s4", ("s0" "s1" "s2" "s3" "s4");
    two_by_three: 3, "s15-s21", "s0-s9", ("s0" "s1" "s2" "s3" "s4"), ("s5" "s6" "s7" "s8" "s9");
    three_by_three: 3, "s15-s21", "s0-s14",
        ("s0" "s1" "s2" "s3" "s4"), ("s5" "s6" "s7" "s8" "s9"), ("s10" "s11" "s12" "s13" "s14");
    one_by_five: 5, "s15-s23", "s0-s4", ("s0" "s1" "s2" "s3" "s4");
    two_by_five: 5, "s15-s23", "s0-s9", ("s0" "s1" "s2" "s3" "s4"), ("s5" "s6" "s7" "s8" "s9");
    three_by_five: 5, "s15-s23", "s0-s14",
        ("s0" "s1" "s2" "s3" "s4"), ("s5" "s6" "s7" "s8" "s9"), ("s10" "s11" "s12" "s13" "s14");
}

/// A tap at a time, so many outputs: the registers of all sums, and of each output's.
macro_rules! single_taps {
    ($($name:ident: $all:literal, $first:tt $(, $next:tt)*;)*) => {$(
        /// # Safety
        ///
        /// As [`step`], whose steps these are; there are as many `acc` as outputs.
        #[inline(always)]
        unsafe fn $name(steps: &Strides, w: *const f32, x: *const f32, acc: *mut [f32; 5]) {
            let mut save = Registers::uninit();
            // SAFETY: as for the blocks of neighbouring taps.
            unsafe {
                asm!(
                    "vstmia {save}, {{s0-s31}}",
                    concat!("vldmia {acc}, {{", $all, "}}"),
                    "2:",
                    "vldmia {x}, {{s15}}",
                    "add {x}, {x}, {column}",
                    "vldmia {x}, {{s16}}",
                    "add {x}, {x}, {column}",
                    "vldmia {x}, {{s17}}",
                    "add {x}, {x}, {column}",
                    "vldmia {x}, {{s18}}",
                    "add {x}, {x}, {column}",
                    "vldmia {x}, {{s19}}",
                    "add {x}, {x}, {column}",
                    output!(1 $first),
                    $("add {w}, {w}, {output}", output!(1 $next),)*
                    "add {x}, {x}, {x_step}",
                    "add {w}, {w}, {w_step}",
                    "subs {taps}, {taps}, #1",
                    "bne 2b",
                    concat!("vstmia {acc}, {{", $all, "}}"),
                    "vldmia {save}, {{s0-s31}}",
                    // An operand that a single output has no use for.
                    "/* {output} */",
                    w = inout(reg) w => _,
                    x = inout(reg) x => _,
                    taps = inout(reg) steps.taps => _,
                    output = in(reg) steps.output,
                    column = in(reg) steps.column,
                    x_step = in(reg) steps.x,
                    w_step = in(reg) steps.w,
                    acc = in(reg) acc,
                    save = in(reg) save.as_mut_ptr(),
                    options(nostack),
                );
            }
        }
    )*};
}

single_taps! {
    one: "s0-s4", ("s0" "s1" "s2" "s3" "s4");
    two: "s0-s9", ("s0" "s1" "s2" "s3" "s4"), ("s5" "s6" "s7" "s8" "s9");
    three: "s0-s14",
        ("s0" "s1" "s2" "s3" "s4"), ("s5" "s6" "s7" "s8" "s9"), ("s10" "s11" "s12" "s13" "s14");
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
pub(super) unsafe fn linear_rows(w: *const f32, inputs: usize, x: *const f32, turns: usize, acc: &mut [f32; 8]) {
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

/// The products of s16 with s8 to s15, for s0 to s7.
macro_rules! eight {
    () => {
        eight!("s0" "s8" "s1" "s9" "s2" "s10" "s3" "s11" "s4" "s12" "s5" "s13" "s6" "s14" "s7" "s15")
    };
    ($($sum:literal $x:literal)*) => {
        concat!($("vmla.f32 ", $sum, ", s16, ", $x, "\n"),*)
    };
}

/// acc[o] += Σᵢ w[i·outputs + o] · x[i] over `inputs` inputs, in their order.
///
/// # Safety
///
/// `inputs` is at least 1; so many entries follow `x`, and 8 weights each of so many rows of `w`.
#[inline(always)]
pub(super) unsafe fn linear_columns(w: *const f32, outputs: usize, x: *const f32, inputs: usize, acc: &mut [f32; 8]) {
    let mut save = Registers::uninit();
    // SAFETY: as for the blocks of outputs.
    unsafe {
        asm!(
            "vstmia {save}, {{s0-s31}}",
            "vldmia {acc}, {{s0-s7}}",
            "2:",
            "vldmia {w}, {{s8-s15}}",
            "vldmia {x}!, {{s16}}",
            eight!(),
            "add {w}, {w}, {row}",
            "subs {inputs}, {inputs}, #1",
            "bne 2b",
            "vstmia {acc}, {{s0-s7}}",
            "vldmia {save}, {{s0-s31}}",
            w = inout(reg) w => _,
            x = inout(reg) x => _,
            inputs = inout(reg) inputs => _,
            row = in(reg) outputs * size_of::<f32>(),
            acc = in(reg) acc,
            save = in(reg) save.as_mut_ptr(),
            options(nostack),
        );
    }
}

/// dw[o][i] += dy[o] · x[i] for all inputs but the last few, if the scalars are `f32`; returns how many inputs.
pub(super) fn outer_product<S>(x: &[S], dy: &[S], dw: &mut [S]) -> usize {
    if !is_f32::<S>() || dy.is_empty() {
        return 0;
    }
    assert_eq!(Some(dw.len()), x.len().checked_mul(dy.len()), "dw: [OUT, IN]");
    let (chunks, pitch) = (x.as_chunks::<8>().0, size_of_val(x));
    for (i, x) in chunks.iter().enumerate() {
        let mut save = Registers::uninit();
        // SAFETY: dw has 8 entries of this chunk in each of its dy.len() rows; the rest as for the blocks of outputs.
        unsafe {
            asm!(
                "vstmia {save}, {{s0-s31}}",
                "vldmia {x}, {{s8-s15}}",
                "2:",
                "vldmia {dw}, {{s0-s7}}",
                "vldmia {dy}!, {{s16}}",
                eight!(),
                "vstmia {dw}, {{s0-s7}}",
                "add {dw}, {dw}, {row}",
                "subs {outputs}, {outputs}, #1",
                "bne 2b",
                "vldmia {save}, {{s0-s31}}",
                dw = inout(reg) dw.as_mut_ptr().wrapping_add(8 * i) => _,
                dy = inout(reg) dy.as_ptr() => _,
                outputs = inout(reg) dy.len() => _,
                row = in(reg) pitch,
                x = in(reg) x.as_ptr(),
                save = in(reg) save.as_mut_ptr(),
                options(nostack),
            );
        }
    }
    8 * chunks.len()
}
