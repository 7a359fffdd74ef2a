//! What a program on a board counts and says: instructions or cycles, its stack, and lines over semihosting.
//!
//! Nothing here formats, allocates or panics, so that a program of known size stays one.
#![no_std]

#[cfg(target_arch = "arm")]
mod arm;
#[cfg(target_arch = "riscv32")]
mod riscv;

use core::ffi::CStr;

#[cfg(target_arch = "arm")]
pub use arm::{Counter, stack};
#[cfg(target_arch = "riscv32")]
pub use riscv::{Counter, paint_stack, stack};
use semihosting::sys::arm_compat::{sys_write0, sys_writec};

/// Prints a line of a name and a number.
pub fn say(name: &CStr, number: u32) {
    sys_write0(name);
    sys_writec(b' ');
    decimal(number);
    sys_writec(b'\n');
}

fn decimal(number: u32) {
    let mut place = 1_000_000_000;
    while place > 1 && place > number {
        place /= 10;
    }
    while place > 0 {
        sys_writec(b'0' + (number / place % 10) as u8);
        place /= 10;
    }
}

/// Ends the program; QEMU then returns 0 if it went well, else 1.
pub fn exit(is_good: bool) -> ! {
    semihosting::process::exit(i32::from(!is_good))
}

/// Says where a program panicked, and ends it.
pub fn panicked(info: &core::panic::PanicInfo<'_>) -> ! {
    if let Some(place) = info.location() {
        sys_write0(c"panicked at ");
        place.file().bytes().for_each(sys_writec);
        say(c" line", place.line());
    }
    semihosting::process::exit(101)
}

/// The panic handler of a program in which no panic can be reached: with one that can, it does not link.
#[macro_export]
macro_rules! no_panic {
    () => {
        #[panic_handler]
        fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
            unsafe extern "C" {
                safe fn a_panic_is_reachable() -> !;
            }
            a_panic_is_reachable()
        }
    };
}

/// The panic handler of the other programs: says where, and ends the program.
#[macro_export]
macro_rules! exit_on_panic {
    () => {
        #[panic_handler]
        fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
            $crate::panicked(info)
        }
    };
}
