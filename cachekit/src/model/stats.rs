//! Counters of a cache, in the form that users read.

use crate::base::counter::Counter;
use crate::model::miss_reason::{MissReason, MissReasons};
use crate::model::owner::{Counts, Owner};

/// Counters of one cached function, or one region, in one cache.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FunctionStats {
    /// The function's `name`, or the region's.
    pub name: String,
    /// Calls answered from memory, with a value or a remembered error.
    pub memory_hits: u64,
    /// Calls answered from Redis.
    pub redis_hits: u64,
    /// Calls that memory could not answer.
    pub misses: u64,
    /// Runs of the function.
    pub computations: u64,
    /// Misses answered by another call's computation (single-flight).
    pub coalesced: u64,
    /// Calls that bypassed the cache: `when` was false, the call was `uncached(..)`, or the cache
    /// is disabled.
    pub bypassed: u64,
    /// Computations that ended with `Err`.
    pub errors: u64,
    /// Values stored, and errors remembered.
    pub stores: u64,
    /// Values not stored because an invalidation or another write came in between.
    pub refused_stores: u64,
    /// Writes with `order_by` whose value was not stored because a newer one was there.
    pub superseded: u64,
    /// Waits for another call's computation that ended with `lock_timeout`.
    pub lock_timeouts: u64,
    /// Computations dropped because they exceeded their `timeout`, or, detached, `lock_timeout`
    /// since their caller was dropped.
    pub timeouts: u64,
    /// Computations that began beyond `max_computations`, after waiting `lock_timeout` for a
    /// permit.
    pub over_limit: u64,
    /// Computations that continued after their caller was dropped, by `detach`.
    pub detached: u64,
    /// Misses answered with a stale value, by `stale`, `stale_if_error` or `soft_timeout`.
    pub stale_hits: u64,
    /// Computations begun before the end of an entry, by `early`.
    pub early_refreshes: u64,
    /// Failed computations whose callers were served a stale value meanwhile.
    pub refresh_failures: u64,
}

impl FunctionStats {
    pub(crate) fn of(owner: &Owner) -> Self {
        let mut stats = Self {
            name: owner.name.to_string(),
            ..Self::default()
        };
        stats.add(&owner.counts);
        stats
    }

    fn add(&mut self, counts: &Counts) {
        let add = |to: &mut u64, counter: &Counter| *to += counter.sum();
        add(&mut self.memory_hits, &counts.memory_hits);
        add(&mut self.redis_hits, &counts.redis_hits);
        add(&mut self.misses, &counts.misses);
        add(&mut self.computations, &counts.computations);
        add(&mut self.coalesced, &counts.coalesced);
        add(&mut self.bypassed, &counts.bypassed);
        add(&mut self.errors, &counts.errors);
        add(&mut self.stores, &counts.stores);
        add(&mut self.refused_stores, &counts.refused_stores);
        add(&mut self.superseded, &counts.superseded);
        add(&mut self.lock_timeouts, &counts.lock_timeouts);
        add(&mut self.timeouts, &counts.timeouts);
        add(&mut self.over_limit, &counts.over_limit);
        add(&mut self.detached, &counts.detached);
        add(&mut self.stale_hits, &counts.stale_hits);
        add(&mut self.early_refreshes, &counts.early_refreshes);
        add(&mut self.refresh_failures, &counts.refresh_failures);
    }

    /// Returns the share of calls answered from the cache, from 0 to 1; 0 before the first call.
    pub fn hit_rate(&self) -> f64 {
        share(
            self.memory_hits,
            self.redis_hits + self.stale_hits,
            self.misses,
        )
    }
}

/// Counters of one cache, since it was built.
///
/// The counters are read one after the other while calls continue, so sums may be off by a few.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Calls answered from memory, with a value or a remembered error.
    pub memory_hits: u64,
    /// Calls answered from Redis.
    pub redis_hits: u64,
    /// Calls that memory could not answer.
    pub misses: u64,
    /// Runs of cached functions.
    pub computations: u64,
    /// Misses answered by another call's computation (single-flight).
    pub coalesced: u64,
    /// Calls that bypassed the cache.
    pub bypassed: u64,
    /// Computations that ended with `Err`.
    pub errors: u64,
    /// Values stored, and errors remembered.
    pub stores: u64,
    /// Values not stored because an invalidation or another write came in between.
    pub refused_stores: u64,
    /// Writes with `order_by` whose value was not stored because a newer one was there.
    pub superseded: u64,
    /// Waits for another call's computation that ended with `lock_timeout`.
    pub lock_timeouts: u64,
    /// Computations dropped because they exceeded their `timeout`, or, detached, `lock_timeout`
    /// since their caller was dropped.
    pub timeouts: u64,
    /// Computations that began beyond `max_computations`, after waiting `lock_timeout` for a
    /// permit.
    pub over_limit: u64,
    /// Computations that continued after their caller was dropped, by `detach`.
    pub detached: u64,
    /// Misses answered with a stale value, by `stale`, `stale_if_error` or `soft_timeout`.
    pub stale_hits: u64,
    /// Computations begun before the end of an entry, by `early`.
    pub early_refreshes: u64,
    /// Failed computations whose callers were served a stale value meanwhile.
    pub refresh_failures: u64,
    /// Invalidations of keys, tags, events, functions and the whole cache.
    pub invalidations: u64,
    /// Entries in memory. This counts expired entries, and those invalidated by a tag, an event or
    /// a function: they stay until other entries take their room, or their key is computed again.
    pub entries: u64,
    /// Weight of the entries if the capacity is in bytes, else 0.
    pub bytes: u64,
    /// Computations that are running or awaited.
    pub flights: usize,
    /// Keys that are being written through.
    pub writes: usize,
    /// Tags and events whose last invalidation is remembered.
    pub tags: usize,
    /// Work in the background.
    pub background: BackgroundStats,
    /// The tier that processes share (L2). All zero without Redis.
    pub redis: RedisStats,
    /// Counters by function and region, sorted by name.
    pub functions: Vec<FunctionStats>,
}

impl Stats {
    pub(crate) fn sum(mut functions: Vec<FunctionStats>) -> Self {
        let mut stats = Self::default();
        for function in &functions {
            stats.memory_hits += function.memory_hits;
            stats.redis_hits += function.redis_hits;
            stats.misses += function.misses;
            stats.computations += function.computations;
            stats.coalesced += function.coalesced;
            stats.bypassed += function.bypassed;
            stats.errors += function.errors;
            stats.stores += function.stores;
            stats.refused_stores += function.refused_stores;
            stats.superseded += function.superseded;
            stats.lock_timeouts += function.lock_timeouts;
            stats.timeouts += function.timeouts;
            stats.over_limit += function.over_limit;
            stats.detached += function.detached;
            stats.stale_hits += function.stale_hits;
            stats.early_refreshes += function.early_refreshes;
            stats.refresh_failures += function.refresh_failures;
        }
        functions.sort_by(|a, b| a.name.cmp(&b.name));
        stats.functions = functions;
        stats
    }

    /// Returns the share of calls answered from the cache, from 0 to 1; 0 before the first call.
    pub fn hit_rate(&self) -> f64 {
        share(
            self.memory_hits,
            self.redis_hits + self.stale_hits,
            self.misses,
        )
    }
}

/// Counters of the work in the background: stores in Redis, refreshes, released leases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackgroundStats {
    /// Tasks that run now.
    pub running: usize,
    /// Tasks not started, because too many ran already or the cache was shut down.
    pub refused: u64,
    /// Tasks that panicked.
    pub panicked: u64,
}

impl BackgroundStats {
    pub(crate) fn new(running: usize, (refused, panicked): (u64, u64)) -> Self {
        Self {
            running,
            refused,
            panicked,
        }
    }
}

/// Counters of Redis, as one cache sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedisStats {
    /// `true` if Redis can be used now: there is a connection, and the circuit breaker is closed.
    pub is_up: bool,
    /// State of the circuit breaker.
    pub breaker: BreakerState,
    /// Times that the breaker opened.
    pub breaker_openings: u64,
    /// Connections made for commands.
    pub connections: u64,
    /// `true` if other processes' messages arrive now, so that memory may be served.
    pub is_bus_live: bool,
    /// Values stored.
    pub stores: u64,
    /// Stored values that were compressed.
    pub compressed: u64,
    /// Bytes that compression saved, in total.
    pub saved_bytes: u64,
    /// Values not stored because an invalidation or another write came while they were computed.
    pub refused_stores: u64,
    /// Values that cannot go to Redis: too large, or of a type that the codec cannot encode.
    pub unstorable: u64,
    /// Commands that had no reply in time, or an error as their reply.
    pub failures: u64,
    /// Calls that waited for the computation of another process.
    pub waits: u64,
    /// Acknowledged invalidations that every process confirmed in time.
    pub acknowledged: u64,
    /// Acknowledged invalidations that at least one process did not confirm in time, that were cut
    /// short or given up, or that Redis did not accept.
    pub unacknowledged: u64,
    /// Invalidations received from other processes.
    pub messages: u64,
    /// Heartbeats received: messages that this process sent to itself. While they arrive, memory is
    /// served.
    pub heartbeats: u64,
    /// Times that messages of other processes were, or may have been, missed, so that every
    /// entry in memory had to be fetched again. The first one is the start of the cache.
    pub bus_interruptions: u64,
    /// Invalidations that Redis has not accepted yet (the outbox).
    pub queued_invalidations: usize,
    /// Misses in Redis, by reason.
    pub misses: RedisMisses,
}

/// State of the circuit breaker in front of Redis.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum BreakerState {
    /// Calls use Redis.
    #[default]
    Closed,
    /// Calls run without Redis, after several consecutive failures.
    Open,
    /// Calls run without Redis, while one probe in the background checks if it works again.
    HalfOpen,
}

/// Misses in Redis, by reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedisMisses {
    /// There was no entry.
    pub absent: u64,
    /// The entry had expired.
    pub expired: u64,
    /// A tag, the function or everything was invalidated.
    pub invalidated: u64,
    /// The bytes were not written by this library.
    pub foreign: u64,
    /// The entry was written in another version of the format.
    pub format: u64,
    /// The entry was cut short or changed.
    pub damaged: u64,
    /// The entry belonged to another key.
    pub key: u64,
    /// The entry belonged to another function with the same key.
    pub function: u64,
    /// The entry was written by another codec, or compressed while the feature `lz4` is off.
    pub codec: u64,
    /// The value's type had another shape.
    pub schema: u64,
    /// The entry was larger than `max_value_bytes`.
    pub too_large: u64,
    /// The compressed bytes were invalid, or had another length than declared.
    pub compression: u64,
    /// The codec could not decode the value.
    pub undecodable: u64,
}

impl RedisMisses {
    pub(crate) fn of(reasons: &MissReasons) -> Self {
        let of = |reason| reasons.of(reason);
        Self {
            absent: of(MissReason::Absent),
            expired: of(MissReason::Expired),
            invalidated: of(MissReason::Invalidated),
            foreign: of(MissReason::Foreign),
            format: of(MissReason::Format),
            damaged: of(MissReason::Damaged),
            key: of(MissReason::Key),
            function: of(MissReason::Function),
            codec: of(MissReason::Codec),
            schema: of(MissReason::Schema),
            too_large: of(MissReason::TooLarge),
            compression: of(MissReason::Compression),
            undecodable: of(MissReason::Undecodable),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share of two counters")]
fn share(memory: u64, others: u64, misses: u64) -> f64 {
    // A call that Redis, or a stale value, answers was a miss in memory before.
    let calls = memory + misses;
    if calls == 0 {
        0.0
    } else {
        (memory + others) as f64 / calls as f64
    }
}
