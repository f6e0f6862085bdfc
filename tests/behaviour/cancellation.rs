//! Futures dropped at every await point: another caller takes over, and nothing leaks.

use std::pin::Pin;
use std::task::Poll;

use cachekit::{Cache, cached, invalidates, testing, write_through};
use cachekit_tests::poll_once;

use crate::cache;

/// A computation with several await points.
#[cached(key = "steps:{id}", tags = ["steps", "value:{ret}"])]
async fn steps(id: u64) -> u64 {
    for _ in 0..5 {
        tokio::task::yield_now().await;
    }
    id * 10
}

#[invalidates(steps(id))]
async fn invalidating(id: u64) -> Result<(), ()> {
    for _ in 0..5 {
        tokio::task::yield_now().await;
    }
    Ok(())
}

#[write_through(steps(id))]
async fn writing(id: u64) -> Result<u64, ()> {
    for _ in 0..5 {
        tokio::task::yield_now().await;
    }
    Ok(id * 10 + 1)
}

type Call<T> = Pin<Box<dyn Future<Output = T>>>;

fn call<T: 'static>(cache: &Cache, future: impl Future<Output = T> + 'static) -> Call<T> {
    Box::pin(testing::scope(cache.clone(), future))
}

/// Polls until it is ready; a future that waits for a wake-up that nobody owes it would
/// hang here, so the number of polls is bounded.
fn finish<T>(call: &mut Call<T>) -> T {
    for _ in 0..100 {
        if let Poll::Ready(value) = poll_once(call.as_mut()) {
            return value;
        }
    }
    panic!("nobody took over");
}

fn nothing_leaks(cache: &Cache) {
    let stats = cache.stats();
    assert_eq!((stats.flights, stats.writes), (0, 0));
    let tasks = tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks();
    assert_eq!(tasks, 0, "no task was spawned, none is left");
}

/// The leader is dropped after 1, 2, 3, .. polls; a waiter takes over each time.
#[tokio::test]
async fn a_leader_dropped_at_any_await_point() {
    let mut points = 0;
    loop {
        let cache = cache().await;
        let mut leader = call(&cache, steps(1));
        let polls = points + 1;
        let done = (0..polls).any(|_| poll_once(leader.as_mut()).is_ready());
        let mut waiters: Vec<_> = (0..3).map(|_| call(&cache, steps(1))).collect();
        for waiter in &mut waiters {
            assert_eq!(
                poll_once(waiter.as_mut()).is_ready(),
                done,
                "waits for the leader"
            );
        }
        if done {
            break;
        }
        drop(leader);
        for waiter in &mut waiters {
            assert_eq!(finish(waiter), 10);
        }
        assert_eq!(
            cache.stats().computations,
            2,
            "the leader's, and one taken over"
        );
        nothing_leaks(&cache);
        points += 1;
    }
    assert!(points >= 5, "every await point was tried: {points}");
}

/// Leader after leader is dropped: the last waiter still gets there.
#[tokio::test]
async fn every_leader_but_the_last_is_dropped() {
    let cache = cache().await;
    let mut calls: Vec<_> = (0..50).map(|_| call(&cache, steps(1))).collect();
    for call in &mut calls {
        assert!(poll_once(call.as_mut()).is_pending());
    }
    let mut last = calls.pop().expect("fifty");
    for mut call in calls {
        // Takes over, computes a little, is dropped.
        assert!(poll_once(call.as_mut()).is_pending());
        drop(call);
    }
    assert_eq!(finish(&mut last), 10);
    assert_eq!(cache.stats().computations, 50);
    nothing_leaks(&cache);
}

/// A waiter that was handed the lead and is dropped before it noticed passes it on.
#[tokio::test]
async fn a_waiter_dropped_after_it_became_the_leader() {
    let cache = cache().await;
    let mut leader = call(&cache, steps(1));
    assert!(poll_once(leader.as_mut()).is_pending());
    let mut waiters: Vec<_> = (0..10).map(|_| call(&cache, steps(1))).collect();
    for waiter in &mut waiters {
        assert!(poll_once(waiter.as_mut()).is_pending());
    }
    drop(leader);
    let mut last = waiters.pop().expect("ten");
    drop(waiters);
    assert_eq!(finish(&mut last), 10);
    nothing_leaks(&cache);
}

/// Everybody leaves: the flight is gone, and the next call begins anew.
#[tokio::test]
async fn everybody_leaves() {
    let cache = cache().await;
    let mut calls: Vec<_> = (0..10).map(|_| call(&cache, steps(1))).collect();
    for call in &mut calls {
        assert!(poll_once(call.as_mut()).is_pending());
    }
    assert_eq!(cache.stats().flights, 1);
    drop(calls);
    nothing_leaks(&cache);
    assert_eq!(finish(&mut call(&cache, steps(1))), 10);
}

/// A call that was never polled has done nothing and owes nothing.
#[tokio::test]
async fn a_call_that_is_never_polled() {
    let cache = cache().await;
    drop(call(&cache, steps(1)));
    drop(call(&cache, writing(1)));
    let invalidations = cache.stats().invalidations;
    drop(call(&cache, invalidating(1)));
    assert_eq!(
        cache.stats().invalidations,
        invalidations,
        "the body did not begin"
    );
    nothing_leaks(&cache);
}

/// A function that writes is dropped at any await point: what it may have changed is gone.
#[tokio::test]
async fn g1_h_a_write_dropped_at_any_await_point() {
    for polls in 1..=5 {
        for write_through in [false, true] {
            let cache = cache().await;
            assert_eq!(finish(&mut call(&cache, steps(1))), 10);
            let mut write: Call<bool> = if write_through {
                call(&cache, async { writing(1).await.is_ok() })
            } else {
                call(&cache, async { invalidating(1).await.is_ok() })
            };
            for _ in 0..polls {
                assert!(poll_once(write.as_mut()).is_pending());
            }
            drop(write);
            let entry = testing::scope(cache.clone(), async { steps::entry(1).get().await }).await;
            assert_eq!(
                entry, None,
                "after {polls} polls, write_through: {write_through}"
            );
            nothing_leaks(&cache);
        }
    }
}
