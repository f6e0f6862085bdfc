//! The shared tier (L2) of one cache: the store, its circuit breaker, the bus and the background
//! tasks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::base::clock::{Clock, Tick};
use crate::base::counter::Counter;
use crate::base::durations::from_now;
use crate::base::home_runtime::HomeRuntime;
use crate::base::runtime::has_timer;
use crate::base::trace;
use crate::base::trace::call::CallLog;
use crate::coordination::background::{Background, TaskOwner};
use crate::coordination::delivery_scope;
use crate::encoding::codec::Codec;
use crate::key::Key;
use crate::l2::breaker_store::BreakerStore;
use crate::l2::bus::client::BusClient;
use crate::l2::circuit_breaker::Breaker;
use crate::l2::entry_keys::Replica;
use crate::l2::invalidation_batcher::InvalidationBatcher;
use crate::l2::recovery::{BACKGROUND_TIMEOUT, Recovery};
use crate::l2::tasks::TierTasks;
use crate::model::config::{OnDisconnect, OnNewMaster};
use crate::model::miss_reason::MissReasons;
use crate::model::owner::Owner;
use crate::model::redis_stats::{BreakerState, RedisMisses, RedisStats};
use crate::store::failure::Failure;
use crate::store::key_name::StoreKey;
use crate::store::port::Store;
use crate::store::write_mark::WriteMark;

/// The shared tier (L2) of a cache for which Redis is configured.
#[derive(Debug)]
pub(crate) struct SharedTier {
    /// The store behind its circuit breaker.
    pub(crate) store: Arc<dyn Store>,
    breaker: Arc<Breaker>,
    pub(crate) bus: Arc<BusClient>,
    pub(crate) invalidations: Arc<InvalidationBatcher>,
    pub(crate) counts: SharedTierCounts,
    pub(crate) settings: Settings,
    /// The number of calls that look up an entry in the store now.
    in_flight: AtomicUsize,
    pub(crate) background: Arc<Background>,
    pub(crate) tasks: Arc<TierTasks>,
    /// The number of this node's next write that is marked.
    pub(crate) writes: AtomicU64,
}

/// The limit of calls that ask the store at the same time. At this limit, no further call asks the
/// store merely because its entry in memory is not trusted.
const MAX_IN_FLIGHT: usize = 512;

/// The longest time for which building a cache waits until the cache's first heartbeat comes back.
const MAX_SETTLING: Duration = Duration::from_secs(1);

/// The settings of a cache's shared tier (L2): time limits, encoding, and the behaviour without
/// Redis.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    /// The longest time for which a call waits for Redis in total (the setting `redis_timeout`).
    pub(crate) timeout: Duration,
    pub(crate) codec: Codec,
    /// The size in bytes of the largest encoded value that is stored in Redis or read from Redis.
    pub(crate) max_value: usize,
    /// The size in bytes from which encoded values are compressed. `None` if no value is
    /// compressed.
    pub(crate) compress_above: Option<usize>,
    /// `true` if values are compressed although they are encrypted.
    pub(crate) compress_encrypted: bool,
    pub(crate) bus_timeout: Duration,
    pub(crate) on_disconnect: OnDisconnect,
    pub(crate) on_new_master: OnNewMaster,
    /// `true` if writes are marked, and marks of dead processes are carried out.
    pub(crate) has_intents: bool,
    pub(crate) call_log: CallLog,
}

/// The counters of the shared tier (L2), for the statistics.
#[derive(Debug, Default)]
pub(crate) struct SharedTierCounts {
    pub(crate) reasons: MissReasons,
    pub(crate) stores: Counter,
    /// The number of values that were compressed when they were stored in Redis.
    pub(crate) compressed: Counter,
    /// The number of bytes that compression saved in values that were stored in Redis.
    pub(crate) saved_bytes: AtomicU64,
    pub(crate) refused_stores: Counter,
    /// The number of values that were not stored because they are larger than allowed, or because
    /// the codec cannot encode their type.
    pub(crate) unstorable: Counter,
    /// The number of operations on the store that got no answer in time, or an error.
    pub(crate) failures: Counter,
    /// The number of writes that began without a mark in the store.
    pub(crate) unmarked: Counter,
    /// The number of times that a call waited for another process's computation.
    pub(crate) waits: Counter,
    /// The number of acknowledged invalidations that every node acknowledged in time.
    pub(crate) acknowledged: Counter,
    /// The number of acknowledged invalidations that not every node acknowledged, and that were
    /// waited for until those nodes served nothing older.
    pub(crate) acknowledged_by_time: Counter,
    /// The number of acknowledged invalidations that may not have reached every node.
    pub(crate) unacknowledged: Counter,
}

impl SharedTier {
    /// Creates the tier over `store`, whose events arrive at `bus`, and spawns the tasks for
    /// recovery and heartbeats on `home`.
    pub(crate) fn new(
        home: Arc<HomeRuntime>,
        bus: Arc<BusClient>,
        store: Arc<dyn Store>,
        settings: Settings,
        clock: &Arc<dyn Clock>,
    ) -> Self {
        let mut breaker = Breaker::new();
        breaker.faults = bus.terms.faults;
        let breaker = Arc::new(breaker);
        let parts = Recovery {
            bus: Arc::clone(&bus),
            store: Arc::clone(&store),
            breaker: Arc::clone(&breaker),
            call_timeout: settings.timeout,
        };
        let behind_breaker: Arc<dyn Store> = Arc::new(BreakerStore {
            inner: store,
            breaker: Arc::clone(&breaker),
            home: Arc::clone(&home),
        });
        let invalidations = InvalidationBatcher::new(
            Arc::clone(&home),
            Arc::clone(&bus),
            Arc::clone(&behind_breaker),
        );
        let clock = Arc::clone(clock);
        let background = Background::new(Some(Arc::clone(&home)));
        let (bus_timeout, sweeps) = (settings.bus_timeout, settings.has_intents);
        let batches = Arc::clone(&invalidations);
        let tasks = TierTasks::begin(home, parts, batches, clock, (bus_timeout, sweeps));
        Self {
            store: behind_breaker,
            breaker,
            bus,
            invalidations,
            counts: SharedTierCounts::default(),
            settings,
            in_flight: AtomicUsize::new(0),
            background,
            tasks,
            writes: AtomicU64::new(0),
        }
    }

    /// Waits until a heartbeat came back, so that memory may be served, and until the first sweep
    /// ended, so that the store may be used, for one second at most. A cache that is built while
    /// Redis is reachable therefore starts with a live bus.
    pub(crate) async fn wait_until_live(&self, clock: &Arc<dyn Clock>) {
        let end = from_now(self.settings.bus_timeout.min(MAX_SETTLING));
        let is_ready =
            || self.bus.liveness.is_live(Tick::now(&**clock)) && self.bus.sweeps.has_begun();
        while self.store.is_up() && Instant::now() < end && !is_ready() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

impl SharedTier {
    /// Returns `true` if calls may use the store: the store is reachable, the first sweep ended,
    /// the cache is not shut down, the runtime can limit the wait for an answer, and no
    /// invalidation that may concern every entry waits in the outbox.
    pub(crate) fn is_usable(&self) -> bool {
        self.tasks.ensure_driven();
        // A call waits for a store that is about to be connected.
        let is_up = self.store.is_up() || self.tasks.is_starting();
        !self.bus.outbox.blocks_all()
            && is_up
            && self.bus.sweeps.has_begun()
            && !self.is_shut_down()
            && has_timer()
    }

    /// Returns a wait for a store that is about to be connected, because the runtime of the
    /// connections ended. Returns `None` if there is nothing to wait for.
    pub(crate) fn starting(&self) -> Option<impl Future<Output = ()> + Send + 'static> {
        self.tasks.ensure_driven();
        self.tasks.starting()
    }

    /// Puts `names`, which this caller invalidates, into the outbox, which sends their
    /// invalidation, and then removes the marks `ended` of the writes that end with it.
    pub(crate) fn queue(&self, names: Vec<StoreKey>, ended: Vec<WriteMark>) {
        delivery_scope::note_queued();
        self.bus.outbox.add_recorded(names, ended);
        self.tasks.watch_outbox();
    }

    /// Returns `true` if a call may use the store for the entry under `key`: the store is
    /// reachable, the first sweep ended, the cache is not shut down, the runtime can limit the wait
    /// for an answer, and no invalidation that concerns the entry or all of its replicas waits in
    /// the outbox.
    pub(crate) fn is_usable_for(&self, key: &Key, replica: Replica) -> bool {
        let outbox = &self.bus.outbox;
        // The cheapest condition comes first, because many calls ask this while the store is
        // unreachable.
        self.store.is_up()
            && self.bus.sweeps.has_begun()
            && !self.is_shut_down()
            && has_timer()
            && (outbox.is_clear() || !replica.is_blocked(key, outbox))
    }

    /// Returns `true` if the cache uses entries whose versions were made in another data set of
    /// Redis.
    pub(crate) fn accepts_any_origin(&self) -> bool {
        self.settings.on_new_master == OnNewMaster::Replay
    }

    /// Returns `true` if messages of other nodes are known to arrive at `now`. Entries in memory
    /// can then be served, because no invalidation is missing.
    pub(crate) fn is_bus_live(&self, now: Tick) -> bool {
        self.bus.liveness.is_live(now)
    }

    /// Returns `true` if memory is served at `now` although no message of other nodes arrives and
    /// the store cannot be asked. The setting `on_disconnect` allows this for no time, for a
    /// limited time, or for ever.
    pub(crate) fn serves_disconnected(&self, now: Tick) -> bool {
        match self.settings.on_disconnect {
            // After the goodbye of this node, the other nodes do not wait for its acknowledgements,
            // so memory may be outdated.
            _ if self.bus.liveness.is_over() => false,
            OnDisconnect::Serve => true,
            OnDisconnect::Bypass => false,
            OnDisconnect::ServeFor(length) => now < self.bus.liveness.until().after(length),
        }
    }

    /// Returns `true` if a call whose entry in memory is not trusted may ask the store, because
    /// fewer than [`MAX_IN_FLIGHT`] calls ask the store now. When the bus is interrupted, many
    /// calls would ask the store at once.
    pub(crate) fn has_capacity(&self) -> bool {
        self.in_flight.load(Ordering::Relaxed) < MAX_IN_FLIGHT
    }

    /// Counts a call that looks up an entry in the store, until the returned `InFlightGuard` is
    /// dropped.
    pub(crate) fn in_flight_guard(self: &Arc<Self>) -> InFlightGuard {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlightGuard(Arc::clone(self))
    }

    /// Returns the deadline of a call that asks the store now.
    pub(crate) fn deadline(&self) -> Instant {
        from_now(self.settings.timeout)
    }

    /// Returns the deadline of an operation on the store that begins now and for which no caller
    /// waits.
    pub(crate) fn background_deadline() -> Instant {
        from_now(BACKGROUND_TIMEOUT)
    }

    /// Runs `future` in the background, also during a shutdown, because other processes depend on
    /// its work.
    pub(crate) fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        self.background.spawn_required(TaskOwner::Cache, future);
    }

    /// Returns `true` if the cache is shut down. A cache that is shut down no longer reads from the
    /// store, and only sends invalidations.
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
            server: self.store.server(),
            stores: self.counts.stores.sum(),
            compressed: self.counts.compressed.sum(),
            saved_bytes: self.counts.saved_bytes.load(Ordering::Relaxed),
            refused_stores: self.counts.refused_stores.sum(),
            unstorable: self.counts.unstorable.sum(),
            failures: self.counts.failures.sum(),
            waits: self.counts.waits.sum(),
            acknowledged: self.counts.acknowledged.sum(),
            acknowledged_by_time: self.counts.acknowledged_by_time.sum(),
            unacknowledged: self.counts.unacknowledged.sum(),
            unmarked: self.counts.unmarked.sum(),
            swept: self.bus.sweeps.writes.load(Ordering::Relaxed),
            sweep_rounds: self.bus.sweeps.rounds.load(Ordering::Relaxed),
            messages: self.bus.messages.load(Ordering::Relaxed),
            heartbeats: self.bus.heartbeats.load(Ordering::Relaxed),
            bus_round_trip: self.bus.round_trip.read(),
            bus_interruptions: self.bus.bus_interruptions.load(Ordering::Relaxed),
            queued_invalidations: self.bus.outbox.len(),
            misses: RedisMisses::of(&self.counts.reasons),
        }
    }

    /// Counts a value that was stored in Redis. `saved` is the number of bytes that compression
    /// saved, and `None` without compression.
    pub(crate) fn count_store(&self, saved: Option<usize>) {
        self.counts.stores.bump();
        if let Some(saved) = saved {
            self.counts.compressed.bump();
            let saved = u64::try_from(saved).unwrap_or(u64::MAX);
            self.counts.saved_bytes.fetch_add(saved, Ordering::Relaxed);
        }
    }

    /// Counts a value that cannot be stored in Redis. Logs the reason `why` for the first such
    /// value of each function.
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

/// Counts a call as one that looks up an entry in the store, until this `InFlightGuard` is dropped.
#[derive(Debug)]
pub(crate) struct InFlightGuard(Arc<SharedTier>);

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for SharedTier {
    fn drop(&mut self) {
        if !self.bus.liveness.is_over() {
            let (bus, store) = (Arc::clone(&self.bus), Arc::clone(&self.store));
            // The recovery task may never run, so the node leaves here too. This ends the
            // heartbeats.
            bus.liveness.leave();
            bus.watchers.close();
            let until = Self::background_deadline();
            self.spawn(async move { bus.say_goodbye(&*store, until).await });
        }
        self.tasks.abandon();
    }
}
