//! The look-up of an entry in L2, built only if L2 is used for the entry.

use std::sync::Arc;

use crate::backfill::lookup::L2Lookup;
use crate::core::state::Core;
use crate::encoding::codec::type_codec::Fingerprint;
use crate::key::Key;
use crate::l2::entry_keys::{EntryKeys, Replica};
use crate::model::config::Tier;
use crate::model::entry_options::EntryOptions;
use crate::model::epoch::SequenceNumber;
use crate::model::miss_cause::{CurrentCause, MissCause};
use crate::model::owner::Owner;
use crate::model::tags::EntryTags;
use crate::store::key_name::StoreKey;

impl Core {
    /// Returns the look-up of an entry in L2. Returns `None` if L2 is not used for this entry now,
    /// or its codec cannot encode the value's type.
    pub(crate) fn l2_lookup<'a>(
        &'a self,
        owner: &'a Arc<Owner>,
        (key, replica): (&'a Key, Replica),
        entry_tags: &EntryTags,
        options: &'a EntryOptions,
        fingerprint: Option<Fingerprint>,
        began: SequenceNumber,
    ) -> Option<L2Lookup<'a>> {
        let l2 = self
            .l2
            .as_ref()
            .filter(|_| options.tier != Tier::Memory && !owner.is_namesake)?;
        let fingerprint = fingerprint.filter(|_| l2.is_usable_for(key, replica))?;
        let has_keys = l2.bus.sealer.is_some();
        if options.encrypt == Some(true) && !has_keys {
            l2.count_unstorable(
                owner,
                "`encrypt` is on, and the cache has no encryption keys",
            );
            return None;
        }
        let codec = options.codec.unwrap_or(l2.settings.codec);
        let fingerprint = match fingerprint(codec) {
            Ok(fingerprint) => fingerprint ^ owner.tags_hash,
            Err(why) => {
                l2.count_unstorable(owner, &why);
                return None;
            }
        };
        let keys = EntryKeys {
            is_encrypted: has_keys && options.encrypt != Some(false),
            ..EntryKeys::new(key, replica, owner, entry_tags)
        };
        Some(L2Lookup {
            core: self,
            l2,
            owner,
            key,
            keys,
            options,
            codec,
            fingerprint,
            began,
            epochs: None,
            knows_call: true,
            cause: CurrentCause::new(MissCause::ABSENT),
        })
    }

    /// Waits until L2 is connected, if its connections have just begun again on another runtime.
    /// Does not wait if entries with the tier `tier` are in memory only.
    pub(crate) async fn wait_for_l2(&self, tier: Tier) {
        if let Some(l2) = &self.l2
            && let Some(starting) = l2.starting()
            && tier != Tier::Memory
        {
            Box::pin(starting).await;
        }
    }

    /// Puts the removal of the entry under `key` from L2 into the outbox. Called when a value was
    /// computed without asking L2: the entry in L2 may be older, and this node must not serve it
    /// later.
    pub(crate) fn queue_removal(&self, key: &Key, options: &EntryOptions) {
        if let Some(l2) = &self.l2
            && options.tier != Tier::Memory
            // A cache that was shut down does not read the entry again.
            && !l2.is_shut_down()
        {
            // The entry's replicas, if it has any, are invalidated with the entry.
            l2.bus.outbox.add([StoreKey::entry(key)]);
        }
    }
}
