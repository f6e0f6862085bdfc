//! The doctor's findings about the state of a running cache.

use crate::model::redis_stats::BreakerState;
use crate::model::stats::Stats;
use crate::ops::doctor::findings::Finding;

/// Adds the findings about the state that `stats` shows. `is_shared` is `true` if the cache has a
/// Redis.
pub(crate) fn state(stats: &Stats, is_shared: bool, findings: &mut Vec<Finding>) {
    if is_shared {
        connection(stats, findings);
        unsent(stats, findings);
    }
    if stats.background.panicked > 0 {
        let count = stats.background.panicked;
        findings.push(Finding::warning(
            "background",
            format!("{count} background tasks panicked"),
            "look for `a background task panicked` in the log, and mend the function that it names",
        ));
    }
}

fn connection(stats: &Stats, findings: &mut Vec<Finding>) {
    let redis = &stats.redis;
    if redis.breaker != BreakerState::Closed {
        findings.push(Finding::warning(
            "connection",
            "the circuit breaker is open: calls run without Redis, because commands failed in a row",
            "look for the reason in the log; the breaker closes by itself once Redis answers",
        ));
    } else if !redis.is_up {
        findings.push(Finding::warning(
            "connection",
            "this process has no usable connection to Redis: calls run without Redis",
            "look for the reason in the log; the process connects again by itself",
        ));
    }
    if !redis.is_bus_live {
        findings.push(Finding::warning(
            "bus",
            "messages of other processes do not arrive: entries in memory are checked with Redis, or \
             served as `on_disconnect` says",
            "look for the reason in the log; see `bus` among the other findings",
        ));
    }
}

fn unsent(stats: &Stats, findings: &mut Vec<Finding>) {
    let queued = stats.redis.queued_invalidations;
    if queued > 0 {
        findings.push(Finding::warning(
            "outbox",
            format!("{queued} invalidations wait, because Redis has not accepted them yet"),
            "nothing, once Redis is reachable: they are sent then; `outbox_file` keeps them over a restart",
        ));
    }
    if stats.redis.unmarked > 0 {
        let count = stats.redis.unmarked;
        findings.push(Finding::info(
            "marks",
            format!("{count} writes began without a mark in Redis"),
            "nothing if Redis was unreachable then; else grant the rights of `docs/redis.md`",
        ));
    }
}
