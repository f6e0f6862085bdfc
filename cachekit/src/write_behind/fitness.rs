//! The check that a Redis server keeps queued writes: it must neither evict them nor lose them when
//! it restarts.

use std::sync::Arc;

use crate::base::trace;
use crate::core::state::Core;
use crate::model::queue_error::QueueError;
use crate::model::server_info::ServerInfo;
use crate::store::failure::{Failure, NO_RIGHT};
use crate::write_behind::asking::{deadline, error_of};

/// The error code of a server that does not know a command, such as `INFO`.
const UNKNOWN_COMMAND: &str = "ERR";

/// Checks, once for each data set, that the server of `core` keeps queued writes. Succeeds without
/// Redis, and if the setting `volatile_queues` accepts the loss of writes.
///
/// # Errors
///
/// Returns the problem and the remedy if the server may lose queued writes, or cannot be asked.
pub(crate) async fn check_fitness(core: &Arc<Core>) -> Result<(), QueueError> {
    let Some(l2) = &core.l2 else { return Ok(()) };
    if core.config.volatile_queues {
        return Ok(());
    }
    let origin = l2.store.origin();
    if *core.queues.checked.read() == Some(origin) {
        return Ok(());
    }
    match l2.store.server_info(deadline(core)).await {
        Ok(info) => match problem(&info) {
            None => {}
            Some(problem) => return Err(QueueError::Volatile(problem)),
        },
        // The account may not ask, or the server has no such command.
        Err(Failure::Rejected(reason)) if [NO_RIGHT, UNKNOWN_COMMAND].contains(&&*reason) => {
            trace::queue_fitness_unknown();
        }
        Err(failure) => return Err(error_of(failure)),
    }
    *core.queues.checked.write() = Some(origin);
    Ok(())
}

/// Returns the reason why the server may lose queued writes, with the remedy.
fn problem(info: &ServerInfo) -> Option<String> {
    let policy = &info.eviction_policy;
    if policy.starts_with("allkeys") {
        return Some(format!(
            "its `maxmemory-policy` is `{policy}`, which may evict queued writes; run `CONFIG SET \
             maxmemory-policy noeviction`, or use another server for the queue"
        ));
    }
    (!info.has_append_only_file).then(|| {
        "it writes no append-only file, so a restart loses queued writes; run `CONFIG SET \
         appendonly yes` and set it in the server's configuration, or accept the loss with \
         `volatile_queues(true)`"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(policy: &str, has_append_only_file: bool) -> ServerInfo {
        ServerInfo {
            eviction_policy: policy.to_owned(),
            has_append_only_file,
            ..ServerInfo::default()
        }
    }

    #[test]
    fn a_server_that_may_lose_writes_is_told_apart() {
        for policy in ["noeviction", "volatile-lru", "volatile-ttl", ""] {
            assert_eq!(problem(&server(policy, true)), None, "{policy}");
            let lost = problem(&server(policy, false)).expect("a problem");
            assert!(lost.contains("append-only file"), "{lost}");
        }
        for policy in ["allkeys-lru", "allkeys-lfu", "allkeys-random"] {
            let evicted = problem(&server(policy, true)).expect("a problem");
            assert!(evicted.contains(policy), "{evicted}");
        }
    }
}
