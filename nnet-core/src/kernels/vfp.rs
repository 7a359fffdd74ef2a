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

/// 3 outputs.
///
/// # Safety
///
/// As [`sliding`], whose steps these are.
#[inline(always)]
unsafe fn three(steps: &Steps, w: *const f32, x: *const f32, acc: &mut [[f32; 5]; 3]) {
    let mut save = Registers::uninit();
    // SAFETY: it reads what the caller promises, writes `acc`, and leaves the floating-point registers as they were: the
    // target does not let them be named as changed.
    unsafe {
        asm!(
            "vstmia {save}, {{s0-s31}}",
            "vldmia {acc}, {{s0-s14}}",
            "2:",
            "mov {left}, {rows}",
            "3:",
            "vldmia {x}, {{s15-s23}}",
            "vldmia {w}, {{s24-s28}}",
            "add {w}, {w}, {output}",
            "vmla.f32 s0, s24, s15\nvmla.f32 s1, s24, s16\nvmla.f32 s2, s24, s17\nvmla.f32 s3, s24, s18\nvmla.f32 s4, s24, s19",
            "vmla.f32 s0, s25, s16\nvmla.f32 s1, s25, s17\nvmla.f32 s2, s25, s18\nvmla.f32 s3, s25, s19\nvmla.f32 s4, s25, s20",
            "vmla.f32 s0, s26, s17\nvmla.f32 s1, s26, s18\nvmla.f32 s2, s26, s19\nvmla.f32 s3, s26, s20\nvmla.f32 s4, s26, s21",
            "vmla.f32 s0, s27, s18\nvmla.f32 s1, s27, s19\nvmla.f32 s2, s27, s20\nvmla.f32 s3, s27, s21\nvmla.f32 s4, s27, s22",
            "vmla.f32 s0, s28, s19\nvmla.f32 s1, s28, s20\nvmla.f32 s2, s28, s21\nvmla.f32 s3, s28, s22\nvmla.f32 s4, s28, s23",
            "vldmia {w}, {{s24-s28}}",
            "add {w}, {w}, {output}",
            "vmla.f32 s5, s24, s15\nvmla.f32 s6, s24, s16\nvmla.f32 s7, s24, s17\nvmla.f32 s8, s24, s18\nvmla.f32 s9, s24, s19",
            "vmla.f32 s5, s25, s16\nvmla.f32 s6, s25, s17\nvmla.f32 s7, s25, s18\nvmla.f32 s8, s25, s19\nvmla.f32 s9, s25, s20",
            "vmla.f32 s5, s26, s17\nvmla.f32 s6, s26, s18\nvmla.f32 s7, s26, s19\nvmla.f32 s8, s26, s20\nvmla.f32 s9, s26, s21",
            "vmla.f32 s5, s27, s18\nvmla.f32 s6, s27, s19\nvmla.f32 s7, s27, s20\nvmla.f32 s8, s27, s21\nvmla.f32 s9, s27, s22",
            "vmla.f32 s5, s28, s19\nvmla.f32 s6, s28, s20\nvmla.f32 s7, s28, s21\nvmla.f32 s8, s28, s22\nvmla.f32 s9, s28, s23",
            "vldmia {w}, {{s24-s28}}",
            "vmla.f32 s10, s24, s15\nvmla.f32 s11, s24, s16\nvmla.f32 s12, s24, s17\nvmla.f32 s13, s24, s18\nvmla.f32 s14, s24, s19",
            "vmla.f32 s10, s25, s16\nvmla.f32 s11, s25, s17\nvmla.f32 s12, s25, s18\nvmla.f32 s13, s25, s19\nvmla.f32 s14, s25, s20",
            "vmla.f32 s10, s26, s17\nvmla.f32 s11, s26, s18\nvmla.f32 s12, s26, s19\nvmla.f32 s13, s26, s20\nvmla.f32 s14, s26, s21",
            "vmla.f32 s10, s27, s18\nvmla.f32 s11, s27, s19\nvmla.f32 s12, s27, s20\nvmla.f32 s13, s27, s21\nvmla.f32 s14, s27, s22",
            "vmla.f32 s10, s28, s19\nvmla.f32 s11, s28, s20\nvmla.f32 s12, s28, s21\nvmla.f32 s13, s28, s22\nvmla.f32 s14, s28, s23",
            "add {x}, {x}, {x_row}",
            "add {w}, {w}, {w_row}",
            "subs {left}, {left}, #1",
            "bne 3b",
            "add {x}, {x}, {x_channel}",
            "add {w}, {w}, {w_channel}",
            "subs {channels}, {channels}, #1",
            "bne 2b",
            "vstmia {acc}, {{s0-s14}}",
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

/// 2 outputs.
///
/// # Safety
///
/// As [`sliding`], whose steps these are.
#[inline(always)]
unsafe fn two(steps: &Steps, w: *const f32, x: *const f32, acc: &mut [[f32; 5]; 2]) {
    let mut save = Registers::uninit();
    // SAFETY: it reads what the caller promises, writes `acc`, and leaves the floating-point registers as they were: the
    // target does not let them be named as changed.
    unsafe {
        asm!(
            "vstmia {save}, {{s0-s31}}",
            "vldmia {acc}, {{s0-s9}}",
            "2:",
            "mov {left}, {rows}",
            "3:",
            "vldmia {x}, {{s15-s23}}",
            "vldmia {w}, {{s24-s28}}",
            "add {w}, {w}, {output}",
            "vmla.f32 s0, s24, s15\nvmla.f32 s1, s24, s16\nvmla.f32 s2, s24, s17\nvmla.f32 s3, s24, s18\nvmla.f32 s4, s24, s19",
            "vmla.f32 s0, s25, s16\nvmla.f32 s1, s25, s17\nvmla.f32 s2, s25, s18\nvmla.f32 s3, s25, s19\nvmla.f32 s4, s25, s20",
            "vmla.f32 s0, s26, s17\nvmla.f32 s1, s26, s18\nvmla.f32 s2, s26, s19\nvmla.f32 s3, s26, s20\nvmla.f32 s4, s26, s21",
            "vmla.f32 s0, s27, s18\nvmla.f32 s1, s27, s19\nvmla.f32 s2, s27, s20\nvmla.f32 s3, s27, s21\nvmla.f32 s4, s27, s22",
            "vmla.f32 s0, s28, s19\nvmla.f32 s1, s28, s20\nvmla.f32 s2, s28, s21\nvmla.f32 s3, s28, s22\nvmla.f32 s4, s28, s23",
            "vldmia {w}, {{s24-s28}}",
            "vmla.f32 s5, s24, s15\nvmla.f32 s6, s24, s16\nvmla.f32 s7, s24, s17\nvmla.f32 s8, s24, s18\nvmla.f32 s9, s24, s19",
            "vmla.f32 s5, s25, s16\nvmla.f32 s6, s25, s17\nvmla.f32 s7, s25, s18\nvmla.f32 s8, s25, s19\nvmla.f32 s9, s25, s20",
            "vmla.f32 s5, s26, s17\nvmla.f32 s6, s26, s18\nvmla.f32 s7, s26, s19\nvmla.f32 s8, s26, s20\nvmla.f32 s9, s26, s21",
            "vmla.f32 s5, s27, s18\nvmla.f32 s6, s27, s19\nvmla.f32 s7, s27, s20\nvmla.f32 s8, s27, s21\nvmla.f32 s9, s27, s22",
            "vmla.f32 s5, s28, s19\nvmla.f32 s6, s28, s20\nvmla.f32 s7, s28, s21\nvmla.f32 s8, s28, s22\nvmla.f32 s9, s28, s23",
            "add {x}, {x}, {x_row}",
            "add {w}, {w}, {w_row}",
            "subs {left}, {left}, #1",
            "bne 3b",
            "add {x}, {x}, {x_channel}",
            "add {w}, {w}, {w_channel}",
            "subs {channels}, {channels}, #1",
            "bne 2b",
            "vstmia {acc}, {{s0-s9}}",
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

/// acc[o] += Σᵢ w[o·inputs + i] · x[i] over the first 8·turns inputs, in their order.
///
/// # Safety
///
/// `turns` is at least 1; so many entries follow `x`, and so many weights each of the eight rows of `w`.
#[inline(always)]
pub(super) unsafe fn rows(w: *const f32, inputs: usize, x: *const f32, turns: usize, acc: &mut [f32; 8]) {
    let mut save = Registers::uninit();
    // SAFETY: it reads what the caller promises, writes `acc`, and leaves the floating-point registers as they were: the
    // target does not let them be named as changed.
    unsafe {
        asm!(
            "vstmia {save}, {{s0-s31}}",
            "vldmia {acc}, {{s0-s7}}",
            "2:",
            "vldmia {x}!, {{s8-s15}}",
            "vldmia {w0}!, {{s16-s23}}",
            "vmla.f32 s0, s16, s8\nvmla.f32 s0, s17, s9\nvmla.f32 s0, s18, s10\nvmla.f32 s0, s19, s11\nvmla.f32 s0, s20, s12\nvmla.f32 s0, s21, s13\nvmla.f32 s0, s22, s14\nvmla.f32 s0, s23, s15",
            "vldmia {w1}!, {{s16-s23}}",
            "vmla.f32 s1, s16, s8\nvmla.f32 s1, s17, s9\nvmla.f32 s1, s18, s10\nvmla.f32 s1, s19, s11\nvmla.f32 s1, s20, s12\nvmla.f32 s1, s21, s13\nvmla.f32 s1, s22, s14\nvmla.f32 s1, s23, s15",
            "vldmia {w2}!, {{s16-s23}}",
            "vmla.f32 s2, s16, s8\nvmla.f32 s2, s17, s9\nvmla.f32 s2, s18, s10\nvmla.f32 s2, s19, s11\nvmla.f32 s2, s20, s12\nvmla.f32 s2, s21, s13\nvmla.f32 s2, s22, s14\nvmla.f32 s2, s23, s15",
            "vldmia {w3}!, {{s16-s23}}",
            "vmla.f32 s3, s16, s8\nvmla.f32 s3, s17, s9\nvmla.f32 s3, s18, s10\nvmla.f32 s3, s19, s11\nvmla.f32 s3, s20, s12\nvmla.f32 s3, s21, s13\nvmla.f32 s3, s22, s14\nvmla.f32 s3, s23, s15",
            "vldmia {w4}!, {{s16-s23}}",
            "vmla.f32 s4, s16, s8\nvmla.f32 s4, s17, s9\nvmla.f32 s4, s18, s10\nvmla.f32 s4, s19, s11\nvmla.f32 s4, s20, s12\nvmla.f32 s4, s21, s13\nvmla.f32 s4, s22, s14\nvmla.f32 s4, s23, s15",
            "vldmia {w5}!, {{s16-s23}}",
            "vmla.f32 s5, s16, s8\nvmla.f32 s5, s17, s9\nvmla.f32 s5, s18, s10\nvmla.f32 s5, s19, s11\nvmla.f32 s5, s20, s12\nvmla.f32 s5, s21, s13\nvmla.f32 s5, s22, s14\nvmla.f32 s5, s23, s15",
            "vldmia {w6}!, {{s16-s23}}",
            "vmla.f32 s6, s16, s8\nvmla.f32 s6, s17, s9\nvmla.f32 s6, s18, s10\nvmla.f32 s6, s19, s11\nvmla.f32 s6, s20, s12\nvmla.f32 s6, s21, s13\nvmla.f32 s6, s22, s14\nvmla.f32 s6, s23, s15",
            "vldmia {w7}!, {{s16-s23}}",
            "vmla.f32 s7, s16, s8\nvmla.f32 s7, s17, s9\nvmla.f32 s7, s18, s10\nvmla.f32 s7, s19, s11\nvmla.f32 s7, s20, s12\nvmla.f32 s7, s21, s13\nvmla.f32 s7, s22, s14\nvmla.f32 s7, s23, s15",
            "subs {turns}, {turns}, #1",
            "bne 2b",
            "vstmia {acc}, {{s0-s7}}",
            "vldmia {save}, {{s0-s31}}",
            w0 = inout(reg) w.wrapping_add(0 * inputs) => _,
            w1 = inout(reg) w.wrapping_add(1 * inputs) => _,
            w2 = inout(reg) w.wrapping_add(2 * inputs) => _,
            w3 = inout(reg) w.wrapping_add(3 * inputs) => _,
            w4 = inout(reg) w.wrapping_add(4 * inputs) => _,
            w5 = inout(reg) w.wrapping_add(5 * inputs) => _,
            w6 = inout(reg) w.wrapping_add(6 * inputs) => _,
            w7 = inout(reg) w.wrapping_add(7 * inputs) => _,
            x = inout(reg) x => _,
            turns = inout(reg) turns => _,
            acc = in(reg) acc,
            save = in(reg) save.as_mut_ptr(),
            options(nostack),
        );
    }
}
