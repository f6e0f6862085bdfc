//! Counters, as users see them.

use crate::base::counter::Counter;
use crate::model::miss_reason::{MissReason, MissReasons};
use crate::model::owner::{Counts, Owner};

/// What one cached function, or one region, did so far in one cache.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FunctionStats {
    /// Its name.
    pub name: String,
    /// Calls answered from memory, with a value or with an error that is remembered.
    pub memory_hits: u64,
    /// Calls answered from Redis.
    pub redis_hits: u64,
    /// Calls that memory could not answer.
    pub misses: u64,
    /// How often the function ran.
    pub computations: u64,
    /// Misses answered by another call's computation.
    pub coalesced: u64,
    /// Calls that went past the cache: `when` was false, it was `uncached(..)`, or the cache is
    /// disabled.
    pub bypassed: u64,
    /// Computations that ended with `Err`.
    pub errors: u64,
    /// Values stored, and errors remembered.
    pub stores: u64,
    /// Those not stored because an invalidation, or another write, came in between.
    pub refused_stores: u64,
    /// Writes with `order_by` whose value was not stored because a newer one was there.
    pub superseded: u64,
    /// Waits for another's computation that were given up.
    pub lock_timeouts: u64,
    /// Computations that took longer than their `timeout`, or by `detach` than `lock_timeout` after
    /// their caller went away, and were dropped.
    pub timeouts: u64,
    /// Computations that began beyond `max_computations`: they had waited `lock_timeout` for
    /// a place.
    pub over_limit: u64,
    /// Computations whose caller went away, and that went on without it, by `detach`.
    pub detached: u64,
    /// Misses answered with a value whose time to live was over: by `stale`, `stale_if_error`
    /// or `soft_timeout`.
    pub stale_hits: u64,
    /// Computations begun before the end of an entry, by `early`.
    pub early_refreshes: u64,
    /// Computations in the place of an old value that was served meanwhile, and that failed.
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

    /// The share of calls answered from the cache, from 0 to 1; 0 before the first call.
    pub fn hit_rate(&self) -> f64 {
        share(
            self.memory_hits,
            self.redis_hits + self.stale_hits,
            self.misses,
        )
    }
}

/// What one cache did so far.
///
/// The numbers are read one by one while calls go on, so they need not add up to the last
/// unit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Calls answered from memory, with a value or with an error that is remembered.
    pub memory_hits: u64,
    /// Calls answered from Redis.
    pub redis_hits: u64,
    /// Calls that memory could not answer.
    pub misses: u64,
    /// How often a function ran.
    pub computations: u64,
    /// Misses answered by another call's computation.
    pub coalesced: u64,
    /// Calls that went past the cache.
    pub bypassed: u64,
    /// Computations that ended with `Err`.
    pub errors: u64,
    /// Values stored, and errors remembered.
    pub stores: u64,
    /// Those not stored because an invalidation, or another write, came in between.
    pub refused_stores: u64,
    /// Writes with `order_by` whose value was not stored because a newer one was there.
    pub superseded: u64,
    /// Waits for another's computation that were given up.
    pub lock_timeouts: u64,
    /// Computations that took longer than their `timeout`, or by `detach` than `lock_timeout` after
    /// their caller went away, and were dropped.
    pub timeouts: u64,
    /// Computations that began beyond `max_computations`: they had waited `lock_timeout` for
    /// a place.
    pub over_limit: u64,
    /// Computations whose caller went away, and that went on without it, by `detach`.
    pub detached: u64,
    /// Misses answered with a value whose time to live was over: by `stale`, `stale_if_error`
    /// or `soft_timeout`.
    pub stale_hits: u64,
    /// Computations begun before the end of an entry, by `early`.
    pub early_refreshes: u64,
    /// Computations in the place of an old value that was served meanwhile, and that failed.
    pub refresh_failures: u64,
    /// Invalidations of keys, tags, events, functions and the whole cache.
    pub invalidations: u64,
    /// Entries in memory, also those of no use any more: over, or invalidated by a tag, an event
    /// or a function. They stay until others take their place, or the key is asked for and
    /// computed again.
    pub entries: u64,
    /// Their weight, where the cache is bounded by bytes; else 0.
    pub bytes: u64,
    /// Computations that are running or waited for.
    pub flights: usize,
    /// Keys that are being written through.
    pub writes: usize,
    /// Tags and events whose last invalidation is kept.
    pub tags: usize,
    /// What goes on behind the calls.
    pub background: BackgroundStats,
    /// What the tier that processes share did; all zero without one.
    pub redis: RedisStats,
    /// The same by function and region, in order of name.
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

    /// The share of calls answered from the cache, from 0 to 1; 0 before the first call.
    pub fn hit_rate(&self) -> f64 {
        share(
            self.memory_hits,
            self.redis_hits + self.stale_hits,
            self.misses,
        )
    }
}

/// What goes on behind the calls: values on their way into Redis, leases that are given back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackgroundStats {
    /// How much runs now.
    pub running: usize,
    /// How much was not begun: too much ran already, or the cache was shut down.
    pub refused: u64,
    /// How much panicked.
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

/// What happened to the entries in Redis, as one cache saw it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedisStats {
    /// Whether it can be asked now: there is a connection, and the breaker is closed.
    pub is_up: bool,
    /// Its circuit breaker.
    pub breaker: BreakerState,
    /// How often that opened.
    pub breaker_openings: u64,
    /// How often a connection for commands was made.
    pub connections: u64,
    /// Whether other processes' messages come through now, so that memory may be served.
    pub is_bus_live: bool,
    /// Values stored.
    pub stores: u64,
    /// Those of them that were compressed.
    pub compressed: u64,
    /// By how many bytes that made them shorter, all together.
    pub saved_bytes: u64,
    /// Values not stored because something happened while they were computed.
    pub refused_stores: u64,
    /// Values that are not for Redis: too large, or of a type that the codec cannot carry.
    pub unstorable: u64,
    /// Questions that had no answer in time, or an error for one.
    pub failures: u64,
    /// Times that a call waited for the computation of another process.
    pub waits: u64,
    /// Acknowledged invalidations that every process said it applied in time.
    pub acknowledged: u64,
    /// Those of which one did not say so: all that were waited out, cut short or given up, or that
    /// Redis did not accept.
    pub unacknowledged: u64,
    /// Invalidations by other processes that arrived.
    pub messages: u64,
    /// Messages to itself that came back: while they do, memory is served.
    pub heartbeats: u64,
    /// Times that messages of other processes were, or may have been, missed, so that memory
    /// asked for everything again; the first is the beginning.
    pub bus_interruptions: u64,
    /// Invalidations that it has not accepted yet.
    pub queued_invalidations: usize,
    /// Why entries were of no use.
    pub misses: RedisMisses,
}

/// Whether calls ask Redis, as its circuit breaker has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum BreakerState {
    /// They do.
    #[default]
    Closed,
    /// They go on without: it failed several times in a row.
    Open,
    /// The same, while one question in the background finds out whether it is well again.
    HalfOpen,
}

/// Why entries in Redis were of no use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedisMisses {
    /// There was none.
    pub absent: u64,
    /// Its life was over.
    pub expired: u64,
    /// A tag, its function or everything was invalidated.
    pub invalidated: u64,
    /// Not written by this library.
    pub foreign: u64,
    /// Written in another version of the format.
    pub format: u64,
    /// Cut short or changed.
    pub damaged: u64,
    /// Another key's.
    pub key: u64,
    /// Another function's, under the same key.
    pub function: u64,
    /// Written by another codec, or compressed where the feature `lz4` is off.
    pub codec: u64,
    /// Of a type of another shape.
    pub schema: u64,
    /// Larger than `max_value_bytes`.
    pub too_large: u64,
    /// Compressed, and not what compression makes, or of another length than it says.
    pub compression: u64,
    /// The codec could not read it.
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
    // A call that Redis answers, or an old value, has missed in memory before.
    let calls = memory + misses;
    if calls == 0 {
        0.0
    } else {
        (memory + others) as f64 / calls as f64
    }
}
