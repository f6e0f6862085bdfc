//! The wait until queued writes are carried out.

use std::time::Duration;

use tokio::time::sleep;

use crate::core::queues::registered;
use crate::core::state::{Cache, Core};
use crate::model::queue_error::QueueError;
use crate::model::queue_spec::QueueSpec;
use crate::store::failure::Failure;
use crate::store::write_queue::{Part, QueueState};
use crate::write_behind::asking::{error_of, patient_deadline};

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
        let look = async || {
            let state = core.write_queue().state(queue, patient_deadline(core));
            state.await.map_err(error_of)
        };
        let mut state = look().await?;
        let upto = state.last;
        let is_done = |state: QueueState| state.oldest.is_none_or(|oldest| oldest > upto);
        if !is_done(state) {
            hasten(core, spec, upto).await.map_err(error_of)?;
        }
        while !is_done(state) {
            sleep(LOOK).await;
            state = look().await?;
        }
        Ok(())
    }
}

/// Lets the queued writes of `spec` up to the version `upto` be carried out without a wait for
/// further ones.
///
/// # Errors
///
/// Returns an error if the queue cannot be asked.
pub(crate) async fn hasten(
    core: &Core,
    spec: &'static QueueSpec,
    upto: u64,
) -> Result<(), Failure> {
    let queue = (spec.name(), spec.kind);
    let mut after = Some(0);
    while let Some(version) = after {
        let part = Part {
            after: version,
            upto,
        };
        let hastened = core
            .write_queue()
            .hasten(queue, part, patient_deadline(core));
        after = hastened.await?;
    }
    Ok(())
}
