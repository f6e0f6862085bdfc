//! The second tier as one cache has it: the store, and what keeps it honest.

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

/// A shared store in use.
#[derive(Debug)]
pub(crate) struct SharedTier {
    /// Behind its breaker.
    pub(crate) store: Arc<dyn Store>,
    breaker: Arc<Breaker>,
    pub(crate) bus: Arc<BusClient>,
    pub(crate) counts: SharedTierCounts,
    pub(crate) settings: Settings,
    /// Calls that ask the store right now.
    in_flight: AtomicUsize,
    pub(crate) background: Arc<Background>,
    heartbeat: JoinHandle<()>,
    /// Nobody has the cache any more.
    abandoned: Arc<Notify>,
}

/// More calls than this do not ask at once only because memory is not trusted.
const MAX_IN_FLIGHT: usize = 512;

/// So long a cache that is built waits for its first message, however long messages may take.
const MAX_SETTLING: Duration = Duration::from_secs(1);

/// How a cache uses its store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    /// The longest that a call waits for it.
    pub(crate) timeout: Duration,
    pub(crate) codec: Codec,
    /// The largest value that is stored or read, in bytes.
    pub(crate) max_value: usize,
    /// Values of at least so many bytes are compressed; `None`: none are.
    pub(crate) compress_above: Option<usize>,
    pub(crate) bus_timeout: Duration,
    pub(crate) on_disconnect: OnDisconnect,
    pub(crate) on_new_master: OnNewMaster,
}

/// What happened to it.
#[derive(Debug, Default)]
pub(crate) struct SharedTierCounts {
    pub(crate) reasons: MissReasons,
    pub(crate) stores: Counter,
    /// Those of them that were compressed, and how many bytes that saved.
    pub(crate) compressed: Counter,
    pub(crate) saved_bytes: AtomicU64,
    pub(crate) refused_stores: Counter,
    /// Larger than allowed, or of a type that the codec cannot carry.
    pub(crate) unstorable: Counter,
    /// Questions without an answer in time, or answered with an error.
    pub(crate) failures: Counter,
    /// Times that a call waited for another process.
    pub(crate) waits: Counter,
    /// Invalidations that every node said it applied in time, and those of which that is not
    /// known.
    pub(crate) acknowledged: Counter,
    pub(crate) unacknowledged: Counter,
    /// The log knows that they are not confirmed just now.
    pub(crate) is_unconfirmed: AtomicBool,
}

impl SharedTier {
    /// Takes `store`, whose messages arrive at `bus`, into use on this runtime.
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

    /// Waits until memory may be served, for a moment at most: a cache that is built where
    /// Redis is at hand begins with everything in order.
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
    /// Whether it may be read and stored into: it can be asked, its answer waited for with a
    /// limit, and it was told everything that was invalidated here and may concern any entry.
    pub(crate) fn is_usable(&self) -> bool {
        !self.bus.outbox.blocks_all() && self.store.is_up() && !self.is_shut_down() && has_timer()
    }

    /// The same for this entry: it was also told whatever concerns it alone, or all its copies.
    pub(crate) fn is_usable_for(&self, key: &Key, replica: Replica) -> bool {
        let outbox = &self.bus.outbox;
        // Cheapest first: many calls ask this while the store is away.
        self.store.is_up()
            && !self.is_shut_down()
            && has_timer()
            && (outbox.is_clear() || !replica.is_blocked(key, outbox))
    }

    /// Whether versions that were made in another data set count.
    pub(crate) fn accepts_any_origin(&self) -> bool {
        self.settings.on_new_master == OnNewMaster::Replay
    }

    /// Whether messages come through, so that memory may be served.
    pub(crate) fn is_bus_live(&self, now: Tick) -> bool {
        self.bus.liveness.is_live(now)
    }

    /// Whether memory is served although no message comes through and nobody can be asked.
    pub(crate) fn serves_disconnected(&self, now: Tick) -> bool {
        match self.settings.on_disconnect {
            // The others were told that it serves nothing: they do not wait for it.
            _ if self.bus.liveness.is_over() => false,
            OnDisconnect::Serve => true,
            OnDisconnect::Bypass => false,
            OnDisconnect::ServeFor(length) => now < self.bus.liveness.until().after(length),
        }
    }

    /// Whether one more call may ask: many do where memory is not trusted.
    pub(crate) fn has_capacity(&self) -> bool {
        self.in_flight.load(Ordering::Relaxed) < MAX_IN_FLIGHT
    }

    /// Counts one that asks, for as long as the guard lives.
    pub(crate) fn in_flight_guard(self: &Arc<Self>) -> InFlightGuard {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlightGuard(Arc::clone(self))
    }

    /// When a call that asks now stops waiting.
    pub(crate) fn deadline(&self) -> Instant {
        from_now(self.settings.timeout)
    }

    /// When what nobody waits for is given up.
    pub(crate) fn background_deadline() -> Instant {
        from_now(BACKGROUND_TIMEOUT)
    }

    /// Runs `future`, which is owed to other processes, without anybody waiting for it.
    pub(crate) fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        self.background.spawn_required(TaskOwner::Cache, future);
    }

    /// Whether the cache asks for nothing any more, and only tells.
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

    /// Counts a value that was stored, and how many bytes shorter it was for being compressed.
    pub(crate) fn count_store(&self, saved: Option<usize>) {
        self.counts.stores.bump();
        if let Some(saved) = saved {
            self.counts.compressed.bump();
            let saved = u64::try_from(saved).unwrap_or(u64::MAX);
            self.counts.saved_bytes.fetch_add(saved, Ordering::Relaxed);
        }
    }

    /// Counts it every time, and says it once for each function.
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

/// One call that asks the store.
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
