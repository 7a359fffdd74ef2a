//! A task owns the memory in which the network predicts, and sleeps until a window of readings is full; an interrupt
//! delivers them one at a time, through a queue.
//!
//! The sensor is made up: its interrupt is SysTick's. With another, [`Sensor::read`] reads its register.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicU32, Ordering};

use cortex_m::Peripherals;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::exception;
use embassy_executor::Spawner;
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::channel::Channel;
use measure::{exit, say};
use networks::motion::{MOVEMENTS, Sensor};
use networks::{Motion, MotionScratch};
use nnet::Network;
use nnet::loss::argmax;
use static_cell::ConstStaticCell;

measure::exit_on_panic!();

/// In flash.
static NETWORK: Motion = nnet::weights!(Motion, "../networks/motion.safetensors");

/// Readings on their way from the interrupt to the task: as many as may come while it predicts.
static READINGS: Channel<CriticalSectionRawMutex, f32, 32> = Channel::new();

/// How many readings found the queue full.
static LOST: AtomicU32 = AtomicU32::new(0);

/// What the task owns: handed out once.
static MEMORY: ConstStaticCell<Memory> =
    ConstStaticCell::new(Memory { window: [[0.0; 32]], scratch: MotionScratch::ZERO });

struct Memory {
    window: [[f32; 32]; 1],
    scratch: MotionScratch,
}

/// Tells windows apart as they come; here 60, and then it says how many it told right.
#[embassy_executor::task]
async fn classify(memory: &'static mut Memory) {
    let Memory { window, scratch } = memory;
    let mut right = 0;
    for number in 0..60 {
        for reading in window.as_flattened_mut() {
            *reading = READINGS.receive().await;
        }
        let movement = argmax(NETWORK.predict(window, scratch), 0);
        right += u32::from(movement == number % MOVEMENTS.len());
    }
    say(c"right of 60", right);
    say(c"lost", LOST.load(Ordering::Relaxed));
    say(c"stack", measure::stack());
    exit(right >= 57)
}

#[exception]
fn SysTick() {
    static mut SENSOR: Sensor = Sensor::new();
    if READINGS.try_send(SENSOR.read()).is_err() {
        LOST.fetch_add(1, Ordering::Relaxed);
    }
}

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let Some(Peripherals { SYST: mut timer, .. }) = Peripherals::take() else { return };
    timer.set_clock_source(SystClkSource::Core);
    // 1000 readings a second at 25 MHz.
    timer.set_reload(25_000 - 1);
    timer.clear_current();
    timer.enable_interrupt();
    timer.enable_counter();
    match classify(MEMORY.take()) {
        Ok(task) => spawner.spawn(task),
        Err(_) => exit(false),
    }
}
