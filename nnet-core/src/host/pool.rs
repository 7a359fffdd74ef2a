//! A pool of threads with one operation: a parallel for over owned work.
//!
//! A call opens a job, works on it itself, closes it and waits until every worker has left. A worker that wakes too
//! late finds the job closed and is not waited for, so a call never costs more than the work it hands out plus a
//! few microseconds. What makes the `unsafe` below true is one word, [`Shared::gate`]: the job may be read only
//! between [`Gate::enter`] and [`Gate::leave`], and it is written or dropped only while the gate is shut and empty.
#![allow(unsafe_code, reason = "the borrows of a call are lent to threads that outlive it")]

use std::any::Any;
use std::boxed::Box;
use std::cell::UnsafeCell;
use std::format;
use std::hint::spin_loop;
use std::mem::forget;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use std::vec::Vec;

/// How long a thread looks for news before it sleeps: longer than the gap between the phases of a step.
const SPIN: Duration = Duration::from_micros(40);

/// A system that is asked for many more may refuse one while it starts, and then the process aborts.
const MOST_THREADS: usize = 256;

/// Persistent threads; the caller is one of them.
pub struct Pool {
    shared: Arc<Shared>,
    handles: Vec<JoinHandle<()>>,
}

impl Pool {
    /// A pool of `threads`, the caller counted; 0 counts as 1, and more than 256 as 256.
    ///
    /// A thread that the system refuses is done without: fewer threads change no result.
    pub fn new(threads: usize) -> Self {
        let threads = threads.min(MOST_THREADS);
        let available = thread::available_parallelism().map_or(1, usize::from);
        let spin = if threads > available { Duration::ZERO } else { SPIN };
        let shared = Arc::new(Shared { spin, ..Shared::default() });
        let start = |index| {
            let shared = Arc::clone(&shared);
            let builder = thread::Builder::new().name(format!("nnet-{index}"));
            builder.spawn(move || shared.serve(index)).ok()
        };
        let handles = (1..threads).map_while(start).collect();
        Self { shared, handles }
    }

    /// How many threads work, the caller counted.
    pub fn threads(&self) -> usize {
        self.handles.len() + 1
    }

    /// Calls `f` once for each of `items`, on all threads, each with a worker of its own. Which thread gets which
    /// item is left to chance.
    ///
    /// # Panics
    ///
    /// If there are fewer `workers` than threads. A panic in `f` is passed on once all threads have stopped; the
    /// items not begun by then are left out.
    pub fn for_each<W: Send, T: Send>(
        &mut self,
        workers: &mut [W],
        items: &mut [T],
        f: impl Fn(&mut W, &mut T) + Sync,
    ) {
        let (given, threads) = (workers.len(), self.threads());
        assert!(given >= threads, "{given} workers for {threads} threads");
        if threads == 1 || items.len() < 2 {
            for item in items {
                f(&mut workers[0], item);
            }
            return;
        }
        let work = Work {
            workers: workers.as_mut_ptr(),
            items: items.as_mut_ptr(),
            count: items.len(),
            next: AtomicUsize::new(0),
            panic: Mutex::new(None),
            f: &f,
        };
        // From here to `finish` nothing unwinds: `work.run` catches, and the rest only locks and counts.
        self.shared.publish(work.job());
        work.run(0);
        self.shared.finish();
        let panic = lock(&work.panic).take();
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.shared.announce();
        for handle in self.handles.drain(..) {
            // A worker catches every panic, so there is none to report.
            let _ = handle.join();
        }
    }
}

/// One call of `for_each`, on the caller's stack. Thread `t` uses `workers[t]`, and an item is used by the thread
/// that drew its number from `next`.
struct Work<'f, W, T, F> {
    workers: *mut W,
    items: *mut T,
    count: usize,
    next: AtomicUsize,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
    f: &'f F,
}

impl<W: Send, T: Send, F: Fn(&mut W, &mut T) + Sync> Work<'_, W, T, F> {
    /// The work with its types put away, into the choice of the function.
    fn job(&self) -> Job {
        Job { work: (&raw const *self).cast(), run: run::<W, T, F> }
    }

    /// Draws items until none is left. Does not unwind.
    fn run(&self, thread: usize) {
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            // SAFETY: `for_each` checked that there are at least as many workers as threads.
            let worker = unsafe { self.workers.add(thread) };
            // SAFETY: the slice is borrowed by `for_each`, which does not touch it until all threads have left,
            // and no other thread has this number.
            let worker = unsafe { &mut *worker };
            loop {
                let index = self.next.fetch_add(1, Ordering::Relaxed);
                if index >= self.count {
                    break;
                }
                // SAFETY: `index` is below the length of the slice, as checked above.
                let item = unsafe { self.items.add(index) };
                // SAFETY: the slice is borrowed as `workers` is, and the counter gives a number only once.
                let item = unsafe { &mut *item };
                (self.f)(worker, item);
            }
        }));
        if let Err(panic) = outcome {
            self.next.store(self.count, Ordering::Relaxed);
            // The first panic is kept. Dropping another could panic again, so it is leaked.
            match &mut *lock(&self.panic) {
                Some(_) => forget(panic),
                first => *first = Some(panic),
            }
        }
    }
}

/// A [`Work`] without its types.
#[derive(Clone, Copy)]
struct Job {
    work: *const (),
    run: unsafe fn(*const (), usize),
}

/// # Safety
///
/// `work` points to a live `Work<W, T, F>`, and `thread` is the number of the calling thread alone.
unsafe fn run<W: Send, T: Send, F: Fn(&mut W, &mut T) + Sync>(work: *const (), thread: usize) {
    // SAFETY: by the contract above; shared access is all that any thread has to it.
    let work = unsafe { &*work.cast::<Work<'_, W, T, F>>() };
    work.run(thread);
}

/// Whether the job may be entered, and how many workers are inside.
#[derive(Default)]
struct Gate(AtomicUsize);

impl Gate {
    const OPEN: usize = 1 << (usize::BITS - 1);

    /// Lets workers in. Release: whoever enters sees the job written before.
    fn open(&self) {
        self.0.store(Self::OPEN, Ordering::Release);
    }

    /// Lets no more workers in.
    fn shut(&self) {
        self.0.fetch_and(!Self::OPEN, Ordering::Relaxed);
    }

    /// Whether the caller is now inside.
    fn enter(&self) -> bool {
        let enter = |word| (word & Self::OPEN != 0).then_some(word + 1);
        self.0.fetch_update(Ordering::Acquire, Ordering::Relaxed, enter).is_ok()
    }

    /// Goes out; whether the gate is now shut and empty.
    fn leave(&self) -> bool {
        self.0.fetch_sub(1, Ordering::Release) == 1
    }

    /// Whether it is shut and nobody is inside. Acquire: all that was done inside is seen.
    fn is_empty(&self) -> bool {
        self.0.load(Ordering::Acquire) == 0
    }
}

/// Who sleeps, and on which of the two conditions.
#[derive(Default)]
struct Sleepers {
    workers: usize,
    caller: bool,
}

/// What the threads of a pool share.
#[derive(Default)]
struct Shared {
    gate: Gate,
    job: UnsafeCell<Option<Job>>,
    /// Grows by one with each job.
    generation: AtomicUsize,
    stop: AtomicBool,
    sleepers: Mutex<Sleepers>,
    start: Condvar,
    done: Condvar,
    spin: Duration,
}

// SAFETY: all fields but `job` can be sent. `job` points to `Work`, whose workers and items are `Send` and whose
// function is `Sync` by the bounds of `for_each`.
unsafe impl Send for Shared {}
// SAFETY: all fields but `job` can be shared. `job` is written by `publish` while the gate is shut and empty, and
// read by a worker that is inside; the gate's acquire and release order the two.
unsafe impl Sync for Shared {}

impl Shared {
    /// Opens the gate to `job`. The gate is shut and empty: `finish` has seen to it after the job before.
    fn publish(&self, job: Job) {
        debug_assert!(self.gate.is_empty(), "one job at a time: for_each borrows the pool mutably");
        // SAFETY: nobody is inside the gate, so nobody reads the cell, and only the one caller writes it.
        unsafe { *self.job.get() = Some(job) };
        self.gate.open();
        self.announce();
    }

    /// Tells all workers that there is something new.
    fn announce(&self) {
        self.generation.fetch_add(1, Ordering::Release);
        if lock(&self.sleepers).workers > 0 {
            self.start.notify_all();
        }
    }

    /// Shuts the gate and waits until nobody is inside.
    fn finish(&self) {
        self.gate.shut();
        if self.spin_until(|| self.gate.is_empty()) {
            return;
        }
        let mut sleepers = lock(&self.sleepers);
        while !self.gate.is_empty() {
            sleepers.caller = true;
            sleepers = self.done.wait(sleepers).unwrap_or_else(PoisonError::into_inner);
        }
        sleepers.caller = false;
    }

    /// The life of worker `thread`.
    fn serve(&self, thread: usize) {
        let mut seen = 0;
        loop {
            seen = self.wait_for_news(seen);
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            if self.gate.enter() {
                self.take_part(thread);
                if self.gate.leave() && lock(&self.sleepers).caller {
                    self.done.notify_one();
                }
            }
        }
    }

    /// Works on the job; called inside the gate.
    fn take_part(&self, thread: usize) {
        // SAFETY: inside the gate the cell is not written.
        let job = unsafe { *self.job.get() };
        let Some(Job { work, run }) = job else { return };
        // SAFETY: `for_each` does not return, nor drop its `Work`, before this thread has left the gate, and each
        // thread serves under a number of its own.
        unsafe { run(work, thread) };
    }

    /// The generation, once it is no longer `seen`.
    fn wait_for_news(&self, seen: usize) -> usize {
        let generation = || self.generation.load(Ordering::Acquire);
        if !self.spin_until(|| generation() != seen) {
            let mut sleepers = lock(&self.sleepers);
            while generation() == seen {
                sleepers.workers += 1;
                sleepers = self.start.wait(sleepers).unwrap_or_else(PoisonError::into_inner);
                sleepers.workers -= 1;
            }
        }
        generation()
    }

    /// Looks until `done` or until it is time to sleep; whether `done`.
    ///
    /// It does not yield: two threads that share a core would go on sharing it, where one that sleeps is woken on a
    /// free core (two threads trained LeNet at 1.2 to 1.6 times the speed of one with a yield here, at 1.7 to 2.0
    /// without).
    fn spin_until(&self, done: impl Fn() -> bool) -> bool {
        if done() {
            return true;
        }
        let begin = Instant::now();
        while begin.elapsed() < self.spin {
            for _ in 0..32 {
                if done() {
                    return true;
                }
                spin_loop();
            }
        }
        false
    }
}

/// No panic happens under these locks, so a poisoned one is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
