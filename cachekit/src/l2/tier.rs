//! The shared tier (L2) of one cache: the store, its breaker, the bus and the background tasks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::base::clock::{Clock, Tick};
use crate::base::counter::Counter;
use crate::base::durations::from_now;
use crate::base::runtime::has_timer;
use crate::base::trace;
use crate::coordination::background::{Background, TaskOwner};
use crate::encoding::codec::Codec;
use crate::key::Key;
use crate::l2::breaker_store::BreakerStore;
use crate::l2::bus::client::{BusClient, run_heartbeat};
use crate::l2::circuit_breaker::Breaker;
use crate::l2::entry_keys::Replica;
use crate::l2::recovery::{BACKGROUND_TIMEOUT, Recovery};
use crate::model::config::{OnDisconnect, OnNewMaster};
use crate::model::miss_reason::MissReasons;
use crate::model::owner::Owner;
use crate::model::stats::{BreakerState, RedisMisses, RedisStats};
use crate::store::port::{Failure, Store};

/// The shared tier in use.
#[derive(Debug)]
pub(crate) struct SharedTier {
    /// Behind its breaker.
    pub(crate) store: Arc<dyn Store>,
    breaker: Arc<Breaker>,
    pub(crate) bus: Arc<BusClient>,
    pub(crate) counts: SharedTierCounts,
    pub(crate) settings: Settings,
    /// The number of calls that ask the store now.
    in_flight: AtomicUsize,
    pub(crate) background: Arc<Background>,
    heartbeat: JoinHandle<()>,
    /// Notified when the cache is dropped.
    abandoned: Arc<Notify>,
}

/// The number of calls in flight above which no call asks only because memory is not trusted.
const MAX_IN_FLIGHT: usize = 512;

/// The longest time for which the building of a cache waits for its first heartbeat.
const MAX_SETTLING: Duration = Duration::from_secs(1);

/// The settings of a cache's shared tier.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    /// The longest time for which a call waits for the store.
    pub(crate) timeout: Duration,
    pub(crate) codec: Codec,
    /// The largest value that is stored or read, in bytes.
    pub(crate) max_value: usize,
    /// The size in bytes from which values are compressed; `None` for never.
    pub(crate) compress_above: Option<usize>,
    pub(crate) bus_timeout: Duration,
    pub(crate) on_disconnect: OnDisconnect,
    pub(crate) on_new_master: OnNewMaster,
}

/// The counters of the shared tier.
#[derive(Debug, Default)]
pub(crate) struct SharedTierCounts {
    pub(crate) reasons: MissReasons,
    pub(crate) stores: Counter,
    /// The stored values that were compressed, and then the number of bytes saved.
    pub(crate) compressed: Counter,
    pub(crate) saved_bytes: AtomicU64,
    pub(crate) refused_stores: Counter,
    /// Values that are larger than allowed, or of a type that the codec cannot carry.
    pub(crate) unstorable: Counter,
    /// Questions that got no answer in time, or an error.
    pub(crate) failures: Counter,
    /// The number of times that a call waited for another process.
    pub(crate) waits: Counter,
    /// Invalidations that every node acknowledged in time, and then those for which this is not
    /// known.
    pub(crate) acknowledged: Counter,
    pub(crate) unacknowledged: Counter,
    /// The log has reported that invalidations are not confirmed.
    pub(crate) is_unconfirmed: AtomicBool,
}

impl SharedTier {
    /// Starts to use `store`, whose events arrive at `bus`, on the current runtime.
    pub(crate) fn new(
        bus: Arc<BusClient>,
        store: Arc<dyn Store>,
        settings: Settings,
        clock: &Arc<dyn Clock>,
    ) -> Self {
        let mut breaker = Breaker::new();
        breaker.faults = bus.terms.faults;
        let breaker = Arc::new(breaker);
        let recovery = Recovery {
            bus: Arc::clone(&bus),
            store: Arc::clone(&store),
            breaker: Arc::clone(&breaker),
            call_timeout: settings.timeout,
        };
        let heartbeat = run_heartbeat(
            Arc::clone(&bus),
            Arc::clone(&store),
            Arc::clone(clock),
            settings.bus_timeout,
        );
        let abandoned = Arc::new(Notify::new());
        tokio::spawn(recovery.run(Arc::clone(&abandoned)));
        let behind_breaker = BreakerStore {
            inner: store,
            breaker: Arc::clone(&breaker),
        };
        Self {
            store: Arc::new(behind_breaker),
            breaker,
            bus,
            counts: SharedTierCounts::default(),
            settings,
            in_flight: AtomicUsize::new(0),
            background: Background::new(Some(Handle::current())),
            heartbeat: tokio::spawn(heartbeat),
            abandoned,
        }
    }

    /// Waits until memory may be served, for a second at most: a cache that is built while Redis is
    /// reachable starts with a live bus.
    pub(crate) async fn wait_until_live(&self, clock: &Arc<dyn Clock>) {
        let end = from_now(self.settings.bus_timeout.min(MAX_SETTLING));
        while self.store.is_up()
            && Instant::now() < end
            && !self.bus.liveness.is_live(Tick::now(&**clock))
        {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

impl SharedTier {
    /// Returns `true` if the store may be used: it can be asked, the wait for its answer can be
    /// limited, and it has accepted every invalidation of this node that may concern any entry.
    pub(crate) fn is_usable(&self) -> bool {
        !self.bus.outbox.blocks_all() && self.store.is_up() && !self.is_shut_down() && has_timer()
    }

    /// Returns `true` if the store may be used for this entry: it can be asked, and has accepted
    /// every invalidation of this node that concerns the entry or all its replicas.
    pub(crate) fn is_usable_for(&self, key: &Key, replica: Replica) -> bool {
        let outbox = &self.bus.outbox;
        // Cheapest first: many calls ask this while the store is unreachable.
        self.store.is_up()
            && !self.is_shut_down()
            && has_timer()
            && (outbox.is_clear() || !replica.is_blocked(key, outbox))
    }

    /// Returns `true` if versions from another data set are accepted.
    pub(crate) fn accepts_any_origin(&self) -> bool {
        self.settings.on_new_master == OnNewMaster::Replay
    }

    /// Returns `true` if messages arrive, so that memory may be served.
    pub(crate) fn is_bus_live(&self, now: Tick) -> bool {
        self.bus.liveness.is_live(now)
    }

    /// Returns `true` if memory is served although no message arrives and the store cannot be
    /// asked.
    pub(crate) fn serves_disconnected(&self, now: Tick) -> bool {
        match self.settings.on_disconnect {
            // After the goodbye, the other nodes do not wait for this one.
            _ if self.bus.liveness.is_over() => false,
            OnDisconnect::Serve => true,
            OnDisconnect::Bypass => false,
            OnDisconnect::ServeFor(length) => now < self.bus.liveness.until().after(length),
        }
    }

    /// Returns `true` if one more call may ask. If memory is not trusted, many calls ask.
    pub(crate) fn has_capacity(&self) -> bool {
        self.in_flight.load(Ordering::Relaxed) < MAX_IN_FLIGHT
    }

    /// Counts a call that asks the store, until the guard is dropped.
    pub(crate) fn in_flight_guard(self: &Arc<Self>) -> InFlightGuard {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlightGuard(Arc::clone(self))
    }

    /// Returns the deadline of a call that asks now.
    pub(crate) fn deadline(&self) -> Instant {
        from_now(self.settings.timeout)
    }

    /// Returns the deadline of an operation for which no caller waits.
    pub(crate) fn background_deadline() -> Instant {
        from_now(BACKGROUND_TIMEOUT)
    }

    /// Runs `future` in the background. For work that other processes depend on.
    pub(crate) fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        self.background.spawn_required(TaskOwner::Cache, future);
    }

    /// Returns `true` if the cache is shut down: it asks for nothing, and only sends.
    pub(crate) fn is_shut_down(&self) -> bool {
        self.background.is_closed()
    }

    fn breaker_state(&self) -> BreakerState {
        if self.breaker.is_closed() {
            BreakerState::Closed
        } else if self.breaker.is_half_open() {
            BreakerState::HalfOpen
        } else {
            BreakerState::Open
        }
    }

    pub(crate) fn stats(&self, now: Tick) -> RedisStats {
        RedisStats {
            is_up: self.store.is_up(),
            is_bus_live: self.is_bus_live(now),
            breaker: self.breaker_state(),
            breaker_openings: self.breaker.openings(),
            connections: self.store.connections(),
            stores: self.counts.stores.sum(),
            compressed: self.counts.compressed.sum(),
            saved_bytes: self.counts.saved_bytes.load(Ordering::Relaxed),
            refused_stores: self.counts.refused_stores.sum(),
            unstorable: self.counts.unstorable.sum(),
            failures: self.counts.failures.sum(),
            waits: self.counts.waits.sum(),
            acknowledged: self.counts.acknowledged.sum(),
            unacknowledged: self.counts.unacknowledged.sum(),
            messages: self.bus.messages.load(Ordering::Relaxed),
            heartbeats: self.bus.heartbeats.load(Ordering::Relaxed),
            bus_interruptions: self.bus.bus_interruptions.load(Ordering::Relaxed),
            queued_invalidations: self.bus.outbox.len(),
            misses: RedisMisses::of(&self.counts.reasons),
        }
    }

    /// Counts a stored value and the bytes that compression saved.
    pub(crate) fn count_store(&self, saved: Option<usize>) {
        self.counts.stores.bump();
        if let Some(saved) = saved {
            self.counts.compressed.bump();
            let saved = u64::try_from(saved).unwrap_or(u64::MAX);
            self.counts.saved_bytes.fetch_add(saved, Ordering::Relaxed);
        }
    }

    /// Counts a value that cannot be stored, and logs the first for each function.
    pub(crate) fn count_unstorable(&self, owner: &Owner, why: &str) {
        self.counts.unstorable.bump();
        if owner.is_first_report() {
            trace::unstorable(&owner.name, why);
        }
    }

    pub(crate) fn count_failure(&self, failure: &Failure) {
        self.counts.failures.bump();
        trace::redis_failed(failure);
    }
}

/// A call that asks the store, counted until it is dropped.
#[derive(Debug)]
pub(crate) struct InFlightGuard(Arc<SharedTier>);

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for SharedTier {
    fn drop(&mut self) {
        self.heartbeat.abort();
        if !self.bus.liveness.is_over() {
            let (bus, store) = (Arc::clone(&self.bus), Arc::clone(&self.store));
            let until = Self::background_deadline();
            self.spawn(async move { bus.say_goodbye(&*store, until).await });
        }
        self.abandoned.notify_one();
    }
}
