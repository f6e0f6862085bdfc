//! Synchronous functions keep all promises, on threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use cachekit::{Cache, cached};

/// A computation that says when it began and waits for leave to end.
struct Slow {
    runs: AtomicUsize,
    began: Mutex<Sender<()>>,
    go_on: Mutex<Receiver<()>>,
    /// The run that panics.
    bad_run: usize,
}

impl Slow {
    fn new(bad_run: usize) -> (Arc<Self>, Receiver<()>, Sender<()>) {
        let ((began, told), (leave, go_on)) = (channel(), channel());
        let (began, go_on) = (Mutex::new(began), Mutex::new(go_on));
        (
            Arc::new(Self {
                runs: AtomicUsize::new(0),
                began,
                go_on,
                bad_run,
            }),
            told,
            leave,
        )
    }

    fn compute(&self) -> usize {
        let run = self.runs.fetch_add(1, Ordering::SeqCst) + 1;
        self.began
            .lock()
            .expect("unpoisoned")
            .send(())
            .expect("heard");
        self.go_on
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv()
            .expect("leave");
        assert!(run != self.bad_run, "as told");
        run
    }
}

#[cached(key = "blocking:{id}", cache = cache, tier = memory)]
fn value(cache: &Cache, slow: &Slow, id: u64) -> usize {
    slow.compute()
}

fn cache(lock_timeout: Duration) -> Cache {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let builder = cachekit_tests::builder().lock_timeout(lock_timeout);
    runtime.block_on(builder.build()).expect("right")
}

/// Callers on threads of their own, once the first of them computes.
fn callers(cache: &Cache, slow: &Arc<Slow>, told: &Receiver<()>) -> Vec<thread::JoinHandle<usize>> {
    let spawn = || {
        let (cache, slow) = (cache.clone(), Arc::clone(slow));
        thread::spawn(move || value(&cache, &slow, 1))
    };
    let first = spawn();
    told.recv().expect("it began");
    let mut callers: Vec<_> = (0..31).map(|_| spawn()).collect();
    callers.insert(0, first);
    // Until all the others have missed: they wait, or are about to.
    while value::stats(cache).misses < 32 {
        thread::yield_now();
    }
    callers
}

#[test]
fn one_thread_computes_for_all() {
    let cache = cache(Duration::from_secs(60));
    let (slow, told, leave) = Slow::new(0);
    let callers = callers(&cache, &slow, &told);
    leave.send(()).expect("waited for");
    for caller in callers {
        assert_eq!(caller.join().expect("no panic"), 1);
    }
    assert_eq!(slow.runs.load(Ordering::SeqCst), 1);
    assert_eq!(cache.stats().flights, 0);
}

#[test]
fn a_panic_is_the_leaders_own() {
    let cache = cache(Duration::from_secs(60));
    let (slow, told, leave) = Slow::new(1);
    let mut callers = callers(&cache, &slow, &told);
    leave.send(()).expect("waited for");
    assert!(
        callers.remove(0).join().is_err(),
        "its caller sees the panic"
    );
    leave.send(()).expect("waited for");
    for caller in callers {
        assert_eq!(caller.join().expect("no panic"), 2);
    }
    assert_eq!(slow.runs.load(Ordering::SeqCst), 2);
    assert_eq!(cache.stats().flights, 0);
}

#[test]
fn a_hung_computation_is_not_waited_for_longer_than_the_lock_timeout() {
    let limit = Duration::from_millis(200);
    let cache = cache(limit);
    let (slow, told, leave) = Slow::new(0);
    let start = Instant::now();
    let callers = callers(&cache, &slow, &told);
    // Nobody gets leave before somebody else has begun.
    told.recv().expect("another one computes");
    assert!(start.elapsed() >= limit);
    for _ in 0..callers.len() {
        // A caller that did not have to compute leaves its permission unused.
        let _ = leave.send(());
    }
    for caller in callers {
        caller.join().expect("no panic");
    }
    assert!(cache.stats().lock_timeouts > 0);
    assert_eq!(cache.stats().flights, 0);
}

#[cached(key = "blocking-recursive:{id}", cache = cache, tier = memory, skip(depth))]
fn recursive(cache: &Cache, id: u64, depth: usize) -> usize {
    if depth == 0 {
        1
    } else {
        recursive(cache, id, depth - 1) + 1
    }
}

#[test]
fn a_function_that_calls_itself_does_not_wait_for_itself() {
    let cache = cache(Duration::from_secs(60));
    assert_eq!(recursive(&cache, 1, 5), 6);
    assert_eq!(recursive(&cache, 1, 0), 6, "from memory");
}

#[cached(key = "narrow:{id}", cache = cache, tier = memory, max_computations = 1)]
fn narrow(cache: &Cache, slow: &Slow, id: u64) -> usize {
    slow.compute()
}

/// A thread waits for its place too, and for `lock_timeout` at most.
#[test]
fn threads_wait_for_a_permit() {
    let limit = Duration::from_millis(200);
    for (lock_timeout, over_limit) in [(Duration::from_secs(60), 0), (limit, 1)] {
        let cache = cache(lock_timeout);
        let (slow, told, leave) = Slow::new(0);
        let call = |id| {
            let (cache, slow) = (cache.clone(), Arc::clone(&slow));
            thread::spawn(move || narrow(&cache, &slow, id))
        };
        let first = call(1);
        told.recv().expect("it began");
        let second = call(2);
        if over_limit == 0 {
            assert!(told.recv_timeout(limit).is_err(), "there is no place");
            leave.send(()).expect("waited for");
        }
        told.recv().expect("it began");
        for _ in 0..=over_limit {
            leave.send(()).expect("waited for");
        }
        for call in [first, second] {
            call.join().expect("no panic");
        }
        assert_eq!(cache.stats().over_limit, over_limit);
    }
}
