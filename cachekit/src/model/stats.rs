//! Statistics of a cache, as the public types that `Cache::stats` returns.

use crate::base::counter::Counter;
use crate::model::miss_reason::{MissReason, MissReasons};
use crate::model::owner::{Counts, Owner};

/// Counters of one cached function, or one region, in one cache.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FunctionStats {
    /// Name of the function or of the region.
    pub name: String,
    /// Calls answered from memory, with a value or a remembered error.
    pub memory_hits: u64,
    /// Calls that memory could not answer and that were answered with a value from Redis.
    pub redis_hits: u64,
    /// Calls that memory could not answer with a fresh value. Redis, a stale value or a computation
    /// answered these calls.
    pub misses: u64,
    /// Runs of the function by the cache, also in the background.
    pub computations: u64,
    /// Misses answered by another call's computation (single-flight).
    pub coalesced: u64,
    /// Calls that neither read nor filled the cache: `when` was false, the call was `uncached(..)`
    /// or inside of `deferred(..)`, or the cache is disabled.
    pub bypassed: u64,
    /// Computations that returned `Err`.
    pub errors: u64,
    /// Values that were stored in the cache, and errors that it remembered (`err_ttl`).
    pub stores: u64,
    /// Values not stored because the entry was invalidated, or its key was written by another call,
    /// after the computation or the write of the value began.
    pub refused_stores: u64,
    /// Writes with `order_by` whose value was not stored because the cache already had a value with
    /// a greater order.
    pub superseded: u64,
    /// Calls that waited for another call's computation until their `lock_timeout` was over.
    pub lock_timeouts: u64,
    /// Computations that were dropped because they took longer than their `timeout`, or, with
    /// `detach`, because they still ran `lock_timeout` after their caller was dropped.
    pub timeouts: u64,
    /// Computations that began without a permit although `max_computations` others were running,
    /// because their caller had waited for a permit for `lock_timeout`.
    pub over_limit: u64,
    /// Computations with `detach` that continued after their caller was dropped.
    pub detached: u64,
    /// Misses answered with a stale value, because of `stale`, `stale_if_error` or `soft_timeout`.
    pub stale_hits: u64,
    /// Computations that began before the entry of their key expired, because of `early`.
    pub early_refreshes: u64,
    /// Computations that failed while their callers were served a stale value.
    pub refresh_failures: u64,
    /// Values that were not stored in Redis because they were computed from values whose versions in
    /// Redis are not known, or from too many values. Memory keeps them.
    pub memory_only: u64,
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
        add(&mut self.memory_only, &counts.memory_only);
    }

    /// Returns the share of calls that were answered with a value from memory or Redis, or with a
    /// stale value, from 0 to 1. Returns 0 before the first call.
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
/// Calls continue while the counters are read one after the other, so two counters may differ by a
/// few calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Calls answered from memory, with a value or a remembered error.
    pub memory_hits: u64,
    /// Calls that memory could not answer and that were answered with a value from Redis.
    pub redis_hits: u64,
    /// Calls that memory could not answer with a fresh value. Redis, a stale value or a computation
    /// answered these calls.
    pub misses: u64,
    /// Runs of cached functions by the cache, also in the background.
    pub computations: u64,
    /// Misses answered by another call's computation (single-flight).
    pub coalesced: u64,
    /// Calls that neither read nor filled the cache: `when` was false, the call was `uncached(..)`
    /// or inside of `deferred(..)`, or the cache is disabled.
    pub bypassed: u64,
    /// Computations that returned `Err`.
    pub errors: u64,
    /// Values that were stored in the cache, and errors that it remembered (`err_ttl`).
    pub stores: u64,
    /// Values not stored because the entry was invalidated, or its key was written by another call,
    /// after the computation or the write of the value began.
    pub refused_stores: u64,
    /// Writes with `order_by` whose value was not stored because the cache already had a value with
    /// a greater order.
    pub superseded: u64,
    /// Calls that waited for another call's computation until their `lock_timeout` was over.
    pub lock_timeouts: u64,
    /// Computations that were dropped because they took longer than their `timeout`, or, with
    /// `detach`, because they still ran `lock_timeout` after their caller was dropped.
    pub timeouts: u64,
    /// Computations that began without a permit although `max_computations` others were running,
    /// because their caller had waited for a permit for `lock_timeout`.
    pub over_limit: u64,
    /// Computations with `detach` that continued after their caller was dropped.
    pub detached: u64,
    /// Misses answered with a stale value, because of `stale`, `stale_if_error` or `soft_timeout`.
    pub stale_hits: u64,
    /// Computations that began before the entry of their key expired, because of `early`.
    pub early_refreshes: u64,
    /// Computations that failed while their callers were served a stale value.
    pub refresh_failures: u64,
    /// Values that were not stored in Redis because they were computed from values whose versions in
    /// Redis are not known, or from too many values. Memory keeps them.
    pub memory_only: u64,
    /// Invalidations of keys, tags, events, functions and the whole cache.
    pub invalidations: u64,
    /// Entries in memory. The number includes entries that expired, or were invalidated by a tag,
    /// an event or a function. Such entries stay until other entries take their room, or their key
    /// is computed again.
    pub entries: u64,
    /// Bytes that the entries in memory take. Zero if the capacity is in entries.
    pub bytes: u64,
    /// Keys that are being computed now, each with one or more calls that wait.
    pub flights: usize,
    /// Keys that `put` or `#[write_through]` is writing now.
    pub writes: usize,
    /// Number of tags and events whose last invalidation this process remembers.
    pub tags: usize,
    /// Number of keys and functions whose last invalidation this process remembers, because entries
    /// were computed from their values.
    pub dependencies: usize,
    /// Counters of the cache's background tasks.
    pub background: BackgroundStats,
    /// Counters of Redis (L2). Without Redis, all of them are zero.
    pub redis: RedisStats,
    /// Counters of each function and each region, sorted by name.
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
            stats.memory_only += function.memory_only;
        }
        functions.sort_by(|a, b| a.name.cmp(&b.name));
        stats.functions = functions;
        stats
    }

    /// Returns the share of calls that were answered with a value from memory or Redis, or with a
    /// stale value, from 0 to 1. Returns 0 before the first call.
    pub fn hit_rate(&self) -> f64 {
        share(
            self.memory_hits,
            self.redis_hits + self.stale_hits,
            self.misses,
        )
    }
}

/// Counters of background tasks: stores in Redis, refreshes of stale entries, releases of leases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackgroundStats {
    /// Background tasks that run now.
    pub running: usize,
    /// Background tasks that were not started, because too many ran already, the cache was shut
    /// down, or no Tokio runtime was found.
    pub refused: u64,
    /// Background tasks that ended by a panic.
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

/// Counters of one cache's use of Redis, and the state of its connection to Redis.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedisStats {
    /// `true` if calls can use Redis now: this process is connected to Redis, and the circuit
    /// breaker is closed.
    pub is_up: bool,
    /// State of the circuit breaker, which decides if calls use Redis.
    pub breaker: BreakerState,
    /// Times that the circuit breaker opened because Redis failed several times in a row.
    pub breaker_openings: u64,
    /// Connections to Redis that this process has opened for commands, including those that
    /// replaced a lost one.
    pub connections: u64,
    /// `true` if messages on the bus arrive now, so that this process may serve from memory.
    pub is_bus_live: bool,
    /// Values that were stored in Redis.
    pub stores: u64,
    /// Values that were stored in Redis in compressed form.
    pub compressed: u64,
    /// Bytes by which compression reduced all values that were stored in Redis.
    pub saved_bytes: u64,
    /// Values that Redis did not store because an invalidation, or another write of the key, came
    /// while they were computed.
    pub refused_stores: u64,
    /// Values that were not sent to Redis because they are larger than `max_value_bytes`, or
    /// because the codec cannot encode their type.
    pub unstorable: u64,
    /// Commands to Redis that had no reply within `redis_timeout`, or an error as their reply.
    pub failures: u64,
    /// Calls that waited because another process was computing their key.
    pub waits: u64,
    /// Acknowledged invalidations (`acknowledged()`) that every process confirmed in time.
    pub acknowledged: u64,
    /// Acknowledged invalidations without a confirmation from every process: a process did not
    /// answer in time, the wait was cut short, or Redis did not accept the invalidation.
    pub unacknowledged: u64,
    /// Invalidations that this process received from other processes over the bus.
    pub messages: u64,
    /// Heartbeats received: messages that this process sent to itself over Redis. While heartbeats
    /// arrive, this process serves from memory.
    pub heartbeats: u64,
    /// Times that this process may have missed invalidations of other processes, so that no entry
    /// in memory was used any longer. The start of the cache is the first of these times.
    pub bus_interruptions: u64,
    /// Invalidations that Redis has not accepted yet (the outbox).
    pub queued_invalidations: usize,
    /// Misses in Redis, counted by the reason for the miss.
    pub misses: RedisMisses,
}

/// State of the circuit breaker in front of Redis.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum BreakerState {
    /// The breaker is closed: calls use Redis.
    #[default]
    Closed,
    /// The breaker is open: calls run without Redis, because several commands in a row failed.
    Open,
    /// The breaker is half open: calls run without Redis, while one probe in the background checks
    /// if Redis works again.
    HalfOpen,
}

/// Misses in Redis, counted by the reason for the miss.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedisMisses {
    /// Misses because Redis had no entry under the key.
    pub absent: u64,
    /// Misses because the life of the entry in Redis was over.
    pub expired: u64,
    /// Misses because a tag or an event of the entry, the entry's function, another entry that the
    /// entry was computed from, or the whole cache was invalidated since the entry was computed.
    pub invalidated: u64,
    /// Misses because the bytes under the key were not written by this library.
    pub foreign: u64,
    /// Misses because the entry was written by a version of this library with another format of
    /// entries.
    pub format: u64,
    /// Misses because the bytes of the entry were cut short or changed after they were written.
    pub damaged: u64,
    /// Misses because the entry under the key's name in Redis contained another key.
    pub key: u64,
    /// Misses because the entry was stored by another function, which uses the same key.
    pub function: u64,
    /// Misses because the entry was written by another codec, or compressed while the feature `lz4`
    /// is off.
    pub codec: u64,
    /// Misses because the entry was written for a value type with other fields or variants than the
    /// reader's.
    pub schema: u64,
    /// Misses because the entry was larger than `max_value_bytes`.
    pub too_large: u64,
    /// Misses because the compressed value could not be decompressed, or had another length than
    /// its header declared.
    pub compression: u64,
    /// Misses because the codec could not decode the value.
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
    // Calls that Redis or a stale value answered are included in `misses`, so `others` is not added
    // to `calls`.
    let calls = memory + misses;
    if calls == 0 {
        0.0
    } else {
        (memory + others) as f64 / calls as f64
    }
}
