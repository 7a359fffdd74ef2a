//! Without an executor: an interrupt puts readings into a queue; the main loop, which owns the memory in which the
//! network predicts, sleeps until a window of them is there.
//!
//! The sensor is made up, and its interrupt is SysTick's. RTIC would hand both ends of the queue out as resources.
#![no_std]
#![no_main]

use core::cell::RefCell;
use core::sync::atomic::{AtomicU32, Ordering};

use cortex_m::Peripherals;
use cortex_m::asm::wfi;
use cortex_m::interrupt::Mutex;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::{entry, exception};
use heapless::spsc::{Consumer, Producer, Queue};
use measure::{exit, say};
use networks::motion::{MOVEMENTS, Sensor};
use networks::{Motion, MotionScratch};
use nnet::Network;
use nnet::loss::argmax;

measure::exit_on_panic!();

/// In flash.
static NETWORK: Motion = nnet::weights!(Motion, "../networks/motion.safetensors");

/// The interrupt's end of the queue, until its first run takes it.
static PRODUCER: Mutex<RefCell<Option<Producer<'static, f32>>>> = Mutex::new(RefCell::new(None));

/// How many readings found the queue full.
static LOST: AtomicU32 = AtomicU32::new(0);

#[exception]
fn SysTick() {
    static mut SENSOR: Sensor = Sensor::new();
    static mut READINGS: Option<Producer<'static, f32>> = None;
    if READINGS.is_none() {
        *READINGS = cortex_m::interrupt::free(|token| PRODUCER.borrow(token).take());
    }
    if READINGS.as_mut().is_some_and(|readings| readings.enqueue(SENSOR.read()).is_err()) {
        LOST.fetch_add(1, Ordering::Relaxed);
    }
}

/// The next reading; the processor sleeps until it is there.
fn wait(readings: &mut Consumer<'_, f32>) -> f32 {
    loop {
        match readings.dequeue() {
            Some(reading) => return reading,
            None => wfi(),
        }
    }
}

#[entry]
fn main() -> ! {
    // One place less than it has: as many as may come during a prediction.
    static mut QUEUE: Queue<f32, 32> = Queue::new();
    static mut WINDOW: [[f32; 32]; 1] = [[0.0; 32]];
    static mut SCRATCH: MotionScratch = MotionScratch::ZERO;
    let (producer, mut readings) = QUEUE.split();
    cortex_m::interrupt::free(|token| PRODUCER.borrow(token).replace(Some(producer)));
    // SAFETY: called once, before anybody has the peripherals.
    let mut timer = unsafe { Peripherals::steal() }.SYST;
    timer.set_clock_source(SystClkSource::Core);
    // 1000 readings a second at 25 MHz.
    timer.set_reload(25_000 - 1);
    timer.clear_current();
    timer.enable_interrupt();
    timer.enable_counter();
    let mut right = 0;
    for number in 0..60 {
        WINDOW.as_flattened_mut().fill_with(|| wait(&mut readings));
        let movement = argmax(NETWORK.predict(WINDOW, SCRATCH), 0);
        right += u32::from(movement == number % MOVEMENTS.len());
    }
    say(c"right of 60", right);
    say(c"lost", LOST.load(Ordering::Relaxed));
    say(c"stack", measure::stack());
    exit(right >= 57)
}
