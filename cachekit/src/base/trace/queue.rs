//! Log messages of the queues of write-behind functions. The text of an error of the user's function
//! may have data of users, so only events of the level debug show it.

use std::fmt;

/// Reports that a queued write of the function `queue` cannot be read, for the reason `why`, so that
/// a call runs the cached function instead.
pub(crate) fn queued_write_unreadable(queue: &str, why: &str) {
    limited_event!(
        WARN, queue;
        function = queue,
        "a queued write cannot be read; the cached function runs, and may return an older value"
    );
    event!(
        debug,
        function = queue,
        why = why,
        "reason why a queued write cannot be read"
    );
}

/// Reports that a run of the write-behind function `queue` failed with `error`. Its writes are
/// repeated.
pub(crate) fn queued_write_failed(queue: &str, error: &str) {
    event!(
        debug,
        function = queue,
        error = error,
        "a queued write failed, and is repeated"
    );
}

/// Reports that a queued write of the function `queue` was put aside, for the reason `why`.
pub(crate) fn queued_write_put_aside(queue: &str, why: &str) {
    limited_event!(
        ERROR, queue;
        function = queue,
        "a queued write was put aside; see `cachekit dead-writes`"
    );
    event!(
        debug,
        function = queue,
        why = why,
        "reason why a queued write was put aside"
    );
}

/// Reports that a worker of the function `queue` cannot reach its queue.
pub(crate) fn queue_unreachable(queue: &str, failure: &dyn fmt::Debug) {
    event!(
        debug,
        function = queue,
        failure = ?failure,
        "the queue of a write-behind function cannot be reached"
    );
}

/// Reports that the server's persistence and eviction policy are unknown, because the account may
/// not run `INFO`.
pub(crate) fn queue_fitness_unknown() {
    event!(
        warn,
        "the account may not run INFO, so it is unknown if Redis keeps queued writes; the server needs \
         `appendonly yes` and `maxmemory-policy noeviction`"
    );
}
