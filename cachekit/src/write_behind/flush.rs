//! The wait until queued writes are carried out.

use std::time::Duration;

use tokio::time::sleep;

use crate::core::queues::registered;
use crate::core::state::Cache;
use crate::model::queue_error::QueueError;
use crate::model::queue_spec::QueueSpec;
use crate::write_behind::asking::{deadline, error_of};

/// The interval at which a flush looks into the queue.
const LOOK: Duration = Duration::from_millis(20);

impl Cache {
    /// Waits until every write that was queued before this call is carried out, or put aside, by
    /// workers of any process. While this call waits, workers do not wait for the time `every`
    /// before they carry out a write.
    ///
    /// The wait has no time limit: limit it with `tokio::time::timeout`. The call looks at the
    /// queues of the write-behind functions that this program has.
    ///
    /// # Errors
    ///
    /// Returns an error if Redis cannot be asked.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, no write is lost.
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime with a timer if a write is queued.
    pub async fn flush(&self) -> Result<(), QueueError> {
        for spec in registered() {
            self.flush_queue(spec).await?;
        }
        Ok(())
    }

    async fn flush_queue(&self, spec: &'static QueueSpec) -> Result<(), QueueError> {
        let core = &self.core;
        let queue = (spec.name(), spec.kind);
        let mut began = None;
        loop {
            let state = core.write_queue().state(queue, true, deadline(core)).await;
            let state = state.map_err(error_of)?;
            let began = *began.get_or_insert(state.last);
            if state.oldest.is_none_or(|oldest| oldest > began) {
                return Ok(());
            }
            sleep(LOOK).await;
        }
    }
}
