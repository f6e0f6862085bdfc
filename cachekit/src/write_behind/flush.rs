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
        let mut flushed = Vec::new();
        for spec in registered() {
            let state = self.core.look(spec).await?;
            if !is_done(state, state.last) {
                flushed.push((spec, state.last));
            }
        }
        // All queues are asked before any of them is waited for, which may take long.
        for (spec, upto) in &flushed {
            hasten(&self.core, spec, *upto).await.map_err(error_of)?;
        }
        for (spec, upto) in flushed {
            while !is_done(self.core.look(spec).await?, upto) {
                sleep(LOOK).await;
            }
        }
        Ok(())
    }
}

/// Returns `true` if a queue in `state` has no write of the version `upto` or an older one.
fn is_done(state: QueueState, upto: u64) -> bool {
    state.oldest.is_none_or(|oldest| oldest > upto)
}

impl Core {
    async fn look(&self, spec: &'static QueueSpec) -> Result<QueueState, QueueError> {
        let queue = (spec.name(), spec.kind);
        let state = self.write_queue().state(queue, patient_deadline(self));
        state.await.map_err(error_of)
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
