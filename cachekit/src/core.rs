//! The state of one cache, which the read path, the write path and invalidations share.

pub(crate) mod build_entry;
pub(crate) mod by_owner;
pub(crate) mod entry_event;
pub(crate) mod entry_key;
pub(crate) mod entry_ref;
#[cfg(any(feature = "testing", cachekit_faults))]
pub(crate) mod event_log;
pub(crate) mod function_memories;
pub(crate) mod in_frame;
#[cfg(feature = "dashboard")]
pub(crate) mod key_history;
pub(crate) mod observing;
pub(crate) mod outcome;
pub(crate) mod queued_payload;
pub(crate) mod queues;
pub(crate) mod remembered;
pub(crate) mod removed_keys;
pub(crate) mod state;
pub(crate) mod taking;
pub(crate) mod validity;
