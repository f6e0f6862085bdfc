//! Tests of the moves of tasks to another runtime.

use tokio::runtime::{Builder, Runtime};

use super::*;
use crate::base::clock::SystemClock;
use crate::l2::bus::client::BusClient;
use crate::l2::bus::timings::BusTimings;
use crate::l2::circuit_breaker::Breaker;
use crate::l2::outbox::Outbox;
use crate::store::fake::controls::FakeStore;

const SECOND: Duration = Duration::from_secs(1);

fn runtime() -> Runtime {
    let builder = Builder::new_current_thread().enable_all().build();
    builder.expect("a runtime")
}

fn tasks(home: &Runtime) -> Arc<TierTasks> {
    let terms = BusTimings::of(SECOND, Duration::ZERO);
    let bus = BusClient::new(terms, Outbox::default(), None, Arc::new(SystemClock::new()));
    let parts = Recovery {
        store: FakeStore::new().open(bus.node, bus.sink()),
        bus,
        breaker: Arc::new(Breaker::new()),
        call_timeout: SECOND,
    };
    let home = home.block_on(async { HomeRuntime::current() });
    TierTasks::begin(home, parts, Arc::new(SystemClock::new()), (SECOND, false))
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
