//! Second look-ups in memory: after a call became the leader, and after L2 could not be asked.

use std::sync::Arc;

use crate::base::fault::removed;
use crate::coordination::single_flight::waiter::Leader;
use crate::core::outcome::Outcome;
use crate::model::config::Tier;
use crate::model::entry::MemoryEntry;
use crate::read::answer::Answer;
use crate::read::call::{Call, L1State};
use crate::return_type::erased_ops::ValueOps;

impl Call {
    /// Looks into memory again as the leader of the flight, because another leader may have stored
    /// the entry after this call's miss. Returns the leadership if memory has no answer. Otherwise
    /// ends the flight with the answer from memory, and returns that answer as `Err`.
    pub(crate) fn recheck_memory(
        &self,
        lead: Leader<Outcome>,
        ops: &ValueOps,
    ) -> Result<Leader<Outcome>, Answer> {
        if let Some(stored) = self.recheck_value(ops) {
            lead.settle(Outcome::Value(Arc::clone(&stored)), || {});
            return Err(Answer::Entry(stored));
        }
        if let Some((failed, error)) = self.recheck_error(ops) {
            lead.settle(Outcome::CachedError(failed), || {});
            return Err(Answer::Error(error));
        }
        self.watch_flight(&lead);
        Ok(lead)
    }

    /// Returns the value that another leader stored between this call's miss and the moment when
    /// this call became the leader of the flight. Returns `None` if no leader stored a usable
    /// value.
    fn recheck_value(&self, ops: &ValueOps) -> Option<Arc<MemoryEntry>> {
        if self.force_refresh || removed!(self.core, NoSecondLook) {
            return None;
        }
        if self.options.tier == Tier::Redis {
            // Memory has no entries of functions with the tier `redis`.
            return None;
        }
        if self
            .seen
            .is_some_and(|seen| self.core.memory.is_unchanged_since(seen))
        {
            // No value was stored since the miss.
            return None;
        }
        let stored = self.core.peek(&self.key, self.owner.id)?;
        if self.needs_refresh_too(&stored)
            || !ops.answers(stored.shared())
            || (self.is_taken && self.core.lacks_lineage(&stored))
        {
            return None;
        }
        self.owner.counts.coalesced.bump();
        Some(stored)
    }

    /// Returns the value in memory that is served because L2 could not be asked. Returns `None` if
    /// memory has no such value, or if the setting `on_disconnect` (the rule for a node without
    /// connection to Redis) does not allow entries from memory.
    pub(crate) fn hit_unconfirmed(&self, ops: &ValueOps) -> Option<Arc<MemoryEntry>> {
        if self.force_refresh || self.l1_state != L1State::Unknown {
            return None;
        }
        let stored = self.core.peek_unconfirmed(&self.key, self.owner.id)?;
        if !ops.answers(stored.shared()) {
            return None;
        }
        self.owner.counts.memory_hits.bump();
        Some(stored)
    }
}
