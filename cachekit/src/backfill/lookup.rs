//! The look-up of one entry in L2 by one call, and the start of a look-up.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::base::fault::removed;
use crate::core::state::Core;
use crate::encoding::codec::Codec;
use crate::key::Key;
use crate::l2::entry_keys::EntryKeys;
use crate::l2::tier::SharedTier;
use crate::model::entry::MemoryEntry;
use crate::model::entry_options::EntryOptions;
use crate::model::epoch::{Epochs, SequenceNumber};
use crate::model::miss_cause::CurrentCause;
use crate::model::owner::Owner;

/// A look-up of an entry in L2 by one call, with the names and settings that the look-up needs.
pub(crate) struct L2Lookup<'a> {
    pub(crate) core: &'a Core,
    pub(crate) l2: &'a Arc<SharedTier>,
    pub(crate) owner: &'a Arc<Owner>,
    pub(crate) key: &'a Key,
    pub(crate) keys: EntryKeys,
    pub(crate) options: &'a EntryOptions,
    pub(crate) codec: Codec,
    pub(crate) fingerprint: u64,
    /// The position in this node's sequence of invalidations when the look-up began.
    pub(crate) began: SequenceNumber,
    /// This node's epochs that the entry depends on. `None` if the caller has not read the epochs.
    pub(crate) epochs: Option<&'a Epochs>,
    /// `true` if `keys` has the tags that the call knows before the value. `false` without a call: all
    /// tags of the entry are read from the entry.
    pub(crate) knows_call: bool,
    /// Cause for which the last entry from L2 was rejected.
    pub(crate) cause: CurrentCause,
}

/// The start of a look-up in L2: its time, its deadline, and the unconfirmed entry that memory had.
#[derive(Debug, Clone)]
pub(crate) struct LookupStart {
    pub(crate) until: Instant,
    pub(crate) at: Duration,
    /// The entry that memory had when the look-up in L2 started, if the bus was not live: other
    /// nodes' invalidations of that entry may not have arrived. The answer of L2 replaces the entry
    /// in any case. `None` if the bus was live, or memory had no entry.
    pub(crate) unconfirmed: Option<Arc<MemoryEntry>>,
}

impl L2Lookup<'_> {
    /// Starts a look-up in L2 with the deadline `until`. The caller must call this method before
    /// each question to L2.
    pub(crate) fn started(&self, until: Instant) -> LookupStart {
        let core = self.core;
        LookupStart {
            until,
            at: core.clock.now(),
            unconfirmed: core
                .unconfirmed(self.key)
                .filter(|_| !removed!(core, ForgetAnswer)),
        }
    }
}
