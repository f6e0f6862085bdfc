//! Writes that were put aside, because no attempt to carry them out succeeded.

use std::collections::BTreeSet;
use std::fmt;

use crate::core::queued_payload::encoded_arguments;
use crate::core::queues::registered;
use crate::core::state::Cache;
use crate::l2::invalidation_targets::InvalidationTargets;
use crate::model::queue_error::QueueError;
use crate::model::queue_spec::QueueKind;
use crate::store::write_queue::{DeadItem, Taken};
use crate::write_behind::asking::{deadline, error_of, patient_deadline};

/// The number of dead writes that one question to the queue returns. They may be large.
const PAGE: usize = 20;

/// A queued write that was put aside.
#[derive(Clone, PartialEq, Eq)]
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
    /// Codec of the arguments. Empty in a cache without Redis, and if the bytes in Redis are not a
    /// queued write.
    pub codec: String,
    /// Arguments that are queued, encoded by `codec` as one array. The arguments may contain users'
    /// data.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub payload: Vec<u8>,
}

impl fmt::Debug for DeadWrite {
    /// Formats everything but the arguments, which may contain users' data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadWrite")
            .field("id", &self.id)
            .field("key", &self.key)
            .field("version", &self.version)
            .field("attempts", &self.attempts)
            .field("reason", &self.reason)
            .field("codec", &self.codec)
            .field("payload_bytes", &self.payload.len())
            .finish()
    }
}

impl From<DeadItem> for DeadWrite {
    fn from(item: DeadItem) -> Self {
        let (codec, payload) = match encoded_arguments(&item.payload) {
            Some((codec, encoded)) => (codec.to_string(), encoded.to_vec()),
            None => (String::new(), Vec::new()),
        };
        Self {
            id: item.id,
            key: String::from_utf8_lossy(&item.key).into_owned(),
            version: item.version,
            attempts: item.attempts,
            reason: item.reason,
            codec,
            payload,
        }
    }
}

impl Cache {
    /// Returns the names of the write-behind functions that have dead writes, in alphabetical
    /// order, also of functions that this program does not have.
    ///
    /// Redis looks at all its keys for the answer, a thousand at a time.
    ///
    /// # Errors
    ///
    /// Returns an error if Redis cannot be asked.
    pub async fn functions_with_dead_writes(&self) -> Result<Vec<String>, QueueError> {
        let core = &self.core;
        let (mut names, mut position) = (BTreeSet::new(), 0);
        loop {
            let found = core.write_queue().with_dead(position, deadline(core));
            let (next, some) = found.await.map_err(error_of)?;
            names.extend(some);
            if next == 0 {
                break;
            }
            position = next;
        }
        let mut with_dead = Vec::new();
        for name in names {
            // The stream of a function stays after its last dead write was taken.
            if !self.dead_writes(&name, 1).await?.is_empty() {
                with_dead.push(name);
            }
        }
        Ok(with_dead)
    }

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
        self.dead_writes_after(function, "", most).await
    }

    /// Returns the dead writes of the write-behind function with the name `function` that come after
    /// the one with the id `after`, oldest first, at most `most`. Without an id (`""`), begins with
    /// the oldest one.
    ///
    /// # Errors
    ///
    /// Returns an error if Redis cannot be asked, or if `after` is no id.
    pub async fn dead_writes_after(
        &self,
        function: &str,
        after: &str,
        most: usize,
    ) -> Result<Vec<DeadWrite>, QueueError> {
        let core = &self.core;
        let (mut all, mut after) = (Vec::new(), after.to_owned());
        while all.len() < most {
            let count = PAGE.min(most - all.len());
            let until = patient_deadline(core);
            let page = core.write_queue().dead(function, &after, count, until);
            let page = page.await.map_err(error_of)?;
            let is_last = page.len() < count;
            if let Some(last) = page.last() {
                after.clone_from(&last.id);
            }
            all.extend(page.into_iter().map(DeadWrite::from));
            if is_last {
                break;
            }
        }
        Ok(all)
    }

    /// Returns the dead write `id` of the write-behind function with the name `function`. Returns
    /// `None` if there is no such write.
    ///
    /// # Errors
    ///
    /// Returns an error if Redis cannot be asked.
    pub async fn dead_write(
        &self,
        function: &str,
        id: &str,
    ) -> Result<Option<DeadWrite>, QueueError> {
        let core = &self.core;
        let queue = core.write_queue();
        let found = queue.dead_one(function, id, patient_deadline(core)).await;
        Ok(found.map_err(error_of)?.map(DeadWrite::from))
    }

    /// Queues the dead write `id` of `function` again, with new attempts, and invalidates the entry
    /// that it replaces. If the function queues only the newest write of each key, the dead write
    /// keeps its version. It replaces an older write of the key that is queued, and is dropped if a
    /// newer one is queued. Returns `false` if there is no such write.
    ///
    /// Reads do not get the value of a replayed write from the queue. If a newer write of the key was
    /// carried out meanwhile, a function that compares versions rejects the replayed one. If the
    /// function does not compare them, drop the dead write instead.
    ///
    /// The time for which the write waits, which the statistics have as `lag`, begins with the replay.
    ///
    /// # Errors
    ///
    /// Returns an error if Redis cannot be asked, or if the cache was shut down and has no Redis. The
    /// dead write stays dead after a shutdown.
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
        let spec = registered().find(|spec| spec.name() == function);
        // Redis keeps the kind with the dead write.
        let kind = spec.map_or(QueueKind::Newest, |spec| spec.kind);
        let queue = core.write_queue();
        let taken = queue.take_dead((function, kind), id, revives, deadline(core));
        let key = match taken.await.map_err(error_of)? {
            Taken::Key(key) => key,
            Taken::Missing => return Ok(false),
            Taken::Closed => return Err(QueueError::ShutDown),
        };
        if revives && spec.is_none_or(|spec| spec.entry.is_some()) {
            // The entry has the value that the source had without the write.
            core.invalidate(InvalidationTargets::key(&key))
                .accepted()
                .await;
        }
        Ok(true)
    }
}
