//! Every item once, on any number of threads, through sleeps and panics.

use std::sync::atomic::AtomicU64;
use std::{vec, vec::Vec};

use super::*;

#[test]
fn every_item_is_visited_once_by_any_number_of_threads() {
    for threads in [0, 1, 2, 3, 7, 40] {
        let mut pool = Pool::new(threads);
        let mut workers = vec![0_u64; pool.threads()];
        for count in [0, 1, 2, 3, 100, 1000] {
            workers.fill(0);
            let mut items: Vec<u64> = (0..count).collect();
            pool.for_each(&mut workers, &mut items, |sum, item| {
                *sum += *item;
                *item += 1;
            });
            assert_eq!(workers.iter().sum::<u64>(), (0..count).sum::<u64>());
            assert!(items.into_iter().eq(1..=count));
        }
    }
}

#[test]
fn many_short_calls_and_sleeps_between_lose_no_work() {
    let mut pool = Pool::new(2);
    let total = AtomicU64::new(0);
    for call in 0..20_000 {
        let mut items = [1, 2, 3];
        pool.for_each(&mut [(), ()], &mut items, |(), item| {
            total.fetch_add(*item, Ordering::Relaxed);
        });
        if call % 1000 == 0 {
            thread::sleep(Duration::from_millis(1));
        }
    }
    assert_eq!(total.into_inner(), 6 * 20_000);
}

#[test]
fn slow_items_are_waited_for() {
    let mut pool = Pool::new(3);
    let mut items = [false; 6];
    pool.for_each(&mut [(); 3], &mut items, |(), item| {
        thread::sleep(Duration::from_millis(3));
        *item = true;
    });
    assert_eq!(items, [true; 6]);
}

#[test]
fn a_panic_reaches_the_caller_and_the_pool_lives_on() {
    for threads in [1, 2, 3] {
        let mut pool = Pool::new(threads);
        let mut workers = vec![(); threads];
        for _ in 0..20 {
            let mut items: Vec<u32> = (0..50).collect();
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                pool.for_each(&mut workers, &mut items, |(), item| {
                    // resume_unwind does not print
                    if *item % 7 == 3 {
                        resume_unwind(Box::new(*item));
                    }
                });
            }));
            let payload = outcome.expect_err("an item panicked").downcast::<u32>();
            assert_eq!(*payload.expect("the payload is passed on") % 7, 3);
            let mut items = [1, 2, 3];
            pool.for_each(&mut workers, &mut items, |(), item| *item *= 2);
            assert_eq!(items, [2, 4, 6]);
        }
    }
}

#[test]
fn what_the_items_own_is_dropped_once() {
    struct Counted<'a>(&'a AtomicU64);
    impl Drop for Counted<'_> {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let drops = AtomicU64::new(0);
    let mut pool = Pool::new(3);
    let mut items: Vec<Option<Counted<'_>>> = (0..10).map(|_| Some(Counted(&drops))).collect();
    let mut workers = [const { Vec::new() }; 3];
    pool.for_each(&mut workers, &mut items, |kept: &mut Vec<_>, item| kept.extend(item.take()));
    assert_eq!(drops.load(Ordering::Relaxed), 0);
    drop((items, workers, pool));
    assert_eq!(drops.into_inner(), 10);
}

#[test]
#[should_panic(expected = "1 workers for 2 threads")]
fn too_few_workers_are_refused() {
    Pool::new(2).for_each(&mut [()], &mut [(), ()], |(), ()| {});
}

#[test]
fn more_threads_than_a_machine_has_are_cut_down() {
    let mut pool = Pool::new(usize::MAX);
    assert!(pool.threads() <= MOST_THREADS);
    let mut items = vec![1; 1000];
    pool.for_each(&mut [(); MOST_THREADS], &mut items, |(), item| *item += 1);
    assert_eq!(items, [2; 1000]);
}
