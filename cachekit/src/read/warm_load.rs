//! The loading of an entry from L2 into memory, without a call.

use std::sync::Arc;

use crate::backfill::validate::Validated;
use crate::core::outcome::Outcome;
use crate::core::state::Core;
use crate::key::Key;
use crate::l2::entry_keys::Replica;
use crate::model::config::Tier;
use crate::model::owner::Owner;
use crate::model::tags::EntryTags;
use crate::return_type::erased_ops::ValueOps;
use crate::store::failure::Failure;
use crate::store::port::EntryQuery;

impl Core {
    /// Reads the entry of `owner` under `key` from L2, and puts it into memory if it is fresh and
    /// valid. Never computes, and counts neither a call nor a use. Returns `true` if memory then
    /// has a value under `key`.
    ///
    /// Only the key is known here, and not the arguments of a call. So the tags are those that the
    /// entry lists, and the current version of each is compared. Entries whose tags were made by
    /// other code have another fingerprint.
    pub(crate) async fn load_into_memory(
        &self,
        owner: &Arc<Owner>,
        key: &Key,
        ops: &ValueOps,
    ) -> Result<bool, Failure> {
        let options = owner.options();
        if self.peek(key, owner.id).is_some() {
            return Ok(true);
        }
        let is_kept = self.config.enabled && options.is_enabled && options.tier == Tier::Both;
        let Some(wire) = ops.wire.filter(|_| is_kept) else {
            return Ok(false);
        };
        let began = self.tags.now();
        let no_tags = EntryTags::default();
        let name = (key, Replica::Only);
        let fingerprint = Some(wire.fingerprint);
        let lookup = self.l2_lookup(owner, name, &no_tags, &options, fingerprint, began);
        let Some(mut lookup) = lookup else {
            return Err(Failure::Unavailable);
        };
        lookup.knows_call = false;
        let _in_flight = lookup.l2.in_flight_guard();
        // Without the lead, a call leads the flight of the key now, and stores the value that it
        // finds or computes.
        let Some(lead) = self.lead_lookup(owner, key, &no_tags, began) else {
            return Ok(false);
        };
        let start = lookup.started(lookup.l2.deadline());
        let query = EntryQuery {
            with_value_tags: true,
            ..lookup.keys.query(owner)
        };
        let found = lookup.l2.store.read(query, start.until).await?;
        let Validated::Fresh(stored, _) = lookup.validate(ops, &found, start).await? else {
            return Ok(false);
        };
        let is_valid = stored.is_valid();
        // An invalidation during the look-up retires the flight.
        let is_current = lead.settle(Outcome::Value(Arc::clone(&stored)), || {
            if is_valid {
                self.replace(key, stored);
            }
        });
        Ok(is_current && is_valid)
    }
}
