//! RISC-V: the counter of retired instructions, and paint on the stack.

use core::arch::asm;
use core::hint::black_box;

/// Counts the instructions of a piece of a program.
pub struct Counter {
    empty: u32,
}

impl Counter {
    /// Sets the counter up.
    #[must_use]
    pub fn new() -> Self {
        let mut counter = Self { empty: 0 };
        counter.empty = counter.count(|| ());
        counter
    }

    /// The instructions that `f` takes, modulo 2³².
    pub fn count(&mut self, f: impl FnOnce()) -> u32 {
        let begin = retired();
        black_box(f());
        retired().wrapping_sub(begin).wrapping_sub(self.empty)
    }
}

impl Default for Counter {
    fn default() -> Self {
        Self::new()
    }
}

fn retired() -> u32 {
    let count: u32;
    // SAFETY: reads a counter that machine mode may read. Without `nomem`, memory is not moved across it.
    unsafe { asm!("csrr {}, minstret", out(reg) count, options(nostack)) };
    count
}

const PAINT: u32 = 0xCCCC_CCCC;

unsafe extern "C" {
    static _stack_start: u32;
    static __eheap: u32;
}

/// Paints what the stack has not reached yet.
pub fn paint_stack() {
    let mut word = (&raw const __eheap).cast_mut();
    let stack: usize;
    // SAFETY: reads a register.
    unsafe { asm!("mv {}, sp", out(reg) stack, options(nomem, nostack)) };
    while (word as usize) < stack {
        // SAFETY: a word of RAM behind .bss and below the stack pointer, which nobody has.
        unsafe { word.write_volatile(PAINT) };
        word = word.wrapping_add(1);
    }
}

/// The most bytes of stack that the program had since [`paint_stack`].
#[must_use]
pub fn stack() -> u32 {
    let top = &raw const _stack_start;
    let mut deepest = &raw const __eheap;
    // SAFETY: a word of RAM between .bss and the stack's start, for it is below `top`.
    while deepest < top && unsafe { deepest.read_volatile() } == PAINT {
        deepest = deepest.wrapping_add(1);
    }
    (top as usize - deepest as usize) as u32
}
