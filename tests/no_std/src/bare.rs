//! What a program without a C library must bring: an entry point, two system calls, five memory functions.

use core::arch::{asm, global_asm};

global_asm!(".globl _start", "_start:", "xor ebp, ebp", "and rsp, -16", "call start", "ud2");

/// # Safety
///
/// The call does nothing to memory that Rust relies on.
unsafe fn system_call(number: usize, arguments: [usize; 3]) {
    let [a, b, c] = arguments;
    // SAFETY: the kernel clobbers rcx, r11 and rax only; the rest is the caller's contract.
    unsafe {
        asm!("syscall", inlateout("rax") number => _, in("rdi") a, in("rsi") b, in("rdx") c, out("rcx") _, out("r11") _);
    }
}

/// Writes to the standard output.
pub fn print(text: &[u8]) {
    // SAFETY: `write` reads the text.
    unsafe { system_call(1, [1, text.as_ptr() as usize, text.len()]) };
}

/// Ends the program.
pub fn exit(code: i32) -> ! {
    // SAFETY: `exit_group` does not return.
    unsafe { system_call(231, [code as usize, 0, 0]) };
    loop {
        core::hint::spin_loop();
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    print(b"panic\n");
    exit(101)
}

// Volatile accesses keep the compiler from turning these loops into calls of themselves.

#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut u8, value: i32, n: usize) -> *mut u8 {
    for i in 0..n {
        // SAFETY: `to` is valid for n bytes by the contract of the C function.
        unsafe { to.add(i).write_volatile(value as u8) };
    }
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, n: usize) -> *mut u8 {
    for i in 0..n {
        // SAFETY: both are valid for n bytes by the contract of the C function.
        unsafe { to.add(i).write_volatile(from.add(i).read()) };
    }
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, n: usize) -> *mut u8 {
    if (to as usize) <= from as usize {
        // SAFETY: copied upwards, a byte is read before it is overwritten.
        return unsafe { memcpy(to, from, n) };
    }
    for i in (0..n).rev() {
        // SAFETY: as memcpy; copied downwards, a byte is read before it is overwritten.
        unsafe { to.add(i).write_volatile(from.add(i).read()) };
    }
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(a: *const u8, b: *const u8, n: usize) -> i32 {
    for i in 0..n {
        // SAFETY: both are valid for n bytes by the contract of the C function.
        let (a, b) = unsafe { (a.add(i).read_volatile(), b.add(i).read_volatile()) };
        if a != b {
            return i32::from(a) - i32::from(b);
        }
    }
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(a: *const u8, b: *const u8, n: usize) -> i32 {
    // SAFETY: the same contract.
    unsafe { memcmp(a, b, n) }
}

/// Named by the precompiled `core`, never called: there is no unwinding.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}
