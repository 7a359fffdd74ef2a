//! What NEON gives, on QEMU's board `virt`.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
mod board {
    use measure::{exit, say};

    measure::exit_on_panic!();

    // Turns on the vectors, makes a stack, and begins.
    core::arch::global_asm!(
        ".section .text.start, \"ax\"",
        ".global _start",
        "_start:",
        "mov x0, #(3 << 20)",
        "msr cpacr_el1, x0",
        "isb",
        "adrp x0, stack_top",
        "add x0, x0, :lo12:stack_top",
        "mov sp, x0",
        "bl begin",
    );

    #[unsafe(no_mangle)]
    extern "C" fn begin() -> ! {
        say(c"vectors", lanes::vectors());
        say(c"distance", lanes::distance());
        say(c"learned", lanes::learned());
        exit(true)
    }
}

#[cfg(not(target_os = "none"))]
fn main() {
    println!("vectors {}\ndistance {}\nlearned {}", lanes::vectors(), lanes::distance(), lanes::learned());
}
