//! Writes that were put aside, because no attempt to carry them out succeeded.

use crate::core::state::Cache;
use crate::model::queue_error::QueueError;
use crate::model::queue_spec::QueueKind;
use crate::store::write_queue::{DeadItem, Payload};
use crate::write_behind::asking::{deadline, error_of};

/// The number of dead writes that one question to the queue returns.
const PAGE: usize = 100;

/// A queued write that was put aside.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct DeadWrite {
    /// Id of the dead write, unique in its function's queue.
    pub id: String,
    /// Key that the write was queued under.
    pub key: String,
    /// Version of the write.
    pub version: u64,
    /// Number of attempts to carry the write out.
    pub attempts: u32,
    /// Reason: the text of the last error, or the reason why the arguments cannot be read.
    pub reason: String,
    /// Size of the encoded arguments in bytes. Zero in a cache without Redis.
    pub bytes: usize,
}

impl From<DeadItem> for DeadWrite {
    fn from(item: DeadItem) -> Self {
        let bytes = match &item.payload {
            Payload::Encoded(bytes) => bytes.len(),
            Payload::Shared(_) => 0,
        };
        Self {
            id: item.id,
            key: String::from_utf8_lossy(&item.key).into_owned(),
            version: item.version,
            attempts: item.attempts,
            reason: item.reason,
            bytes,
        }
    }
}

impl Cache {
    /// Returns the dead writes of the write-behind function with the name `function`, oldest first,
    /// at most `most`.
    ///
    /// # Errors
    ///
    /// Returns an error if Redis cannot be asked.
    pub async fn dead_writes(
        &self,
        function: &str,
        most: usize,
    ) -> Result<Vec<DeadWrite>, QueueError> {
        let core = &self.core;
        let (mut all, mut after) = (Vec::new(), String::new());
        while all.len() < most {
            let count = PAGE.min(most - all.len());
            let queue = core.write_queue();
            let page = queue.dead(function, &after, count, deadline(core)).await;
            let page = page.map_err(error_of)?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.id);
            all.extend(page.into_iter().map(DeadWrite::from));
        }
        Ok(all)
    }

    /// Queues the dead write `id` of `function` again, with its version and with new attempts. Where
    /// the newest wins and a newer write of the key is queued, the dead write is dropped. Returns
    /// `false` if there is no such write.
    ///
    /// # Errors
    ///
    /// Returns an error if Redis cannot be asked.
    pub async fn replay_dead_write(&self, function: &str, id: &str) -> Result<bool, QueueError> {
        self.take_dead_write(function, id, true).await
    }

    /// Drops the dead write `id` of `function`. Returns `false` if there is no such write.
    ///
    /// # Errors
    ///
    /// Returns an error if Redis cannot be asked.
    pub async fn drop_dead_write(&self, function: &str, id: &str) -> Result<bool, QueueError> {
        self.take_dead_write(function, id, false).await
    }

    async fn take_dead_write(
        &self,
        function: &str,
        id: &str,
        revives: bool,
    ) -> Result<bool, QueueError> {
        let core = &self.core;
        let spec = crate::core::queues::registered().find(|spec| spec.name() == function);
        let kind = spec.map_or(QueueKind::Newest, |spec| spec.kind);
        let queue = core.write_queue();
        let taken = queue.take_dead((function, kind), id, revives, deadline(core));
        taken.await.map_err(error_of)
    }
}
