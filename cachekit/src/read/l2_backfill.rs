//! The storing of a computed value in L2, or the removal of the older entry from L2.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::backfill::lease::LeaseState;
use crate::backfill::store::Backfill;
use crate::base::fault::removed;
use crate::model::config::Tier;
use crate::model::entry::MemoryEntry;
use crate::model::lineage::Lineage;
use crate::model::tags::EntryTags;
use crate::read::call::Call;
use crate::return_type::erased_ops::ValueOps;

impl Call {
    /// Begins to store `stored` in L2, in the background, if the computation has a lease. If L2
    /// could not be asked for a lease, queues the removal of the older entry from L2.
    ///
    /// `foreign` is the lineage of the values that the computation took. Without that lineage
    /// (`None`), the value is not stored in L2, because no process could tell whether the value is
    /// valid.
    pub(crate) fn backfill(
        &self,
        ops: &ValueOps,
        entry_tags: EntryTags,
        (ttl, took): (Duration, Duration),
        stored: Arc<MemoryEntry>,
        (lease_state, foreign): (LeaseState, Option<Lineage>),
    ) {
        let foreign = match foreign {
            Some(foreign) => foreign,
            None if removed!(self.core, PassWithoutVersion) => Lineage::default(),
            None if self.core.l2.is_none() || self.options.tier == Tier::Memory => return,
            None => return self.keep_from_l2(&lease_state),
        };
        match (lease_state, ops.wire) {
            (LeaseState::Granted(lease), Some(wire)) => {
                let lease = *lease;
                let backfill = Backfill {
                    took,
                    lease,
                    owner: Arc::clone(&self.owner),
                    key: self.key.clone(),
                    options: Arc::clone(&self.options),
                    entry_tags,
                    foreign,
                    ttl,
                    since: Instant::now(),
                    wire,
                    stored,
                    broadcast: None,
                    ended: None,
                };
                backfill.spawn(self.caller_is_gone());
            }
            (LeaseState::Unavailable, Some(_)) => self.core.queue_removal(&self.key, &self.options),
            _ => {}
        }
    }

    /// Counts a value that is not stored in L2 because its lineage is not known. Queues the removal
    /// of the older entry from L2 after a forced refresh, and if L2 could not be asked for a lease.
    fn keep_from_l2(&self, lease_state: &LeaseState) {
        self.owner.counts.memory_only.bump();
        if self.force_refresh || matches!(lease_state, LeaseState::Unavailable) {
            self.core.queue_removal(&self.key, &self.options);
        }
    }
}
