//! Statistics of a cache's use of Redis, as public types.

use crate::model::histogram::Histogram;
use crate::model::miss_reason::{MissReason, MissReasons};

/// Counters of one cache's use of Redis, and the state of its connection to Redis.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default)
)]
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
    /// Address of the server to which commands go now, without user and password: with sentinels,
    /// the current master. `None` while this process is not connected.
    pub server: Option<String>,
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
    /// Calls and background work whose command to Redis had an error as its reply, or no reply
    /// within the time limit `redis_timeout`. Concurrent calls may share a command, and each of them
    /// counts.
    pub failures: u64,
    /// Calls that waited because another process was computing their key.
    pub waits: u64,
    /// Acknowledged invalidations (`acknowledged()`) that every process confirmed in time.
    pub acknowledged: u64,
    /// Acknowledged invalidations that not every process confirmed, and that took effect all the
    /// same: the call waited until the other processes, such as one that was killed, no longer
    /// served older values from memory.
    pub acknowledged_by_time: u64,
    /// Acknowledged invalidations after which another process may still serve the old value: the
    /// wait was cut short, or Redis did not accept the invalidation.
    pub unacknowledged: u64,
    /// Annotated writes that began without a mark in Redis, because Redis was unreachable or
    /// refused the mark. If this process dies during such a write, no other process invalidates its
    /// targets.
    pub unmarked: u64,
    /// Writes whose process ended before it invalidated the writes' targets, so that this process
    /// was the first to invalidate them.
    pub swept: u64,
    /// Invalidations that this process made for writes of processes that ended: up to 17 for each
    /// write.
    pub sweep_rounds: u64,
    /// Messages with invalidations that this process received from other processes over the bus.
    /// Concurrent invalidations of a process share messages.
    pub messages: u64,
    /// Heartbeats received: messages that this process sent to itself over Redis. While heartbeats
    /// arrive, this process serves from memory.
    pub heartbeats: u64,
    /// Times from the sending of a heartbeat to its return, by the clock of this process. A message
    /// that this process sends reaches another process in about the same time.
    pub bus_round_trip: Histogram,
    /// Times that this process may have missed invalidations of other processes, so that no entry
    /// in memory was used any longer. The start of the cache is the first of these times.
    pub bus_interruptions: u64,
    /// Invalidations that Redis has not accepted yet (the outbox).
    pub queued_invalidations: usize,
    /// Misses in Redis, counted by the reason for the miss.
    pub misses: RedisMisses,
}

impl RedisStats {
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        Self {
            is_up: self.is_up,
            breaker: self.breaker,
            server: self.server.clone(),
            is_bus_live: self.is_bus_live,
            queued_invalidations: self.queued_invalidations,
            breaker_openings: since(self.breaker_openings, earlier.breaker_openings),
            connections: since(self.connections, earlier.connections),
            stores: since(self.stores, earlier.stores),
            compressed: since(self.compressed, earlier.compressed),
            saved_bytes: since(self.saved_bytes, earlier.saved_bytes),
            refused_stores: since(self.refused_stores, earlier.refused_stores),
            unstorable: since(self.unstorable, earlier.unstorable),
            failures: since(self.failures, earlier.failures),
            waits: since(self.waits, earlier.waits),
            acknowledged: since(self.acknowledged, earlier.acknowledged),
            acknowledged_by_time: since(self.acknowledged_by_time, earlier.acknowledged_by_time),
            unacknowledged: since(self.unacknowledged, earlier.unacknowledged),
            unmarked: since(self.unmarked, earlier.unmarked),
            swept: since(self.swept, earlier.swept),
            sweep_rounds: since(self.sweep_rounds, earlier.sweep_rounds),
            messages: since(self.messages, earlier.messages),
            heartbeats: since(self.heartbeats, earlier.heartbeats),
            bus_interruptions: since(self.bus_interruptions, earlier.bus_interruptions),
            bus_round_trip: self.bus_round_trip.since(&earlier.bus_round_trip),
            misses: self.misses.since(&earlier.misses),
        }
    }
}

/// State of the circuit breaker in front of Redis.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
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

/// Defines [`RedisMisses`] from one list of the reasons.
macro_rules! reasons {
    ($($(#[$doc:meta])* $reason:ident $field:ident,)*) => {
        /// Misses in Redis, counted by the reason for the miss.
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        #[cfg_attr(
            feature = "serde",
            derive(serde::Serialize, serde::Deserialize),
            serde(default)
        )]
        #[non_exhaustive]
        pub struct RedisMisses {
            $($(#[$doc])* pub $field: u64,)*
        }

        impl RedisMisses {
            pub(crate) fn of(reasons: &MissReasons) -> Self {
                Self {
                    $($field: reasons.of(MissReason::$reason),)*
                }
            }

            fn since(&self, earlier: &Self) -> Self {
                Self {
                    $($field: since(self.$field, earlier.$field),)*
                }
            }

            /// Returns the misses of each reason, with the name of the reason.
            #[cfg(feature = "metrics")]
            pub(crate) fn by_reason(&self) -> [(&'static str, u64); MissReason::COUNT] {
                [$((stringify!($field), self.$field)),*]
            }
        }
    };
}

reasons! {
    /// Misses because Redis had no entry under the key.
    Absent absent,
    /// Misses because the life of the entry in Redis was over.
    Expired expired,
    /// Misses because a tag or an event of the entry, the entry's function, another entry that the
    /// entry was computed from, or the whole cache was invalidated since the entry was computed.
    Invalidated invalidated,
    /// Misses because the bytes under the key were not written by this library.
    Foreign foreign,
    /// Misses because the entry was written by a version of this library with another format of
    /// entries.
    Format format,
    /// Misses because the bytes of the entry were cut short or changed after they were written.
    Damaged damaged,
    /// Misses because the entry under the key's name in Redis contained another key.
    Key key,
    /// Misses because the entry was stored by another function, which uses the same key.
    Function function,
    /// Misses because the entry was written by another codec, or compressed while the feature `lz4`
    /// is off.
    Codec codec,
    /// Misses because the entry was written for a value type with other fields or variants than the
    /// reader's.
    Schema schema,
    /// Misses because the entry was larger than `max_value_bytes`.
    TooLarge too_large,
    /// Misses because the compressed value could not be decompressed, or had another length than
    /// its header declared.
    Compression compression,
    /// Misses because the codec could not decode the value.
    Undecodable undecodable,
    /// Misses because the entry was encrypted, and no key of the cache opened it: it has another key,
    /// was changed, or was moved from another name. Also misses because the entry was not encrypted
    /// although its function is.
    Encryption encryption,
}

/// Returns the part of the counter `now` that was counted after the counter was `earlier`.
pub(crate) fn since(now: u64, earlier: u64) -> u64 {
    now.saturating_sub(earlier)
}
