//! The check that a Redis server keeps queued writes: it must neither evict them nor lose them when
//! it restarts.

use std::sync::Arc;

use crate::base::trace;
use crate::core::state::Core;
use crate::model::queue_error::QueueError;
use crate::model::queue_fitness;
use crate::store::failure::{Failure, NO_RIGHT};
use crate::write_behind::asking::{deadline, error_of};

/// The error code of a server that does not know a command, such as `INFO`.
const UNKNOWN_COMMAND: &str = "ERR";

/// Checks, once for each connection to the server, that the server of `core` keeps queued writes.
/// Succeeds without Redis, and if the setting `volatile_queues` accepts the loss of writes. If the
/// server does not answer now, the result of the last check stands until the next call.
///
/// # Errors
///
/// Returns the problem and the remedy if the server may lose queued writes, or cannot be asked.
pub(crate) async fn check_fitness(core: &Arc<Core>) -> Result<(), QueueError> {
    let Some(l2) = &core.l2 else { return Ok(()) };
    if core.config.volatile_queues {
        return Ok(());
    }
    let connections = l2.store.connections();
    let checked = *core.queues.checked.read();
    if checked == Some(connections) {
        return Ok(());
    }
    match l2.store.server_info(deadline(core)).await {
        Ok(info) => {
            if let Some(unfit) = queue_fitness::reasons(&info).next() {
                return Err(QueueError::Volatile(unfit.to_string()));
            }
        }
        // The account may not ask, or the server has no such command.
        Err(Failure::Rejected(reason)) if [NO_RIGHT, UNKNOWN_COMMAND].contains(&&*reason) => {
            trace::queue::queue_fitness_unknown();
        }
        Err(Failure::Unavailable | Failure::Indeterminate) if checked.is_some() => return Ok(()),
        // No write was sent with the question.
        Err(Failure::Indeterminate) => return Err(QueueError::Unavailable),
        Err(failure) => return Err(error_of(failure)),
    }
    *core.queues.checked.write() = Some(connections);
    Ok(())
}
