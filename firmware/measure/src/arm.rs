//! Cortex-M: the SysTick counter, and the paint on the stack.

use core::hint::black_box;
use core::sync::atomic::{Ordering, compiler_fence};

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;

const LAST: u32 = 0x00FF_FFFF;

/// Counts what a piece of a program takes: on a board cycles; under QEMU ticks, as many for each instruction.
pub struct Counter {
    syst: SYST,
    empty: u32,
}

impl Counter {
    /// Sets the counter up.
    #[must_use]
    pub fn new(mut syst: SYST) -> Self {
        syst.set_clock_source(SystClkSource::Core);
        syst.set_reload(LAST);
        let mut counter = Self { syst, empty: 0 };
        counter.empty = counter.count(|| ());
        counter
    }

    /// The ticks that `f` takes; `u32::MAX` if they are more than the 24 bits of the counter.
    pub fn count(&mut self, f: impl FnOnce()) -> u32 {
        self.syst.clear_current();
        self.syst.enable_counter();
        compiler_fence(Ordering::SeqCst);
        let begin = SYST::get_current();
        black_box(f());
        compiler_fence(Ordering::SeqCst);
        let end = SYST::get_current();
        // Asked first, for other accesses to the register forget it.
        let has_wrapped = self.syst.has_wrapped();
        self.syst.disable_counter();
        // It counts down.
        let ticks = begin.wrapping_sub(end) & LAST;
        if has_wrapped { u32::MAX } else { ticks.saturating_sub(self.empty) }
    }
}

/// The most bytes of stack that the program had so far.
#[must_use]
pub fn stack() -> u32 {
    unsafe extern "C" {
        static _stack_start: u32;
        static _stack_end: u32;
    }
    let top = &raw const _stack_start;
    let mut deepest = &raw const _stack_end;
    // SAFETY: a word of RAM between .bss and the stack's start, for it is below `top`.
    while deepest < top && unsafe { deepest.read_volatile() } == cortex_m_rt::STACK_PAINT_VALUE {
        deepest = deepest.wrapping_add(1);
    }
    (top as usize - deepest as usize) as u32
}
