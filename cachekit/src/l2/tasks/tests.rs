//! Tests of the moves of tasks to another runtime.

use tokio::runtime::{Builder, Runtime};

use super::*;
use crate::base::clock::SystemClock;
use crate::l2::bus::client::BusClient;
use crate::l2::bus::timings::BusTimings;
use crate::l2::circuit_breaker::Breaker;
use crate::l2::invalidation_batcher::InvalidationBatcher;
use crate::l2::outbox::Outbox;
use crate::store::failure::Failure;
use crate::store::fake::controls::FakeStore;
use crate::store::fake::trouble::{Op, Trouble};
use crate::store::key_name::StoreKey;

const SECOND: Duration = Duration::from_secs(1);

fn runtime() -> Runtime {
    let builder = Builder::new_current_thread().enable_all().build();
    builder.expect("a runtime")
}

fn tasks(home: &Runtime) -> Arc<TierTasks> {
    tasks_over(&FakeStore::new(), home)
}

fn tasks_over(store: &FakeStore, home: &Runtime) -> Arc<TierTasks> {
    let terms = BusTimings::of(SECOND, Duration::ZERO);
    let bus = BusClient::new(terms, Outbox::default(), None, Arc::new(SystemClock::new()));
    let parts = Recovery {
        store: store.open(bus.node, bus.sink()),
        bus,
        breaker: Arc::new(Breaker::new()),
        call_timeout: SECOND,
    };
    let home = home.block_on(async { HomeRuntime::current() });
    let (bus, store) = (Arc::clone(&parts.bus), Arc::clone(&parts.store));
    let batches = InvalidationBatcher::new(Arc::clone(&home), bus, store);
    let clock = Arc::new(SystemClock::new());
    TierTasks::begin(home, parts, batches, clock, (SECOND, false))
}

/// Many calls find at the same moment that the home has ended. Only one of the calls begins the
/// tasks again.
#[test]
fn of_many_calls_one_begins_the_tasks_again() {
    let (first, second) = (runtime(), runtime());
    let tasks = tasks(&first);
    drop(first);
    assert!(tasks.home.has_ended());
    second.block_on(async {
        for _ in 0..3 {
            tasks.begin_again(Cause::Ended);
        }
        assert_eq!(tasks.running.lock().restarts, 1);
        assert_eq!(tasks.home.id(), Handle::current().id());
        for _ in 0..3 {
            tasks.begin_again(Cause::StandsStill(1));
        }
        assert_eq!(tasks.running.lock().restarts, 2);
    });
}

#[test]
fn a_dropped_cache_begins_nothing_again() {
    let (first, second) = (runtime(), runtime());
    let tasks = tasks(&first);
    second.block_on(async { tasks.abandon() });
    drop(first);
    second.block_on(async { tasks.ensure_driven() });
    assert_eq!(tasks.running.lock().restarts, 0);
}

#[test]
fn a_runtime_without_time_and_sockets_is_no_home() {
    let first = runtime();
    let tasks = tasks(&first);
    drop(first);
    let bare = Builder::new_current_thread().build().expect("a runtime");
    bare.block_on(async { tasks.ensure_driven() });
    let running = tasks.running.lock();
    assert_eq!(
        (running.restarts, running.unfit),
        (0, Some(bare.handle().id()))
    );
}

/// A home that stands still has a batch of invalidations, or would have sent the next.
#[test]
fn a_batch_of_invalidations_does_not_wait_for_a_home_that_stands_still() {
    let builder = || {
        let mut builder = Builder::new_current_thread();
        let built = builder.enable_all().start_paused(true).build();
        built.expect("a runtime")
    };
    let (first, second) = (builder(), builder());
    let store = FakeStore::new();
    store.always(Op::Invalidate, Trouble::Slow(SECOND / 2));
    let tasks = tasks_over(&store, &first);
    second.block_on(async {
        let until = from_now(SECOND);
        let send = || {
            let invalidations = Arc::clone(&tasks.invalidations);
            tokio::spawn(async move {
                let names = [StoreKey::everything()];
                let sent = invalidations.send(&names, &[], until).await;
                (sent, Instant::now())
            })
        };
        let mut calls: Vec<_> = (0..5).map(|_| send()).collect();
        tokio::task::yield_now().await;
        tasks.begin_again(Cause::StandsStill(0));
        let (began, answered) = (Instant::now(), from_now(SECOND / 2));
        let in_batch = calls.pop().expect("the fifth").await.expect("it ends");
        assert_eq!(in_batch, (Err(Failure::Indeterminate), began));
        // Four still wait for the store.
        let next = send().await.expect("it ends");
        assert_eq!(next, (Ok(()), answered));
        for call in calls {
            assert_eq!(call.await.expect("it ends").0, Ok(()));
        }
    });
}
